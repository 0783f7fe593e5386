/* whole.c - datagrams of several packets, put together. */
#include <assert.h>
#include <string.h>

#include "netcore/door/door.h"

_Static_assert(WHOLE_MOST <= 32, "a bit each");
_Static_assert(WHOLE_ROOM % COPY_ROOM == 0, "they take the place of copies");

void
whole_init(struct door_whole *w, uint8_t *base, uint32_t n)
{
	*w = (struct door_whole){
		.base = base, .n = n, .free = (uint32_t)((1ull << n) - 1)};
}

static struct door_whole *
of(struct door *d, unsigned app)
{
	struct door_copy *c = d->app[app].copy;

	return c ? &c->whole : &d->whole;
}

const uint8_t *
whole_make(struct door *d, unsigned app, const struct stack_datagram *g)
{
	struct door_whole *w = of(d, app);
	uint8_t *at, *to;
	uint32_t i;

	if (!w->free) {
		++*(w->n ? &d->count.udp_held : &d->count.udp_rx_long);
		return NULL;
	}
	i = (uint32_t)__builtin_ctz(w->free);
	w->free &= w->free - 1;
	at = to = w->base + (uint64_t)i * WHOLE_ROOM;
	for (unsigned k = 0; k < g->pieces; to += g->piece[k++].len) {
		memcpy(to, g->piece[k].ptr, g->piece[k].len);
		d->cfg.release(d->cfg.arg, g->buf[k]);
	}
	d->count.udp_wholes++;
	return at;
}

void
whole_put(struct door *d, unsigned app, const void *at)
{
	struct door_whole *w = of(d, app);
	uint64_t off = (uintptr_t)at - (uintptr_t)w->base;

	assert(off < (uint64_t)w->n * WHOLE_ROOM && off % WHOLE_ROOM == 0);
	w->free |= 1u << off / WHOLE_ROOM;
}
