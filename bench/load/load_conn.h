/* load_conn.h - a connection of the engine, for load*.c only. */
#ifndef BENCH_LOAD_LOAD_CONN_H
#define BENCH_LOAD_LOAD_CONN_H

#include "bench/load/load.h"

#define LOAD_RETRY_NS 10000000ull /* until a connection is tried again */
#define LOAD_TICK_NS  10000000ull
#define LOAD_OPENING  64  /* connections that are being opened at a time */
#define LOAD_BURST    256 /* questions in a turn */
#define LOAD_HOPELESS 3	  /* times that all are refused, then it is over */

enum load_state {
	CONN_IDLE, /* none: may be opened from `retry` on */
	CONN_OPENING,
	CONN_OPEN,
	CONN_LAST,    /* answered; the peer is to close */
	CONN_CLOSING, /* we have reset it */
};

struct load_conn {
	uint8_t state;
	bool ready;	     /* is in the ring */
	bool full;	     /* has asked as much as it may, not half is done */
	uint32_t head, tail; /* of its flights; count up for ever */
	uint64_t sent, gone; /* bytes */
	uint64_t since;	     /* when it got into this state, or asked last */
	uint64_t retry;
};

/* A question under way. */
struct load_flight {
	uint64_t due, sent;
	uint64_t end; /* of its bytes, as load_conn.sent counts */
	uint32_t tag;
};

static inline struct load_flight *
load_flight_at(struct load *l, unsigned conn, uint32_t i)
{
	return &l->flight[conn * l->depth_ring + (i & (l->depth_ring - 1))];
}

static inline unsigned
load_under_way(const struct load_conn *c)
{
	return c->tail - c->head;
}

/* The connection may ask; it is put at the end of the ring, once. */
void load_ready(struct load *l, unsigned conn);

/* Asks as long as something is due and somebody may. */
void load_issue(struct load *l);

/* Begins to open it; the state says whether that went well. */
void load_open(struct load *l, unsigned conn);

/* The oldest question of a connection has its end: counts it. */
void load_done(struct load *l, unsigned conn, enum tally_kind kind);

#endif
