/* ipv4.c - headers with options, bad ones, fragments. */
#include "netcore/stack/wire/ipv4.h"

#define ROW16(x) x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x

const uint8_t wire_ipv4_martians[256] = {
	[0] = WIRE_MARTIAN_UNSPEC,
	[127] = WIRE_MARTIAN_LOOPBACK,
	[224] = ROW16(WIRE_MARTIAN_MULTICAST),
	[240] = ROW16(WIRE_MARTIAN_RESERVED),
};

enum {
	OPT_END = 0,
	OPT_NOP = 1,
	OPT_LSRR = 131,
	OPT_SSRR = 137,
};

/* Source routes let a stranger choose the way of our answers (RFC 7126, section
 * 4.3 and 4.4: drop). All others are skipped; one whose length is none hides
 * what stands behind it, so the packet goes. */
static enum wire_bad
skip_options(struct cursor *c)
{
	uint8_t kind, len;

	while (cursor_get8(c, &kind) && kind != OPT_END) {
		if (kind == OPT_NOP)
			continue;
		if (!cursor_get8(c, &len) || len < 2 ||
			!cursor_take(c, len - 2u))
			return WIRE_BAD_IPV4_OPTION;
		if (kind == OPT_LSRR || kind == OPT_SSRR)
			return WIRE_BAD_IPV4_ROUTE;
	}
	return WIRE_OK;
}

enum wire_bad
wire_ipv4_parse_odd(struct cursor c, struct wire_ipv4 *ip, bool verified)
{
	const uint8_t *p = c.p;
	size_t left = cursor_left(&c), hlen, len;
	enum wire_bad bad;

	if (left < WIRE_IPV4_LEN)
		return WIRE_BAD_IPV4_SHORT;
	if (p[0] >> 4 != 4)
		return WIRE_BAD_IPV4_VERSION;
	hlen = (p[0] & 15) * 4u;
	if (hlen < WIRE_IPV4_LEN || hlen > left)
		return WIRE_BAD_IPV4_IHL;
	if (!verified && !cksum_ok(p, hlen, 0))
		return WIRE_BAD_IPV4_CKSUM;
	len = be_get16(p + 2);
	if (len < hlen || len > left)
		return WIRE_BAD_IPV4_LENGTH;
	ip->tos = p[1];
	ip->id = be_get16(p + 4);
	ip->frag = be_get16(p + 6);
	ip->ttl = p[8];
	ip->proto = p[9];
	ip->cksum = be_get16(p + 10);
	ip->src = be_get32(p + 12);
	ip->dst = be_get32(p + 16);
	ip->hlen = (uint8_t)hlen;
	ip->len = (uint16_t)(len - hlen);
	c = cursor_of(p + WIRE_IPV4_LEN, hlen - WIRE_IPV4_LEN);
	bad = skip_options(&c);
	if (bad)
		return bad;
	return wire_ipv4_check_frag(ip);
}

/* All but the last come in eights (RFC 791), and the last must end where a
 * packet can end: the "ping of death" goes no further. */
enum wire_bad
wire_ipv4_check_frag(const struct wire_ipv4 *ip)
{
	if ((ip->frag & WIRE_IPV4_MF) && (ip->len == 0 || ip->len % 8))
		return WIRE_BAD_IPV4_FRAG;
	if (wire_ipv4_offset(ip) + ip->len > WIRE_IPV4_PACKET - ip->hlen)
		return WIRE_BAD_IPV4_FRAG;
	return WIRE_OK;
}
