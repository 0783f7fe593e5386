/* crew.h - the threads of a run, over one kind of wire. A program is linked
 * with one of crew_kernel.c and crew_dlibos.c. */
#ifndef BENCH_LOAD_CREW_H
#define BENCH_LOAD_CREW_H

#include "bench/load/options.h"

struct crew {
	struct options *opt;
	const struct proto *proto;

	/* The protocol's part of thread i of n, NULL after one line; and its
	 * end. */
	void *(*make)(void *arg, unsigned i, unsigned n,
		const struct wire *wire, void *wire_arg);
	void (*unmake)(void *made);
	/* Looks at it after the run, before its end. May be NULL. */
	void (*collect)(void *arg, void *made);
	void *arg;
	uint64_t goal; /* answers that end it; 0: its time does */
	bool stopped;  /* set by crew_run(): the user would not wait */
};

/* Can a program run more than once? */
extern const bool crew_again;

/* Runs until the end, or until the user has enough of it. 0, `sum` is what it
 * came to; else the status to exit with, after one line. */
int crew_run(struct crew *c, struct tally *sum);

#endif
