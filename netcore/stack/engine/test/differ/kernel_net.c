/* kernel_net.c - a tap in a namespace of this process. */
#include "netcore/stack/engine/test/differ/kernel_net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netcore/stack/engine/test/differ/side.h"

#define NAME "differ0"

static int
fail(const char *what)
{
	fprintf(stderr, "tcp_differ: %s: %s\n", what, strerror(errno));
	return -1;
}

/* --- settings -------------------------------------------------------------*/

struct setting {
	const char *path, *value;
	bool optional; /* older kernels have it not */
};

/* What the engine does too, and nothing that hides an answer or makes one of
 * its own accord. */
static const struct setting settings[] = {
	{"ipv6/conf/all/disable_ipv6", "1", true},
	{"ipv4/conf/all/rp_filter", "0", false},
	{"ipv4/tcp_syncookies", "0", false},
	{"ipv4/tcp_timestamps", "1", false},
	{"ipv4/tcp_sack", "1", false},
	{"ipv4/tcp_dsack", "1", false},
	{"ipv4/tcp_window_scaling", "1", false},
	{"ipv4/tcp_ecn", "0", false},
	{"ipv4/tcp_fastopen", "0", false},
	{"ipv4/tcp_invalid_ratelimit", "0", false},
	{"ipv4/tcp_challenge_ack_limit", "2147483647", false},
	{"ipv4/tcp_rfc1337", "0", false},
	{"ipv4/tcp_early_retrans", "0", false},
	{"ipv4/tcp_autocorking", "0", false},
	{"ipv4/tcp_moderate_rcvbuf", "0", false},
	{"ipv4/tcp_no_metrics_save", "1", false},
	{"ipv4/tcp_rmem", "4096 131072 131072", false},
	{"ipv4/tcp_congestion_control", "reno", false},
	{"ipv4/tcp_mtu_probing", "0", false},
	{"ipv4/tcp_comp_sack_nr", "0", true},
	{"ipv4/icmp_ratelimit", "0", false},
};

static int
set_all(void)
{
	char path[128];

	for (unsigned i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		const struct setting *s = &settings[i];
		size_t len = strlen(s->value);
		int fd;

		snprintf(path, sizeof(path), "/proc/sys/net/%s", s->path);
		fd = open(path, O_WRONLY);
		if (fd < 0 && s->optional)
			continue;
		if (fd < 0)
			return fail(path);
		if (write(fd, s->value, len) != (ssize_t)len) {
			close(fd);
			return fail(path);
		}
		close(fd);
	}
	return 0;
}

/* --- the tap --------------------------------------------------------------*/

static void
put_addr(struct sockaddr *sa, uint32_t ip)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(ip)};

	memcpy(sa, &in, sizeof(in));
}

static int
configure(int s)
{
	struct ifreq r;
	struct arpreq a;

	memset(&r, 0, sizeof(r));
	memset(&a, 0, sizeof(a));
	strncpy(r.ifr_name, NAME, IFNAMSIZ - 1);
	r.ifr_hwaddr.sa_family = ARPHRD_ETHER;
	memcpy(r.ifr_hwaddr.sa_data, side_mac, 6);
	if (ioctl(s, SIOCSIFHWADDR, &r))
		return fail("address of the tap");
	put_addr(&r.ifr_addr, SIDE_IP);
	if (ioctl(s, SIOCSIFADDR, &r))
		return fail("IP of the tap");
	put_addr(&r.ifr_netmask, 0xffffff00);
	if (ioctl(s, SIOCSIFNETMASK, &r))
		return fail("netmask of the tap");
	r.ifr_flags = IFF_UP | IFF_RUNNING | IFF_NOARP;
	if (ioctl(s, SIOCSIFFLAGS, &r))
		return fail("the tap does not come up");
	put_addr(&a.arp_pa, SIDE_PEER);
	a.arp_ha.sa_family = ARPHRD_ETHER;
	memcpy(a.arp_ha.sa_data, side_peer_mac, 6);
	a.arp_flags = ATF_PERM | ATF_COM;
	strncpy(a.arp_dev, NAME, sizeof(a.arp_dev) - 1);
	if (ioctl(s, SIOCSARP, &a))
		return fail("a neighbour");
	return 0;
}

static void
attribute(struct nlmsghdr *n, uint16_t type, const void *p, uint16_t len)
{
	struct rtattr *a = (struct rtattr *)(void *)((char *)n +
		NLMSG_ALIGN(n->nlmsg_len));

	a->rta_type = type;
	a->rta_len = (uint16_t)RTA_LENGTH(len);
	memcpy(RTA_DATA(a), p, len);
	n->nlmsg_len = NLMSG_ALIGN(n->nlmsg_len) + RTA_ALIGN(a->rta_len);
}

