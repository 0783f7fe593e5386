/* place.h - a CPU for every core of a layout.
 *
 * Pure: the same layout on the same topology is placed the same way.
 *
 * One core goes on one physical core while there are free ones; only then are
 * hardware threads used, and never by the layout of a ratio. What decides
 * among them:
 *
 *  - quadrants, where they matter (reach quadrant; a ratio's groups; any
 *    declared ones while the NIC's node is unknown): each within one L3 group,
 *    else within one NUMA node, else it is only declared. Of equally good
 *    groups those on the NIC's node come first;
 *  - otherwise the NIC: net and rtc cores get the CPUs on its node first.
 */
#ifndef DLIBOS_LAUNCH_PLACE_H
#define DLIBOS_LAUNCH_PLACE_H

#include "dlibos/launch/layout.h"
#include "dlibos/launch/topology.h"

struct place_options {
	bool oversubscribe; /* cores may share CPUs if there are too few */
	int nic_node;	    /* the NIC's NUMA node; -1: unknown */
};

struct placement {
	int cpu[LIMIT_CORES];  /* Linux's number; -1: an unused core */
	int node[LIMIT_CORES]; /* Linux's number; -1: an unused core */
	bool oversubscribed;   /* some CPU has more than one core */
	/* There are quadrants, and each lies within one L3 group or one NUMA
	 * node, on CPUs of its own. */
	bool quadrants_real;
};

/* 0; or -ENOSPC and one line in err, which says how many cores the layout has,
 * how many CPUs the machine has, and what to do. *out is then all -1.
 *
 * With oversubscribe, a layout that does not fit goes round the CPUs, first
 * its net and rtc cores, then on from there its app cores: neither the sum nor
 * the mix of two CPUs differs by more than one core of a kind. */
int place(const struct layout *l, const struct topology *t,
	const struct place_options *o, struct placement *out, char *err,
	size_t errlen);

#endif
