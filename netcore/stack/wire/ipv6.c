/* ipv6.c - the fixed header, and a bounded walk over what follows it. */
#include "netcore/stack/wire/ipv6.h"

enum {
	OPT_PAD1 = 0,
	OPT_REFUSE = 0xc0, /* any of these bits: whoever knows it not, drops */
};

unsigned
wire_ipv6_martian(const uint8_t a[16])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	static const uint8_t zero[15];

	if (a[0] == 0xff)
		return WIRE_MARTIAN_MULTICAST;
	if (likely(a[0]))
		return 0;
	if (!memcmp(a, mapped, sizeof(mapped)))
		return WIRE_MARTIAN_MAPPED;
	if (memcmp(a, zero, sizeof(zero)) || a[15] > 1)
		return 0;
	return a[15] ? WIRE_MARTIAN_LOOPBACK : WIRE_MARTIAN_UNSPEC;
}

/* None of the options asks anything of a host, so all are unknown here, and
 * their highest bits say what an unknown one means (RFC 8200, section 4.2). */
static enum wire_bad
skip_options(struct cursor o)
{
	uint8_t kind, len;

	while (cursor_get8(&o, &kind)) {
		if (kind == OPT_PAD1)
			continue;
		if (!cursor_get8(&o, &len) || !cursor_take(&o, len))
			return WIRE_BAD_IPV6_OPTION;
		if (kind & OPT_REFUSE)
			return WIRE_BAD_IPV6_OPTION;
	}
	return WIRE_OK;
}

/* Type 0 lets packets run in circles (RFC 5095); any other type is over when no
 * segment is left, and unknown to us if one is. */
static enum wire_bad
check_routing(const uint8_t *p)
{
	return p[2] == 0 || p[3] != 0 ? WIRE_BAD_IPV6_ROUTE : WIRE_OK;
}

static void
parse_fragment(struct wire_ipv6 *ip, const uint8_t *p)
{
	ip->has_frag = true;
	ip->offset = be_get16(p + 2) & 0xfff8;
	ip->more = p[3] & 1;
	ip->frag_id = be_get32(p + 4);
}

static bool
is_extension(uint8_t proto)
{
	return proto == WIRE_IP_HOPOPT || proto == WIRE_IP_ROUTING ||
		proto == WIRE_IP_FRAGMENT || proto == WIRE_IP_DSTOPTS;
}

/* One header: its contents are checked, c and ip->proto step on. */
static enum wire_bad
walk_one(struct cursor *c, struct wire_ipv6 *ip)
{
	uint8_t proto = ip->proto;
	const uint8_t *p = c->p;
	size_t len = 8;

	if (cursor_left(c) < 8)
		return WIRE_BAD_IPV6_EXT_SHORT;
	if (proto != WIRE_IP_FRAGMENT)
		len += p[1] * 8u;
	if (ip->exts == WIRE_IPV6_EXTS ||
		ip->ext_len + len > WIRE_IPV6_EXT_BYTES)
		return WIRE_BAD_IPV6_EXT_MANY;
	if (!cursor_take(c, len))
		return WIRE_BAD_IPV6_EXT_SHORT;
	if (proto == WIRE_IP_HOPOPT && ip->exts)
		return WIRE_BAD_IPV6_EXT_ORDER;
	if (proto == WIRE_IP_FRAGMENT && ip->has_frag)
		return WIRE_BAD_IPV6_FRAG;
	ip->exts++;
	ip->ext_len = (uint16_t)(ip->ext_len + len);
	ip->proto = p[0];
	switch (proto) {
	case WIRE_IP_ROUTING:
		return check_routing(p);
	case WIRE_IP_FRAGMENT:
		parse_fragment(ip, p);
		return WIRE_OK;
	default:
		return skip_options(cursor_of(p + 2, len - 2));
	}
}

enum wire_bad
wire_ipv6_walk(struct cursor *c, struct wire_ipv6 *ip)
{
	while (unlikely(is_extension(ip->proto))) {
		enum wire_bad bad = walk_one(c, ip);

		if (bad)
			return bad;
		if (wire_ipv6_is_frag(ip))
			break;
	}
	return WIRE_OK;
}

/* As in IPv4: eights, and an end within 64 KiB (RFC 8200, section 4.5). */
static enum wire_bad
check_fragment(const struct wire_ipv6 *ip)
{
	if (ip->more && (ip->len == 0 || ip->len % 8))
		return WIRE_BAD_IPV6_FRAG;
	if (ip->offset + ip->len > 65535u)
		return WIRE_BAD_IPV6_FRAG;
	return WIRE_OK;
}

enum wire_bad
wire_ipv6_parse(struct cursor *c, struct wire_ipv6 *ip)
{
	const uint8_t *p = cursor_take(c, WIRE_IPV6_LEN);
	enum wire_bad bad;
	uint32_t w0;

	if (!p)
		return WIRE_BAD_IPV6_SHORT;
	w0 = be_get32(p);
	if (w0 >> 28 != 6)
		return WIRE_BAD_IPV6_VERSION;
	if (!cursor_cut(c, be_get16(p + 4)))
		return WIRE_BAD_IPV6_LENGTH;
	ip->tclass = (uint8_t)(w0 >> 20);
	ip->flow = w0 & 0xfffff;
	ip->proto = p[6];
	ip->hop_limit = p[7];
	memcpy(ip->src, p + 8, 16);
	memcpy(ip->dst, p + 24, 16);
	ip->ext_len = 0;
	ip->exts = 0;
	ip->has_frag = false;
	ip->more = false;
	ip->offset = 0;
	ip->frag_id = 0;
	bad = wire_ipv6_walk(c, ip);
	if (bad)
		return bad;
	ip->len = (uint16_t)cursor_left(c);
	return ip->has_frag ? check_fragment(ip) : WIRE_OK;
}

size_t
wire_ipv6_emit(uint8_t *buf, size_t size, const struct wire_ipv6 *ip)
{
	if (size < WIRE_IPV6_LEN)
		return 0;
	be_put32(buf,
		6u << 28 | (uint32_t)ip->tclass << 20 | (ip->flow & 0xfffff));
	be_put16(buf + 4, ip->len);
	buf[6] = ip->proto;
	buf[7] = ip->hop_limit;
	memcpy(buf + 8, ip->src, 16);
	memcpy(buf + 24, ip->dst, 16);
	return WIRE_IPV6_LEN;
}

size_t
wire_ipv6_emit_frag(uint8_t *buf, size_t size, const struct wire_ipv6 *ip)
{
	if (size < WIRE_IPV6_FRAG_LEN)
		return 0;
	buf[0] = ip->proto;
	buf[1] = 0;
	be_put16(buf + 2, (uint16_t)(ip->offset | ip->more));
	be_put32(buf + 4, ip->frag_id);
	return WIRE_IPV6_FRAG_LEN;
}