/* A route on which acknowledgements are never delayed. */
static int
route_quickack(void)
{
	struct {
		struct nlmsghdr n;
		struct rtmsg r;
		char room[128];
	} m = {
		.n = {NLMSG_LENGTH(sizeof(struct rtmsg)), RTM_NEWROUTE,
			NLM_F_REQUEST | NLM_F_CREATE | NLM_F_ACK, 1, 0},
		.r = {AF_INET, 32, 0, 0, RT_TABLE_MAIN, RTPROT_STATIC,
			RT_SCOPE_LINK, RTN_UNICAST, 0},
	};
	struct {
		struct nlmsghdr n;
		struct nlmsgerr e;
		char room[256];
	} answer;
	struct {
		struct rtattr a;
		uint32_t value;
	} metric = {{sizeof(metric), RTAX_QUICKACK}, 1};
	uint32_t dst = htonl(SIDE_PEER), link = if_nametoindex(NAME);
	int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	ssize_t got;

	if (s < 0)
		return fail("netlink");
	attribute(&m.n, RTA_DST, &dst, sizeof(dst));
	attribute(&m.n, RTA_OIF, &link, sizeof(link));
	attribute(&m.n, RTA_METRICS, &metric, sizeof(metric));
	got = send(s, &m, m.n.nlmsg_len, 0);
	if (got > 0)
		got = recv(s, &answer, sizeof(answer), 0);
	close(s);
	if (got <= 0)
		return fail("route");
	errno = -answer.e.error;
	return answer.n.nlmsg_type == NLMSG_ERROR && !answer.e.error
		? 0
		: fail("route");
}

int
kernel_net_open(void)
{
	struct ifreq r;
	int tap, s, bad;

	if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return fail("no network namespace");
	tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (tap < 0)
		return fail("/dev/net/tun");
	memset(&r, 0, sizeof(r));
	strncpy(r.ifr_name, NAME, IFNAMSIZ - 1);
	r.ifr_flags = IFF_TAP | IFF_NO_PI;
	s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s < 0 || ioctl(tap, TUNSETIFF, &r))
		bad = fail("no tap");
	else
		bad = set_all() || configure(s) || route_quickack();
	if (s >= 0)
		close(s);
	if (!bad)
		return tap;
	close(tap);
	return -1;
}

/* --- looking --------------------------------------------------------------*/

int
kernel_net_diag(void)
{
	int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	return s < 0 ? fail("sock_diag") : s;
}

static int
wscale_of(const struct inet_diag_msg *m, size_t len)
{
	const char *p = (const char *)(m + 1), *end = (const char *)m + len;

	while (p + sizeof(struct rtattr) <= end) {
		struct rtattr a;
		struct tcp_info i;

		memcpy(&a, p, sizeof(a));
		if (a.rta_len < sizeof(a) || a.rta_len > end - p)
			break;
		if (a.rta_type == INET_DIAG_INFO &&
			a.rta_len >= sizeof(a) + 16) {
			memset(&i, 0, sizeof(i));
			memcpy(&i, p + sizeof(a), 16);
			return i.tcpi_rcv_wscale;
		}
		p += RTA_ALIGN(a.rta_len);
	}
	return -1;
}

struct kernel_net_socket
kernel_net_find(int diag, uint16_t port, uint16_t peer_port)
{
	struct {
		struct nlmsghdr n;
		struct inet_diag_req_v2 r;
	} m = {
		.n = {sizeof(m), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, 1, 0},
		.r = {.sdiag_family = AF_INET,
			.sdiag_protocol = IPPROTO_TCP,
			.idiag_ext = 1 << (INET_DIAG_INFO - 1),
			.idiag_states = ~0u,
			.id = {.idiag_sport = htons(port),
				.idiag_dport = htons(peer_port),
				.idiag_src = {htonl(SIDE_IP)},
				.idiag_dst = {htonl(SIDE_PEER)},
				.idiag_cookie = {INET_DIAG_NOCOOKIE,
					INET_DIAG_NOCOOKIE}}},
	};
	struct {
		struct nlmsghdr n;
		struct inet_diag_msg m;
		char room[2048];
	} answer;
	struct kernel_net_socket none = {0, -1}, found;
	ssize_t got;

	if (send(diag, &m, sizeof(m), 0) != sizeof(m))
		return none;
	got = recv(diag, &answer, sizeof(answer), 0);
	if (got < (ssize_t)(sizeof(answer.n) + sizeof(answer.m)) ||
		answer.n.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
		answer.m.idiag_state == TCP_LISTEN)
		return none;
	found.state = answer.m.idiag_state;
	found.rcv_wscale = wscale_of(&answer.m, (size_t)got - sizeof(answer.n));
	return found;
}
