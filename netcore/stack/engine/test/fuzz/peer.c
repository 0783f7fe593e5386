/* peer.c - segments that fit, nearly fit, and do not. */
#include "netcore/stack/engine/test/fuzz/peer.h"

#include <string.h>

#include "netcore/stack/wire/udp.h"

#define IP6_NET	  0xfd00ull << 48
#define ECHO_DATA 37u /* of an echo in pieces */

struct ip_addr
peer_ip(bool v6)
{
	return v6 ? (struct ip_addr){IP6_NET, 2} : ip_addr_v4(PEER_IP);
}

struct ip_addr
peer_host_ip(bool v6)
{
	return v6 ? (struct ip_addr){IP6_NET, 1} : ip_addr_v4(HOST_IP);
}

/* --- what the engine said -------------------------------------------------*/

static struct peer_conn *
conn_of(struct peer *p, bool v6, uint16_t lport, uint16_t port)
{
	for (unsigned i = 0; i < PEER_CONNS; i++) {
		struct peer_conn *k = &p->conn[i];

		if (k->used && k->v6 == v6 && k->lport == lport &&
			k->port == port)
			return k;
	}
	return NULL;
}

static struct peer_conn *
conn_new(struct peer *p, bool v6, uint16_t lport, uint16_t port)
{
	struct peer_conn *k = &p->conn[p->last++ % PEER_CONNS];

	*k = (struct peer_conn){
		.used = true, .v6 = v6, .lport = lport, .port = port};
	return k;
}

void
peer_learn(struct peer *p, const uint8_t *frame, uint32_t len)
{
	struct cursor c = cursor_of(frame, len);
	struct wire_eth e;
	struct wire_ipv4 a;
	struct wire_ipv6 b = {0};
	struct wire_tcp t;
	struct peer_conn *k;
	bool v6;
	uint32_t end;

	if (wire_eth_parse(&c, &e) || e.type == WIRE_ETH_ARP)
		return;
	v6 = e.type == WIRE_ETH_IPV6;
	if (v6 ? wire_ipv6_parse(&c, &b) : wire_ipv4_parse(&c, &a))
		return;
	if ((v6 ? b.proto : a.proto) != WIRE_IP_TCP || wire_tcp_parse(&c, &t) ||
		(t.flags & WIRE_TCP_RST))
		return;
	k = conn_of(p, v6, t.sport, t.dport);
	if (!k)
		k = conn_new(p, v6, t.sport, t.dport);
	end = t.seq + (uint32_t)cursor_left(&c) +
		!!(t.flags & (WIRE_TCP_SYN | WIRE_TCP_FIN));
	if (t.flags & WIRE_TCP_SYN) {
		k->first = t.seq;
		k->next = end;
	}
	if (seq_gt(end, k->next))
		k->next = end;
	if (t.flags & WIRE_TCP_ACK)
		k->acks = t.ack;
	if (t.opts & WIRE_TCP_TS)
		k->ts = t.ts_val;
	k->wnd = t.window;
}

/* --- headers --------------------------------------------------------------*/

/* In front of n bytes that stand where they belong; completes the checksum at
 * `sum` of them, if it is not 0. */
static void
wrap(struct host_frame *f, bool v6, uint8_t proto, uint32_t n, unsigned sum,
	struct wire_ipv4 *ip)
{
	struct wire_eth e = {.dst = HOST_MAC(1), .src = HOST_MAC(2)};
	struct wire_ipv6 b = {
		.proto = proto, .hop_limit = 255, .len = (uint16_t)n};
	uint8_t *p = f->bytes + WIRE_ETH_LEN;
	uint8_t *l4 = p + (v6 ? WIRE_IPV6_LEN : WIRE_IPV4_LEN);
	uint64_t pseudo;

	e.type = v6 ? WIRE_ETH_IPV6 : WIRE_ETH_IPV4;
	wire_eth_emit(f->bytes, WIRE_ETH_LEN, &e);
	if (v6) {
		ip_addr_put(peer_ip(true), b.src);
		ip_addr_put(peer_host_ip(true), b.dst);
		wire_ipv6_emit(p, WIRE_IPV6_LEN, &b);
		pseudo = cksum_pseudo6(b.src, b.dst, proto, n);
	} else {
		ip->src = PEER_IP;
		ip->dst = HOST_IP;
		ip->proto = proto;
		ip->ttl = 64;
		ip->len = (uint16_t)n;
		wire_ipv4_emit(p, WIRE_IPV4_LEN, ip);
		pseudo = cksum_pseudo4(PEER_IP, HOST_IP, proto, (uint16_t)n);
		if (proto == WIRE_IP_ICMP)
			pseudo = 0;
	}
	if (sum) {
		be_put16(l4 + sum, 0);
		be_put16(l4 + sum, cksum_finish(cksum_partial(l4, n, pseudo)));
	}
	f->len = (uint32_t)(l4 + n - f->bytes);
	f->flags = 0;
}

