/* publish.h - a network core's counters and connections, where tools can see
 * them.
 *
 * The stack, the door and the driver count in memory of their own; copies of
 * that are made every DOMAIN_SHOW_NS, and before the core sleeps. What has to
 * be asked of the port is not asked more often than that; connections have a
 * pace of their own (conns.h). */
#ifndef NETCORE_PUBLISH_H
#define NETCORE_PUBLISH_H

#include "dlibos/domain/stat.h"
#include "netcore/conns.h"

struct netcore;

/* Application cores whose refusals are told apart. */
#define PUBLISH_APPS 16

struct publish {
	struct domain_counter *stack, *door, *port, *gauge, *over, *over_app,
		*leave;
	unsigned apps;	   /* that over_app has names for */
	uint64_t due;	   /* in ns of clock_ns() */
	uint64_t port_due; /* the same */
	struct conns conns;
};

/* Once, when the core is open. */
void publish_open(struct netcore *n);

void publish_close(struct netcore *n);

/* It is due, or the core is about to sleep. */
void publish(struct netcore *n);

/* Until when a core that does nothing may sleep, in ns of clock_ns(). */
uint64_t publish_deadline(const struct netcore *n);

#endif
