/* rnd.h - a seeded stream of numbers, the same on every machine. */
#ifndef BENCH_LOAD_RND_H
#define BENCH_LOAD_RND_H

#include <stdint.h>

/* Mixes all bits of x: neighbours come out unrelated. */
static inline uint64_t
rnd_mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static inline uint64_t
rnd_next(uint64_t *state)
{
	return rnd_mix(*state += 0x9e3779b97f4a7c15u);
}

/* Above 0, and 1 at most: a logarithm of it is finite. */
static inline double
rnd_unit_of(uint64_t x)
{
	return ((double)(x >> 11) + 1) * 0x1p-53;
}

static inline double
rnd_unit(uint64_t *state)
{
	return rnd_unit_of(rnd_next(state));
}

/* Below n, without a division. */
static inline uint32_t
rnd_below(uint64_t *state, uint32_t n)
{
	return (uint32_t)((rnd_next(state) >> 32) * n >> 32);
}

#endif
