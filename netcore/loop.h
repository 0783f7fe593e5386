#ifndef NETCORE_LOOP_H
#define NETCORE_LOOP_H

#include "dlibos/domain/domain.h"

/* The life of a network core. Returns its exit status. */
int loop_main(struct domain_core *c);

/* A run of commands from an application core. */
void loop_command(void *edge, struct edge *e, const struct msg *m, unsigned n);

/* An application core came, or went. */
void loop_edge_up(struct domain_core *c, struct domain_edge *e);
void loop_edge_down(struct domain_core *c, struct domain_edge *e);

#endif
