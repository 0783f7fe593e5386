/* hub.h - all edges of one core: serves them in turn, flushes them, sleeps.
 *
 * A core's loop is
 *
 *	while (...) {
 *		work = ... + hub_serve(hub);
 *		hub_flush(hub);
 *		hub_idle(hub, work, deadline);
 *	}
 *
 * One thread owns a hub; hub_poke() alone may come from others.
 */
#ifndef NOC_HUB_H
#define NOC_HUB_H

#include "noc/edge.h"
#include "noc/idle.h"

struct hub;

/* An edge went down (edge->down says why). It is out of the hub already; the
 * owner closes what belonged to it and calls edge_fini(). */
typedef void hub_on_down(void *arg, struct edge *e);

/* Somebody called hub_poke(). */
typedef void hub_on_poke(void *arg);

/* The owner is about to sleep. */
typedef void hub_on_sleep(void *arg);

struct hub_count {
	uint64_t turns;
	uint64_t busy_turns;
	uint64_t busy_cycles; /* of the turns with work; clock.h */
	uint64_t sleeps;
	uint64_t asleep_ns;    /* of the sleeps that are over */
	uint64_t asleep_since; /* clock_ns() of the one that is not; or 0 */
};

struct hub {
	struct edge *edge[LIMIT_CORES];
	unsigned edges;
	uint32_t turn;
	uint64_t began;	  /* this turn, in cycles; 0: not known */
	uint32_t poked;	  /* written by hub_poke() */
	bool fresh_sleep; /* the last sleep ended by time */
	bool own_fence;	  /* the edges' peers fence for themselves (edge.h) */
	int epoll_fd;
	int poke_fd; /* an eventfd of this process alone */
	struct idle idle;
	hub_on_down *on_down;
	hub_on_poke *on_poke;
	hub_on_sleep *on_sleep;
	void *arg;
	struct hub_count *count;
	struct hub_count counters;
};

/* 0 or -errno. count: NULL for private counters. */
int hub_init(struct hub *h, enum idle_policy p, uint64_t spin_ns,
	struct hub_count *count);
void hub_fini(struct hub *h); /* the edges are left to their owner */

/* 0, or -ENOSPC beyond LIMIT_CORES, or -errno. */
int hub_add(struct hub *h, struct edge *e);
void hub_remove(struct hub *h, struct edge *e);

/* Another descriptor that wakes the core; its owner reads it. 0 or -errno. */
int hub_watch(struct hub *h, int fd);

/* Something that the core waits for cannot wake it: it looks after so many ns
 * of sleep, and spins as long before. Less would be no bargain: a sleep may
 * cost all of that. */
void hub_look(struct hub *h, uint64_t every_ns);

/* A bounded burst from each edge. Returns the messages served. */
unsigned hub_serve(struct hub *h);

void hub_flush(struct hub *h);

/* The end of a turn that did `work`. Sleeps, if the policy says so, at most
 * until `deadline` (clock_ns(); UINT64_MAX: none) and LIMIT_SLEEP_MS. */
void hub_idle(struct hub *h, unsigned work, uint64_t deadline);

/* Any thread: on_poke() will be called by the owner, soon. */
void hub_poke(struct hub *h);

#endif
