#include "netcore/core.h"

/* A struct of counters is an array, in the order of their names. */
#define X(name)	  #name,
#define NAMES(of) static const char *const of##_names[] =
#define COUNT(a)  (sizeof(a) / sizeof(*(a)))

NAMES(stack){STACK_COUNTERS(X)};
NAMES(door){DOOR_COUNTERS(X)};
NAMES(port){DRIVER_COUNTERS(X)};
#undef X

enum { DOOR_CONNS, DOOR_HELD, STACK_CONNS, GAUGES };

NAMES(gauge){
	[DOOR_CONNS] = "door_conns",
	[DOOR_HELD] = "buffers_held",
	[STACK_CONNS] = "stack_conns",
};

#define SAME(type, of)  \
	_Static_assert( \
		sizeof(type) == COUNT(of##_names) * sizeof(uint64_t), #of)
SAME(struct stack_counters, stack);
SAME(struct door_count, door);
SAME(struct driver_count, port);

#define OPEN(of) domain_counters(t, #of, of##_names, COUNT(of##_names))

void
publish_open(struct netcore *n)
{
	struct domain_table *t = domain_table(n->core);
	struct publish *p = &n->publish;

	p->door = OPEN(door);
	p->gauge = OPEN(gauge);
	if (n->driver) {
		p->stack = OPEN(stack);
		p->port = OPEN(port);
	}
	p->due = 0;
}

static void
gauges(struct netcore *n)
{
	uint64_t v[GAUGES] = {0};

	for (unsigned i = 0; i < n->door.cfg.apps; i++) {
		v[DOOR_CONNS] += n->door.app[i].conns;
		v[DOOR_HELD] += n->door.app[i].held;
	}
	v[STACK_CONNS] = n->stack ? stack_taken(n->stack) : 0;
	domain_show(n->publish.gauge, v, GAUGES);
}

void
publish(struct netcore *n)
{
	struct publish *p = &n->publish;
	struct driver_count d;

	domain_show(
		p->door, (const uint64_t *)&n->door.count, COUNT(door_names));
	gauges(n);
	if (n->driver)
		domain_show(p->stack,
			(const uint64_t *)stack_counters(n->stack),
			COUNT(stack_names));
	if (n->now < p->due)
		return;
	p->due = n->now + DOMAIN_SHOW_NS;
	if (!n->driver)
		return;
	driver_stats(n->driver, &d);
	domain_show(p->port, (const uint64_t *)&d, COUNT(port_names));
}
