/* loop.c - (step 1 of 8) a network core's loop, in packet order. */
#include <stdlib.h>

#include "dlibos/base/clock.h"
#include "dlibos/base/log.h"
#include "netcore/core.h"
#include "netcore/loop.h"

/* Nothing wakes us for a frame that the port did not take, or on a port that
 * cannot say that a frame came. */
#define LOOK_NS 1000000u

void
loop_command(void *arg, struct edge *e, const struct msg *m, unsigned n)
{
	struct domain_edge *de = arg;
	struct netcore *nc = de->core->user;

	(void)e;
	(void)n; /* the slots of a run follow its first */
	door_command(&nc->door, de->of_core, m);
}

/* --- a turn ---------------------------------------------------------------*/

static unsigned
rx_burst(struct netcore *n)
{
	unsigned got = driver_rx(n->driver, n->rx, CORE_BURST);

	if (!got)
		return 0;
	stack_rx(n->stack, n->rx, got, n->now);
	for (unsigned i = 0; i < got; i++)
		if (!n->rx[i].kept)
			driver_release(n->driver, n->rx[i].buf);
	return got;
}

static unsigned
tx_bursts(struct netcore *n)
{
	unsigned all = 0;

	for (unsigned i = 0; i < CORE_BURSTS; i++) {
		unsigned room = driver_tx_room(n->driver), got;

		if (room > CORE_BURST)
			room = CORE_BURST;
		got = stack_tx(n->stack, n->tx, room, n->now);
		if (got || driver_tx_waiting(n->driver))
			driver_tx(n->driver, n->tx, got);
		all += got;
		if (got < CORE_BURST)
			break;
	}
	return all;
}

unsigned
netcore_turn(struct netcore *n, unsigned (*serve)(void *), void *arg)
{
	unsigned work = 0;

	n->now = clock_ns();
	if (unlikely(!n->driver))
		return serve(arg);
	n->door.tx_done = driver_tx_done(n->driver);
	n->door.tx_sent = driver_tx_sent(n->driver);
	work += rx_burst(n);
	work += serve(arg);
	stack_timers(n->stack, n->now);
	work += tx_bursts(n);
	if (unlikely(door_turn(&n->door)))
		driver_tx_reap(n->driver);
	return work;
}

uint64_t
netcore_deadline(struct netcore *n)
{
	uint64_t t;

	if (!n->driver)
		return UINT64_MAX;
	t = stack_deadline(n->stack);
	if ((driver_fd(n->driver) < 0 || driver_tx_waiting(n->driver) ||
		    n->door.pending) &&
		t > n->now + LOOK_NS)
		t = n->now + LOOK_NS;
	return driver_pending(n->driver) ? 0 : t;
}

/* --- a life ---------------------------------------------------------------*/

static unsigned
serve_hub(void *hub)
{
	return hub_serve(hub);
}

void
loop_edge_up(struct domain_core *c, struct domain_edge *e)
{
	struct netcore *n = c->user;

	if (n) /* else loop_main() finds it */
		netcore_app_up(n, e->of_core, &e->edge,
			&c->domain->peer[e->peer].data, e->peer);
}

void
loop_edge_down(struct domain_core *c, struct domain_edge *e)
{
	struct netcore *n = c->user;

	if (n)
		netcore_app_down(n, e->of_core);
}

static void
find_apps(struct domain_core *c)
{
	struct domain *d = c->domain;

	for (unsigned i = 0; i < d->edges; i++)
		if (d->edge[i]->core == c &&
			atomic_load_32(&d->edge[i]->state) == DOMAIN_EDGE_UP)
			loop_edge_up(c, d->edge[i]);
}

int
loop_main(struct domain_core *c)
{
	struct netcore *n =
		aligned_alloc(CACHELINE, round_up(sizeof(*n), CACHELINE));

	if (!n)
		die(EXIT_FAIL, "out of memory for core %u", c->plan.id);
	netcore_open(n, c);
	if (n->driver && driver_fd(n->driver) >= 0 &&
		hub_watch(&c->hub, driver_fd(n->driver)))
		die(EXIT_FAIL, "core %u cannot wait for its port", c->plan.id);
	c->user = n;
	find_apps(c);
	while (!domain_stopping(c->domain)) {
		unsigned work = netcore_turn(n, serve_hub, &c->hub);

		hub_flush(&c->hub);
		hub_idle(&c->hub, work, work ? 0 : netcore_deadline(n));
	}
	netcore_close(n);
	free(n);
	return EXIT_OK;
}
