/* arrival.c - times are summed up as fractions, so that rounding does not add
 * up to another rate; 53 bits of nanoseconds are 104 days. */
#include <math.h>

#include "bench/load/arrival.h"
#include "bench/load/rnd.h"

void
arrival_take(struct arrival *a)
{
	a->at += a->poisson ? -log(rnd_unit(&a->rnd)) * a->gap : a->gap;
	a->next = a->start + (uint64_t)a->at;
}

void
arrival_init(struct arrival *a, double rate, bool poisson, uint64_t seed,
	uint64_t start)
{
	*a = (struct arrival){.start = start,
		.next = start,
		.gap = 1e9 / rate,
		.rnd = rnd_mix(seed),
		.poisson = poisson};
	if (poisson)
		arrival_take(a);
}
