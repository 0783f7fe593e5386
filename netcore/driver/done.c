/* done.c - slots of frames, ended in any order. */
#include "netcore/driver/done.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

static inline void
advance(struct done *d)
{
	while (d->upto != d->sent && !d->slot[(d->upto + 1) & d->mask].open)
		d->upto++;
	if (d->told < d->upto)
		d->told = d->upto;
}

static void
let_go(void *addr, void *opaque)
{
	struct done_slot *s = opaque;

	(void)addr;
	assert(s->open);
	s->open = false;
	if (s->buf)
		mates_release(s->of->mate, s->buf);
	advance(s->of);
}

int
done_init(struct done *d, uint32_t slots, struct mate *mate)
{
	d->mate = mate;
	d->sent = d->upto = d->told = 0;
	d->mask = slots - 1;
	d->slot = calloc(slots, sizeof(*d->slot));
	if (!d->slot)
		return -ENOMEM;
	for (uint32_t i = 0; i < slots; i++) {
		d->slot[i].of = d;
		d->slot[i].info.free_cb = let_go;
		d->slot[i].info.fcb_opaque = &d->slot[i];
	}
	return 0;
}

void
done_fini(struct done *d)
{
	free(d->slot);
	d->slot = NULL;
}

struct rte_mbuf_ext_shared_info *
done_begin(struct done *d, struct rte_mbuf *buf, uint16_t pieces)
{
	struct done_slot *s;

	assert(done_room(d));
	s = &d->slot[++d->sent & d->mask];
	s->open = true;
	s->buf = buf;
	rte_mbuf_ext_refcnt_set(&s->info, pieces);
	return &s->info;
}

void
done_at_once(struct done *d)
{
	assert(done_room(d));
	d->sent++;
	assert(!d->slot[d->sent & d->mask].open);
	advance(d);
}
