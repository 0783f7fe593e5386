/* arrival.h - when requests are due in an open loop.
 *
 * The schedule knows nothing of answers. Who asks takes the next time only when
 * it has asked; a server that stands still leaves times behind it, and each of
 * them counts as the beginning of its request, however late that goes out.
 */
#ifndef BENCH_LOAD_ARRIVAL_H
#define BENCH_LOAD_ARRIVAL_H

#include <stdint.h>

enum arrival_kind {
	ARRIVAL_EQUAL,
	ARRIVAL_POISSON,
	ARRIVAL_ETC, /* as at Facebook's pool of that name; see arrival.c */
};

struct arrival {
	uint64_t start; /* ns */
	uint64_t next;	/* ns; the time that is due next */
	double gap;	/* ns, on average */
	double at;	/* ns after start */
	uint64_t rnd;
	enum arrival_kind kind;
};

/* rate: a second, above 0. The first is due at `start` if they come in equal
 * distances, else a gap later. */
void arrival_init(struct arrival *a, double rate, enum arrival_kind kind,
	uint64_t seed, uint64_t start);

/* The time that was due is taken. */
void arrival_take(struct arrival *a);

#endif
