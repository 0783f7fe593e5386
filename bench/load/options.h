/* options.h - what all load generators are asked. */
#ifndef BENCH_LOAD_OPTIONS_H
#define BENCH_LOAD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "bench/load/load.h"

#define OPTIONS_THREADS 64

struct options {
	const char *name; /* of the program */
	const char *to;	  /* an address as text */
	uint16_t port;
	unsigned threads;
	struct load_conf load; /* of all threads together */
	bool spin;
	const char *json; /* a file; NULL: standard output */

	/* An option of the program itself. `value` is NULL where none is left.
	 * Returns the number of words it took: 1, 2, or 0 when it is unknown or
	 * its value is no good. */
	int (*own)(void *arg, const char *key, const char *value);
	const char *(*help)(void); /* lines on its own options */
	void *arg;
};

/* Fills all but own, help and arg, as the help says; `name` is also the log's
 * from then on. */
void options_defaults(struct options *o, const char *name, uint16_t port);

/* `o` holds the defaults. Returns 0; else the status to exit with, after one
 * line or the help. */
int options_parse(struct options *o, int argc, char **argv);

/* Where the result goes: the file, opened for writing, or standard output.
 * Returns 0; else the status to exit with, after one line. */
int options_out(const struct options *o, FILE **out);

/* The share of thread i, 0 first. */
struct load_conf options_share(const struct options *o, unsigned i);

/* A whole number from low to high. */
bool options_number(
	const char *text, unsigned long low, unsigned long high, unsigned *v);
/* A number from low to high, with a fraction perhaps. */
bool options_real(const char *text, double low, double high, double *v);

#endif
