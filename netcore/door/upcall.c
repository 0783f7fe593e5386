/* upcall.c - (up, step 4 of 8) what the stack says. Its `user` is the index of
 * the door's connection. */
#include "netcore/door/door.h"

static void
accepted(void *arg, stack_conn sc, uint64_t listener)
{
	struct door *d = arg;
	struct door_conn *c;
	uint16_t id = 0;
	int app = listen_dispatch(d, listener, &id);

	if (app < 0)
		d->count.nobody_listens++;
	c = app < 0 ? NULL
		    : conn_new(d, (unsigned)app, &d->app[app].over.accepts);
	if (!c) {
		stack_set_user(d->stack, sc, UINT64_MAX);
		stack_close(d->stack, sc, true);
		return;
	}
	d->count.offered++;
	c->stack = sc;
	c->listen = id;
	c->flags |= CONN_OFFER;
	stack_set_user(d->stack, sc, idpool_index(c->id));
	stack_set_account(d->stack, sc, c->process);
	tell(d, c);
}

static void
connected(void *arg, stack_conn sc, uint64_t user)
{
	struct door *d = arg;
	struct door_conn *c = &d->conn[user];

	(void)sc;
	d->count.connected++;
	c->flags &= (uint16_t)~CONN_CONNECTING;
	c->flags |= CONN_CONNECTED;
	tell(d, c);
}

static void
data(void *arg, stack_conn sc, uint64_t user, const uint8_t *ptr, uint32_t len,
	void *buf)
{
	struct door *d = arg;
	struct door_conn *c = &d->conn[user];

	if (unlikely(c->flags & (CONN_APP_GONE | CONN_DEAF))) {
		d->cfg.release(d->cfg.arg, buf);
		stack_recv_done(d->stack, sc, len);
		return;
	}
	conn_rx_add(d, c, ptr, len, buf);
	conn_rx_limit(d, c);
	tell(d, c);
}

/* The device may still have to send what was acknowledged: sent again, and
 * answered meanwhile. */
static void
acked(void *arg, stack_conn sc, uint64_t user, uint32_t bytes)
{
	struct door *d = arg;
	struct door_conn *c = &d->conn[user];
	struct door_wait *w;

	(void)sc;
	if (likely(d->tx_done == d->tx_sent && !c->wait[0].bytes)) {
		c->acked += bytes;
	} else {
		w = &c->wait[!!c->wait[0].bytes];
		w->bytes += bytes;
		w->serial = (uint32_t)d->tx_sent;
		d->count.tx_waits++;
	}
	tell(d, c);
}

static void
remote_closed(void *arg, stack_conn sc, uint64_t user)
{
	struct door *d = arg;
	struct door_conn *c = &d->conn[user];

	(void)sc;
	c->flags |= CONN_EOF;
	tell(d, c);
}

static uint8_t
reason(enum stack_why why)
{
	static const uint8_t reasons[] = {
		[STACK_CLOSED] = MSG_WHY_CLOSED,
		[STACK_RESET] = MSG_WHY_RESET,
		[STACK_REFUSED] = MSG_WHY_REFUSED,
		[STACK_TIMEOUT] = MSG_WHY_TIMEOUT,
		[STACK_UNREACHABLE] = MSG_WHY_UNREACHABLE,
		[STACK_ABORTED] = MSG_WHY_CLOSED,
	};

	return reasons[why];
}

/* Memory that was being sent may be in the device's hands a while longer: the
 * end waits for that as an acknowledgement does. */
static void
closed(void *arg, stack_conn sc, uint64_t user, enum stack_why why)
{
	struct door *d = arg;
	struct door_conn *c;

	(void)sc;
	if (user == UINT64_MAX)
		return; /* it never was anybody's */
	c = &d->conn[user];
	c->flags |= CONN_STACK_GONE;
	if (!(c->flags & CONN_TOLD_END))
		c->flags |= CONN_END;
	if (c->why == MSG_WHY_CLOSED)
		c->why = reason(why);
	if (c->flags & CONN_CONNECTING)
		d->count.connect_failed++;
	if (c->flags & CONN_OFFER) { /* nobody knows of it yet */
		c->flags &= (uint16_t) ~(CONN_OFFER | CONN_END | CONN_EOF);
		c->flags |= CONN_APP_GONE;
	}
	tell(d, c);
}

static void
datagram(void *arg, const struct stack_datagram *g)
{
	struct door *d = arg;

	if (likely(datagram_in(d, g)))
		return;
	for (unsigned i = 0; i < g->pieces; i++)
		d->cfg.release(d->cfg.arg, g->buf[i]);
}

static void
release(void *arg, void *buf)
{
	struct door *d = arg;

	d->cfg.release(d->cfg.arg, buf);
}

const struct stack_ops door_ops = {
	.accepted = accepted,
	.connected = connected,
	.data = data,
	.acked = acked,
	.remote_closed = remote_closed,
	.closed = closed,
	.datagram = datagram,
	.release = release,
};
