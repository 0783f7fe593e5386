/* gaps.h - when a CPU was somebody else's, and how late a server without a
 * fault is for that.
 */
#ifndef BENCH_GAPS_H
#define BENCH_GAPS_H

#include <stdint.h>

#define GAPS_MAX 65536

/* What a loop that does nothing but look at the clock has missed, in cycles
 * from its beginning; sorted, and apart. */
struct gaps {
	unsigned n;
	uint64_t span; /* that was looked at */
	struct gap {
		uint64_t from, to;
	} gap[GAPS_MAX];
};

/* Looks for `span` cycles, at this thread's CPU; what is shorter than `least`
 * is none. Beyond GAPS_MAX it ends early. */
void gaps_find(struct gaps *g, uint64_t span, uint64_t least);

/* The part of the span that gaps take. */
double gaps_part(const struct gaps *g, uint64_t least);
uint64_t gaps_longest(const struct gaps *g);

/* A client asks something every `every` cycles, of which a server works `work`,
 * one after the other; neither does anything in its gaps, and nothing else
 * takes time. How late answers are, counted from when they were to be asked
 * for: the least that permille of 1000 do not exceed, in cycles. `room` has
 * GAPS_LATE places. */
#define GAPS_LATE 1000000
uint64_t gaps_late(const struct gaps *client, const struct gaps *server,
	uint64_t every, uint64_t work, unsigned permille, uint64_t *room);

#endif
