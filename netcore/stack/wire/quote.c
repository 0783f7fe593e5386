/* quote.c - what the first bytes of a quoted packet tell. The checksum is not
 * looked at, for routers on the way changed what it covers; nor the length.
 */
#include "netcore/stack/wire/quote.h"

#include "netcore/stack/wire/icmp.h"
#include "netcore/stack/wire/ipv4.h"
#include "netcore/stack/wire/ipv6.h"

static enum wire_bad
parse_upper(struct cursor *c, struct wire_quote *q)
{
	const uint8_t *p = cursor_take(c, 8);

	if (!p)
		return WIRE_BAD_ICMP_QUOTE;
	if (q->proto == WIRE_IP_TCP || q->proto == WIRE_IP_UDP) {
		q->has_ports = true;
		q->sport = be_get16(p);
		q->dport = be_get16(p + 2);
	}
	if (q->proto == WIRE_IP_TCP)
		q->seq = be_get32(p + 4);
	if ((!q->v6 && q->proto == WIRE_IP_ICMP && p[0] == WIRE_ICMP4_ECHO) ||
		(q->v6 && q->proto == WIRE_IP_ICMPV6 &&
			p[0] == WIRE_ICMP6_ECHO)) {
		q->has_echo = true;
		q->echo_id = be_get16(p + 4);
		q->echo_seq = be_get16(p + 6);
	}
	return WIRE_OK;
}

enum wire_bad
wire_quote_parse4(struct cursor *c, struct wire_quote *q)
{
	const uint8_t *p = c->p;
	size_t hlen;

	*q = (struct wire_quote){.v6 = false};
	if (cursor_left(c) < WIRE_IPV4_LEN || p[0] >> 4 != 4)
		return WIRE_BAD_ICMP_QUOTE;
	hlen = (p[0] & 15) * 4u;
	if (hlen < WIRE_IPV4_LEN || !cursor_take(c, hlen))
		return WIRE_BAD_ICMP_QUOTE;
	q->proto = p[9];
	q->src4 = be_get32(p + 12);
	q->dst4 = be_get32(p + 16);
	if (be_get16(p + 6) & WIRE_IPV4_OFF)
		return WIRE_OK;
	return parse_upper(c, q);
}

enum wire_bad
wire_quote_parse6(struct cursor *c, struct wire_quote *q)
{
	const uint8_t *p = cursor_take(c, WIRE_IPV6_LEN);
	struct wire_ipv6 ip = {0};

	*q = (struct wire_quote){.v6 = true};
	if (!p || p[0] >> 4 != 6)
		return WIRE_BAD_ICMP_QUOTE;
	memcpy(q->src6, p + 8, 16);
	memcpy(q->dst6, p + 24, 16);
	ip.proto = p[6];
	if (wire_ipv6_walk(c, &ip))
		return WIRE_BAD_ICMP_QUOTE;
	q->proto = ip.proto;
	if (ip.offset)
		return WIRE_OK;
	return parse_upper(c, q);
}
