/* conn.h - a connection as the door sees it: who has it, what he was handed,
 * and what he has still to be told. */
#ifndef NETCORE_DOOR_CONN_H
#define NETCORE_DOOR_CONN_H

#include "dlibos/base/cacheline.h"
#include "netcore/stack/core/idpool.h"
#include "netcore/stack/stack.h"
#include "netcore/stack/tcp/slab.h"

enum door_conn_flag {
	/* to be told, in this order */
	CONN_OFFER = 1 << 0,
	CONN_CONNECTED = 1 << 1,
	CONN_EOF = 1 << 2, /* behind all data */
	CONN_END = 1 << 3, /* behind all else */

	CONN_LISTED = 1 << 4,	  /* in its application core's list */
	CONN_CONNECTING = 1 << 5, /* the application has no name for it */
	CONN_STACK_GONE = 1 << 6, /* the stack has let go of it */
	CONN_TOLD_END = 1 << 7,
	CONN_APP_GONE = 1 << 8, /* the application has let go of it */
	CONN_HELD = 1 << 9,	/* held back, and in the list of those */
	CONN_DEAF = 1 << 10,	/* the application wants no more data */
	CONN_COPIED = 1 << 11,	/* it is told of copies: copy.h */
};

/* Acknowledged, but perhaps still in the device's hands, up to that frame. */
struct door_wait {
	uint32_t bytes;
	uint32_t serial;
};

struct door_conn {
	uint32_t id; /* with its generation: what the application calls it */
	stack_conn stack;
	uint16_t flags;
	uint16_t app;
	uint16_t listen; /* by which it came */
	uint8_t why;	 /* it ended: enum msg_reason */
	uint8_t process; /* in whose share it is */
	/* Buffers that came, oldest first; from `untold` on the application
	 * does not know of them. Nodes of door.rx. */
	uint32_t rx_head, rx_tail, untold;
	uint32_t unread; /* bytes that it knows of and has not given back */
	uint32_t acked;	 /* bytes to tell */
	uint32_t cookie;
	struct door_wait wait[2];
	uint32_t next;	    /* in the list: index + 1 */
	uint32_t back_next; /* in that of those held back */
} CACHELINE_ALIGNED;

_Static_assert(sizeof(struct door_conn) == CACHELINE, "one line");

/* A received buffer, or what is left of it. */
struct door_rx {
	uint32_t next;
	uint32_t len;
	const uint8_t *ptr;
	void *buf;
};

struct door;

/* A new one, for an application core; NULL if there is no place, or not for its
 * process, which is counted in *over then. */
struct door_conn *conn_new(struct door *d, unsigned app, uint64_t *over);

/* Frees it, if stack and application have let go of it. */
void conn_try_free(struct door *d, struct door_conn *c);

/* Received data: takes the buffer. */
void conn_rx_add(struct door *d, struct door_conn *c, const uint8_t *ptr,
	uint32_t len, void *buf);

/* The oldest `bytes` bytes, all of them told, are given back. */
void conn_rx_done(struct door *d, struct door_conn *c, uint32_t bytes);

/* All of them, told or not. */
void conn_rx_drop(struct door *d, struct door_conn *c);

/* Those that the application was not told of. */
void conn_rx_cut(struct door *d, struct door_conn *c);

/* The stack shall take no data for it, until conn_rx_go_on(). */
void conn_hold(struct door *d, struct door_conn *c);

/* The same, if its application core holds too
 * much: more than three times what is left, so that one may have three quarters
 * of all, and several leave something to the next. */
void conn_rx_limit(struct door *d, struct door_conn *c);

struct door_app;

/* Whether an application core does. */
bool conn_rx_much(const struct door *d, const struct door_app *a);

/* Lets those of an application core go on that were held back, if it is time.
 * May free them. */
void conn_rx_go_on(struct door *d, struct door_app *a);

#endif
