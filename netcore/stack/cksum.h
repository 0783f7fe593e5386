/* cksum.h - the internet checksum (RFC 1071), over pieces, and amended
 * (RFC 1624).
 *
 * A running sum is 64 bits in the order of memory: start from 0 or from a
 * pseudo header, add pieces, finish. Sums are equal modulo 0xffff only; compare
 * finished ones. Any thread; nothing is kept.
 */
#ifndef NETCORE_STACK_CKSUM_H
#define NETCORE_STACK_CKSUM_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dlibos/base/bits.h"

/* sum + the len bytes at p, at any alignment and of any length. What follows a
 * piece of odd length is summed by cksum_add(). */
uint64_t cksum_partial(const void *p, size_t len, uint64_t sum);

/* The same in plain C, whatever the processor can do: for tests and benches. */
uint64_t cksum_partial_plain(const void *p, size_t len, uint64_t sum);

/* Whether cksum_partial() uses AVX2 on this processor. */
bool cksum_is_wide(void);

/* Two sums into one: addition modulo 2^64 - 1, a multiple of 0xffff. */
static inline uint64_t
cksum_join(uint64_t a, uint64_t b)
{
	bool carry = __builtin_add_overflow(a, b, &a);

	return a + carry;
}

/* 16 bits in the order of memory; 0 only if all that was summed was 0. Adding
 * a word to itself, its halves swapped, leaves the sum of the halves and its
 * end-around carry in the upper half. */
static inline uint16_t
cksum_fold(uint64_t sum)
{
	uint32_t x;

	sum += sum << 32 | sum >> 32;
	x = (uint32_t)(sum >> 32);
	x += x << 16 | x >> 16;
	return (uint16_t)(x >> 16);
}

/* The checksum as a host-order number, for the field of the header. */
static inline uint16_t
cksum_finish(uint64_t sum)
{
	return (uint16_t)~be16toh(cksum_fold(sum));
}

/* Whether len bytes, their checksum field among them, sum up with `sum` (their
 * pseudo header) to nothing. */
static inline bool
cksum_ok(const void *p, size_t len, uint64_t sum)
{
	return cksum_fold(cksum_partial(p, len, sum)) == 0xffff;
}

/* Scatter and gather: pieces of any length, odd ones everywhere. */
struct cksum {
	uint64_t sum;
	bool odd; /* the next piece begins at an odd offset */
};

void cksum_add_odd(struct cksum *c, const void *p, size_t len);

static inline void
cksum_add(struct cksum *c, const void *p, size_t len)
{
	if (likely(!c->odd))
		c->sum = cksum_partial(p, len, c->sum);
	else
		cksum_add_odd(c, p, len);
	c->odd ^= len & 1;
}

/* Pseudo headers: addresses in host order (IPv4) or as on the wire (IPv6), len
 * is that of the upper layer, its header included. */
static inline uint64_t
cksum_pseudo4(uint32_t src, uint32_t dst, uint8_t proto, uint16_t len)
{
	return (uint64_t)htobe32(src) + htobe32(dst) +
		htobe32((uint32_t)proto << 16 | len);
}

static inline uint64_t
cksum_pseudo6(const uint8_t src[16], const uint8_t dst[16], uint8_t proto,
	uint32_t len)
{
	uint64_t s[2], d[2], sum;

	memcpy(s, src, sizeof(s));
	memcpy(d, dst, sizeof(d));
	sum = (uint64_t)htobe32(proto) + htobe32(len);
	sum = cksum_join(cksum_join(sum, s[0]), s[1]);
	return cksum_join(cksum_join(sum, d[0]), d[1]);
}

/* A finished checksum after one field of its data changed from was to is; all
 * in host order. RFC 1624, equation 3: HC' = ~(~HC + ~m + m'). It never makes
 * a 0 of what summing would make 0xffff, nor the other way round, unless all
 * data are zero. A 32-bit field stands at an even offset. */
static inline uint16_t
cksum_update16(uint16_t cksum, uint16_t was, uint16_t is)
{
	uint32_t x = (uint32_t)(uint16_t)~cksum + (uint16_t)~was + is;

	x = (x & 0xffff) + (x >> 16);
	return (uint16_t) ~(x + (x >> 16));
}

static inline uint16_t
cksum_update32(uint16_t cksum, uint32_t was, uint32_t is)
{
	cksum = cksum_update16(
		cksum, (uint16_t)(was >> 16), (uint16_t)(is >> 16));
	return cksum_update16(cksum, (uint16_t)was, (uint16_t)is);
}

#endif
