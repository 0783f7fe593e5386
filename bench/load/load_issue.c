/* load_issue.c - who asks when.
 *
 * Connections that may ask stand in a ring. In an open loop the schedule's head
 * is what is due next, and it is taken only when somebody has asked: what
 * nobody could ask yet needs no memory, however much it is. */
#include <errno.h>
#include <string.h>

#include "bench/load/load_conn.h"

void
load_ready(struct load *l, unsigned conn)
{
	struct load_conn *c = &l->conn[conn];

	if (c->ready)
		return;
	c->ready = true;
	l->ready[(l->ready_head + l->ready_n++) & l->ready_mask] = conn;
}

static unsigned
take_ready(struct load *l)
{
	unsigned conn = l->ready[l->ready_head & l->ready_mask];

	l->ready_head++;
	l->ready_n--;
	l->conn[conn].ready = false;
	return conn;
}

void
load_open(struct load *l, unsigned conn)
{
	struct load_conn *c = &l->conn[conn];

	c->since = l->now;
	if (l->wire->open(l->wire_arg, conn)) {
		c->retry = l->now + LOAD_RETRY_NS / 10;
		return;
	}
	c->state = CONN_OPENING;
	c->full = false;
	c->sent = c->gone = 0;
	c->head = c->tail = 0;
	l->opening++;
}

/* The cell of a question is free when its bytes have gone. */
static bool
has_cell(struct load *l, unsigned conn)
{
	const struct load_conn *c = &l->conn[conn];

	return !l->proto->cell || c->tail < l->depth_ring ||
		load_flight_at(l, conn, c->tail)->end <= c->gone;
}

/* 0: it has asked; else it cannot at the moment, and is told when it can. */
static int
ask(struct load *l, unsigned conn, struct load_flight *f)
{
	struct load_conn *c = &l->conn[conn];
	struct wire_piece piece[WIRE_PIECES];
	uint8_t *cell = l->cell + (size_t)(f - l->flight) * l->proto->cell;
	unsigned n = l->proto->ask(l->proto_arg, cell, piece, &f->tag);
	int rc;

	if (!n) {
		l->dry = true;
		return -ENODATA;
	}
	rc = l->wire->send(l->wire_arg, conn, piece, n);
	if (rc && l->proto->unask)
		l->proto->unask(l->proto_arg);
	if (rc)
		return rc;
	for (unsigned i = 0; i < n; i++)
		c->sent += piece[i].len;
	f->end = c->sent;
	f->sent = l->now;
	return 0;
}

/* `due` is when it should have been. */
static int
begin(struct load *l, unsigned conn, uint64_t due)
{
	struct load_conn *c = &l->conn[conn];
	struct load_flight *f;
	int rc = 0;

	if (l->conf.one) {
		load_open(l, conn);
		if (c->state != CONN_OPENING)
			return -EAGAIN;
		f = load_flight_at(l, conn, c->tail);
		f->sent = l->now;
		f->end = 0;
	} else {
		if (!has_cell(l, conn))
			return -EAGAIN;
		f = load_flight_at(l, conn, c->tail);
		rc = ask(l, conn, f);
	}
	if (rc)
		return rc;
	f->due = due;
	c->tail++;
	c->since = l->now;
	c->full = l->conf.rate > 0 && load_under_way(c) == l->conf.depth;
	l->under_way++;
	return 0;
}

/* In an open loop that is late, a connection which asked for each answer that
 * came would go on with one question a segment for ever: the dearest way, and
 * so it would stay late. */
static bool
may_ask(const struct load *l, const struct load_conn *c)
{
	if (l->conf.one)
		return c->state == CONN_IDLE && c->retry <= l->now;
	if (c->full && load_under_way(c) > l->conf.depth / 2)
		return false;
	return c->state == CONN_OPEN && load_under_way(c) < l->conf.depth;
}

/* Of a connection that was opened for one question. */
static void
ask_first(struct load *l, unsigned conn)
{
	struct load_flight *f = load_flight_at(l, conn, l->conn[conn].head);

	if (ask(l, conn, f))
		l->wire->close(l->wire_arg, conn);
}

/* What is due goes to this connection until it may ask no more: what is sent
 * within a turn on one connection shares a segment. How many have asked. */
static unsigned
ask_due(struct load *l, unsigned conn, unsigned most)
{
	bool open_loop = l->conf.rate > 0;
	unsigned n = 0;

	while (n < most && may_ask(l, &l->conn[conn])) {
		uint64_t due = open_loop ? l->arrival.next : l->now;

		if (due > l->now || (open_loop && due >= l->end))
			break;
		if (begin(l, conn, due))
			return n; /* it is told when it can */
		if (open_loop)
			arrival_take(&l->arrival);
		n++;
	}
	if (may_ask(l, &l->conn[conn]))
		load_ready(l, conn);
	return n;
}

void
load_issue(struct load *l)
{
	bool open_loop = l->conf.rate > 0;
	unsigned left = LOAD_BURST;

	if (l->phase < LOAD_WARM || l->phase == LOAD_OVER || l->dry ||
		(l->phase == LOAD_DRAIN && !open_loop))
		return;
	while (left && l->ready_n && !l->dry) {
		if (open_loop &&
			(l->arrival.next > l->now || l->arrival.next >= l->end))
			return;
		left -= ask_due(l, take_ready(l), left);
	}
}

void
load_connected(struct load *l, unsigned conn, uint64_t now)
{
	struct load_conn *c = &l->conn[conn];

	l->now = now;
	if (c->state != CONN_OPENING)
		return;
	l->opening--;
	l->connected = true;
	c->state = CONN_OPEN;
	memset(l->state + conn * l->proto->state, 0, l->proto->state);
	if (l->conf.bare) {
		load_done(l, conn, TALLY_OK);
		c->state = CONN_CLOSING;
		l->wire->close(l->wire_arg, conn);
	} else if (l->conf.one) {
		ask_first(l, conn);
	} else {
		load_ready(l, conn);
	}
}

void
load_sent(struct load *l, unsigned conn, size_t len)
{
	struct load_conn *c = &l->conn[conn];

	c->gone += len;
	if (l->phase == LOAD_RUN)
		l->tally.sent += len;
	if (l->proto->cell && may_ask(l, c))
		load_ready(l, conn);
}

void
load_room(struct load *l, unsigned conn)
{
	if (may_ask(l, &l->conn[conn]))
		load_ready(l, conn);
}
