/* idle_instance.h - what does a whole instance cost that nobody asks? */
#ifndef BENCH_IDLE_INSTANCE_H
#define BENCH_IDLE_INSTANCE_H

#include "bench/opt.h"
#include "bench/report.h"

/* Starts an echo server on a veth, in a network namespace that this process
 * enters for good; awaits an answer, lets it be, and adds the CPU time of all
 * its processes, in each round, in percent of one CPU. Without root, or
 * without dlibos and echo beside the bench's folder: says so on stderr, and
 * adds nothing. */
void idle_instance(struct report *r, const struct opt *o);

#endif
