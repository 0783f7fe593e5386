/* arrival.c - times are summed up as fractions, so that rounding does not add
 * up to another rate; 53 bits of nanoseconds are 104 days.
 *
 * ETC: Atikoglu, Xu, Frachtenberg, Jiang and Paleczny, "Workload analysis of a
 * large-scale key-value store", SIGMETRICS 2012, found the gaps of that pool
 * to follow a generalised Pareto distribution with theta 0, sigma 16.0292 us
 * and k 0.154971. Its mean is sigma / (1 - k), 18.97 us: 52,718 a second. At
 * another rate the shape stays and sigma follows from the mean. */
#include <math.h>

#include "bench/load/arrival.h"
#include "bench/load/rnd.h"

#define ETC_K .154971

static double
gap(struct arrival *a)
{
	switch (a->kind) {
	case ARRIVAL_POISSON:
		return -log(rnd_unit(&a->rnd)) * a->gap;
	case ARRIVAL_ETC:
		return (pow(rnd_unit(&a->rnd), -ETC_K) - 1) *
			((1 - ETC_K) / ETC_K) * a->gap;
	default:
		return a->gap;
	}
}

void
arrival_take(struct arrival *a)
{
	a->at += gap(a);
	a->next = a->start + (uint64_t)a->at;
}

void
arrival_init(struct arrival *a, double rate, enum arrival_kind kind,
	uint64_t seed, uint64_t start)
{
	*a = (struct arrival){.start = start,
		.next = start,
		.gap = 1e9 / rate,
		.rnd = rnd_mix(seed),
		.kind = kind};
	if (kind != ARRIVAL_EQUAL)
		arrival_take(a);
}
