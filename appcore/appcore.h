/* appcore.h - what the files of this room share: one application core. */
#ifndef APPCORE_APPCORE_H
#define APPCORE_APPCORE_H

#include "dlibos/dlibos.h"
#include "dlibos/domain/domain.h"
#include "mem/heap.h"

struct dl {
	struct domain_core *core;
	const struct dl_program *program;
	void *arg;
	void *user;
	int status;
	unsigned nets;
	struct domain_edge *net[LIMIT_CORES]; /* NULL: gone */
	struct heap heap;
};

/* start.c's, shared by the cores of this process. */
struct appcore {
	struct domain domain;
	const struct dl_program *program;
	void *arg;
};

/* loop.c: the life of a core. */
int loop_main(struct domain_core *c);

/* event_rx.c: a checked run of events from a network core; arg is the edge. */
void event_rx(void *arg, struct edge *e, const struct msg *m, unsigned n);
void event_net_up(struct domain_core *c, struct domain_edge *e);
void event_net_down(struct domain_core *c, struct domain_edge *e);

#endif
