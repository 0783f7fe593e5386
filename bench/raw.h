/* raw.h - what the machine itself takes to move a line between two CPUs: the
 * floor under every message. */
#ifndef BENCH_RAW_H
#define BENCH_RAW_H

#include <stdbool.h>
#include <stdint.h>

/* The asker's clock over `slices` slices of `trips` round trips each. The
 * median slice counts: whoever else wants the CPU spoils some slices only. */
#define RAW_SLICES 32

struct raw_timer {
	uint64_t at[RAW_SLICES + 1]; /* clock_cycles() */
};

/* The median slice's nanoseconds for one of its `trips` trips. */
double raw_ns(const struct raw_timer *t, unsigned trips);

/* Nanoseconds of a round trip of a cache line, there and back, RAW_SLICES
 * slices of `trips` trips.
 *
 * raw_trip_ns(): each CPU writes a line of its own and polls the other's. That
 * is what memory with one writer allows, and so the floor of any protected
 * channel: the writer's store takes the line back, the reader's load fetches
 * it.
 *
 * raw_shared_trip_ns(): both write one line in turn, which no two of our
 * processes may. The processor sees it wander and hands it over for writing
 * when it is read: one move instead of two.
 *
 * raw_tight_trip_ns(): the same without a pause in the polling loop, where the
 * reader's requests get in the writer's way; as such figures are often given.
 */
double raw_trip_ns(const int cpu[2], unsigned trips);
double raw_shared_trip_ns(const int cpu[2], unsigned trips);
double raw_tight_trip_ns(const int cpu[2], unsigned trips);

#endif
