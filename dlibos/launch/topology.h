/* topology.h - the processors of a machine, as plain arrays.
 *
 * Filled once at start from hwloc; nothing of hwloc shows. A PU is what Linux
 * calls a CPU: a hardware thread. Numbers of cores, L3 groups and packages
 * are dense, from 0, and count only what the process may use.
 */
#ifndef DLIBOS_LAUNCH_TOPOLOGY_H
#define DLIBOS_LAUNCH_TOPOLOGY_H

#include <stddef.h>

#define TOPOLOGY_PUS 1024 /* CPUs of a machine; what cpu_set_t holds */

struct topology_pu {
	int os;	     /* the CPU number that Linux knows */
	int core;    /* physical core */
	int smt;     /* rank among the usable threads of its core, from 0 */
	int l3;	     /* group that shares an L3; -1: no L3 is known */
	int node;    /* NUMA node, by Linux's number */
	int package; /* socket */
};

/* The PUs stand in hwloc's logical order: neighbours share the most. */
struct topology {
	unsigned pus, cores, l3s, nodes, packages;
	struct topology_pu pu[TOPOLOGY_PUS];
};

/* What surrounds a PU, from near to far. */
enum topology_level { TOPOLOGY_L3, TOPOLOGY_NODE, TOPOLOGY_MACHINE };

/* This machine, as far as the calling thread's affinity goes; or the one that
 * an hwloc synthetic string describes ("numa:4 l3:1 core:9 pu:1"). 0, or
 * -EINVAL (the string), -E2BIG, -ENOMEM, -EIO and one line in err. */
int topology_load(
	struct topology *t, const char *synthetic, char *err, size_t errlen);

/* Leaves the first physical core, on which most others run, to them; unless it
 * is the only one. */
void topology_spare(struct topology *t);

/* The group of that level that PU i is in; PUs are together where it is
 * equal. -1: in none. */
int topology_group(
	const struct topology *t, unsigned i, enum topology_level level);

#endif
