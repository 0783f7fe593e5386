/* icmp6.c - ICMP for IPv6. */
#include "netcore/stack/wire/icmp6.h"

#include "netcore/stack/cksum.h"
#include "netcore/stack/wire/ip.h"

/* The second word of an error, by its type. */
static enum wire_bad
parse_error(struct cursor *c, struct wire_icmp *m, const uint8_t *p)
{
	uint8_t max = 1;

	m->is_error = true;
	switch (m->type) {
	case WIRE_ICMP6_UNREACH:
		max = WIRE_UNREACH6_MAX;
		break;
	case WIRE_ICMP6_TOO_BIG: /* its code is to be ignored */
		max = 255;
		m->mtu = be_get32(p + 4);
		break;
	case WIRE_ICMP6_PARAM: /* RFC 8883 knows ten codes */
		max = 10;
		m->pointer = be_get32(p + 4);
		break;
	default:
		break;
	}
	if (m->code > max)
		return WIRE_BAD_ICMP_CODE;
	return wire_quote_parse6(c, &m->quote);
}

static enum wire_bad
parse_nd(struct cursor *c, struct wire_icmp6 *m, const uint8_t *p)
{
	if (m->m.code)
		return WIRE_BAD_ICMP_CODE;
	m->is_nd = true;
	*c = cursor_of(p + 4, (size_t)(c->end - p) - 4);
	return wire_nd_parse(c, m->m.type, &m->nd);
}

enum wire_bad
wire_icmp6_parse(struct cursor *c, const uint8_t src[16], const uint8_t dst[16],
	uint8_t hop_limit, struct wire_icmp6 *m)
{
	size_t len = cursor_left(c);
	const uint8_t *p = cursor_take(c, WIRE_ICMP_LEN);

	if (!p)
		return WIRE_BAD_ICMP_SHORT;
	if (!cksum_ok(p, len,
		    cksum_pseudo6(src, dst, WIRE_IP_ICMPV6, (uint32_t)len)))
		return WIRE_BAD_ICMP_CKSUM;
	*m = (struct wire_icmp6){.m = {.type = p[0], .code = p[1]},
		.nd = {.hop_limit = hop_limit}};
	switch (m->m.type) {
	case WIRE_ICMP6_ECHO:
	case WIRE_ICMP6_ECHO_REPLY:
		m->m.id = be_get16(p + 4);
		m->m.seq = be_get16(p + 6);
		return m->m.code ? WIRE_BAD_ICMP_CODE : WIRE_OK;
	case WIRE_ICMP6_UNREACH:
	case WIRE_ICMP6_TOO_BIG:
	case WIRE_ICMP6_TIME:
	case WIRE_ICMP6_PARAM:
		return parse_error(c, &m->m, p);
	case WIRE_ICMP6_RS:
	case WIRE_ICMP6_RA:
	case WIRE_ICMP6_NS:
	case WIRE_ICMP6_NA:
		return parse_nd(c, m, p);
	default:
		return WIRE_BAD_ICMP_TYPE;
	}
}

size_t
wire_icmp6_seal(
	uint8_t *buf, size_t len, const uint8_t src[16], const uint8_t dst[16])
{
	uint64_t sum = cksum_pseudo6(src, dst, WIRE_IP_ICMPV6, (uint32_t)len);

	be_put16(buf + 2, 0);
	be_put16(buf + 2, cksum_finish(cksum_partial(buf, len, sum)));
	return len;
}

size_t
wire_icmp6_emit_echo(uint8_t *buf, size_t size, const struct wire_icmp *i,
	const uint8_t src[16], const uint8_t dst[16], const void *data,
	size_t len)
{
	if (size < WIRE_ICMP_LEN || size - WIRE_ICMP_LEN < len)
		return 0;
	buf[0] = i->type;
	buf[1] = 0;
	be_put16(buf + 4, i->id);
	be_put16(buf + 6, i->seq);
	if (len)
		memmove(buf + WIRE_ICMP_LEN, data, len);
	return wire_icmp6_seal(buf, WIRE_ICMP_LEN + len, src, dst);
}

static void
put_error(uint8_t *buf, const struct wire_icmp *i)
{
	uint32_t word = 0;

	if (i->type == WIRE_ICMP6_TOO_BIG)
		word = i->mtu;
	else if (i->type == WIRE_ICMP6_PARAM)
		word = i->pointer;
	buf[0] = i->type;
	buf[1] = i->code;
	be_put32(buf + 4, word);
}

void
wire_icmp6_emit_error_head(uint8_t *buf, const struct wire_icmp *i,
	const uint8_t src[16], const uint8_t dst[16], const void *packet,
	size_t len)
{
	uint64_t sum = cksum_pseudo6(
		src, dst, WIRE_IP_ICMPV6, (uint32_t)(WIRE_ICMP_LEN + len));

	put_error(buf, i);
	be_put16(buf + 2, 0);
	sum = cksum_partial(buf, WIRE_ICMP_LEN, sum);
	be_put16(buf + 2, cksum_finish(cksum_partial(packet, len, sum)));
}

size_t
wire_icmp6_emit_error(uint8_t *buf, size_t size, const struct wire_icmp *i,
	const uint8_t src[16], const uint8_t dst[16], const void *packet,
	size_t len)
{
	if (size < WIRE_ICMP_LEN + 48 || len < 48)
		return 0;
	if (len > WIRE_ICMP6_QUOTE)
		len = WIRE_ICMP6_QUOTE;
	if (len > size - WIRE_ICMP_LEN)
		len = size - WIRE_ICMP_LEN;
	put_error(buf, i);
	memmove(buf + WIRE_ICMP_LEN, packet, len);
	return wire_icmp6_seal(buf, WIRE_ICMP_LEN + len, src, dst);
}
