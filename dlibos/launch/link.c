/* link.c - requests to the kernel about interfaces. */
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dlibos/launch/link.h"

/* Of <net/if.h>, which <linux/if.h> does not go with. */
unsigned if_nametoindex(const char *name);

/* --- names ---------------------------------------------------------------*/

bool
link_exists(const char *name)
{
	return if_nametoindex(name) != 0;
}

bool
link_name_ok(const char *name)
{
	size_t n = strspn(name,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789._-");

	return n && n < IFNAMSIZ && !name[n] && strcmp(name, ".") &&
		strcmp(name, "..") && strcmp(name, "all") &&
		strcmp(name, "default");
}

bool
link_is_promiscuous(const char *name)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq r = {0};

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &r))
		r.ifr_flags = 0;
	if (fd >= 0)
		close(fd);
	return r.ifr_flags & IFF_PROMISC;
}

static int
index_of(const char *name, int *index)
{
	*index = (int)if_nametoindex(name);
	return *index ? 0 : -ENODEV;
}

/* --- rtnetlink -----------------------------------------------------------*/

/* A request that fits into one page; all of ours do by far. */
struct request {
	char buf[4096];
	struct nlmsghdr *h;
};

static void *
begin(struct request *r, unsigned type, unsigned flags, size_t head)
{
	r->h = mnl_nlmsg_put_header(r->buf);
	r->h->nlmsg_type = (uint16_t)type;
	r->h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	r->h->nlmsg_seq = 1;
	return mnl_nlmsg_put_extra_header(r->h, head);
}

/* Sends it; the answer is an acknowledgement or an error. */
static int
ask(const struct request *r)
{
	struct mnl_socket *s = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	char answer[8192];
	ssize_t n;
	int rc = 0;

	if (!s)
		return -errno;
	if (mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) ||
		mnl_socket_sendto(s, r->h, r->h->nlmsg_len) < 0)
		rc = -errno;
	if (!rc) {
		n = mnl_socket_recvfrom(s, answer, sizeof(answer));
		if (n < 0 ||
			mnl_cb_run(answer, (size_t)n, 1,
				mnl_socket_get_portid(s), NULL, NULL) < 0)
			rc = -errno;
	}
	mnl_socket_close(s);
	return rc;
}

