/* ipv4.h - the IPv4 header (RFC 791). Options are skipped, but source routes
 * refused; none is ever emitted.
 */
#ifndef NETCORE_STACK_WIRE_IPV4_H
#define NETCORE_STACK_WIRE_IPV4_H

#include "netcore/stack/cksum.h"
#include "netcore/stack/wire/bad.h"
#include "netcore/stack/wire/cursor.h"
#include "netcore/stack/wire/ip.h"

#define WIRE_IPV4_LEN	  20	 /* bytes, as emitted */
#define WIRE_IPV4_LEN_MAX 60	 /* as parsed */
#define WIRE_IPV4_PACKET  65535u /* the largest */

#define WIRE_IPV4_DF  0x4000 /* bits of .frag */
#define WIRE_IPV4_MF  0x2000
#define WIRE_IPV4_OFF 0x1fff /* in units of eight bytes */

struct wire_ipv4 {
	/* As in the header from its second word on (WIRE_IPV4_SHUFFLE). */
	uint16_t id, frag;  /* flags and offset */
	uint8_t ttl, proto; /* enum wire_ip_proto */
	uint16_t cksum;	    /* as it came; emitted is the right one */
	uint32_t src, dst;  /* host order */

	uint16_t len; /* of the contents, bytes */
	uint8_t tos;  /* DSCP << 2 | enum wire_ip_ecn */
	uint8_t hlen; /* bytes of the header, options included */
};
_Static_assert(offsetof(struct wire_ipv4, len) == 16, "one shuffle");

/* cksum may be 16, 16 to come out as zero. */
#define WIRE_IPV4_SHUFFLE(v, ...)                                              \
	__builtin_shufflevector(v, (be_vec){0}, 1, 0, 3, 2, 4, 5, __VA_ARGS__, \
		11, 10, 9, 8, 15, 14, 13, 12)

/* enum wire_martian of an address; 0 for a good one. A source is asked about
 * where it gets its first answer, for no martian has a connection. */
extern const uint8_t wire_ipv4_martians[256];

static inline unsigned
wire_ipv4_martian(uint32_t addr)
{
	return wire_ipv4_martians[addr >> 24];
}

/* Whether it is a fragment, and where it lies in its packet, in bytes. */
static inline bool
wire_ipv4_is_frag(const struct wire_ipv4 *ip)
{
	return (ip->frag & (WIRE_IPV4_MF | WIRE_IPV4_OFF)) != 0;
}

static inline uint32_t
wire_ipv4_offset(const struct wire_ipv4 *ip)
{
	return (ip->frag & WIRE_IPV4_OFF) * 8u;
}

/* The rest of the parser. The first begins anew: there are options, or the
 * header is none. The second looks at a fragment after all else was found good.
 */
enum wire_bad wire_ipv4_parse_odd(
	struct cursor c, struct wire_ipv4 *ip, bool verified);
enum wire_bad wire_ipv4_check_frag(const struct wire_ipv4 *ip);

/* Whether 20 bytes have the right checksum: their sum is a multiple of 0xffff,
 * and not 0, for the version is not. Compilers multiply where % is written. */
static inline bool
wire_ipv4_cksum_ok(const uint8_t *p)
{
	uint64_t a, b;
	uint32_t w4;

	memcpy(&a, p, 8);
	memcpy(&b, p + 8, 8);
	memcpy(&w4, p + 16, 4);
	return cksum_join(cksum_join(a, b), w4) % 0xffff == 0;
}

/* On WIRE_OK c holds the ip->len bytes of the contents (what the link padded is
 * cut) and all of ip is set; the checksum was right. A martian source is
 * not refused. verified: somebody else has looked at the checksum. */
static inline enum wire_bad
wire_ipv4_take(struct cursor *c, struct wire_ipv4 *ip, bool verified)
{
	const uint8_t *p = c->p;
	size_t left = cursor_left(c);
	size_t len;
	uint16_t frag;

	if (unlikely(left < WIRE_IPV4_LEN || p[0] != 0x45)) {
		enum wire_bad bad = wire_ipv4_parse_odd(*c, ip, verified);

		if (likely(!bad))
			*c = cursor_of(p + ip->hlen, ip->len);
		return bad;
	}
	if (unlikely(!verified && !wire_ipv4_cksum_ok(p)))
		return WIRE_BAD_IPV4_CKSUM;
	/* A total length below the header's makes a huge one. */
	len = (size_t)be_get16(p + 2) - WIRE_IPV4_LEN;
	if (unlikely(len > left - WIRE_IPV4_LEN))
		return WIRE_BAD_IPV4_LENGTH;
	c->p = p + WIRE_IPV4_LEN;
	c->end = c->p + len;
	be_vec_put(ip, WIRE_IPV4_SHUFFLE(be_vec_get(p + 4), 7, 6));
	ip->len = (uint16_t)len;
	ip->tos = p[1];
	ip->hlen = WIRE_IPV4_LEN;
	memcpy(&frag, p + 6, 2);
	if (unlikely(frag & htobe16(WIRE_IPV4_MF | WIRE_IPV4_OFF)))
		return wire_ipv4_check_frag(ip);
	return WIRE_OK;
}

static inline enum wire_bad
wire_ipv4_parse(struct cursor *c, struct wire_ipv4 *ip)
{
	return wire_ipv4_take(c, ip, false);
}

/* 20 bytes for ip->len bytes of contents, with their checksum; 0 if size is
 * less or the packet would be too large. cksum and hlen mean nothing here.
 */
static inline size_t
wire_ipv4_emit(uint8_t *buf, size_t size, const struct wire_ipv4 *ip)
{
	be_vec v = WIRE_IPV4_SHUFFLE(be_vec_get(ip), 16, 16);
	uint64_t half[2], sum;
	uint32_t w0;
	uint16_t cksum;

	if (unlikely(size < WIRE_IPV4_LEN ||
		    ip->len > WIRE_IPV4_PACKET - WIRE_IPV4_LEN))
		return 0;
	w0 = 0x45000000u | (uint32_t)ip->tos << 16;
	w0 = htobe32(w0 | (ip->len + WIRE_IPV4_LEN));
	memcpy(half, &v, sizeof(half));
	sum = cksum_join(cksum_join(half[0], half[1]), w0);
	cksum = (uint16_t)~cksum_fold(sum);
	memcpy(buf, &w0, 4);
	be_vec_put(buf + 4, v);
	memcpy(buf + 10, &cksum, 2);
	return WIRE_IPV4_LEN;
}

#endif
