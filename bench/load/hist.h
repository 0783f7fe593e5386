/* hist.h - how often each length of time came: 64 buckets to each doubling, so
 * that a percentile is right within 0.8 %, from 1 ns to 18 minutes.
 *
 * One thread writes a histogram. Those of several are merged at the end.
 */
#ifndef BENCH_LOAD_HIST_H
#define BENCH_LOAD_HIST_H

#include <stdint.h>

#define HIST_SUB_BITS 6
#define HIST_SUB      (1u << HIST_SUB_BITS)
#define HIST_BITS     40 /* longer ones are in the last bucket; max is exact */
#define HIST_BUCKETS  ((HIST_BITS - HIST_SUB_BITS + 1) * HIST_SUB)

struct hist {
	uint64_t n, sum, max;
	uint64_t bucket[HIST_BUCKETS];
};

/* All 0 is an empty one. */
void hist_add(struct hist *h, uint64_t ns);
void hist_merge(struct hist *h, const struct hist *more);

/* The value that a part q (0 to 1) of all do not exceed: the middle of its
 * bucket, never more than the largest. 0: there is none. */
uint64_t hist_at(const struct hist *h, double q);

#endif
