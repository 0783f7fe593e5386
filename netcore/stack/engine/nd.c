/* nd.c - neighbour discovery (RFC 4861): questions for neighbours of IPv6, and
 * answers to theirs; and whether our addresses are ours alone (RFC 4862, 5.4).
 * What routers say is counted, and not believed: addresses are configured. */
#include <string.h>

#include "netcore/stack/engine/share.h"

static const uint8_t unspecified[16];

/* A frame of a message of len bytes, at *p; its addresses are in the order of
 * the wire. */
static struct reply *
start(struct stack *s, const uint8_t *mac, const uint8_t *src,
	const uint8_t *dst, uint32_t len, uint8_t **p)
{
	struct wire_eth e = {.type = WIRE_ETH_IPV6};
	struct wire_ipv6 ip = {.proto = WIRE_IP_ICMPV6,
		.hop_limit = 255,
		.len = (uint16_t)len};
	struct reply *r = reply_new(s);

	if (!r)
		return NULL;
	memcpy(e.dst, mac, 6);
	memcpy(e.src, s->cfg.mac, 6);
	memcpy(ip.src, src, 16);
	memcpy(ip.dst, dst, 16);
	r->l3 = (uint16_t)wire_eth_emit(r->bytes, sizeof(r->bytes), &e);
	r->l4 = r->l3 + WIRE_IPV6_LEN;
	wire_ipv6_emit(r->bytes + r->l3, WIRE_IPV6_LEN, &ip);
	*p = r->bytes + r->l4;
	r->len = (uint16_t)(r->l4 + len);
	s->count.tx_frames++;
	s->count.tx_bytes += r->len;
	return r;
}

/* ff02::1:ffxx:xxxx, and its Ethernet address (RFC 2464, 7). */
static void
group_of(const uint8_t *target, uint8_t *ip, uint8_t *mac)
{
	static const uint8_t head[13] = {0xff, 2, [11] = 1, [12] = 0xff};

	memcpy(ip, head, 13);
	memcpy(ip + 13, target + 13, 3);
	mac[0] = mac[1] = 0x33;
	memcpy(mac + 2, ip + 12, 4);
}

/* to: NULL is all who could have that address. From nobody, it is the question
 * whether the address is free. */
static void
solicit(struct stack *s, const uint8_t *src, const uint8_t *target,
	const uint8_t *to)
{
	uint8_t group[16], mac[6], *p;
	const uint8_t *dst = to ? target : group;
	bool nobody = src == unspecified;
	uint32_t len = nobody ? 24 : 32;

	group_of(target, group, mac);
	s->count.nd_requests++;
	if (start(s, to ? to : mac, src, dst, len, &p))
		wire_nd_emit_ns(
			p, len, src, dst, target, nobody ? NULL : s->cfg.mac);
}

void
nd_ask(struct stack *s, const struct neighbour *n)
{
	struct ip_addr from = ip_addr_is_link(n->ip) || !(s->ip6.hi | s->ip6.lo)
		? s->link6
		: s->ip6;
	uint8_t src[16], target[16];

	ip_addr_put(from, src);
	ip_addr_put(n->ip, target);
	solicit(s, src, target, n->state == NEIGH_PROBE ? n->mac : NULL);
}

/* One question each, as DupAddrDetectTransmits says; nothing waits for the
 * answer. */
void
nd_announce(struct stack *s)
{
	uint8_t target[16];

	if (!s->link6.hi)
		return;
	ip_addr_put(s->link6, target);
	solicit(s, unspecified, target, NULL);
	if (!(s->ip6.hi | s->ip6.lo))
		return;
	ip_addr_put(s->ip6, target);
	solicit(s, unspecified, target, NULL);
}

/* RFC 4861, 7.2.4. Who has no address yet is told with all others. */
static void
advertise(struct stack *s, const uint8_t *target, const uint8_t *dst,
	const uint8_t *mac)
{
	static const uint8_t all[16] = {0xff, 2, [15] = 1};
	static const uint8_t all_mac[6] = {0x33, 0x33, 0, 0, 0, 1};
	uint8_t flags = WIRE_NA_OVERRIDE | (mac ? WIRE_NA_SOLICITED : 0), *p;

	if (!share_is_first(s))
		return;
	dst = mac ? dst : all;
	if (!start(s, mac ? mac : all_mac, target, dst, 32, &p))
		return;
	wire_nd_emit_na(p, 32, target, dst, target, flags, s->cfg.mac);
	s->count.nd_replies++;
}

/* RFC 4861, 7.1.1, 7.2.3. An answer needs to know where to: a question from us
 * without the address of its link is not answered by asking back. */
static void
solicitation(
	struct stack *s, const struct wire_ipv6 *ip, const struct wire_nd *nd)
{
	struct ip_addr from = ip_addr_v6(ip->src);
	struct neighbour *n;

	if (!is_ours6(s, ip_addr_v6(nd->target))) {
		s->count.neigh_ignored++;
		return;
	}
	if (!(from.hi | from.lo)) {
		if (nd->has_slla || ip->dst[0] != 0xff) {
			s->count.nd_bad++;
			return;
		}
		s->count.nd_conflicts++; /* it would like to have ours */
		advertise(s, nd->target, NULL, NULL);
		return;
	}
	if (nd->has_slla) {
		neigh_asks(s, from, nd->slla);
		advertise(s, nd->target, ip->src, nd->slla);
		return;
	}
	n = neigh_look(s, from);
	if (n && n->state != NEIGH_INCOMPLETE)
		advertise(s, nd->target, ip->src, n->mac);
	else
		s->count.neigh_ignored++;
}

/* RFC 4861, 7.1.2, 7.2.5. */
static void
advertisement(
	struct stack *s, const struct wire_ipv6 *ip, const struct wire_nd *nd)
{
	unsigned flags = 0;

	if (ip->dst[0] == 0xff && (nd->flags & WIRE_NA_SOLICITED)) {
		s->count.nd_bad++;
		return;
	}
	if (is_ours6(s, ip_addr_v6(nd->target))) {
		s->count.nd_conflicts++;
		return;
	}
	if (nd->flags & WIRE_NA_SOLICITED)
		flags |= NEIGH_ANSWER;
	if (nd->flags & WIRE_NA_OVERRIDE)
		flags |= NEIGH_OVERRIDE;
	neigh_says(s, ip_addr_v6(nd->target), nd->has_tlla ? nd->tlla : NULL,
		flags);
}

static bool
is_group(const struct wire_nd *nd)
{
	return (nd->has_slla && (nd->slla[0] & 1)) ||
		(nd->has_tlla && (nd->tlla[0] & 1));
}

void
nd_in(struct stack *s, const struct wire_ipv6 *ip, const struct wire_icmp6 *m)
{
	bool unspec = !memcmp(ip->src, unspecified, 16);

	/* From beyond a router it cannot come with 255. */
	if (ip->hop_limit != 255 || is_group(&m->nd) ||
		(unspec && m->m.type != WIRE_ICMP6_NS))
		s->count.nd_bad++;
	else if (is_ours6(s, ip_addr_v6(ip->src)))
		s->count.nd_conflicts++;
	else if (m->m.type == WIRE_ICMP6_NS)
		solicitation(s, ip, &m->nd);
	else if (m->m.type == WIRE_ICMP6_NA)
		advertisement(s, ip, &m->nd);
	else
		s->count.nd_router_ignored++;
}
