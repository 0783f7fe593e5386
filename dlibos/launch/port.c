/* port.c - what a user may say about a port, and what it means. */
#include <ctype.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dlibos/base/log.h"
#include "dlibos/launch/link.h"
#include "dlibos/launch/netns.h"
#include "dlibos/launch/port.h"

#define CAP(c) (1ull << (c))

/* A packet socket; DPDK's driver of it sets flags of the interface, whether it
 * would change them or not. */
#define CAPS_PACKET (CAP(CAP_NET_RAW) | CAP(CAP_NET_ADMIN))
/* Takes an interface by its name, sets its address and its MTU. */
#define CAPS_TAP CAP(CAP_NET_ADMIN)
/* An XDP socket is a raw one; to put a program on an interface takes the right
 * over that. libxdp looks at the program that it has put there by its number,
 * for which the kernel wants CAP_SYS_ADMIN: CAP_BPF does not do. */
#define CAPS_XDP (CAP(CAP_NET_RAW) | CAP(CAP_NET_ADMIN) | CAP(CAP_SYS_ADMIN))
/* /dev/vfio/GROUP and the device's files in /sys are root's. */
#define CAPS_PCI CAP(CAP_DAC_OVERRIDE)

#define OPT_NETNS  1u /* the launcher's options of a kind */
#define OPT_ENDS   2u
#define OPT_PEER   4u
#define OPT_SOCKET 8u

static const struct kind {
	const char *word;
	const char *form; /* how it is said, for the user */
	uint64_t caps;
	unsigned options;
	bool own;   /* the launcher takes it apart; else it goes through */
	bool named; /* it does not go without a name */
	bool pins;
} kinds[PORT_KINDS] = {
	[PORT_VETH] = {"veth",
		"veth[:NAME][,netns=NS][,host=A/L][,peer=NAME]"
		"[,socket=xdp|packet]",
		CAPS_XDP, OPT_NETNS | OPT_ENDS | OPT_PEER | OPT_SOCKET, true,
		false, true},
	[PORT_TAP] = {"tap", "tap[:NAME][,netns=NS][,host=A/L]", CAPS_TAP,
		OPT_NETNS | OPT_ENDS, true, false, false},
	[PORT_AFPACKET] = {"afpacket", "afpacket:INTERFACE[,netns=NS]",
		CAPS_PACKET, OPT_NETNS, true, true, false},
	[PORT_AFXDP] = {"afxdp", "afxdp:INTERFACE[,queue=N][,netns=NS]",
		CAPS_XDP, OPT_NETNS, true, true, true},
	[PORT_MEMIF] = {"memif", "memif:SOCKET[,server|client][,id=N]", 0, 0,
		false, true, false},
	[PORT_PCAP] = {"pcap", "pcap:rx=FILE[,tx=FILE]", 0, 0, false, true,
		false},
	[PORT_PCI] = {"pci", "pci:ADDRESS", CAPS_PCI, 0, false, true, true},
	[PORT_VDEV] = {"vdev", "vdev:STRING", 0, 0, false, true, true},
};

/* Of DPDK's devices, those that want what a kind of ours does. */
static const struct {
	const char *device;
	enum port_kind kind;
} devices[] = {
	{"net_af_packet", PORT_AFPACKET},
	{"net_tap", PORT_TAP},
	{"net_af_xdp", PORT_AFXDP},
};

void
port_init(struct port *p)
{
	memset(p, 0, sizeof(*p));
	p->user_ns = p->domain_ns = p->hold = -1;
}

/* --- what is said in --port ----------------------------------------------*/

static _Noreturn void
bad(const struct port *p, const char *what)
{
	die(EXIT_USAGE, "--port %.80s: %s; it is said like this: %s", p->spec,
		what, kinds[p->kind].form);
}

static void
take_name(const struct port *p, char name[IFNAMSIZ], const char *s)
{
	if (!link_name_ok(s))
		bad(p, "that is no name of an interface");
	snprintf(name, IFNAMSIZ, "%s", s);
}