static uint8_t *
contents(struct host_frame *f, bool v6)
{
	return f->bytes + WIRE_ETH_LEN + (v6 ? WIRE_IPV6_LEN : WIRE_IPV4_LEN);
}

/* --- TCP ------------------------------------------------------------------*/

enum tcp_shape {
	SHAPE_NEW = 1,	  /* of a connection that may not be there */
	SHAPE_V6 = 2,	  /* ... with SHAPE_NEW */
	SHAPE_SEQ = 4,	  /* not the next number */
	SHAPE_ACK = 8,	  /* not all of what the engine sent */
	SHAPE_WND = 16,	  /* not a large window */
	SHAPE_FLAGS = 32, /* not ACK alone */
	SHAPE_OPTS = 64,  /* more than a timestamp */
	SHAPE_DATA = 128,
};

/* Near, or anywhere. */
static uint32_t
apart(struct bytes *b, uint32_t n)
{
	uint8_t how = take8(b);

	switch (how >> 5) {
	case 0:
		return n + (how & 31);
	case 1:
		return n - (how & 31);
	case 2:
		return n + take8(b) * 64u;
	case 3:
		return n - take8(b) * 64u;
	case 4:
		return n + take16(b);
	case 5:
		return n - take16(b);
	case 6:
		return n + 1448 * (how & 31u);
	default:
		return take32(b);
	}
}

static void
sacks(struct bytes *b, const struct peer_conn *k, struct wire_tcp *t)
{
	t->opts |= WIRE_TCP_SACK;
	t->sacks = 1 + take8(b) % (t->opts & WIRE_TCP_TS ? 3 : 4);
	for (unsigned i = 0; i < t->sacks; i++) {
		t->sack[i].right = apart(b, k->next);
		t->sack[i].left = apart(b, t->sack[i].right);
	}
}

static void
options(struct peer *p, struct bytes *b, const struct peer_conn *k,
	uint8_t shape, struct wire_tcp *t)
{
	uint8_t more = shape & SHAPE_OPTS ? take8(b) : 0;

	if (k->ts || (t->flags & WIRE_TCP_SYN))
		t->opts |= WIRE_TCP_TS;
	t->ts_val = p->clock;
	t->ts_ecr = k->ts;
	if (more & 1)
		t->opts ^= WIRE_TCP_TS;
	if (more & 2)
		t->ts_val = apart(b, t->ts_val);
	if (more & 4)
		t->ts_ecr = apart(b, t->ts_ecr);
	if (t->flags & WIRE_TCP_SYN) {
		t->opts |= WIRE_TCP_MSS | WIRE_TCP_WSCALE | WIRE_TCP_SACK_OK;
		t->opts ^= more >> 3 &
			(WIRE_TCP_MSS | WIRE_TCP_WSCALE | WIRE_TCP_SACK_OK);
		t->mss = more & 8 ? take16(b) : 1460;
		t->wscale = more & 8 ? take8(b) % 15 : 2;
	} else if (more & 8) {
		sacks(b, k, t);
	}
}

static struct peer_conn *
pick(struct peer *p, struct bytes *b, uint8_t shape)
{
	uint8_t which = take8(b);
	struct peer_conn *k;
	uint16_t port = 1000 + which % 16;
	bool v6 = shape & SHAPE_V6;

	if (!(shape & SHAPE_NEW))
		for (unsigned i = 0; i < PEER_CONNS; i++) {
			k = &p->conn[(which + i) % PEER_CONNS];
			if (k->used)
				return k;
		}
	k = conn_of(p, v6, 80, port);
	return k ? k : conn_new(p, v6, 80, port);
}

static uint8_t
flags_of(const struct peer_conn *k, struct bytes *b, uint8_t shape)
{
	if (shape & SHAPE_FLAGS)
		return take8(b);
	if (!k->next) /* nothing was ever heard of it */
		return WIRE_TCP_SYN;
	if (k->next == k->first + 1 && !k->acks)
		return WIRE_TCP_SYN | WIRE_TCP_ACK;
	return WIRE_TCP_ACK;
}

