/* publish.c - counters into the statistics, when they are due. */
#include <stdlib.h>

#include "dlibos/base/log.h"
#include "netcore/core.h"

/* A struct of counters is an array, in the order of their names. */
#define X(name)	  #name,
#define NAMES(of) static const char *const of##_names[] =
#define COUNT(a)  (sizeof(a) / sizeof(*(a)))

NAMES(stack){STACK_COUNTERS(X)};
NAMES(door){DOOR_COUNTERS(X)};
NAMES(port){DRIVER_COUNTERS(X)};

NAMES(over){SHARE_COUNTERS(X)};
NAMES(leave){LEAVE_COUNTERS(X)};
#undef X

enum { DOOR_CONNS, DOOR_HELD, STACK_CONNS, CONNS_ROUND, GAUGES };

static const char *const app_names[PUBLISH_APPS] = {"app0", "app1", "app2",
	"app3", "app4", "app5", "app6", "app7", "app8", "app9", "app10",
	"app11", "app12", "app13", "app14", "app15_on"};

NAMES(gauge){
	[DOOR_CONNS] = "door_conns",
	[DOOR_HELD] = "buffers_held",
	[STACK_CONNS] = "stack_conns",
	[CONNS_ROUND] = "conns_round_ms",
};

#define SAME(type, of)  \
	_Static_assert( \
		sizeof(type) == COUNT(of##_names) * sizeof(uint64_t), #of)
SAME(struct stack_counters, stack);
SAME(struct door_count, door);
SAME(struct share_over, over);
SAME(struct leave_count, leave);
SAME(struct driver_count, port);

#define OPEN(of) domain_counters(t, #of, of##_names, COUNT(of##_names))

void
publish_open(struct netcore *n)
{
	struct domain_table *t = domain_table(n->core);
	struct publish *p = &n->publish;
	const struct plan_plan *plan = &n->core->domain->plan;

	if (conns_open(&p->conns, n->stack, &n->door, domain_conns(n->core),
		    plan_stack_conns(plan->conns), n->core->plan.edges + 1u))
		die(EXIT_FAIL, "out of memory for %u connections", plan->conns);
	p->door = OPEN(door);
	p->over = OPEN(over);
	p->apps = n->door.cfg.apps;
	if (p->apps > PUBLISH_APPS)
		p->apps = PUBLISH_APPS;
	p->over_app = domain_counters(t, "over", app_names, p->apps);
	p->gauge = OPEN(gauge);
	if (n->driver) {
		p->stack = OPEN(stack);
		p->port = OPEN(port);
		p->leave = OPEN(leave);
	}
	p->due = p->port_due = 0;
}

void
publish_close(struct netcore *n)
{
	conns_close(&n->publish.conns);
}

static void
gauges(struct netcore *n)
{
	uint64_t v[GAUGES] = {0};

	for (unsigned i = 0; i < n->door.cfg.apps; i++)
		v[DOOR_HELD] += n->door.app[i].held;
	v[DOOR_CONNS] = idpool_taken(&n->door.ids);
	v[STACK_CONNS] = n->stack ? stack_taken(n->stack) : 0;
	v[CONNS_ROUND] = n->publish.conns.round_ns / 1000000;
	domain_show(n->publish.gauge, v, GAUGES);
}

/* What each application core was refused; those beyond the last name are told
 * together with it. */
static void
over(struct netcore *n)
{
	uint64_t v[COUNT(over_names)] = {0}, app[PUBLISH_APPS] = {0};

	for (unsigned i = 0; i < n->door.cfg.apps; i++) {
		const struct share_over *o = &n->door.app[i].over;
		uint64_t *a = &app[i < PUBLISH_APPS ? i : PUBLISH_APPS - 1];

		for (unsigned k = 0; k < COUNT(v); k++) {
			v[k] += ((const uint64_t *)o)[k];
			*a += ((const uint64_t *)o)[k];
		}
	}
	domain_show(n->publish.over, v, COUNT(v));
	domain_show(n->publish.over_app, app, n->publish.apps);
}

void
publish(struct netcore *n)
{
	struct publish *p = &n->publish;
	struct driver_count d;

	domain_show(
		p->door, (const uint64_t *)&n->door.count, COUNT(door_names));
	over(n);
	gauges(n);
	if (n->driver) {
		domain_show(p->stack,
			(const uint64_t *)stack_counters(n->stack),
			COUNT(stack_names));
		domain_show(p->leave, (const uint64_t *)&n->leave.count,
			COUNT(leave_names));
	}
	conns_show(&p->conns, n->core->hub.count->busy_turns, n->now);
	if (n->now >= p->port_due) {
		p->port_due = n->now + DOMAIN_SHOW_NS;
		if (n->driver) {
			driver_stats(n->driver, &d);
			domain_show(p->port, (const uint64_t *)&d,
				COUNT(port_names));
		}
	}
	p->due = p->port_due < p->conns.due ? p->port_due : p->conns.due;
}

uint64_t
publish_deadline(const struct netcore *n)
{
	const struct publish *p = &n->publish;
	uint64_t busy_turns = n->core->hub.count->busy_turns;

	return conns_settled(&p->conns, busy_turns) ? UINT64_MAX : p->due;
}
