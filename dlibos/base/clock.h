/* clock.h - the cycle counter, for measuring and for spinning; nanoseconds. */
#ifndef DLIBOS_BASE_CLOCK_H
#define DLIBOS_BASE_CLOCK_H

#include <stdint.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

/* The constant-rate counter of this processor; some 10 ns to read. */
static inline uint64_t
clock_cycles(void)
{
#if defined(__x86_64__)
	return __rdtsc();
#elif defined(__aarch64__)
	uint64_t v;

	__asm__ __volatile__("mrs %0, cntvct_el0" : "=r"(v));
	return v;
#else
#error "a cycle counter for this processor is missing"
#endif
}

/* CLOCK_MONOTONIC. */
uint64_t clock_ns(void);

/* Cycles in a second, measured once over 20 ms; call it before the hot path. */
uint64_t clock_hz(void);

/* Any thread, after clock_hz() was called once. */
uint64_t clock_cycles_from_ns(uint64_t ns);
uint64_t clock_ns_from_cycles(uint64_t cycles);

#endif
