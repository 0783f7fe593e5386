/* one.c - an engine, and frames by hand. */
#include "netcore/stack/engine/test/one.h"

#include <stdlib.h>
#include <string.h>

#include "netcore/stack/engine/test/host.h"
#include "netcore/stack/wire/arp.h"
#include "netcore/stack/wire/eth.h"
#include "netcore/stack/wire/ipv4.h"
#include "netcore/stack/wire/ipv6.h"
#include "netcore/stack/wire/tcp.h"

struct one one;
static uint8_t last[65600];
static struct stack_ops ops;

static void
up_connected(void *arg, stack_conn c, uint64_t user)
{
	(void)arg, (void)user;
	one.conn = c;
	one.connected++;
}

static void
up_accepted(void *arg, stack_conn c, uint64_t user)
{
	one.listener = user;
	up_connected(arg, c, user);
}

static void
up_closed(void *arg, stack_conn c, uint64_t user, enum stack_why why)
{
	(void)arg, (void)c, (void)user;
	one.closed++;
	one.why = why;
}

static void
up_release(void *arg, void *buf)
{
	(void)arg, (void)buf;
	one.released++;
}

static void
up_data(void *arg, stack_conn c, uint64_t user, const uint8_t *ptr,
	uint32_t len, void *buf)
{
	(void)arg, (void)c, (void)user, (void)buf;
	memcpy(one.text + one.bytes, ptr, len);
	one.bytes += len;
}

static void
up_datagram(void *arg, const struct stack_datagram *d)
{
	(void)arg;
	one.datagrams++;
	one.got = *d;
	one.bytes = 0;
	for (unsigned i = 0; i < d->pieces; i++)
		up_data(NULL, 0, 0, d->piece[i].ptr, d->piece[i].len, NULL);
}

struct stack_config
one_config(void)
{
	struct stack_config c = {
		.conns = 8,
		.half_open = 4,
		.listeners = 2,
		.send_refs = 64,
		.segs = 256,
		.ooo = 64,
		.rcv_window = 65536,
		.mtu = 1500,
		.ip4 = ip_addr_v4(ONE_IP),
		.ip4_bits = 24,
		.udp_ports = 2,
		.frags = 8,
		.frag_pieces = 64,
	};

	host_mac(c.mac, 1);
	return c;
}

void
one_start(const struct stack_config *cfg)
{
	ops = host_ops((struct stack_ops){
		.connected = up_connected,
		.accepted = up_accepted,
		.remote_closed = up_connected,
		.closed = up_closed,
		.data = up_data,
		.datagram = up_datagram,
		.release = up_release,
	});
	memset(&one, 0, sizeof(one));
	one.cfg = *cfg;
	one.now = 5000000000;
	one.s = host_new(&one.cfg, &ops, NULL, one.now);
	one.n = stack_counters(one.s);
	one_arp(WIRE_ARP_REQUEST, 2, ONE_PEER, ONE_IP);
	one_send();
}

void
one_stop(void)
{
	host_free(one.s);
}

bool
one_rx(const uint8_t *frame, uint32_t len)
{
	struct stack_rx_frame f = {
		.data = last, .len = len, .flags = one.rx_flags, .buf = last};

	if (frame != last)
		memcpy(last, frame, len);
	stack_rx(one.s, &f, 1, one.now);
	return f.kept;
}

const uint8_t *
one_last(void)
{
	return last;
}

uint32_t
one_make(uint8_t *frame, uint8_t proto, uint16_t frag, uint16_t id,
	const void *data, uint32_t len)
{
	struct wire_eth e = {.type = WIRE_ETH_IPV4};
	struct wire_ipv4 ip = {.src = ONE_PEER,
		.dst = ONE_IP,
		.proto = proto,
		.frag = frag,
		.id = id,
		.ttl = 64,
		.tos = one.tos,
		.len = (uint16_t)len};

	host_mac(e.dst, 1);
	host_mac(e.src, 2);
	wire_eth_emit(frame, WIRE_ETH_LEN, &e);
	wire_ipv4_emit(frame + WIRE_ETH_LEN, WIRE_IPV4_LEN, &ip);
	memcpy(frame + WIRE_ETH_LEN + WIRE_IPV4_LEN, data, len);
	return WIRE_ETH_LEN + WIRE_IPV4_LEN + len;
}

static uint8_t *
room(void)
{
	static uint8_t frame[64][2048];
	static unsigned at;

	return frame[at++ % 64];
}

bool
one_give(uint8_t *p, uint32_t len)
{
	struct stack_rx_frame f = {
		.data = p, .len = len, .flags = one.rx_flags, .buf = p};

	p[0] |= one.group;
	stack_rx(one.s, &f, 1, one.now);
	return f.kept;
}

