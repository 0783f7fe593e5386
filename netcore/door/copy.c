/* copy.c - payload into the receive partition of one application. */
#include "netcore/door/copy.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "netcore/door/door.h"

static inline bool
is_copy(const struct door_copies *s, const void *buf)
{
	uintptr_t at = (uintptr_t)buf - (uintptr_t)s->owner;

	return at < s->owner_bytes;
}

/* In place of the driver's: a buffer of either kind comes back. */
static void
release(void *arg, void *buf)
{
	struct door *d = arg;
	struct door_copies *s = d->copies;
	uint16_t *owner = buf;
	struct door_copy *p;

	if (!is_copy(s, buf)) {
		s->release(s->arg, buf);
		return;
	}
	d->app[*owner].copied--;
	p = d->app[*owner].copy;
	p->stack[p->free++] = (uint32_t)(owner - s->owner) - p->first;
}

/* What is sent is in a buffer of the driver's. */
static uint8_t *
take(void *arg, void **buf, uint32_t *room)
{
	const struct door_copies *s = ((struct door *)arg)->copies;

	return s->take(s->arg, buf, room);
}

int
copy_init(struct door *d)
{
	const struct door_config *c = &d->cfg;
	uint64_t all = (uint64_t)c->copies * c->copy_buffers, at[3];
	struct door_copies *s;
	uint32_t *stack;

	at[0] = round_up(sizeof(*s), CACHELINE);
	at[1] = at[0] + round_up(c->copies * sizeof(*s->pool), CACHELINE);
	at[2] = at[1] + round_up(all * sizeof(*stack), CACHELINE);
	s = calloc(1, at[2] + all * sizeof(*s->owner));
	if (!s)
		return -ENOMEM;
	*s = (struct door_copies){
		.pool = (struct door_copy *)(void *)((char *)s + at[0]),
		.pools = c->copies,
		.buffers = c->copy_buffers,
		/* Three quarters for all, half of which is left to those that
		 * come while a core is held back. */
		.packets = c->rx_buffers / 4 * 3 / c->apps + 1,
		.owner_bytes = all * sizeof(*s->owner),
		.owner = (uint16_t *)(void *)((char *)s + at[2]),
		.release = c->release,
		.take = c->take,
		.arg = c->arg,
	};
	stack = (uint32_t *)(void *)((char *)s + at[1]);
	for (unsigned i = 0; i < s->pools; i++) {
		s->pool[i].first = i * s->buffers;
		s->pool[i].stack = stack + s->pool[i].first;
	}
	d->copies = s;
	d->cfg.release = release;
	d->cfg.take = take;
	d->cfg.arg = d;
	return 0;
}

void
copy_fini(struct door *d)
{
	free(d->copies);
	d->copies = NULL;
}

void
copy_app_up(struct door *d, unsigned app, const struct part *p)
{
	struct door_copies *s = d->copies;
	struct door_copy *c = NULL;
	uint64_t wholes =
		(uint64_t)(d->cfg.copy_first + s->buffers) * COPY_ROOM;

	for (unsigned i = 0; i < s->pools && (!c || c->part != p); i++)
		if (s->pool[i].part == p || (!c && !s->pool[i].part))
			c = &s->pool[i];
	/* There are as many as there can be application domains. */
	assert(c && p->bytes >= wholes + d->cfg.copy_wholes * WHOLE_ROOM);
	if (!c->part) {
		for (c->free = 0; c->free < s->buffers; c->free++)
			c->stack[c->free] = s->buffers - 1 - c->free;
		whole_init(&c->whole, p->base + wholes, d->cfg.copy_wholes);
	}
	c->part = p;
	c->cores++;
	d->app[app].copy = c;
}

void
copy_app_down(struct door *d, unsigned app)
{
	struct door_copy *c = d->app[app].copy;

	d->app[app].copy = NULL;
	if (c && !--c->cores)
		c->part = NULL;
}

/* A frame that is longer than a buffer goes in pieces. */
static void
split(struct door *d, struct door_conn *c, struct door_rx *r)
{
	uint32_t i = slab_get(&d->rx);
	struct door_rx *rest = door_rx_at(d, i);

	*rest = *r;
	rest->ptr += COPY_ROOM;
	rest->len -= COPY_ROOM;
	r->len = COPY_ROOM;
	r->next = i;
	if (c->rx_tail == c->untold)
		c->rx_tail = i;
	d->app[c->app].held++;
	d->buffers++;
}

/* Into a buffer of the application core's; there is one. */
static const uint8_t *
copied(struct door *d, uint16_t app, const uint8_t *ptr, uint32_t len,
	void **buf)
{
	struct door_copies *s = d->copies;
	struct door_copy *p = d->app[app].copy;
	uint32_t i = p->stack[--p->free];
	uint8_t *to =
		p->part->base + (uint64_t)(d->cfg.copy_first + i) * COPY_ROOM;

	memcpy(to, ptr, len);
	d->count.copied_bytes += len;
	s->owner[p->first + i] = app;
	d->app[app].copied++;
	*buf = &s->owner[p->first + i];
	return to;
}

bool
copy_untold(struct door *d, struct door_conn *c)
{
	struct door_rx *r = door_rx_at(d, c->untold);
	struct door_copies *s = d->copies;
	struct door_copy *p = d->app[c->app].copy;
	void *packet = r->buf;

	if (unlikely(is_copy(s, packet)))
		return true; /* and its event found no room */
	if (unlikely(!p->free))
		return false;
	if (unlikely(r->len > COPY_ROOM)) {
		split(d, c, r);
		packet = NULL;
	}
	r->ptr = copied(d, c->app, r->ptr, r->len, &r->buf);
	if (likely(packet != NULL))
		s->release(s->arg, packet);
	return true;
}

/* A quarter of them is left to connections. */
const uint8_t *
copy_datagram(struct door *d, unsigned app, const uint8_t *ptr, uint32_t len,
	void **buf)
{
	if (d->app[app].copy->free <= d->copies->buffers / 4)
		return NULL;
	return copied(d, (uint16_t)app, ptr, len, buf);
}

static uint32_t
packets(const struct door_app *a)
{
	return a->held - a->copied;
}

bool
copy_may_go_on(const struct door *d, const struct door_app *a)
{
	return a->copy->free && packets(a) <= d->copies->packets / 2;
}

void
copy_limit(struct door *d, struct door_conn *c)
{
	struct door_app *a = &d->app[c->app];

	if (!copy_may_go_on(d, a))
		conn_hold(d, c);
	if (likely(packets(a) <= d->copies->packets) ||
		(c->flags & CONN_STACK_GONE))
		return;
	d->count.copies_late++;
	conn_rx_cut(d, c);
	c->why = MSG_WHY_NO_MEMORY;
	stack_close(d->stack, c->stack, true);
}
