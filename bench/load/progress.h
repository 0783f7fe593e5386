/* progress.h - a line on a terminal while a run goes on. */
#ifndef BENCH_LOAD_PROGRESS_H
#define BENCH_LOAD_PROGRESS_H

#include "bench/load/load.h"

#define PROGRESS_MS 250

struct progress {
	bool on;
	uint64_t when, done; /* the last time */
};

void progress_begin(struct progress *p);
/* `done` is of all threads; `first` tells the phase; goal: answers that end it,
 * 0: its time does. May be called by any thread. */
void progress_show(struct progress *p, const struct load *first, uint64_t done,
	uint64_t goal, uint64_t now);
void progress_end(struct progress *p);

#endif
