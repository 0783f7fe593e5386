/* link.h - `n` edges between a net core and app cores, each core with a hub of
 * its own, as an instance has them; but all in one process. */
#ifndef BENCH_LINK_H
#define BENCH_LINK_H

#include "noc/bell.h"
#include "noc/hub.h"

enum link_side {
	LINK_NET, /* receives commands */
	LINK_APP, /* receives events */
};

struct link_edge {
	struct edge edge[2] PAIR_ALIGNED; /* by enum link_side */
	struct edge_page *page[2];
};

/* Makes the edge; net and app are given to the handlers as their arg. Rings
 * of LIMIT_FIFO slots, with bells. Dies when that cannot be. */
void link_open(struct link_edge *l, edge_handler *net_handler, void *net,
	edge_handler *app_handler, void *app);
void link_close(struct link_edge *l);

/* hub_init() and hub_add(), dying when they cannot. */
void link_hub(struct hub *h, enum idle_policy p, uint64_t spin_ns);
void link_add(struct hub *h, struct edge *e);

#endif
