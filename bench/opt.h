/* opt.h - the options that all benches have.
 *
 *	--json		one JSON object a line instead of a table
 *	--quick		at most 3 s, to see that it works
 *	--cpus A,B	the two CPUs; default: the first two that we may use
 *	--rounds N	default 5
 */
#ifndef BENCH_OPT_H
#define BENCH_OPT_H

#include <stdbool.h>

#define OPT_ROUNDS	 5
#define OPT_ROUNDS_QUICK 3
#define OPT_ROUNDS_MAX	 1000

struct opt {
	bool json;
	bool quick;
	int cpu[2];
	unsigned rounds;
};

/* Dies with one line and EXIT_USAGE when something is wrong with them, or
 * when there are no two CPUs. */
void opt_parse(struct opt *o, int argc, char **argv);

#endif
