/* rand.h - numbers that are the same in every run: xorshift64. */
#ifndef NETCORE_STACK_CORE_TEST_RAND_H
#define NETCORE_STACK_CORE_TEST_RAND_H

#include <stdint.h>

static uint64_t rand_state = 0x9e3779b97f4a7c15;

static inline uint64_t
rand64(void)
{
	rand_state ^= rand_state << 13;
	rand_state ^= rand_state >> 7;
	rand_state ^= rand_state << 17;
	return rand_state;
}

/* 0 .. n - 1 */
static inline uint32_t
rand_below(uint32_t n)
{
	return (uint32_t)((rand64() >> 32) * n >> 32);
}

#endif
