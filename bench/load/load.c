/* load.c - the phases of a run, and what comes on a connection. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load/load_conn.h"
#include "dlibos/base/atomic.h"

/* --- the end of a question ------------------------------------------------*/

/* In a closed loop answers count that come within the span; in an open one
 * those to questions that were due in it, whenever they come. */
static bool
counts(const struct load *l, uint64_t due)
{
	if (l->conf.rate > 0)
		return l->phase > LOAD_WARM && due >= l->began;
	return l->phase == LOAD_RUN;
}

void
load_done(struct load *l, unsigned conn, enum tally_kind kind)
{
	struct load_conn *c = &l->conn[conn];
	struct load_flight *f = load_flight_at(l, conn, c->head);
	struct tally *t = &l->tally;

	c->head++;
	c->since = l->now;
	l->under_way--;
	if (kind != TALLY_OK)
		t->error[kind]++;
	if (kind == TALLY_WRONG)
		l->stop = true;
	if (!counts(l, f->due))
		return;
	if (kind == TALLY_OK) {
		atomic_store_rel_64(&t->done, t->done + 1);
		l->last = l->now;
	}
	if (kind == TALLY_OK || kind == TALLY_TIMEOUT)
		hist_add(&t->hist, l->now - f->due);
}

/* All that is under way on it has failed. */
static void
fail_all(struct load *l, unsigned conn, enum tally_kind kind)
{
	while (load_under_way(&l->conn[conn]))
		load_done(l, conn, kind);
}

static void
reset(struct load *l, unsigned conn, enum tally_kind kind)
{
	struct load_conn *c = &l->conn[conn];

	if (c->state == CONN_OPENING) {
		l->opening--;
		if (!load_under_way(c))
			l->tally.error[kind]++;
	}
	fail_all(l, conn, kind);
	c->state = CONN_CLOSING;
	c->retry = l->now + LOAD_RETRY_NS;
	l->wire->close(l->wire_arg, conn);
}

/* --- what comes -----------------------------------------------------------*/

void
load_bytes(
	struct load *l, unsigned conn, const void *p, size_t len, uint64_t now)
{
	struct load_conn *c = &l->conn[conn];
	uint8_t *state = l->state + conn * l->proto->state;
	const uint8_t *at = p;

	l->now = now;
	if (l->phase == LOAD_RUN || l->phase == LOAD_DRAIN)
		l->tally.bytes += len;
	while (len && c->state == CONN_OPEN) {
		enum tally_kind kind = TALLY_OK;
		enum proto_eat e;
		size_t used = 0;

		if (!load_under_way(c)) { /* nobody has asked */
			l->tally.error[TALLY_GARBAGE]++;
			reset(l, conn, TALLY_GARBAGE);
			return;
		}
		e = l->proto->eat(l->proto_arg, state,
			load_flight_at(l, conn, c->head)->tag, at, len, &used,
			&kind);
		at += used;
		len -= used;
		if (e == PROTO_MORE)
			return;
		if (e == PROTO_BAD) {
			reset(l, conn, kind == TALLY_OK ? TALLY_GARBAGE : kind);
			return;
		}
		load_done(l, conn, kind);
		if (l->conf.one || e == PROTO_LAST)
			c->state = CONN_LAST;
		else
			load_ready(l, conn);
	}
}

/* What the end of a connection means for what it was asked last. */
static void
ended(struct load *l, unsigned conn, enum tally_kind why)
{
	struct load_conn *c = &l->conn[conn];
	enum tally_kind kind = TALLY_OK;

	if (!load_under_way(c)) {
		if (why != TALLY_OK)
			l->tally.error[why]++;
		else
			l->tally.reopened++;
		return;
	}
	if (why == TALLY_OK && l->proto->end &&
		l->proto->end(l->proto_arg, l->state + conn * l->proto->state,
			load_flight_at(l, conn, c->head)->tag,
			&kind) != PROTO_BAD)
		load_done(l, conn, kind);
	fail_all(l, conn, why == TALLY_OK ? TALLY_SHORT : why);
}

