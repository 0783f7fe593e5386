/* icmp4.c - ICMP. */
#include "netcore/stack/wire/icmp4.h"

#include "netcore/stack/cksum.h"

/* The second word of an error, by its type (RFC 1191 for the MTU). */
static enum wire_bad
parse_error(struct cursor *c, struct wire_icmp *m, const uint8_t *p)
{
	uint8_t max = 1;

	if (m->type == WIRE_ICMP4_UNREACH) {
		max = WIRE_UNREACH4_MAX;
		if (m->code == WIRE_UNREACH4_FRAG_NEEDED)
			m->mtu = be_get16(p + 6);
	} else if (m->type == WIRE_ICMP4_PARAM) {
		max = 2;
		m->pointer = p[4];
	}
	m->is_error = true;
	if (m->code > max)
		return WIRE_BAD_ICMP_CODE;
	return wire_quote_parse4(c, &m->quote);
}

enum wire_bad
wire_icmp4_parse(struct cursor *c, struct wire_icmp *m)
{
	size_t len = cursor_left(c);
	const uint8_t *p = cursor_take(c, WIRE_ICMP_LEN);

	if (!p)
		return WIRE_BAD_ICMP_SHORT;
	if (!cksum_ok(p, len, 0))
		return WIRE_BAD_ICMP_CKSUM;
	*m = (struct wire_icmp){.type = p[0], .code = p[1]};
	switch (m->type) {
	case WIRE_ICMP4_ECHO:
	case WIRE_ICMP4_ECHO_REPLY:
		m->id = be_get16(p + 4);
		m->seq = be_get16(p + 6);
		return m->code ? WIRE_BAD_ICMP_CODE : WIRE_OK;
	case WIRE_ICMP4_UNREACH:
	case WIRE_ICMP4_TIME:
	case WIRE_ICMP4_PARAM:
		return parse_error(c, m, p);
	default:
		return WIRE_BAD_ICMP_TYPE;
	}
}

static size_t
seal(uint8_t *buf, size_t len)
{
	be_put16(buf + 2, cksum_finish(cksum_partial(buf, len, 0)));
	return len;
}

size_t
wire_icmp4_emit_echo(uint8_t *buf, size_t size, const struct wire_icmp *i,
	const void *data, size_t len)
{
	if (size < WIRE_ICMP_LEN || size - WIRE_ICMP_LEN < len)
		return 0;
	buf[0] = i->type;
	buf[1] = 0;
	be_put16(buf + 2, 0);
	be_put16(buf + 4, i->id);
	be_put16(buf + 6, i->seq);
	if (len)
		memmove(buf + WIRE_ICMP_LEN, data, len);
	return seal(buf, WIRE_ICMP_LEN + len);
}

size_t
wire_icmp4_emit_error(uint8_t *buf, size_t size, const struct wire_icmp *i,
	const void *packet, size_t len)
{
	if (size < WIRE_ICMP_LEN + 28 || len < 28)
		return 0;
	if (len > WIRE_ICMP4_QUOTE)
		len = WIRE_ICMP4_QUOTE;
	if (len > size - WIRE_ICMP_LEN)
		len = size - WIRE_ICMP_LEN;
	buf[0] = i->type;
	buf[1] = i->code;
	be_put16(buf + 2, 0);
	be_put32(buf + 4,
		i->type == WIRE_ICMP4_PARAM ? i->pointer << 24
					    : i->mtu & 0xffff);
	memmove(buf + WIRE_ICMP_LEN, packet, len);
	return seal(buf, WIRE_ICMP_LEN + len);
}
