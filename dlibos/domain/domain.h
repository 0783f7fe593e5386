/* domain.h - a process of an instance: it joins, gets its memory and edges,
 * and runs its cores. Network and application domains begin alike.
 *
 * Order of use: domain_join(), then domain_run() with the main function of a
 * core; each core's loop serves core->hub until domain_stopping().
 *
 * A thread of its own listens to the launcher. It prepares what comes and goes
 * (domain_edge.state) and pokes the core that owns the edge; only that core
 * touches a hub.
 */
#ifndef DLIBOS_DOMAIN_DOMAIN_H
#define DLIBOS_DOMAIN_DOMAIN_H

#include <pthread.h>

#include "dlibos/domain/plan.h"
#include "dlibos/domain/stat.h"
#include "mem/part.h"
#include "noc/hub.h"

struct domain;
struct domain_core;

enum domain_edge_state {
	DOMAIN_EDGE_EMPTY,
	DOMAIN_EDGE_NEW, /* the control thread filled it in */
	DOMAIN_EDGE_UP,	 /* in its core's hub */
};

struct domain_edge {
	struct edge edge;
	uint32_t state;
	uint32_t drop; /* the control thread wants it gone */
	bool held;     /* its core says when it is empty */
	struct domain_core *core;
	unsigned peer;	    /* domain number */
	unsigned peer_core; /* core number in the layout */
	unsigned of_core;   /* its place among the core's edges, from 0 */
	struct plan_edge plan;
	int fds[2]; /* until the edge takes them */
};

struct domain_core {
	struct domain *domain;
	unsigned index; /* in this domain */
	struct plan_core plan;
	struct hub hub PAIR_ALIGNED;
	void *user; /* the core's own */
	pthread_t thread;
};

/* A domain that we share edges with. */
struct domain_peer {
	char name[LIMIT_NAME];
	unsigned role; /* 0: there is none */
	uint64_t edge_bytes;
	uint64_t data_bytes;
	uint32_t conns;
	uint32_t program, copies; /* see plan_peer */
	struct part out;	  /* our side of the edges: we write */
	struct part copy; /* what it receives, if it has no PART_RX: likewise */
	struct part in;	  /* its side: read only */
	struct part data; /* what its messages refer to: read only */
};

struct domain_ops {
	enum role role; /* or more than one, as the plan says which */
	/* A message for the core; arg is the struct domain_edge. */
	edge_handler *handler;
	/* An edge came or went; on the core's thread. May be NULL. What was
	 * mapped of the peer stays until all edges to it are empty: one that
	 * went is so at once, or, if edge_down() sets e->held, when the core
	 * calls domain_edge_empty(). */
	void (*edge_up)(struct domain_core *c, struct domain_edge *e);
	void (*edge_down)(struct domain_core *c, struct domain_edge *e);
	/* On the core's thread, which is about to sleep: what it counts is to
	 * be shown. May be NULL. */
	void (*show)(struct domain_core *c);
	/* The loop of a core; returns the process's exit status. */
	int (*core_main)(struct domain_core *c);
};

struct domain {
	const struct domain_ops *ops;
	int channel;
	uint32_t stopping;
	struct plan_plan plan;
	struct domain_core *core; /* plan.cores of them */
	struct domain_edge *edge[LIMIT_EDGES];
	uint32_t edges;
	struct domain_peer peer[LIMIT_DOMAINS];
	struct part part[PART_KINDS]; /* our own */
	struct mesh *mesh;	      /* between our cores; mesh.h; or NULL */
	edge_handler *mate;	      /* set before domain_run(): make it */
	pthread_t control;
	pthread_mutex_t lock;
	pthread_cond_t emptied;
	int status;
};

/* Joins the instance that started this process. Returns only when all domains
 * are ready; dies with one line when there is no instance, or it is refused. */
void domain_join(struct domain *d, const struct domain_ops *ops);

/* Runs a core on each of its CPUs, the first on this thread, and returns the
 * highest status of all. */
int domain_run(struct domain *d);

static inline bool
domain_stopping(const struct domain *d)
{
	return unlikely(atomic_load_32(&d->stopping));
}

/* Any thread: all cores are to end their loops. */
void domain_stop(struct domain *d);

/* Any thread, once the port is open: the capabilities that the launcher left
 * for that go, of all threads that there are. 0, or -errno and some thread may
 * have kept them. */
int domain_drop_rights(void);

/* On the core's thread: the last of an edge. */
void domain_edge_empty(struct domain_edge *e);

static inline struct domain_stat *
domain_stats(const struct domain *d)
{
	return (struct domain_stat *)(void *)d->part[PART_STAT].base;
}

/* Of one core. */
static inline struct domain_table *
domain_table(const struct domain_core *c)
{
	const struct plan_plan *p = &c->domain->plan;
	uint8_t *base = c->domain->part[PART_STAT].base;

	base += domain_stat_tables_at(p->cores, p->edges);
	return &((struct domain_table *)(void *)base)[c->index];
}

/* Of one core that is a network core. */
static inline struct domain_conns *
domain_conns(const struct domain_core *c)
{
	const struct plan_plan *p = &c->domain->plan;
	uint8_t *base = c->domain->part[PART_STAT].base;

	base += domain_stat_conns_at(p->cores, p->edges, c->index, p->conns);
	return (struct domain_conns *)(void *)base;
}

/* --- inside the room ---------------------------------------------------- */

/* Handles one message of the launcher; *type says which. False: the channel
 * is closed. */
bool domain_obey(struct domain *d, enum plan_type *type);

/* On the core's thread: takes new edges over, lets dropped ones go. */
void domain_core_edges(struct domain_core *c);

#endif
