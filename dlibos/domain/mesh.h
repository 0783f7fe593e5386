/* mesh.h - the edges between the cores of one domain.
 *
 * The cores are threads of one process, so the launcher has no part in it: the
 * FIFOs lie in the process's own memory, and a core that sleeps is poked, which
 * needs no descriptor. Otherwise they are the edges of noc/, credit and parking
 * and all; what they carry is MSG_TELL.
 *
 * Order of use: domain.mate is set to the handler, then domain_run() does the
 * rest. The handler's arg is the struct mesh_end that heard it.
 */
#ifndef DLIBOS_DOMAIN_MESH_H
#define DLIBOS_DOMAIN_MESH_H

#include "dlibos/domain/domain.h"

struct mesh_end {
	struct edge edge;
	struct domain_core *core; /* whose it is */
	unsigned mate;		  /* index of the core at the other end */
} PAIR_ALIGNED;

struct mesh {
	unsigned cores;
	uint8_t *pages;	      /* of all ends */
	struct mesh_end *end; /* cores * cores; those to oneself are unused */
};

/* Where all hubs are made, and no core runs: makes d->mesh, if d->mate is set
 * and there are 2 to LIMIT_MATES cores; dies without memory. */
void mesh_open(struct domain *d);
/* No core runs any more. */
void mesh_close(struct domain *d);

/* On the core's thread: its ends are in its hub from now on. */
void mesh_join(struct domain_core *c);

/* The end of core `from`, towards `to`. NULL without a mesh. */
static inline struct mesh_end *
mesh_end(const struct mesh *m, unsigned from, unsigned to)
{
	return m ? &m->end[from * m->cores + to] : NULL;
}

#endif