bool
one_piece(uint8_t proto, uint32_t off, bool more, uint16_t id, const void *data,
	uint32_t len)
{
	uint16_t frag = (uint16_t)(off / 8 | (more ? WIRE_IPV4_MF : 0));
	uint8_t *p = room();

	return one_give(p, one_make(p, proto, frag, id, data, len));
}

bool
one_ip(uint8_t proto, uint16_t frag, uint16_t id, const void *data,
	uint32_t len)
{
	return one_rx(last, one_make(last, proto, frag, id, data, len));
}

struct ip_addr
one_addr6(uint32_t n)
{
	return host_ip6(n);
}

/* Headers for ip->len bytes: where those begin. */
static uint32_t
put_heads6(uint8_t *frame, struct ip_addr src, struct ip_addr dst,
	struct wire_ipv6 *ip)
{
	struct wire_eth e = {.type = WIRE_ETH_IPV6};

	host_mac(e.dst, 1);
	host_mac(e.src, 2);
	ip_addr_put(src, ip->src);
	ip_addr_put(dst, ip->dst);
	wire_eth_emit(frame, WIRE_ETH_LEN, &e);
	wire_ipv6_emit(frame + WIRE_ETH_LEN, WIRE_IPV6_LEN, ip);
	return WIRE_ETH_LEN + WIRE_IPV6_LEN;
}

uint32_t
one_make6(uint8_t *frame, struct ip_addr src, struct ip_addr dst, uint8_t proto,
	uint8_t hop_limit, const void *data, uint32_t len)
{
	struct wire_ipv6 ip = {
		.proto = proto, .hop_limit = hop_limit, .len = (uint16_t)len};
	uint32_t n = put_heads6(frame, src, dst, &ip);

	memcpy(frame + n, data, len);
	return n + len;
}

bool
one_ip6(struct ip_addr src, struct ip_addr dst, uint8_t proto,
	uint8_t hop_limit, const void *data, uint32_t len)
{
	return one_rx(
		last, one_make6(last, src, dst, proto, hop_limit, data, len));
}

bool
one_piece6(struct ip_addr src, uint8_t proto, uint32_t off, bool more,
	uint32_t id, const void *data, uint32_t len)
{
	struct wire_ipv6 ip = {.proto = WIRE_IP_FRAGMENT,
		.hop_limit = 64,
		.len = (uint16_t)(WIRE_IPV6_FRAG_LEN + len),
		.offset = (uint16_t)off,
		.more = more,
		.frag_id = id};
	uint8_t *p = room();
	uint32_t n = put_heads6(p, src, one_addr6(1), &ip);

	ip.proto = proto;
	n += (uint32_t)wire_ipv6_emit_frag(p + n, WIRE_IPV6_FRAG_LEN, &ip);
	memcpy(p + n, data, len);
	return one_give(p, n + len);
}

void
one_arp(uint16_t op, uint8_t station, uint32_t spa, uint32_t tpa)
{
	struct wire_eth e = {.type = WIRE_ETH_ARP};
	struct wire_arp a = {.op = op, .spa = spa, .tpa = tpa};
	uint8_t frame[64];
	size_t n;

	host_mac(e.dst, 1);
	host_mac(e.src, station);
	memcpy(a.sha, e.src, 6);
	n = wire_eth_emit(frame, sizeof(frame), &e);
	n += wire_arp_emit(frame + n, sizeof(frame) - n, &a);
	one_rx(frame, (uint32_t)n);
}

void
one_send(void)
{
	uint8_t headers[STACK_HEADERS];
	struct stack_tx_frame f = {.headers = headers};

	one.sent = 0;
	while (one.sent < ONE_OUT && stack_tx(one.s, &f, 1, one.now)) {
		struct one_frame *o = &one.out[one.sent++];

		o->len = host_frame(&f, o->bytes, sizeof(o->bytes));
		o->headers = f.header_len;
		o->piece = f.pieces ? f.piece[0].ptr : NULL;
		o->buf = f.buf;
		o->flags = f.flags;
		o->mss = f.mss;
	}
}

void
one_tcp(const struct wire_tcp *t)
{
	struct wire_tcp h = *t;
	uint8_t seg[64];
	size_t n;
	uint64_t sum;

	h.cksum = 0;
	n = wire_tcp_emit(seg, sizeof(seg), &h);
	sum = cksum_pseudo4(ONE_PEER, ONE_IP, WIRE_IP_TCP, (uint16_t)n);
	h.cksum = cksum_finish(cksum_partial(seg, n, sum));
	be_put16(seg + 16, h.cksum);
	one_ip(WIRE_IP_TCP, 0, 1, seg, (uint32_t)n);
}
