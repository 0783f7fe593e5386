/* zipf.c - rejection-inversion (Hormann and Derflinger, 1996): the integral of
 * x^-s is turned round, and the few values that the curve gives too much are
 * thrown again. No table, whatever n is. */
#include <math.h>

#include "bench/load/rnd.h"
#include "bench/load/zipf.h"

/* The integral of x^-s from 1 on, and its inverse. */
static double
area(const struct zipf *z, double x)
{
	double e = 1 - z->s;

	return fabs(e) < 1e-9 ? log(x) : (pow(x, e) - 1) / e;
}

static double
area_inverse(const struct zipf *z, double a)
{
	double e = 1 - z->s;

	return fabs(e) < 1e-9 ? exp(a) : pow(1 + a * e, 1 / e);
}

void
zipf_init(struct zipf *z, uint32_t n, double s)
{
	z->n = n;
	z->s = s;
	z->begin = area(z, 1.5) - 1;
	z->end = area(z, n + .5);
	z->sure = 2 - area_inverse(z, area(z, 2.5) - pow(2, -s));
}

uint32_t
zipf_next(const struct zipf *z, uint64_t *rnd)
{
	for (;;) {
		double a = z->end + rnd_unit(rnd) * (z->begin - z->end);
		double x = area_inverse(z, a), k = floor(x + .5);

		if (k < 1)
			k = 1;
		else if (k > z->n)
			k = z->n;
		if (k - x <= z->sure || a >= area(z, k + .5) - pow(k, -z->s))
			return (uint32_t)k - 1;
	}
}
