/* icmp6.c - ICMP for IPv6 (RFC 4443): echoes are answered, errors of ours are
 * told, errors of others are believed as those of IPv4 are (icmp.c). */
#include <string.h>

#include "netcore/stack/engine/share.h"
#include "netcore/stack/wire/udp.h"

static bool
is_nobody(const struct wire_ipv6 *ip)
{
	return wire_ipv6_martian(ip->src) != 0;
}

/* From where it lies, as in IPv4. What was sent to a group is answered by
 * nobody: RFC 4443, 4.2 lets us choose, and a link full of answers is no gain.
 * The addresses change places, which a sum does not see. */
static void
echo(struct stack *s, struct stack_rx_frame *f, const struct cursor *data,
	const struct wire_ipv6 *ip)
{
	uint32_t len = (uint32_t)cursor_left(data);
	const uint8_t *m = data->p - WIRE_ICMP_LEN;
	struct reply *r;
	uint8_t *p;

	if (ip->dst[0] == 0xff || (f->data[0] & 1) || is_nobody(ip) ||
		WIRE_IPV6_LEN + WIRE_ICMP_LEN + len > s->cfg.mtu) {
		s->count.icmp_ignored++;
		return;
	}
	if (share_drops_ip(s, ip_addr_v6(ip->dst), ip_addr_v6(ip->src)))
		return;
	if (!icmp_may_echo(s) ||
		reply_ip(s, ip_addr_v6(ip->dst), ip_addr_v6(ip->src),
			WIRE_IP_ICMPV6, WIRE_ICMP_LEN + len, REPLY_BULK, &r))
		return;
	p = r->bytes + r->len;
	memcpy(p, m, WIRE_ICMP_LEN);
	p[0] = WIRE_ICMP6_ECHO_REPLY;
	be_put16(p + 2,
		wire_udp_cksum(cksum_update16(be_get16(m + 2),
			WIRE_ICMP6_ECHO << 8, WIRE_ICMP6_ECHO_REPLY << 8)));
	r->len += WIRE_ICMP_LEN;
	s->count.echoes++;
	if (!len)
		return;
	r->piece = (struct stack_piece){data->p, len};
	r->buf = f->buf;
	f->kept = true;
}

/* RFC 4443, 2.4 (e): never about an error, or what others got as well; the
 * callers see to the first. It quotes as much as the smallest MTU takes (c),
 * from where it lies. */
static void
tell(struct stack *s, struct stack_rx_frame *f, const struct wire_ipv6 *ip,
	const struct wire_icmp *m)
{
	uint32_t len = (uint32_t)WIRE_IPV6_LEN + ip->ext_len + ip->len;
	const uint8_t *packet = f->data + WIRE_ETH_LEN;
	struct reply *r;

	if (be_get16(f->data + 12) == WIRE_ETH_VLAN)
		packet += WIRE_ETH_TAG_LEN;
	if ((f->data[0] & 1) || ip->dst[0] == 0xff || is_nobody(ip) ||
		len < WIRE_IPV6_LEN + 8 || !icmp_may_tell(s))
		return;
	if (len > WIRE_ICMP6_QUOTE)
		len = WIRE_ICMP6_QUOTE;
	if (reply_ip(s, ip_addr_v6(ip->dst), ip_addr_v6(ip->src),
		    WIRE_IP_ICMPV6, WIRE_ICMP_LEN + len, REPLY_BULK, &r))
		return;
	wire_icmp6_emit_error_head(
		r->bytes + r->len, m, ip->dst, ip->src, packet, len);
	r->len += WIRE_ICMP_LEN;
	r->piece = (struct stack_piece){packet, len};
	r->buf = f->buf;
	f->kept = true;
	s->count.icmp_sent++;
}

void
icmp6_unreachable(struct stack *s, struct stack_rx_frame *f,
	const struct wire_ipv6 *ip, uint8_t code)
{
	struct wire_icmp m = {.type = WIRE_ICMP6_UNREACH, .code = code};

	tell(s, f, ip, &m);
}

/* The byte that named the protocol: in the fixed header, or the first of the
 * last extension, whose length it takes to find that. */
static uint32_t
named_at(const struct wire_ipv6 *ip, const uint8_t *contents)
{
	const uint8_t *p = contents - ip->ext_len;
	const uint8_t *at = p - WIRE_IPV6_LEN + 6;
	uint8_t proto = *at;

	for (unsigned i = 0; i < ip->exts; i++) {
		at = p;
		p += proto == WIRE_IP_FRAGMENT ? 8u : 8u + p[1] * 8u;
		proto = *at;
	}
	return (uint32_t)(at - (contents - ip->ext_len - WIRE_IPV6_LEN));
}

void
icmp6_unknown(struct stack *s, struct stack_rx_frame *f,
	const struct wire_ipv6 *ip, const uint8_t *contents)
{
	struct wire_icmp m = {.type = WIRE_ICMP6_PARAM,
		.code = 1,
		.pointer = named_at(ip, contents)};

	tell(s, f, ip, &m);
}

/* --- what we are told -----------------------------------------------------*/

/* No route, and beyond the scope, may pass (RFC 5461, 2.2). */
static void
about(struct stack *s, struct tcb *c, const struct wire_icmp *m)
{
	bool param = m->type == WIRE_ICMP6_PARAM;

	if (m->type == WIRE_ICMP6_TOO_BIG) {
		s->count.icmp_ignored += !pmtu_too_big(s, c, m->mtu);
		return;
	}
	if (m->type != WIRE_ICMP6_UNREACH && !(param && m->code == 1)) {
		s->count.icmp_ignored++;
		return;
	}
	icmp_no_way(s, c,
		!param &&
			(m->code == WIRE_UNREACH6_NO_ROUTE ||
				m->code == WIRE_UNREACH6_SCOPE ||
				m->code == WIRE_UNREACH6_ADDRESS),
		param || m->code == WIRE_UNREACH6_PORT);
}

static void
error(struct stack *s, const struct wire_icmp *m)
{
	const struct wire_quote *q = &m->quote;
	struct flow_key k;
	struct tcb *c;

	if (!is_ours6(s, ip_addr_v6(q->src6)) || q->proto != WIRE_IP_TCP ||
		!q->has_ports) {
		s->count.icmp_not_ours++;
		return;
	}
	k = flow_key6(q->src6, q->sport, q->dst6, q->dport);
	c = icmp_find(s, &k, q->seq);
	if (c)
		about(s, c, m);
}

void
icmp6_in(struct stack *s, struct stack_rx_frame *f, struct cursor *c,
	const struct wire_ipv6 *ip)
{
	struct wire_icmp6 m;
	enum wire_bad bad =
		wire_icmp6_parse(c, ip->src, ip->dst, ip->hop_limit, &m);

	if (bad == WIRE_BAD_ICMP_CKSUM)
		s->count.drop_cksum++;
	else if (bad == WIRE_BAD_ICMP_TYPE)
		s->count.icmp_ignored++;
	else if (bad != WIRE_OK)
		s->count.drop_bad_frame++;
	else if (m.is_nd)
		nd_in(s, ip, &m);
	else if (is_ours6(s, ip_addr_v6(ip->src)))
		s->count.drop_martian++;
	else if (m.m.is_error)
		error(s, &m.m);
	else if (m.m.type == WIRE_ICMP6_ECHO)
		echo(s, f, c, ip);
	else
		s->count.icmp_ignored++;
}
