/* clock.c - the rate of the cycle counter is measured against the kernel's
 * clock; a division of 20 ms by the 50 ns that reading it takes is good to
 * some parts in a million. */
#include <pthread.h>
#include <time.h>

#include "dlibos/base/clock.h"

static uint64_t hz;
static pthread_once_t once = PTHREAD_ONCE_INIT;

uint64_t
clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void
measure(void)
{
	uint64_t t0 = clock_ns(), c0 = clock_cycles(), t1;

	do
		t1 = clock_ns();
	while (t1 - t0 < 20000000);
	hz = (uint64_t)((double)(clock_cycles() - c0) * 1e9 /
		(double)(t1 - t0));
}

uint64_t
clock_hz(void)
{
	pthread_once(&once, measure);
	return hz;
}

uint64_t
clock_cycles_from_ns(uint64_t ns)
{
	return (uint64_t)((double)ns * (double)clock_hz() * 1e-9);
}

uint64_t
clock_ns_from_cycles(uint64_t cycles)
{
	return (uint64_t)((double)cycles * 1e9 / (double)clock_hz());
}
