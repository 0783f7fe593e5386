/* conns.h - a network core's connections, where tools can see them: the records
 * of dlibos/domain/conns.h, written in turn.
 *
 * A turn comes every CONNS_NS, and writes CONNS_WRITES records at most; what is
 * no connection, and was none, costs a word, and CONNS_LOOKS at most of these.
 * So what it costs does not depend on how many connections there are, nor on
 * what they do; how old a record gets does: 6400 are written in a second.
 *
 * When a whole round has found the core idle, nothing changes any more: there
 * are no turns until it works again.
 */
#ifndef NETCORE_CONNS_H
#define NETCORE_CONNS_H

#include "dlibos/domain/conns.h"
#include "netcore/door/door.h"

#define CONNS_NS     10000000u
#define CONNS_WRITES 64
#define CONNS_LOOKS  2048

struct conns {
	const struct stack *stack; /* NULL: there is no port */
	const struct door *door;
	struct domain_conns *table;
	uint32_t conns;	   /* that there is room for */
	uint32_t next;	   /* slot */
	uint64_t due;	   /* ns of clock_ns(); UINT64_MAX: not before there is
			 * work again */
	uint64_t began;	   /* this round */
	uint64_t round_ns; /* the last one took */
	/* Of this round's begin. */
	uint64_t busy_turns;
	uint32_t taken;
	uint32_t *shown;   /* handles that records are about; 0: none */
	uint16_t *core_of; /* numbers in the layout, of application cores */
	unsigned apps;
};

/* Once; apps: application cores at most. 0 or -ENOMEM. The table is zero. */
int conns_open(struct conns *c, const struct stack *s, const struct door *d,
	struct domain_conns *table, uint32_t conns, unsigned apps);
void conns_close(struct conns *c);

/* The door's application core `app` has this number in the layout. */
void conns_app(struct conns *c, unsigned app, unsigned core);

/* What is shown is as it is, until the core works again. */
bool conns_settled(const struct conns *c, uint64_t busy_turns);

/* A turn, if it is due. busy_turns: those in which the core worked. */
void conns_show(struct conns *c, uint64_t busy_turns, uint64_t now);

#endif
