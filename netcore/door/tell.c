/* tell.c - (up, step 4 of 8) what is new about a connection becomes events. */
#include "netcore/door/door.h"

/* Answers to commands have the other half. */
static inline bool
has_room(const struct edge *e)
{
	return likely(!e->parked) || edge_room(e) > LIMIT_PARK / 2;
}

static inline bool
say(struct edge *e, const struct msg *m, unsigned n)
{
	return has_room(e) && edge_send(e, m, n);
}

void
tell_answer(struct door *d, unsigned app, const struct msg *m)
{
	struct edge *e = d->app[app].edge;

	/* There is room for it, or the command had not been taken. */
	if (!edge_send(e, m, 1) && !e->down)
		e->down = EDGE_BAD_MESSAGES;
}

static bool
tell_offer(struct door *d, struct door_conn *c, struct edge *e)
{
	struct msg m[3] = {
		{.type = MSG_NEW_CONN, .arg = c->listen, .conn = c->id}};
	struct ip_addr ip;
	uint16_t port;
	uint8_t bytes[16];
	unsigned n = 1;

	if (stack_peer(d->stack, c->stack, &ip, &port))
		return true; /* it ended already: CONN_END follows */
	if (ip_addr_is_v4(ip)) {
		m->ref = msg_endpoint((uint32_t)ip.lo, port);
	} else {
		m->ref = msg_endpoint(0, port);
		m->flags = MSGF_V6 | MSGF_MORE;
		ip_addr_put(ip, bytes);
		msg_put_addr6(m + 1, bytes);
		n = 3;
	}
	return say(e, m, n);
}

static bool
tell_connected(const struct door_conn *c, struct edge *e)
{
	struct msg m = {.type = MSG_CONNECTED, .conn = c->id, .ref = c->cookie};

	return say(e, &m, 1);
}

/* The first that is untold; it lies in this partition. */
static inline bool
tell_buffer(struct door *d, struct door_conn *c, struct edge *e,
	const struct part *p)
{
	uint32_t i = c->untold;
	const struct door_rx *r = door_rx_at(d, i);
	struct msg m = {
		.type = MSG_NEW_DATA,
		.conn = c->id,
		.ref = msg_data(part_offset(p, r->ptr), r->len),
	};

	/* Before it is said: the answer may come at once. */
	c->unread += r->len;
	c->untold = r->next;
	if (likely(say(e, &m, 1)))
		return true;
	c->unread -= r->len;
	c->untold = i;
	return false;
}

static bool
tell_data(struct door *d, struct door_conn *c, struct edge *e)
{
	while (c->untold)
		if (unlikely(!tell_buffer(d, c, e, d->cfg.rx)))
			return false;
	return true;
}

/* The device is done with what had been acknowledged before. */
static void
wait_over(struct door *d, struct door_conn *c)
{
	while (c->wait[0].bytes &&
		(int32_t)((uint32_t)d->tx_done - c->wait[0].serial) >= 0) {
		c->acked += c->wait[0].bytes;
		c->wait[0] = c->wait[1];
		c->wait[1].bytes = 0;
	}
}

static inline bool
tell_acked(struct door_conn *c, struct edge *e)
{
	struct msg m = {.type = MSG_DATA_ACKED, .conn = c->id, .ref = c->acked};

	if (unlikely(!say(e, &m, 1)))
		return false;
	c->acked = 0;
	return true;
}

static bool
tell_end(struct door_conn *c, struct edge *e)
{
	struct msg m = {.type = MSG_CLEANUP, .arg = c->why, .conn = c->id};

	if (c->flags & CONN_CONNECTING) /* the end of an attempt */
		m = (struct msg){.type = MSG_CONNECT_FAILED,
			.arg = c->why,
			.ref = c->cookie};
	if (!say(e, &m, 1))
		return false;
	if (c->flags & CONN_CONNECTING)
		c->flags |= CONN_APP_GONE;
	c->flags |= CONN_TOLD_END;
	return true;
}

static bool
tell_flag(struct door *d, struct door_conn *c, struct edge *e, unsigned flag)
{
	bool told;

	switch (c->flags & flag) {
	case 0:
		return true;
	case CONN_OFFER:
		told = tell_offer(d, c, e);
		break;
	case CONN_CONNECTED:
		told = tell_connected(c, e);
		break;
	case CONN_EOF: {
		struct msg m = {.type = MSG_REMOTE_CLOSED, .conn = c->id};

		told = say(e, &m, 1);
		break;
	}
	default:
		told = tell_end(c, e);
		break;
	}
	if (told)
		c->flags &= (uint16_t)~flag;
	return told;
}