void
peer_tcp(struct peer *p, struct bytes *b, struct host_frame *f)
{
	uint8_t shape = take8(b);
	struct peer_conn *k = pick(p, b, shape);
	uint32_t seq = k->acks ? k->acks : 0xfffff000u + k->port, len = 0;
	struct wire_tcp t = {.sport = k->port,
		.dport = k->lport,
		.flags = flags_of(k, b, shape)};
	struct wire_ipv4 ip = {.id = p->id++};
	uint8_t *l4 = contents(f, k->v6);
	size_t n;

	t.seq = shape & SHAPE_SEQ ? apart(b, seq) : seq;
	t.ack = shape & SHAPE_ACK ? apart(b, k->next) : k->next;
	t.window = shape & SHAPE_WND ? take16(b) >> (take8(b) & 15) : 0xffff;
	if (!(t.flags & WIRE_TCP_ACK))
		t.ack = 0;
	options(p, b, k, shape, &t);
	if (shape & SHAPE_DATA) {
		len = take8(b);
		len = len < 128 ? len : (len - 120) * 11;
	}
	n = wire_tcp_emit(l4, WIRE_TCP_LEN_MAX, &t);
	for (uint32_t i = 0; i < len; i++)
		l4[n + i] = byte_at(t.seq + !!(t.flags & WIRE_TCP_SYN) + i);
	wrap(f, k->v6, WIRE_IP_TCP, (uint32_t)n + len, 16, &ip);
}

/* --- others ---------------------------------------------------------------*/

static void
arp(struct bytes *b, struct host_frame *f)
{
	struct wire_eth e = {
		.dst = HOST_MAC(1), .src = HOST_MAC(2), .type = WIRE_ETH_ARP};
	uint8_t how = take8(b);
	struct wire_arp a = {.op = how & 1 ? WIRE_ARP_REPLY : WIRE_ARP_REQUEST,
		.sha = HOST_MAC(2),
		.spa = PEER_IP + (how >> 1 & 15),
		.tpa = HOST_IP};

	if (how & 32)
		memset(e.dst, 255, 6);
	if (how & 64)
		a.sha[5] = e.src[5] = take8(b);
	if (how & 128)
		a.tpa += take8(b);
	f->len = (uint32_t)wire_eth_emit(f->bytes, WIRE_ETH_LEN, &e);
	f->len += (uint32_t)wire_arp_emit(f->bytes + f->len, 64, &a);
	f->flags = 0;
}

static void
nd(struct bytes *b, struct host_frame *f)
{
	uint8_t how = take8(b), mac[6] = HOST_MAC(2);
	uint8_t src[16], dst[16], *l4 = contents(f, true);
	struct ip_addr peer = peer_ip(true);
	size_t n;

	ip_addr_put(peer, src);
	ip_addr_put(peer_host_ip(true), dst);
	mac[5] = how & 16 ? take8(b) : 2;
	if (how & 1)
		n = wire_nd_emit_ns(
			l4, 64, src, dst, dst, how & 2 ? NULL : mac);
	else
		n = wire_nd_emit_na(l4, 64, src, dst, src, how & 0xe0,
			how & 2 ? NULL : mac);
	if (how & 8) {
		l4[take8(b) % n] ^= take8(b);
		n -= take8(b) % 8;
	}
	wrap(f, true, WIRE_IP_ICMPV6, (uint32_t)n, 2, NULL);
}

void
peer_neighbour(struct bytes *b, struct host_frame *f)
{
	if (take8(b) & 1)
		nd(b, f);
	else
		arp(b, f);
}

/* One of three pieces of an echo, which is whole and right if all of them come;
 * or one that lies over two of them. */
