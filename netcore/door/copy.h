/* copy.h - where several applications share a network core, none may read what
 * another one receives: each reads a partition of its own, into which its
 * payload is copied, once, when it is told of it. The packet's buffer is free
 * again then.
 *
 * A partition is an array of buffers that belongs to one application domain and
 * serves all its cores. Which of them are free is known in private memory. Who
 * holds all of its own is held back (conn.h), which costs nobody else anything:
 * packets that wait for a copy are limited for each core, and beyond that a
 * connection is reset.
 *
 * Where there is one application, no code of this runs.
 */
#ifndef NETCORE_DOOR_COPY_H
#define NETCORE_DOOR_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "mem/part.h"
#include "netcore/door/whole.h"

#define COPY_ROOM 2048u /* bytes of a buffer */

struct door;
struct door_app;
struct door_conn;

/* The buffers of one application domain. */
struct door_copy {
	const struct part *part; /* NULL: there is no such domain */
	unsigned cores;		 /* application cores that read it */
	uint32_t first;		 /* of its buffers, among those of all */
	uint32_t free;
	uint32_t *stack; /* the free ones; what came back last is on top */
	struct door_whole whole;
};

struct door_copies {
	struct door_copy *pool;
	unsigned pools;
	uint32_t buffers; /* of each */
	uint32_t packets; /* that may wait for a core's copies */
	/* The application core that holds a buffer. A reference into this is
	 * what the door has for one, as it has a driver's for a packet. */
	uint16_t *owner;
	uint64_t owner_bytes;
	/* Takes a packet's buffer back; gives one. */
	void (*release)(void *arg, void *buf);
	uint8_t *(*take)(void *arg, void **buf, uint32_t *room);
	void *arg;
};

/* By d->cfg; afterwards its release() takes copies back, too. 0 or -ENOMEM. */
int copy_init(struct door *d);
void copy_fini(struct door *d);

/* An application core reads this partition, or does not any more and holds
 * nothing. */
void copy_app_up(struct door *d, unsigned app, const struct part *p);
void copy_app_down(struct door *d, unsigned app);

/* What c has to tell next lies in a copy now. False: there is no buffer. */
bool copy_untold(struct door *d, struct door_conn *c);

/* A copy of a datagram, and its buffer; NULL: there is none to spare. */
const uint8_t *copy_datagram(struct door *d, unsigned app, const uint8_t *ptr,
	uint32_t len, void **buf);

/* Whether one who was held back has room again. */
bool copy_may_go_on(const struct door *d, const struct door_app *a);

/* c has packets that wait for copies, or for events: it is held back, or reset,
 * if those of its core are too many. */
void copy_limit(struct door *d, struct door_conn *c);

#endif
