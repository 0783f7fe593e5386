/* core.h - a network core: a port, the stack behind it, and the door to the
 * application cores. All of it belongs to one thread. */
#ifndef NETCORE_CORE_H
#define NETCORE_CORE_H

#include "dlibos/domain/domain.h"
#include "netcore/door/door.h"
#include "netcore/driver/driver.h"
#include "netcore/leave.h"
#include "netcore/publish.h"

#define CORE_BURST  32 /* frames taken in or given out at a time */
#define CORE_BURSTS 4  /* given out in a turn */

/* Network cores that are threads of one process, and have a port together. */
struct netcore_mates {
	pthread_mutex_t lock; /* one opens, or closes, at a time */
	pthread_barrier_t all;
};

struct netcore {
	struct domain_core *core;
	struct netcore_mates *mates; /* NULL: it is alone */
	struct driver *driver;	     /* NULL: there is no port */
	struct stack *stack;
	void *stack_mem;
	uint8_t *whole; /* of the Rx partition: whole.h */
	uint32_t wholes;
	struct door door;
	struct leave leave;
	uint64_t now;
	struct publish publish;
	struct stack_rx_frame rx[CORE_BURST];
	struct stack_tx_frame tx[CORE_BURST];
	uint8_t headers[CORE_BURST][STACK_HEADERS];
};

/* Opens what the plan says; dies with one line if it cannot be had. Those that
 * have mates wait for each other, in both. */
void netcore_open(
	struct netcore *n, struct domain_core *c, struct netcore_mates *mates);
void netcore_close(struct netcore *n);

/* Application core number `app` came, or went. Cores of one `domain` share
 * listeners: of a program, that is. False: its memory must stay until
 * n->leave.gone(who) is called, in a turn to come. */
void netcore_app_up(struct netcore *n, unsigned app, struct edge *e,
	const struct part *data, unsigned domain, unsigned process);
bool netcore_app_down(struct netcore *n, unsigned app, void *who);

/* Of each that came, before its memory goes. */
void netcore_app_left(struct netcore *n, const struct part *data);

/* One turn in packet order but for the commands, which `serve` takes. Returns
 * the work done. */
unsigned netcore_turn(struct netcore *n, unsigned (*serve)(void *), void *arg);

/* The hub's sleeps end when a frame comes, or at a look for one; dies with one
 * line if that cannot be. */
void netcore_watch(struct netcore *n, struct hub *hub);

/* When the next turn is due at the latest, in ns of clock_ns(). */
uint64_t netcore_deadline(struct netcore *n);

/* The core is about to sleep, until then: shows what it counts, and has the
 * port wake it. */
void netcore_rest(struct netcore *n);

#endif