void
load_closed(struct load *l, unsigned conn, enum tally_kind why, uint64_t now)
{
	struct load_conn *c = &l->conn[conn];
	uint64_t failed = l->tally.done;

	l->now = now;
	switch (c->state) {
	case CONN_IDLE:
		return;
	case CONN_OPENING:
		l->opening--;
		c->retry = now + LOAD_RETRY_NS;
		if (why == TALLY_OK)
			why = TALLY_REFUSED;
		if (!load_under_way(c))
			l->tally.error[why]++;
		fail_all(l, conn, why);
		break;
	case CONN_OPEN:
		ended(l, conn, why);
		if (failed == l->tally.done)
			c->retry = now + LOAD_RETRY_NS;
		break;
	case CONN_LAST: /* that was to be */
		if (load_under_way(c))
			fail_all(l, conn, TALLY_SHORT);
		break;
	case CONN_CLOSING:
		fail_all(l, conn, TALLY_RESET);
		break;
	}
	c->state = CONN_IDLE;
	c->since = now;
	if (c->retry > now)
		return; /* tick() opens it */
	if (l->conf.one)
		load_ready(l, conn);
	else if (l->phase != LOAD_CONNECT && l->phase != LOAD_OVER)
		load_open(l, conn);
}

/* --- phases ---------------------------------------------------------------*/

static void
enter(struct load *l, enum load_phase p)
{
	l->phase = p;
	switch (p) {
	case LOAD_WARM:
		l->began = l->now + l->conf.warm_ns;
		l->end = l->began + l->conf.run_ns;
		if (l->conf.rate > 0)
			arrival_init(&l->arrival, l->conf.rate, l->conf.arrival,
				l->conf.seed, l->now);
		break;
	case LOAD_OVER:
		for (unsigned i = 0; i < l->conf.conns; i++)
			if (l->conn[i].state == CONN_OPEN)
				l->tally.conns++;
		break;
	default:
		break;
	}
}

static bool
hopeless(const struct load *l)
{
	const uint64_t *e = l->tally.error;

	return !l->connected &&
		e[TALLY_REFUSED] + e[TALLY_UNREACHABLE] + e[TALLY_TIMEOUT] >=
		(uint64_t)LOAD_HOPELESS * l->conf.conns;
}

/* A few at a time, so that no queue of half-open ones overflows. */
static void
connect_some(struct load *l)
{
	if (l->conf.one)
		l->tried = l->conf.conns;
	while (l->tried < l->conf.conns && l->opening < LOAD_OPENING) {
		load_open(l, l->tried);
		if (l->conn[l->tried].state != CONN_OPENING)
			break;
		l->tried++;
	}
	if (l->tried == l->conf.conns && !l->opening)
		enter(l, LOAD_WARM);
}

static void
phases(struct load *l)
{
	bool waits;

	if (l->phase == LOAD_CONNECT)
		connect_some(l);
	if (l->phase == LOAD_WARM && l->now >= l->began)
		enter(l, LOAD_RUN);
	if (l->phase == LOAD_RUN && l->now >= l->end)
		enter(l, LOAD_DRAIN);
	waits = l->conf.rate > 0 &&
		(l->under_way || l->arrival.next < l->end) &&
		l->now < l->end + l->conf.timeout_ns;
	if (l->phase == LOAD_DRAIN && !waits)
		enter(l, LOAD_OVER);
	if ((l->dry && !l->under_way) || l->stop || hopeless(l))
		if (l->phase != LOAD_OVER)
			enter(l, LOAD_OVER);
}

/* Timeouts, and connections that are tried again. A look at all of them costs
 * a microsecond for each hundred. */
