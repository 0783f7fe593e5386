/* wire_pad.h - for tests: bytes that end where their block ends, so that the
 * address sanitizer sees a read too far; and a seeded source of numbers. */
#ifndef NETCORE_STACK_TEST_WIRE_PAD_H
#define NETCORE_STACK_TEST_WIRE_PAD_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define WIRE_SEED 0x9e3779b97f4a7c15ull

/* A copy of exactly len bytes; free() it. */
static inline uint8_t *
pad_copy(const void *p, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	if (len)
		memcpy(copy, p, len);
	return copy;
}

/* xorshift64*: the same numbers in every run. */
static inline uint64_t
pad_random(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * 0x2545f4914f6cdd1dull;
}

static inline void
pad_fill(uint64_t *state, void *to, size_t len)
{
	uint8_t *p = to;

	while (len--)
		*p++ = (uint8_t)(pad_random(state) >> 32);
}

#endif
