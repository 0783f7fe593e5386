/* ip_in.c - rx step 3 of 8: frames become segments. What is not for us, not
 * whole or not true is counted and dropped. */
#include <string.h>

#include "netcore/stack/engine/ecn.h"
#include "netcore/stack/engine/share.h"
#include "netcore/stack/engine/udp.h"

static bool
for_us(const struct stack *s, const struct wire_eth *e)
{
	return !memcmp(e->dst, s->cfg.mac, 6) || (e->dst[0] & 1);
}

static uint64_t
pseudo(const struct stack *s, const struct flow_key *k, uint32_t len)
{
	if (likely(flow_key_is4(k)))
		return cksum_pseudo4(
			k->remote4, s->ip4, WIRE_IP_TCP, (uint16_t)len);
	return cksum_pseudo6((const uint8_t *)&k->addr[2],
		(const uint8_t *)&k->addr[0], WIRE_IP_TCP, len);
}

/* Its checksum was right. */
static inline void
segment(struct stack *s, struct tcp_rx *r, struct cursor *c)
{
	r->syn = false;
	if (unlikely(wire_tcp_parse(c, &r->h) != WIRE_OK)) {
		s->count.drop_bad_frame++;
		return;
	}
	r->key.local_port = r->h.dport;
	r->key.remote_port = r->h.sport;
	r->data = c->p;
	r->len = (uint32_t)cursor_left(c);
	tcp_in(s, r);
}

void
ip_in_tcp(struct stack *s, struct tcp_rx *r, struct cursor *c)
{
	uint32_t len = (uint32_t)cursor_left(c);

	r->hash = 0;
	r->guess = FLOW_NONE;
	if (!(r->frame->flags & STACK_RX_CKSUM_OK) &&
		wire_tcp_verify(c->p, len, pseudo(s, &r->key, len)) != WIRE_OK)
		s->count.drop_cksum++;
	else
		segment(s, r, c);
}

static void
tcp4(struct stack *s, struct stack_rx_frame *f, struct cursor *c,
	const struct wire_ipv4 *ip)
{
	struct tcp_rx r;

	r.ce = ecn_is_marked(ip->tos);
	r.key = flow_key4(0, ip->src, 0);
	r.frame = f;
	ip_in_tcp(s, &r, c);
}

static void
other(struct stack *s, struct stack_rx_frame *f, struct cursor *c,
	const struct wire_ipv4 *ip)
{
	const uint8_t *packet = c->p - ip->hlen;
	struct frag_key k = {
		.src = ip_addr_v4(ip->src), .dst = ip_addr_v4(ip->dst)};

	switch (ip->proto) {
	case WIRE_IP_ICMP:
		icmp_in(s, f, c, ip);
		break;
	case WIRE_IP_UDP:
		if (!udp_in(s, f, c, &k))
			icmp_unreachable(s, f, ip, packet, WIRE_UNREACH4_PORT);
		break;
	default:
		if (share_drops_ip(s, k.dst, k.src))
			return;
		s->count.drop_unknown_proto++;
		icmp_unreachable(s, f, ip, packet, WIRE_UNREACH4_PROTO);
	}
}

static void
fragment(struct stack *s, struct stack_rx_frame *f, const struct cursor *c,
	const struct wire_ipv4 *ip)
{
	struct frag_rx r = {
		.key = {ip_addr_v4(ip->src), ip_addr_v4(ip->dst), ip->id,
			ip->proto},
		.off = wire_ipv4_offset(ip),
		.more = ip->frag & WIRE_IPV4_MF,
		.ce = ecn_is_marked(ip->tos),
		.data = c->p,
		.len = (uint32_t)cursor_left(c),
	};

	/* Others got it, too, and nobody is to answer that. */
	if (ip->proto == WIRE_IP_ICMP && (f->data[0] & 1))
		s->count.icmp_ignored++;
	else
		frag_in(s, f, &r);
}

static void
ipv4(struct stack *s, struct stack_rx_frame *f, struct cursor *c)
{
	struct wire_ipv4 ip;
	enum wire_bad bad =
		wire_ipv4_take(c, &ip, f->flags & STACK_RX_CKSUM_OK);

	if (unlikely(bad != WIRE_OK)) {
		if (bad == WIRE_BAD_IPV4_CKSUM)
			s->count.drop_cksum++;
		else
			s->count.drop_bad_frame++;
		return;
	}
	if (unlikely(ip.dst != s->ip4 || !ip.dst)) {
		s->count.drop_not_ours++;
		return;
	}
	if (unlikely(wire_ipv4_martian(ip.src) || ip.src == s->ip4)) {
		s->count.drop_martian++;
		return;
	}
	if (unlikely(wire_ipv4_is_frag(&ip))) {
		fragment(s, f, c, &ip);
		return;
	}
	if (likely(ip.proto == WIRE_IP_TCP))
		tcp4(s, f, c, &ip);
	else
		other(s, f, c, &ip);
}

/* The checksum as is_whole() of plain_in.c has it. */
void
ip_in_tcp4(struct stack *s, struct stack_rx_frame *f, uint32_t len,
	uint32_t hash, uint32_t guess)
{
	const uint8_t *ip = f->data + WIRE_ETH_LEN;
	struct cursor c = cursor_of(ip + WIRE_IPV4_LEN, len - WIRE_IPV4_LEN);
	uint32_t src = be_get32(ip + 12);
	struct tcp_rx r;

	s->count.rx_frames++;
	s->count.rx_bytes += f->len;
	if (unlikely(wire_ipv4_martian(src) || src == s->ip4)) {
		s->count.drop_martian++;
		return;
	}
	if (unlikely(!s->ip4)) {
		s->count.drop_not_ours++;
		return;
	}
	if (!(f->flags & STACK_RX_CKSUM_OK) &&
		!cksum_ok(ip + 12, len - 12,
			htobe32((uint32_t)WIRE_IP_TCP << 16 |
				(len - WIRE_IPV4_LEN)))) {
		s->count.drop_cksum++;
		return;
	}
	r.ce = ecn_is_marked(ip[1]);
	r.key = flow_key4(0, src, 0);
	r.hash = hash;
	r.guess = guess;
	r.frame = f;
	segment(s, &r, &c);
}

void
ip_in(struct stack *s, struct stack_rx_frame *f)
{
	struct cursor c = {f->data, f->data + f->len};
	struct wire_eth e;

	f->kept = false;
	s->count.rx_frames++;
	s->count.rx_bytes += f->len;
	if (wire_eth_parse(&c, &e) != WIRE_OK)
		s->count.drop_bad_frame++;
	else if (!for_us(s, &e))
		s->count.drop_not_ours++;
	else if (e.type == WIRE_ETH_IPV4)
		ipv4(s, f, &c);
	else if (e.type == WIRE_ETH_IPV6)
		ip6_in(s, f, &c);
	else if (e.type == WIRE_ETH_ARP)
		arp_in(s, c.p, cursor_left(&c));
	else
		s->count.drop_not_ip++;
}