static void
tick(struct load *l)
{
	l->tick = l->now + LOAD_TICK_NS;
	for (unsigned i = 0; i < l->conf.conns; i++) {
		struct load_conn *c = &l->conn[i];
		bool waits = load_under_way(c) || c->state == CONN_OPENING ||
			c->state == CONN_LAST;
		uint64_t since = load_under_way(c)
			? load_flight_at(l, i, c->head)->sent
			: c->since;

		if (c->state == CONN_CLOSING)
			continue;
		if (waits && l->now - since > l->conf.timeout_ns) {
			reset(l, i, TALLY_TIMEOUT);
		} else if (c->state == CONN_IDLE && c->retry <= l->now) {
			if (l->conf.one)
				load_ready(l, i);
			else if (i < l->tried && l->phase != LOAD_OVER)
				load_open(l, i);
		} else if (c->state == CONN_OPEN &&
			load_under_way(c) < l->conf.depth && !l->conf.one) {
			load_ready(l, i);
		}
	}
}

uint64_t
load_turn(struct load *l, uint64_t now)
{
	uint64_t next;

	l->now = now;
	if (now >= l->tick)
		tick(l);
	phases(l);
	load_issue(l);
	if (l->phase == LOAD_OVER)
		return now;
	next = l->tick;
	if (l->phase == LOAD_WARM && l->began < next)
		next = l->began;
	if (l->phase == LOAD_RUN && l->end < next)
		next = l->end;
	if (l->phase > LOAD_CONNECT && l->ready_n) {
		uint64_t due = l->conf.rate > 0 ? l->arrival.next : now;

		if (due < next && (!(l->conf.rate > 0) || due < l->end))
			next = due;
	}
	return next > now ? next : now;
}

/* --- begin and end --------------------------------------------------------*/

int
load_init(struct load *l, const struct load_conf *c, const struct wire *wire,
	void *wire_arg, const struct proto *proto, void *proto_arg)
{
	unsigned ring = 1, ready = 1;

	memset(l, 0, sizeof(*l));
	l->conf = *c;
	l->wire = wire, l->wire_arg = wire_arg;
	l->proto = proto, l->proto_arg = proto_arg;
	while (ring < c->depth)
		ring *= 2;
	while (ready < c->conns)
		ready *= 2;
	l->depth_ring = ring;
	l->ready_mask = ready - 1;
	l->conn = calloc(c->conns, sizeof(*l->conn));
	l->flight = calloc((size_t)c->conns * ring, sizeof(*l->flight));
	l->state = calloc(c->conns, proto->state + 1);
	l->ready = calloc(ready, sizeof(*l->ready));
	if (proto->cell)
		l->cell = wire->memory(
			wire_arg, (size_t)c->conns * ring * proto->cell);
	if (l->conn && l->flight && l->state && l->ready &&
		(l->cell || !proto->cell))
		return 0;
	load_fini(l);
	return -ENOMEM;
}

void
load_fini(struct load *l)
{
	free(l->conn);
	free(l->flight);
	free(l->state);
	free(l->ready);
	l->conn = NULL;
	l->flight = NULL;
	l->state = NULL;
	l->ready = NULL;
}

void
load_start(struct load *l, uint64_t now)
{
	l->now = now;
	l->tick = now + LOAD_TICK_NS;
	if (l->conf.one)
		for (unsigned i = 0; i < l->conf.conns; i++)
			load_ready(l, i);
}

/* What an open loop still owes has waited until now at least. */
void
load_finish(struct load *l, uint64_t now)
{
	uint64_t end = now < l->end ? now : l->end;

	l->now = now;
	if (l->phase != LOAD_OVER)
		enter(l, LOAD_OVER);
	if (now > l->began && l->end)
		l->tally.ns = end - l->began;
	if (l->conf.rate > 0 && l->end && !l->stop) {
		bool cut = now < l->end; /* the user would not wait */

		for (unsigned i = 0; i < l->conf.conns && !cut; i++)
			fail_all(l, i, TALLY_TIMEOUT);
		for (; l->arrival.next < end; arrival_take(&l->arrival)) {
			if (l->arrival.next < l->began)
				continue;
			hist_add(&l->tally.hist, now - l->arrival.next);
			l->tally.unsent++;
		}
		if (l->last > l->end)
			l->tally.ns = l->last - l->began;
	}
}
