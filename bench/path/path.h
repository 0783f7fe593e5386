/* path.h - programs that do one thing many times, for somebody who counts
 * instructions (bench/instructions):
 *
 *	path_kv get 1000
 *
 * What is counted happens within path_count() and nowhere else; what comes
 * before warms up. A work does all of its n in one call, so that a count holds
 * no calls of the program's own.
 */
#ifndef BENCH_PATH_PATH_H
#define BENCH_PATH_PATH_H

struct path_work {
	const char *name;
	void (*run)(void *arg, unsigned n);
	unsigned of; /* units that one of n is: messages of a batch, or 1 */
};

/* main()'s: runs the named work, first PATH_WARM times and then as often as
 * asked for, and prints how many units that was. The last work has no name.
 * Returns the status to exit with. */
#define PATH_WARM 64
int path_main(int argc, char **argv, const struct path_work *works, void *arg);

#endif