int
link_make_veth(const struct link_veth *v)
{
	struct request r;
	struct nlattr *info, *data, *peer;

	begin(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL,
		sizeof(struct ifinfomsg));
	mnl_attr_put_strz(r.h, IFLA_IFNAME, v->name);
	if (v->mtu)
		mnl_attr_put_u32(r.h, IFLA_MTU, v->mtu);
	if (v->mac)
		mnl_attr_put(r.h, IFLA_ADDRESS, 6, v->mac);
	info = mnl_attr_nest_start(r.h, IFLA_LINKINFO);
	mnl_attr_put_strz(r.h, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(r.h, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(r.h, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(r.h, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(r.h, IFLA_IFNAME, v->peer);
	if (v->mtu)
		mnl_attr_put_u32(r.h, IFLA_MTU, v->mtu);
	mnl_attr_put_u32(r.h, IFLA_NET_NS_FD, (uint32_t)v->peer_ns);
	mnl_attr_nest_end(r.h, peer);
	mnl_attr_nest_end(r.h, data);
	mnl_attr_nest_end(r.h, info);
	return ask(&r);
}

int
link_delete(const char *name)
{
	struct request r;
	struct ifinfomsg *m = begin(&r, RTM_DELLINK, 0, sizeof(*m));
	int rc = index_of(name, &m->ifi_index);

	return rc ? rc : ask(&r);
}

int
link_up(const char *name, bool silent)
{
	struct request r;
	struct ifinfomsg *m = begin(&r, RTM_NEWLINK, 0, sizeof(*m));
	int rc = index_of(name, &m->ifi_index);

	m->ifi_flags = IFF_UP | (silent ? IFF_NOARP : 0u);
	m->ifi_change = m->ifi_flags;
	return rc ? rc : ask(&r);
}

int
link_not_promiscuous(const char *name)
{
	struct request r;
	struct ifinfomsg *m = begin(&r, RTM_NEWLINK, 0, sizeof(*m));
	int rc = index_of(name, &m->ifi_index);

	m->ifi_change = IFF_PROMISC;
	return rc ? rc : ask(&r);
}

/* Whether the interface runs it itself or the kernel for it: one of the two is
 * there, if any, and to take off what is not there is no error. */
int
link_no_xdp(const char *name)
{
	static const uint32_t modes[] = {
		XDP_FLAGS_DRV_MODE, XDP_FLAGS_SKB_MODE};
	int rc = 0;

	for (int i = 0; i < 2; i++) {
		struct request r;
		struct ifinfomsg *m = begin(&r, RTM_SETLINK, 0, sizeof(*m));
		struct nlattr *xdp = mnl_attr_nest_start(r.h, IFLA_XDP);
		int err = index_of(name, &m->ifi_index);

		mnl_attr_put_u32(r.h, IFLA_XDP_FD, UINT32_MAX);
		mnl_attr_put_u32(r.h, IFLA_XDP_FLAGS, modes[i]);
		mnl_attr_nest_end(r.h, xdp);
		if (!err)
			err = ask(&r);
		if (err && err != -EOPNOTSUPP)
			rc = err;
	}
	return rc;
}

int
link_add_address(const char *name, const struct address *a)
{
	struct request r;
	struct ifaddrmsg *m = begin(
		&r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, sizeof(*m));
	int index, rc = index_of(name, &index);

	m->ifa_family = (uint8_t)address_family(a);
	m->ifa_prefixlen = a->bits;
	m->ifa_flags = a->v6 ? IFA_F_NODAD : 0;
	m->ifa_index = (uint32_t)index;
	mnl_attr_put(r.h, IFA_LOCAL, address_bytes(a), a->ip);
	mnl_attr_put(r.h, IFA_ADDRESS, address_bytes(a), a->ip);
	return rc ? rc : ask(&r);
}

int
link_no_ipv6(const char *name)
{
	char path[128];
	int fd, rc = 0;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6",
		name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (write(fd, "1", 1) != 1)
		rc = -errno;
	close(fd);
	return rc;
}

/* --- ethtool -------------------------------------------------------------*/

static int
feature(int fd, const char *name, uint32_t cmd, uint32_t *value)
{
	struct ethtool_value v = {.cmd = cmd, .data = *value};
	struct ifreq r = {.ifr_data = (void *)&v};

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	if (ioctl(fd, SIOCETHTOOL, &r))
		return -errno;
	*value = v.data;
	return 0;
}

int
link_no_offloads(const char *name)
{
	static const uint32_t off[] = {
		ETHTOOL_STXCSUM, ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO};
	static const uint32_t is[] = {
		ETHTOOL_GTXCSUM, ETHTOOL_GTSO, ETHTOOL_GGSO, ETHTOOL_GGRO};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc = 0;

	if (fd < 0)
		return -errno;
	for (int i = 0; i < 4 && !rc; i++) {
		uint32_t value = 0;

		/* What cannot be switched may be off for good. */
		if (feature(fd, name, off[i], &value)) {
			rc = feature(fd, name, is[i], &value);
			if (!rc && value)
				rc = -EOPNOTSUPP;
		}
	}
	close(fd);
	return rc;
}

/* --- tap -----------------------------------------------------------------*/

int
link_make_tap(const char *name)
{
	struct ifreq r = {.ifr_flags = IFF_TAP | IFF_MULTI_QUEUE};
	struct ifreq away = {.ifr_flags = IFF_DETACH_QUEUE};
	int fd, rc;

	if (link_exists(name))
		return -EEXIST; /* another's tap would be joined */
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	/* A queue that was taken away gets no frames, and still counts: the
	 * interface is there until it is closed. */
	if (!ioctl(fd, TUNSETIFF, &r) && !ioctl(fd, TUNSETQUEUE, &away))
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}
