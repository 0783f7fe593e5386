/* door.h - between the stack and the application cores: checked commands
 * become calls, upcalls become events.
 *
 * One door a network core, one thread. An answer is never forgotten: a command
 * is only taken when there is room to park what it may be answered with.
 */
#ifndef NETCORE_DOOR_DOOR_H
#define NETCORE_DOOR_DOOR_H

#include "noc/edge.h"

/* Why a command was refused; each has its counter. */
enum door_refusal {
	DOOR_NO_CONN, /* no connection has this id (any more) */
	DOOR_NO_PORT, /* this core has no interface to do it on */
	DOOR_REFUSALS
};

struct door {
	uint64_t pings;
	uint64_t refused[DOOR_REFUSALS];
};

/* A run that msg_check() passed, from the application core behind `e`. */
void door_command(struct door *d, struct edge *e, const struct msg *m);

const char *door_refusal_name(unsigned refusal);

#endif