static void
echo_piece(struct bytes *b, struct host_frame *f, bool v6)
{
	static const uint8_t off[4] = {0, 16, 32, 24}, data[ECHO_DATA];
	struct wire_icmp m = {.type = v6 ? WIRE_ICMP6_ECHO : WIRE_ICMP4_ECHO};
	uint8_t at = take8(b), whole[8 + ECHO_DATA], src[16], dst[16];
	uint32_t from = off[at & 3], n = (at & 3) == 2 ? ECHO_DATA - 24 : 16;
	bool more = (at & 3) != 2;
	struct wire_ipv6 h = {.proto = WIRE_IP_ICMPV6,
		.offset = (uint16_t)from,
		.more = more,
		.frag_id = at >> 2 & 3};
	struct wire_ipv4 ip = {.id = at >> 2 & 3,
		.frag = (uint16_t)(from / 8 | (more ? WIRE_IPV4_MF : 0))};
	uint8_t *l4 = contents(f, v6);
	size_t head = v6 ? wire_ipv6_emit_frag(l4, WIRE_IPV6_FRAG_LEN, &h) : 0;

	m.id = at >> 4;
	ip_addr_put(peer_ip(true), src);
	ip_addr_put(peer_host_ip(true), dst);
	if (v6)
		wire_icmp6_emit_echo(
			whole, sizeof(whole), &m, src, dst, data, ECHO_DATA);
	else
		wire_icmp4_emit_echo(whole, sizeof(whole), &m, data, ECHO_DATA);
	memcpy(l4 + head, whole + from, n);
	wrap(f, v6, v6 ? WIRE_IP_FRAGMENT : WIRE_IP_ICMP, n + (uint32_t)head, 0,
		&ip);
}

/* An echo, or an error that quotes what the engine sent, or nearly. */
void
peer_icmp(struct peer *p, struct bytes *b, struct host_frame *f)
{
	uint8_t how = take8(b), *l4;
	struct peer_conn *k = pick(p, b, 0);
	struct wire_ipv4 ip = {.id = p->id++};
	bool v6 = how & 1 ? !k->v6 : k->v6;
	uint32_t len = 8, hlen = v6 ? WIRE_IPV6_LEN : WIRE_IPV4_LEN;

	if ((how & 6) == 6) {
		echo_piece(b, f, v6);
		return;
	}
	l4 = contents(f, v6);
	memset(l4, 0, 128);
	l4[0] = v6 ? WIRE_ICMP6_ECHO : WIRE_ICMP4_ECHO;
	if (how & 2) {
		len += take8(b);
		for (uint32_t i = 8; i < len; i++)
			l4[i] = (uint8_t)i;
	} else {
		struct wire_ipv4 a = {.src = HOST_IP,
			.dst = PEER_IP,
			.ttl = 64,
			.proto = WIRE_IP_TCP,
			.len = 200};
		struct wire_ipv6 c = {
			.proto = WIRE_IP_TCP, .hop_limit = 64, .len = 200};

		l4[0] = take8(b) & 15;
		l4[1] = take8(b) & 15;
		be_put16(l4 + 6, take16(b));
		ip_addr_put(peer_host_ip(true), c.src);
		ip_addr_put(peer_ip(true), c.dst);
		if (v6)
			wire_ipv6_emit(l4 + 8, WIRE_IPV6_LEN, &c);
		else
			wire_ipv4_emit(l4 + 8, WIRE_IPV4_LEN, &a);
		be_put16(l4 + 8 + hlen, k->lport);
		be_put16(l4 + 10 + hlen, k->port);
		be_put32(l4 + 12 + hlen, apart(b, k->next));
		len += hlen + 8 + take8(b) % 16;
	}
	wrap(f, v6, v6 ? WIRE_IP_ICMPV6 : WIRE_IP_ICMP, len, 2, &ip);
}

/* A datagram, or a piece of one. */
void
peer_udp(struct peer *p, struct bytes *b, struct host_frame *f)
{
	uint8_t how = take8(b), *l4;
	struct wire_udp u = {.sport = 1000, .dport = 53 + (how & 3)};
	struct wire_ipv4 ip = {.id = p->id++};
	bool v6 = how & 4;
	uint32_t n = take8(b) * 5u;

	l4 = contents(f, v6);
	u.len = (uint16_t)n;
	wire_udp_emit(l4, WIRE_UDP_LEN, &u);
	for (uint32_t i = 0; i < n; i++)
		l4[WIRE_UDP_LEN + i] = (uint8_t)i;
	if (!v6 && (how & 8)) {
		uint8_t at = take8(b);

		ip.id = at >> 6;
		ip.frag = (at & 15) | (at & 32 ? WIRE_IPV4_MF : 0);
	}
	wrap(f, v6, how & 16 ? take8(b) : WIRE_IP_UDP, n + WIRE_UDP_LEN,
		ip.frag || (how & 32) ? 0 : 6, &ip);
}

void
peer_raw(struct bytes *b, struct host_frame *f)
{
	static const uint8_t mac[6] = HOST_MAC(1);

	f->len = take8(b);
	f->flags = 0;
	for (uint32_t i = 0; i < f->len; i++)
		f->bytes[i] = take8(b);
	if (f->len >= 6 && !(f->bytes[0] & 1))
		memcpy(f->bytes, mac, 6);
}