static void
take_netns(struct port *p, const char *s)
{
	if (p->user_ns >= 0)
		bad(p, "one network namespace is enough");
	snprintf(p->netns, sizeof(p->netns), "%s", s);
	p->user_ns = *s ? netns_open(s) : -ENOENT;
	if (p->user_ns < 0)
		die(EXIT_USAGE, "--port %.80s: network namespace %.80s: %s",
			p->spec, s,
			p->user_ns == -EINVAL ? "it is none"
					      : strerror(-p->user_ns));
}

static void
take_host(struct port *p, const char *s)
{
	struct address a;

	if (!address_read(&a, s, true))
		bad(p, "host is no address of a host with its length");
	if (p->host[a.v6].set)
		bad(p, "host has two addresses of a kind");
	p->host[a.v6] = a;
}

static void
take_option(struct port *p, const char *s)
{
	unsigned options = kinds[p->kind].options;

	if (options & OPT_NETNS && !strncmp(s, "netns=", 6)) {
		take_netns(p, s + 6);
	} else if (options & OPT_ENDS && !strncmp(s, "host=", 5)) {
		take_host(p, s + 5);
	} else if (options & OPT_PEER && !strncmp(s, "peer=", 5)) {
		take_name(p, p->peer, s + 5);
	} else if (options & OPT_SOCKET && !strcmp(s, "socket=xdp")) {
		p->socket = PORT_AFXDP;
	} else if (options & OPT_SOCKET && !strcmp(s, "socket=packet")) {
		p->socket = PORT_AFPACKET;
	} else if (!strcmp(s, "trust") ||
		(p->kind == PORT_AFXDP && !strncmp(s, "queue=", 6))) {
		size_t n = strlen(p->rest);

		snprintf(p->rest + n, sizeof(p->rest) - n, ",%s", s);
	} else {
		bad(p,
			*s ? "one of its options is unknown"
			   : "there is an empty option");
	}
}

/* What the launcher itself must understand. */
static void
take_apart(struct port *p, const char *s)
{
	char copy[LIMIT_PORT], *next = copy, *part;

	snprintf(copy, sizeof(copy), "%s", s);
	if (*next == ':') {
		next++;
		part = strsep(&next, ",");
		if (*part || kinds[p->kind].named)
			take_name(p, p->name, part);
	} else if (*next) {
		next++; /* the comma */
	} else {
		next = NULL;
	}
	if (kinds[p->kind].named && !p->name[0])
		bad(p, "it lacks a name");
	while (next)
		take_option(p, strsep(&next, ","));
}

void
port_spec(struct port *p, const char *s)
{
	size_t n = strcspn(s, ":,");
	unsigned k = PORT_NONE + 1;

	if (p->spec)
		die(EXIT_USAGE, "--port: an instance has one");
	if (strlen(s) >= LIMIT_PORT)
		die(EXIT_USAGE, "--port %.32s...: longer than %d bytes", s,
			LIMIT_PORT - 1);
	for (const char *c = s; *c; c++)
		if (!isprint((unsigned char)*c))
			die(EXIT_USAGE, "--port: a byte of it does not print");
	while (k < PORT_KINDS &&
		(strlen(kinds[k].word) != n || strncmp(s, kinds[k].word, n)))
		k++;
	if (k == PORT_KINDS)
		die(EXIT_USAGE,
			"--port %.80s: there are veth, tap:, afpacket:, "
			"afxdp:, memif:, pcap:, pci: and vdev:",
			s);
	p->spec = s;
	p->kind = (enum port_kind)k;
	if (kinds[k].own)
		take_apart(p, s + n);
	else if (s[n] != ':' || !s[n + 1])
		bad(p, "it lacks a name");
}

/* --- the other options ---------------------------------------------------*/

void
port_ip(struct port *p, const char *s)
{
	struct address a;

	if (!address_read(&a, s, true))
		die(EXIT_USAGE,
			"--ip %.64s: say an address that a host can have, and "
			"the length of its network: 192.0.2.1/24, or "
			"fd00::1/64",
			s);
	if (p->ip[a.v6].set)
		die(EXIT_USAGE, "--ip %.64s: one for each of IPv4 and IPv6", s);
	p->ip[a.v6] = a;
}

