/* bits.h - arithmetic on sizes. All are total: no input overflows or traps. */
#ifndef DLIBOS_BASE_BITS_H
#define DLIBOS_BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

static inline bool
is_pow2(uint64_t x)
{
	return x && !(x & (x - 1));
}

/* log2 of a power of two. */
static inline unsigned
log2_of(uint64_t pow2)
{
	return (unsigned)__builtin_ctzll(pow2);
}

/* x rounded up to a multiple of the power of two `to`; 0 when that overflows,
 * so that a size made from foreign numbers can be refused by its value. */
static inline uint64_t
round_up(uint64_t x, uint64_t to)
{
	return (x + to - 1) & ~(to - 1);
}

#endif
