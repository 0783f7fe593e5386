/* vacant.c - places for programs that come later: domains of one core that are
 * planned with all others and stay down until a program is attached. */
#include "dlibos/base/log.h"
#include "dlibos/launch/attach.h"
#include "dlibos/launch/instance.h"

static bool
shares(const struct instance *in, unsigned core)
{
	for (unsigned i = 0; i < in->layout.cores; i++)
		if (i != core &&
			in->placement.cpu[i] == in->placement.cpu[core])
			return true;
	return false;
}

static bool
core_is_free(const struct instance *in, int physical)
{
	const struct topology *t = &in->topology;

	for (unsigned i = 0; i < in->layout.cores; i++)
		for (unsigned k = 0; k < t->pus; k++)
			if (t->pu[k].core == physical &&
				t->pu[k].os == in->placement.cpu[i])
				return false;
	return true;
}

/* The first CPU of a physical core that nobody runs on: a hardware thread next
 * to a network core would cost that more than sharing costs an application. */
static const struct topology_pu *
free_cpu(const struct instance *in)
{
	for (unsigned i = 0; i < in->topology.pus; i++)
		if (core_is_free(in, in->topology.pu[i].core))
			return &in->topology.pu[i];
	return NULL;
}

/* The n-th application core. */
static unsigned
host(const struct layout *l, unsigned n)
{
	unsigned i = 0;

	while (l->core[i].role != LAYOUT_APP || n--)
		i++;
	return i;
}

unsigned
vacant_core(struct instance *in, unsigned n)
{
	struct layout *l = &in->layout;
	unsigned core = l->cores, own = l->app - n;
	const struct topology_pu *pu =
		in->placement.oversubscribed ? NULL : free_cpu(in);
	unsigned with;

	if (core == LIMIT_CORES || in->children == LIMIT_DOMAINS || !own)
		die(EXIT_USAGE,
			"--vacant: layout %s leaves room for %u places, or has "
			"no application core",
			l->name, n);
	with = host(l, n % own);
	l->core[core] = l->core[with]; /* who may talk to it, too */
	l->core[core].x = (int)(n % l->cols);
	l->core[core].y = (int)(l->rows + n / l->cols);
	l->cores++;
	l->app++;
	in->placement.cpu[core] = pu ? pu->os : in->placement.cpu[with];
	in->placement.node[core] = pu ? pu->node : in->placement.node[with];
	return core;
}

/* A core that never gives its CPU up would starve the place on it. */
enum idle_policy
vacant_idle(const struct instance *in, const struct child *c)
{
	bool shared = false;

	/* One core of a CPU may spin; the others would keep it from that. */
	if (in->idle == IDLE_SHARING &&
		(!(c->role & ROLE_NET) || in->layout.net > 1))
		return IDLE_SLEEP;

	for (unsigned i = 0; i < c->cores; i++)
		shared |= shares(in, c->core[i]);
	if (!shared || !in->opt.vacant)
		return in->idle;
	if (c->place)
		return IDLE_SLEEP;
	return in->idle == IDLE_POLL ? IDLE_YIELD : in->idle;
}

unsigned
vacant_apps(const struct instance *in)
{
	unsigned n = 0;

	for (unsigned i = 0; i < in->children; i++)
		n += (in->child[i].role & ROLE_APP) != 0;
	return n;
}

bool
vacant_is(const struct child *c)
{
	return c->place && !c->place->taken;
}