void
port_gateway(struct port *p, const char *s)
{
	struct address a;

	if (!address_read(&a, s, false))
		die(EXIT_USAGE, "--gateway %.64s: that is no address of a host",
			s);
	if (p->gateway[a.v6].set)
		die(EXIT_USAGE,
			"--gateway %.64s: one for each of IPv4 and IPv6", s);
	p->gateway[a.v6] = a;
}

void
port_mtu(struct port *p, const char *s)
{
	char *end;
	unsigned long n = strtoul(s, &end, 10);

	if (*s < '0' || *s > '9' || *end || n < LIMIT_MTU_MIN ||
		n > LIMIT_MTU_MAX)
		die(EXIT_USAGE, "--mtu %.32s: say how many bytes, %d to %d", s,
			LIMIT_MTU_MIN, LIMIT_MTU_MAX);
	p->mtu = (unsigned)n;
}

void
port_mac(struct port *p, const char *s)
{
	static const uint8_t none[6];
	bool well = strlen(s) == 17;

	for (unsigned i = 0; well && i < 17; i++)
		well = i % 3 == 2 ? s[i] == ':' : isxdigit((unsigned char)s[i]);
	for (unsigned i = 0; well && i < 6; i++)
		p->mac[i] = (uint8_t)strtoul(s + 3 * i, NULL, 16);
	if (!well || p->mac[0] & 1 || !memcmp(p->mac, none, 6))
		die(EXIT_USAGE,
			"--mac %.32s: say an address of one interface, like "
			"02:00:00:00:00:01",
			s);
	p->has_mac = true;
}

/* --- all together --------------------------------------------------------*/

static void
check_addresses(const struct port *p)
{
	char text[ADDRESS_TEXT];

	for (int v = 0; v < ADDRESS_FAMILIES; v++) {
		const struct address *g = &p->gateway[v], *ip = &p->ip[v];
		bool local = v && g->ip[0] == 0xfe && (g->ip[1] & 0xc0) == 0x80;

		if (!g->set || (ip->set && local))
			continue;
		if (!ip->set || !address_same_network(ip, g) ||
			!memcmp(g->ip, ip->ip, sizeof(g->ip)))
			die(EXIT_USAGE,
				"--gateway %s: it is no neighbour in the "
				"network of --ip",
				address_text(g, text));
	}
	if (p->ip[ADDRESS_6].set && p->mtu && p->mtu < LIMIT_MTU_IP6)
		die(EXIT_USAGE, "--mtu %u: IPv6 takes %d bytes at least",
			p->mtu, LIMIT_MTU_IP6);
	for (int v = 0; v < ADDRESS_FAMILIES; v++)
		if (p->host[v].set && p->ip[v].set &&
			!memcmp(p->host[v].ip, p->ip[v].ip, 16))
			die(EXIT_USAGE,
				"--port %.80s: host has the address of --ip",
				p->spec);
}

static void
default_names(struct port *p)
{
	if (kinds[p->kind].own && !p->name[0])
		snprintf(p->name, sizeof(p->name), "dl%d", (int)getpid());
	if (p->kind == PORT_VETH && !p->peer[0])
		snprintf(p->peer, sizeof(p->peer), "host%d", (int)getpid());
	for (int v = 0; v < ADDRESS_FAMILIES; v++)
		if (kinds[p->kind].options & OPT_ENDS && p->ip[v].set &&
			!p->host[v].set)
			p->host[v].set = address_other(&p->ip[v], &p->host[v]);
}

