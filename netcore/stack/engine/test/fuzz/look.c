/* look.c - a frame that goes out: it is whole, its lengths and checksums are
 * right, and its payload is what the program has queued and not got back. */
#include <string.h>

#include "netcore/stack/engine/test/fuzz/bytes.h"
#include "netcore/stack/engine/test/fuzz/host.h"
#include "netcore/stack/wire/udp.h"

struct look {
	const struct stack_tx_frame *f;
	uint64_t pseudo;
	const uint8_t *l4;
	uint32_t len; /* from l4 on */
	uint8_t proto;
	bool in_pieces; /* an echo */
};

/* Whose payload it is, where in the stream it lies; and what it acknowledges is
 * what was handed up. */
static void
look_stream(struct host *h, const struct look *l, const struct wire_tcp *t,
	const uint8_t *data, uint32_t len)
{
	struct host_conn *k = host_find(h, l->f->conn);
	const struct tcb *c = &h->s->tcb[idpool_index(l->f->conn)];
	uint32_t at = t->seq - c->iss - 1, left;

	MUST(c->handle == l->f->conn);
	MUST(t->sport == c->key.local_port && t->dport == c->key.remote_port);
	if (t->flags & WIRE_TCP_SYN) {
		MUST(t->seq == c->iss && !len);
		return;
	}
	if (!k) { /* nobody was told of it yet, or will be */
		MUST(!len);
		return;
	}
	MUST(!(t->flags & WIRE_TCP_FIN) || k->shut);
	if (!k->gone && k->told) {
		uint32_t got = t->ack - c->irs - 1 - (uint32_t)k->got;

		MUST(got == k->ended);
	}
	left = (uint32_t)(k->sent - k->acked);
	MUST(!len || at - (uint32_t)k->acked + len <= left);
	for (uint32_t i = 0; i < len; i++)
		MUST(data[i] == byte_at(at + i));
}

static void
look_tcp(struct host *h, const struct look *l)
{
	struct cursor c = cursor_of(l->l4, l->len);
	struct wire_tcp t;
	uint16_t sum;

	MUST(wire_tcp_parse(&c, &t) == WIRE_OK);
	memcpy(&sum, l->l4 + 16, sizeof(sum));
	MUST(!(l->f->flags & STACK_TX_CKSUM) == !h->cfg.tx_cksum);
	if (h->cfg.tx_cksum)
		MUST(sum == cksum_fold(l->pseudo));
	else
		MUST(wire_tcp_verify(l->l4, l->len, l->pseudo) == WIRE_OK);
	MUST(l->f->len == cursor_left(&c));
	if (l->f->flags & STACK_TX_TSO)
		MUST(l->f->mss && l->f->len > l->f->mss &&
			l->f->len <= h->cfg.tso);
	if (l->f->conn)
		look_stream(h, l, &t, c.p, l->f->len);
}

static void
look_contents(struct host *h, const struct look *l)
{
	switch (l->proto) {
	case WIRE_IP_TCP:
		look_tcp(h, l);
		break;
	case WIRE_IP_UDP:
		MUST(wire_udp_verify(l->l4, l->len, l->pseudo) == WIRE_OK);
		break;
	case WIRE_IP_ICMP:
		MUST(l->in_pieces || cksum_ok(l->l4, l->len, 0));
		break;
	case WIRE_IP_ICMPV6:
		MUST(l->in_pieces || cksum_ok(l->l4, l->len, l->pseudo));
		break;
	default:
		MUST(!"a protocol that we do not speak");
	}
}

static void
look_ip(struct host *h, struct look *l, struct cursor *c, bool v4)
{
	struct wire_ipv4 a;
	struct wire_ipv6 b;

	if (v4) {
		MUST(wire_ipv4_parse(c, &a) == WIRE_OK);
		MUST(a.src == h->s->ip4 && a.ttl >= 64);
		l->proto = a.proto;
		l->in_pieces = wire_ipv4_is_frag(&a);
		MUST(!l->in_pieces || a.proto == WIRE_IP_ICMP);
		l->pseudo = cksum_pseudo4(a.src, a.dst, a.proto, a.len);
		l->len = a.len;
	} else {
		MUST(wire_ipv6_parse(c, &b) == WIRE_OK);
		l->in_pieces = wire_ipv6_is_frag(&b);
		MUST(b.exts == l->in_pieces);
		MUST(!l->in_pieces || b.proto == WIRE_IP_ICMPV6);
		MUST(is_ours6(h->s, ip_addr_v6(b.src)) || b.hop_limit == 255);
		l->proto = b.proto;
		l->pseudo = cksum_pseudo6(b.src, b.dst, b.proto, b.len);
		l->len = b.len;
	}
	l->l4 = c->p;
}

/* By family and both ports: connections to one port of the peer differ in ours
 * alone. Of what has no ports, some bytes will do. */
static unsigned
flow_of(const uint8_t *l4, bool v4)
{
	return l4 ? (v4 ? 512u : 0) + (l4[1] & 31u) * 16 + (l4[3] & 15u) : 0;
}

/* Within a flow the order counts; between flows nothing is promised. */
static void
note_frame(struct host *h, const struct look *l, const uint8_t *bytes,
	uint32_t len)
{
	const uint32_t data = l->f->header_len;
	bool v4 = l->l4 && bytes[WIRE_ETH_LEN] >> 4 == 4;
	uint64_t *all = &h->frames[flow_of(l->l4, v4)];

	*all = host_fold(*all, cksum_partial(bytes + data, len - data, len));
	for (uint32_t i = 0; i < data; i++) {
		uint32_t at = i - WIRE_ETH_LEN;

		/* What packets are numbered by, and the checksum. */
		if (!v4 || (at / 2 != 2 && at / 2 != 5))
			*all = host_fold(*all, bytes[i]);
	}
}

void
look_frame(struct host *h, const struct stack_tx_frame *f, const uint8_t *bytes,
	uint32_t len)
{
	struct cursor c = cursor_of(bytes, len);
	struct look l = {.f = f};
	struct wire_eth e;
	struct wire_arp a;

	MUST(wire_eth_parse(&c, &e) == WIRE_OK && !e.tagged);
	MUST(!memcmp(e.src, h->cfg.mac, 6));
	MUST((f->flags & STACK_TX_TSO) ||
		len <= WIRE_ETH_LEN + (uint32_t)h->cfg.mtu);
	if (e.type == WIRE_ETH_ARP) {
		MUST(wire_arp_parse(&c, &a) == WIRE_OK);
	} else {
		MUST(e.type == WIRE_ETH_IPV4 || e.type == WIRE_ETH_IPV6);
		look_ip(h, &l, &c, e.type == WIRE_ETH_IPV4);
		/* Nothing behind the packet. */
		MUST(l.l4 + l.len == bytes + len);
		MUST(!f->l4 || l.l4 == bytes + f->l4);
		look_contents(h, &l);
	}
	note_frame(h, &l, bytes, len);
}