/* The same as below, of copies. Where a buffer for one is missing the
 * connection is held back, and goes on from there: what was acknowledged must
 * not wait for that, or an application that gives buffers back when it has
 * memory to send from would wait for ever. */
static bool
tell_copied(struct door *d, struct door_conn *c, struct edge *e)
{
	const struct part *p = d->app[c->app].copy->part;

	if (!tell_flag(d, c, e, CONN_OFFER) ||
		!tell_flag(d, c, e, CONN_CONNECTED))
		return false;
	while (c->untold && has_room(e) && copy_untold(d, c))
		if (!tell_buffer(d, c, e, p))
			break;
	if (c->untold)
		copy_limit(d, c);
	if (c->flags & CONN_LISTED)
		return true; /* reset, and its end waits already */
	if (!has_room(e) || (c->acked && !tell_acked(c, e)))
		return false;
	if (c->untold)
		return (c->flags & CONN_HELD) && !c->wait[0].bytes;
	return tell_flag(d, c, e, CONN_EOF) && !c->wait[0].bytes &&
		tell_flag(d, c, e, CONN_END);
}

/* False: the rest must wait. */
static bool
tell_all(struct door *d, struct door_conn *c)
{
	struct edge *e = d->app[c->app].edge;
	const uint32_t odd = CONN_OFFER | CONN_CONNECTED | CONN_EOF | CONN_END;

	if (unlikely(!e))
		return true;
	if (unlikely(c->wait[0].bytes))
		wait_over(d, c);
	if (unlikely(c->flags & (CONN_APP_GONE | CONN_COPIED))) {
		if (!(c->flags & CONN_APP_GONE))
			return tell_copied(d, c, e);
		/* It is told of the end alone. */
		c->untold = 0;
		c->acked = 0;
		c->flags &= (uint16_t) ~(odd & ~(uint32_t)CONN_END);
	}
	if (unlikely(c->flags & odd) &&
		(!tell_flag(d, c, e, CONN_OFFER) ||
			!tell_flag(d, c, e, CONN_CONNECTED)))
		return false;
	if (!tell_data(d, c, e) || (c->acked && !tell_acked(c, e)))
		return false;
	if (likely(!(c->flags & odd)))
		return !c->wait[0].bytes;
	return tell_flag(d, c, e, CONN_EOF) && !c->wait[0].bytes &&
		tell_flag(d, c, e, CONN_END);
}

/* --- what waits -----------------------------------------------------------*/

static void
enlist(struct door *d, struct door_conn *c)
{
	struct door_app *a = &d->app[c->app];
	uint32_t i = idpool_index(c->id) + 1;

	c->flags |= CONN_LISTED;
	c->next = 0;
	if (a->pending_tail)
		d->conn[a->pending_tail - 1].next = i;
	else
		a->pending_head = i;
	if (!a->pending_tail)
		d->pending++;
	a->pending_tail = i;
	d->count.told_late++;
}

void
tell(struct door *d, struct door_conn *c)
{
	if (unlikely(c->flags & CONN_LISTED)) {
		if ((c->flags & CONN_COPIED) && c->untold)
			copy_limit(d, c);
		return; /* behind what waits already */
	}
	if (unlikely(!tell_all(d, c)))
		enlist(d, c);
	else if (unlikely(c->flags & CONN_STACK_GONE))
		conn_try_free(d, c);
}

/* Each of them once; who must wait on goes to the end. */
static void
retry(struct door *d, struct door_app *a)
{
	uint32_t last = a->pending_tail;

	while (a->pending_head) {
		uint32_t i = a->pending_head;
		struct door_conn *c = &d->conn[i - 1];
		bool full = !has_room(a->edge);

		if (full)
			return;
		a->pending_head = c->next;
		if (!a->pending_head) {
			a->pending_tail = 0;
			d->pending--;
		}
		c->flags &= (uint16_t)~CONN_LISTED;
		tell(d, c);
		if (i == last)
			return;
	}
}

__attribute__((noinline)) static bool
turn(struct door *d)
{
	if (d->udp_news)
		datagram_turn(d);
	if (!d->pending && !d->held)
		return false;
	for (unsigned i = 0; i < d->cfg.apps; i++) {
		if (d->app[i].pending_head)
			retry(d, &d->app[i]);
		if (d->app[i].back_head)
			conn_rx_go_on(d, &d->app[i]);
	}
	return d->pending && d->tx_done != d->tx_sent;
}

bool
door_turn(struct door *d)
{
	return unlikely(d->pending || d->held || d->udp_news) && turn(d);
}
