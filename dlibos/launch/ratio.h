/* ratio.h - "N:M": as many net and app cores as a machine has room for. */
#ifndef DLIBOS_LAUNCH_RATIO_H
#define DLIBOS_LAUNCH_RATIO_H

#include "dlibos/launch/layout.h"

#define RATIO_MAX 99 /* N and M */

/* Whether a user's words are meant as a ratio: a ':' before any '/'. */
bool ratio_is(const char *spec);

/* Fits "N:M" or "N:M/quadrant" to a machine: one core for each physical core
 * (hardware threads beside it stay free), LIMIT_CORES at most.
 *
 * N:M: net cores are nearest to the ratio (a tie goes to app), one net and one
 * app core at least, and each L3 group (else NUMA node) of the machine gets
 * its share of both; reach is all. N:M/quadrant: the same within each L3 group
 * (else NUMA node, else the machine) that has two cores or more, and cores
 * talk only within it.
 *
 * 0, or -EINVAL and one line in err. */
int ratio_fit(const char *spec, const struct topology *t, struct layout *out,
	char *err, size_t errlen);

/* The net cores of n (two or more) cores shared out n:m. */
unsigned ratio_net(unsigned cores, unsigned n, unsigned m);

#endif
