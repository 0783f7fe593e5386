/* nd.c - neighbour discovery. */
#include "netcore/stack/wire/nd.h"

#include "netcore/stack/wire/icmp6.h"

enum {
	OPT_SLLA = 1, /* 8 bytes, for Ethernet */
	OPT_TLLA = 2,
	OPT_PREFIX = 3, /* 32 */
	OPT_MTU = 5,	/* 8 */
};

static void
parse_prefix(struct wire_nd *nd, const uint8_t *p)
{
	struct wire_nd_prefix *x = &nd->prefix[nd->prefixes];

	if (nd->prefixes == WIRE_ND_PREFIXES || p[2] > 128)
		return;
	nd->prefixes++;
	x->len = p[2];
	x->flags = p[3];
	x->valid = be_get32(p + 4);
	x->preferred = be_get32(p + 8);
	memcpy(x->addr, p + 16, 16);
}

static void
parse_option(struct wire_nd *nd, const uint8_t *p, size_t len)
{
	if (p[0] == OPT_SLLA && len == 8 && !nd->has_slla) {
		nd->has_slla = true;
		memcpy(nd->slla, p + 2, 6);
	} else if (p[0] == OPT_TLLA && len == 8 && !nd->has_tlla) {
		nd->has_tlla = true;
		memcpy(nd->tlla, p + 2, 6);
	} else if (p[0] == OPT_MTU && len == 8 && !nd->mtu) {
		nd->mtu = be_get32(p + 4);
	} else if (p[0] == OPT_PREFIX && len == 32) {
		parse_prefix(nd, p);
	}
}

/* Each is a number of eights, and 0 spoils the packet (section 6.1). */
static enum wire_bad
parse_options(struct cursor *c, struct wire_nd *nd)
{
	while (cursor_left(c)) {
		size_t len = cursor_left(c) < 2 ? 0 : c->p[1] * 8u;
		const uint8_t *p = len ? cursor_take(c, len) : NULL;

		if (!p)
			return WIRE_BAD_ND_OPTION;
		parse_option(nd, p, len);
	}
	return WIRE_OK;
}

/* After type, code and checksum there stand: RS, 4 bytes of nothing; RA, 12;
 * NS and NA, flags in the first of 4 bytes, and the target. */
enum wire_bad
wire_nd_parse(struct cursor *c, uint8_t type, struct wire_nd *nd)
{
	bool target = type == WIRE_ICMP6_NS || type == WIRE_ICMP6_NA;
	size_t fixed = target ? 20 : type == WIRE_ICMP6_RA ? 12 : 4;
	const uint8_t *p = cursor_take(c, fixed);

	if (!p)
		return WIRE_BAD_ND_SHORT;
	if (type == WIRE_ICMP6_RA) {
		nd->ra_hop_limit = p[0];
		nd->flags = p[1];
		nd->ra_lifetime = be_get16(p + 2);
		nd->ra_reachable = be_get32(p + 4);
		nd->ra_retrans = be_get32(p + 8);
	} else if (target) {
		nd->flags = type == WIRE_ICMP6_NA ? p[0] : 0;
		memcpy(nd->target, p + 4, 16);
		if (nd->target[0] == 0xff)
			return WIRE_BAD_ND_TARGET;
	}
	return parse_options(c, nd);
}

/* The first word, then 4 bytes that begin with the flags, then the target and
 * an option with a link address, as far as there are such. */
static size_t
emit(uint8_t *buf, size_t size, uint32_t type_flags, const uint8_t *target,
	uint8_t option, const uint8_t *lla)
{
	size_t len = 8u + (target ? 16 : 0) + (lla ? 8 : 0);
	uint8_t *p = buf + 8;

	if (size < len)
		return 0;
	be_put32(buf, type_flags & 0xff000000);
	be_put32(buf + 4, type_flags << 24);
	if (target) {
		memcpy(p, target, 16);
		p += 16;
	}
	if (lla) {
		p[0] = option;
		p[1] = 1;
		memcpy(p + 2, lla, 6);
	}
	return len;
}

size_t
wire_nd_emit_rs(uint8_t *buf, size_t size, const uint8_t src[16],
	const uint8_t dst[16], const uint8_t slla[6])
{
	size_t len = emit(
		buf, size, (uint32_t)WIRE_ICMP6_RS << 24, NULL, OPT_SLLA, slla);

	return len ? wire_icmp6_seal(buf, len, src, dst) : 0;
}

size_t
wire_nd_emit_ns(uint8_t *buf, size_t size, const uint8_t src[16],
	const uint8_t dst[16], const uint8_t target[16], const uint8_t slla[6])
{
	size_t len = emit(buf, size, (uint32_t)WIRE_ICMP6_NS << 24, target,
		OPT_SLLA, slla);

	return len ? wire_icmp6_seal(buf, len, src, dst) : 0;
}

size_t
wire_nd_emit_na(uint8_t *buf, size_t size, const uint8_t src[16],
	const uint8_t dst[16], const uint8_t target[16], uint8_t flags,
	const uint8_t tlla[6])
{
	size_t len = emit(buf, size, (uint32_t)WIRE_ICMP6_NA << 24 | flags,
		target, OPT_TLLA, tlla);

	return len ? wire_icmp6_seal(buf, len, src, dst) : 0;
}
