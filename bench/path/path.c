/* path.c - picks the work, and calls it where it is counted. */
#include "bench/path/path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dlibos/base/log.h"

#define MOST 1000000

void path_count(const struct path_work *w, void *arg, unsigned n);

/* The profiler looks for it by its name. */
__attribute__((noinline)) void
path_count(const struct path_work *w, void *arg, unsigned n)
{
	w->run(arg, n);
}

int
path_main(int argc, char **argv, const struct path_work *works, void *arg)
{
	const struct path_work *w = works;
	unsigned long n = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;

	while (n && w->name && strcmp(w->name, argv[1]))
		w++;
	if (!n || n > MOST || !w->name)
		die(EXIT_USAGE, "usage: WORK N, 1 to %d; the last work is %s",
			MOST, works->name);
	w->run(arg, PATH_WARM);
	path_count(w, arg, (unsigned)n);
	printf("%lu\n", n * w->of);
	return EXIT_OK;
}