static bool
kernel_has_xdp(void)
{
	int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* A veth of one network core has an XDP socket, or else a packet socket: which
 * of them, the network domain finds out. Several take shares by packet sockets.
 * A program is not given CAP_SYS_ADMIN unasked. */
static enum port_kind
resolved_kind(const struct port *p)
{
	if (p->kind != PORT_VETH)
		return p->kind;
	if (p->socket)
		return p->socket;
	if (p->shares > 1 || p->by_program || !kernel_has_xdp())
		return PORT_AFPACKET;
	return PORT_VETH;
}

static void
resolve(struct port *p)
{
	enum port_kind kind = resolved_kind(p);
	int n;

	if (kinds[p->kind].own)
		n = snprintf(p->resolved, sizeof(p->resolved), "%s:%s%s",
			kinds[kind].word, p->name, p->rest);
	else
		n = snprintf(p->resolved, sizeof(p->resolved), "%s", p->spec);
	if (n < 0 || (size_t)n >= sizeof(p->resolved))
		bad(p, "it is too long");
}

void
port_complete(struct port *p, unsigned users, const char *layout)
{
	if (!p->spec) {
		if (p->ip[0].set || p->ip[1].set || p->gateway[0].set ||
			p->gateway[1].set || p->mtu || p->has_mac)
			die(EXIT_USAGE,
				"--ip, --gateway, --mtu and --mac are of a "
				"port: say --port, too");
		return;
	}
	if ((kinds[p->kind].own || kinds[p->kind].caps) && geteuid())
		die(EXIT_USAGE, "--port %.80s: it needs root", p->spec);
	port_share(p, users, layout);
	check_addresses(p);
	default_names(p);
	resolve(p);
}

/* --- what others ask -----------------------------------------------------*/

/* What DPDK is told by name is of the kind that it is. */
static enum port_kind
real_kind(const struct port *p)
{
	if (p->kind == PORT_VETH && !strncmp(p->resolved, "afpacket:", 9))
		return PORT_AFPACKET;
	if (p->kind == PORT_VDEV)
		for (size_t i = 0; i < sizeof(devices) / sizeof(*devices); i++)
			if (!strncmp(p->resolved + 5, devices[i].device,
				    strlen(devices[i].device)))
				return devices[i].kind;
	return p->kind;
}

uint64_t
port_caps(const struct port *p)
{
	/* Not root, we have none to give. */
	return geteuid() ? 0 : kinds[real_kind(p)].caps;
}

bool
port_pins(const struct port *p)
{
	return kinds[p->kind == PORT_VETH ? real_kind(p) : p->kind].pins;
}

void
port_plan(const struct port *p, unsigned share, struct plan_port *out)
{
	const struct address *four = &p->ip[ADDRESS_4],
			     *six = &p->ip[ADDRESS_6];

	memcpy(out->spec, p->resolved, sizeof(out->spec));
	out->queue = 0;
	out->queues = 1;
	out->mtu = (uint16_t)p->mtu;
	memcpy(out->mac, p->mac, 6);
	memcpy(out->ip4, four->ip, 4);
	memcpy(out->gateway4, p->gateway[ADDRESS_4].ip, 4);
	out->ip4_bits = four->bits;
	memcpy(out->ip6, six->ip, 16);
	memcpy(out->gateway6, p->gateway[ADDRESS_6].ip, 16);
	out->ip6_bits = six->bits;
	port_plan_share(p, share, out);
}

static void
add(char *buf, size_t len, const char *what, const char *text)
{
	size_t n = strlen(buf);

	snprintf(buf + n, len - n, "%s%s", what, text);
}

void
port_text(const struct port *p, char *buf, size_t len)
{
	char text[ADDRESS_TEXT];

	snprintf(buf, len, "%s", p->resolved);
	for (int v = 0; v < ADDRESS_FAMILIES; v++)
		if (p->ip[v].set)
			add(buf, len, ", ", address_text(&p->ip[v], text));
	if (!(kinds[p->kind].options & OPT_ENDS))
		return;
	add(buf, len, "; the host has ",
		p->kind == PORT_VETH ? p->peer : p->name);
	for (int v = 0; v < ADDRESS_FAMILIES; v++)
		if (p->host[v].set)
			add(buf, len, ", ", address_text(&p->host[v], text));
	if (p->netns[0])
		add(buf, len, " in ", p->netns);
}
