/* duo.h - two threads on two CPUs, and what they share.
 *
 * Each thread's private state belongs on its own PAIR_ALIGNED block, or the
 * bench measures how they fight for a line.
 */
#ifndef BENCH_DUO_H
#define BENCH_DUO_H

#include <stddef.h>

typedef void duo_fn(void *arg);

/* Runs a(arg) on cpu[0] and b(arg) on cpu[1]; both begin when both are there.
 * Returns when both did. */
void duo_run(const int cpu[2], duo_fn *a, duo_fn *b, void *arg);

/* Zeroed pages that are there already, for what the two sides share. A size
 * is given back as it was taken. */
void *duo_memory(size_t bytes);
void duo_free(void *p, size_t bytes);

#endif
