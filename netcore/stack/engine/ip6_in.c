/* ip6_in.c - rx step 3 of 8, IPv6: packets to us become segments, or messages
 * of ICMP. */
#include <string.h>

#include "netcore/stack/engine/ecn.h"
#include "netcore/stack/engine/share.h"
#include "netcore/stack/engine/udp.h"

/* ff02::1, and ff02::1:ff00:0 with the last three bytes of an address of ours
 * (RFC 4291, 2.7.1, 2.8). */
static bool
is_our_group(const struct stack *s, struct ip_addr a)
{
	uint64_t low = a.lo ^ 0x1ff000000ull;

	if (a.hi != 0xff02ull << 48)
		return false;
	return a.lo == 1 || low == (s->link6.lo & 0xffffff) ||
		((s->ip6.hi | s->ip6.lo) && low == (s->ip6.lo & 0xffffff));
}

static void
contents(struct stack *s, struct stack_rx_frame *f, struct cursor *c,
	const struct wire_ipv6 *ip, bool group)
{
	struct frag_key k = {
		.src = ip_addr_v6(ip->src), .dst = ip_addr_v6(ip->dst)};
	struct tcp_rx r;

	if (group && ip->proto != WIRE_IP_ICMPV6) {
		s->count.drop_not_ours++;
		return;
	}
	switch (ip->proto) {
	case WIRE_IP_TCP:
		r.key = flow_key6(ip->dst, 0, ip->src, 0);
		r.ce = ecn_is_marked(ip->tclass);
		r.frame = f;
		ip_in_tcp(s, &r, c);
		break;
	case WIRE_IP_ICMPV6:
		icmp6_in(s, f, c, ip);
		break;
	case WIRE_IP_UDP:
		if (!udp_in(s, f, c, &k))
			icmp6_unreachable(s, f, ip, WIRE_UNREACH6_PORT);
		break;
	case WIRE_IP_NONE: /* RFC 8200, 4.7 */
		break;
	default:
		if (share_drops_ip(s, k.dst, k.src))
			return;
		s->count.drop_unknown_proto++;
		icmp6_unknown(s, f, ip, c->p);
	}
}

/* RFC 8200, 4.5. Of what others got as well, see ip_in.c. */
static void
fragment(struct stack *s, struct stack_rx_frame *f, const struct cursor *c,
	const struct wire_ipv6 *ip)
{
	struct frag_rx r = {
		.key = {ip_addr_v6(ip->src), ip_addr_v6(ip->dst), ip->frag_id,
			ip->proto},
		.off = ip->offset,
		.more = ip->more,
		.ce = ecn_is_marked(ip->tclass),
		.data = c->p,
		.len = (uint32_t)cursor_left(c),
	};

	if (ip->proto == WIRE_IP_ICMPV6 && (f->data[0] & 1))
		s->count.icmp_ignored++;
	else
		frag_in(s, f, &r);
}

/* Nobody has :: but who asks whether an address is free; nobody has ours, and
 * if one has, neighbour discovery is to know, which never comes in pieces
 * (RFC 6980). What we sent ourselves may come back on some links. */
static bool
bad_source(const struct stack *s, const struct stack_rx_frame *f,
	const struct wire_ipv6 *ip)
{
	unsigned martian = wire_ipv6_martian(ip->src);

	if (!memcmp(f->data + 6, s->cfg.mac, 6))
		return true;
	if (ip->proto == WIRE_IP_ICMPV6 && !wire_ipv6_is_frag(ip))
		return martian & ~(unsigned)WIRE_MARTIAN_UNSPEC;
	return martian || is_ours6(s, ip_addr_v6(ip->src));
}

void
ip6_in(struct stack *s, struct stack_rx_frame *f, struct cursor *c)
{
	struct wire_ipv6 ip;
	struct ip_addr to;
	bool group;

	if (wire_ipv6_parse(c, &ip) != WIRE_OK) {
		s->count.drop_bad_frame++;
		return;
	}
	to = ip_addr_v6(ip.dst);
	group = is_our_group(s, to);
	if (!(s->link6.hi) || (!group && !is_ours6(s, to)))
		s->count.drop_not_ours++;
	else if (bad_source(s, f, &ip))
		s->count.drop_martian++;
	else if (wire_ipv6_is_frag(&ip) && group)
		s->count.drop_fragment++;
	else if (wire_ipv6_is_frag(&ip))
		fragment(s, f, c, &ip);
	else
		contents(s, f, c, &ip, group);
}
