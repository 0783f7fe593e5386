/* main.c - a network domain: joins the instance that started it, and runs its
 * cores. */
#include <stdlib.h>

#include "dlibos/base/log.h"
#include "netcore/core.h"

struct process {
	struct domain domain;
	struct netcore_mates mates;
};

/* A run of commands from an application core. */
static void
command(void *arg, struct edge *e, const struct msg *m, unsigned n)
{
	struct domain_edge *de = arg;
	struct netcore *nc = de->core->user;

	(void)e;
	(void)n; /* the slots of a run follow its first */
	door_command(&nc->door, de->of_core, m);
}

static unsigned
serve_hub(void *hub)
{
	return hub_serve(hub);
}

static void
edge_up(struct domain_core *c, struct domain_edge *e)
{
	const struct domain_peer *p = &c->domain->peer[e->peer];
	struct netcore *n = c->user;

	if (!n)
		return; /* core_main() finds it */
	conns_app(&n->publish.conns, e->of_core, e->peer_core);
	netcore_app_up(n, e->of_core, &e->edge, &p->data, p->program, e->peer);
	if (p->copies)
		door_copy_to(&n->door, e->of_core, &p->copy);
}

static void
edge_down(struct domain_core *c, struct domain_edge *e)
{
	struct netcore *n = c->user;

	e->held = n && !netcore_app_down(n, e->of_core, e);
	if (n && !e->held)
		netcore_app_left(n, &c->domain->peer[e->peer].data);
}

/* The device has let go of what the peer sent from. */
static void
edge_left(void *edge)
{
	struct domain_edge *e = edge;

	netcore_app_left(e->core->user, &e->core->domain->peer[e->peer].data);
	domain_edge_empty(e);
}

static void
show(struct domain_core *c)
{
	netcore_rest(c->user);
}

static void
find_apps(struct domain_core *c)
{
	struct domain *d = c->domain;

	for (unsigned i = 0; i < d->edges; i++)
		if (d->edge[i]->core == c &&
			atomic_load_32(&d->edge[i]->state) == DOMAIN_EDGE_UP)
			edge_up(c, d->edge[i]);
}

static int
core_main(struct domain_core *c)
{
	struct netcore *n =
		aligned_alloc(CACHELINE, round_up(sizeof(*n), CACHELINE));

	if (!n)
		die(EXIT_FAIL, "out of memory for core %u", c->plan.id);
	netcore_open(n, c,
		c->domain->plan.cores > 1
			? &((struct process *)(void *)c->domain)->mates
			: NULL);
	n->leave.gone = edge_left;
	netcore_watch(n, &c->hub);
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

static const struct domain_ops ops = {
	.role = ROLE_NET,
	.handler = command,
	.edge_up = edge_up,
	.edge_down = edge_down,
	.show = show,
	.core_main = core_main,
};

int
main(void)
{
	static struct process p;

	domain_join(&p.domain, &ops);
	pthread_mutex_init(&p.mates.lock, NULL);
	pthread_barrier_init(&p.mates.all, NULL, p.domain.plan.cores);
	return domain_run(&p.domain);
}
