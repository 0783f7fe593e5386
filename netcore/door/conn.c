/* conn.c - connections, and the received pieces that each holds. */
#include "netcore/door/door.h"

struct door_conn *
conn_new(struct door *d, unsigned app, uint64_t *over)
{
	unsigned process = d->app[app].process;
	struct door_conn *c;
	uint32_t id;

	if (!quota_take(&d->share[SHARE_CONNS], process)) {
		++*over;
		return NULL;
	}
	id = idpool_get(&d->ids);
	if (!id) {
		quota_put(&d->share[SHARE_CONNS], process, 1);
		d->count.conns_full++;
		return NULL;
	}
	c = &d->conn[idpool_index(id)];
	*c = (struct door_conn){.id = id,
		.app = (uint16_t)app,
		.process = (uint8_t)process,
		.flags = d->app[app].copy ? CONN_COPIED : 0};
	d->app[app].conns++;
	return c;
}

void
conn_try_free(struct door *d, struct door_conn *c)
{
	const uint32_t both = CONN_STACK_GONE | CONN_APP_GONE;

	if ((c->flags & both) != both || (c->flags & (CONN_LISTED | CONN_HELD)))
		return;
	conn_rx_drop(d, c);
	d->app[c->app].conns--;
	quota_put(&d->share[SHARE_CONNS], c->process, 1);
	d->count.closed++;
	idpool_put(&d->ids, c->id);
	c->id = 0;
}

int
door_owner(const struct door *d, stack_conn sc, uint64_t user)
{
	const struct door_conn *c;

	if (user >= d->cfg.conns)
		return -1;
	c = &d->conn[user];
	if (!c->id || c->stack != sc ||
		c->flags & (CONN_STACK_GONE | CONN_APP_GONE))
		return -1;
	return c->app;
}

/* --- received buffers -----------------------------------------------------*/

void
conn_rx_add(struct door *d, struct door_conn *c, const uint8_t *ptr,
	uint32_t len, void *buf)
{
	uint32_t i = slab_get(&d->rx);

	/* There are as many as buffers, and each lies in one place. */
	*door_rx_at(d, i) =
		(struct door_rx){.len = len, .ptr = ptr, .buf = buf};
	if (c->rx_tail)
		door_rx_at(d, c->rx_tail)->next = i;
	else
		c->rx_head = i;
	c->rx_tail = i;
	if (!c->untold)
		c->untold = i;
	d->app[c->app].held++;
	d->buffers++;
}

static void
drop_head(struct door *d, struct door_conn *c)
{
	uint32_t i = c->rx_head;
	struct door_rx *r = door_rx_at(d, i);

	c->rx_head = r->next;
	if (!c->rx_head)
		c->rx_tail = 0;
	if (c->untold == i)
		c->untold = c->rx_head;
	d->cfg.release(d->cfg.arg, r->buf);
	slab_put(&d->rx, i);
	d->app[c->app].held--;
	d->buffers--;
}

void
conn_rx_done(struct door *d, struct door_conn *c, uint32_t bytes)
{
	c->unread -= bytes;
	while (bytes) {
		struct door_rx *r = door_rx_at(d, c->rx_head);

		if (bytes < r->len) {
			r->len -= bytes;
			return;
		}
		bytes -= r->len;
		drop_head(d, c);
	}
}

void
conn_rx_drop(struct door *d, struct door_conn *c)
{
	while (c->rx_head)
		drop_head(d, c);
	c->unread = 0;
}

void
conn_rx_cut(struct door *d, struct door_conn *c)
{
	uint32_t head = c->rx_head, last = 0;

	for (uint32_t i = head; i != c->untold; i = door_rx_at(d, i)->next)
		last = i;
	c->rx_head = c->untold;
	while (c->rx_head)
		drop_head(d, c);
	if (!last)
		return;
	door_rx_at(d, last)->next = 0;
	c->rx_head = head;
	c->rx_tail = last;
}

bool
conn_rx_much(const struct door *d, const struct door_app *a)
{
	return a->held > 3 * (d->cfg.rx_buffers - d->buffers);
}

void
conn_hold(struct door *d, struct door_conn *c)
{
	struct door_app *a = &d->app[c->app];
	uint32_t i = idpool_index(c->id) + 1;

	if (c->flags & CONN_HELD)
		return;
	c->flags |= CONN_HELD;
	c->back_next = 0;
	if (a->back_head)
		d->conn[a->back_tail - 1].back_next = i;
	else
		a->back_head = i;
	a->back_tail = i;
	d->held++;
	d->count.held++;
	stack_hold(d->stack, c->stack, true);
}

void
conn_rx_limit(struct door *d, struct door_conn *c)
{
	if (unlikely(conn_rx_much(d, &d->app[c->app])))
		conn_hold(d, c);
}

static bool
may_go_on(const struct door *d, const struct door_app *a)
{
	return a->copy ? copy_may_go_on(d, a) : !conn_rx_much(d, a);
}

/* As many as were held back since the last time, a frame each. */
void
conn_rx_go_on(struct door *d, struct door_app *a)
{
	while (a->back_head && may_go_on(d, a)) {
		struct door_conn *c = &d->conn[a->back_head - 1];

		a->back_head = c->back_next;
		d->held--;
		c->flags &= (uint16_t)~CONN_HELD;
		if (!(c->flags & CONN_STACK_GONE))
			stack_hold(d->stack, c->stack, false);
		if (c->flags & CONN_COPIED)
			tell(d, c); /* what waited for buffers of its own */
		else if (c->flags & CONN_STACK_GONE)
			conn_try_free(d, c);
	}
}
