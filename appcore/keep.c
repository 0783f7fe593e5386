/* keep.c - what data() left, and what came behind it, to be read later.
 *
 * A piece that is kept holds a buffer of the network core's, so there are never
 * many: a node of a table for each, in a list of its connection. */
#include <sys/mman.h>

#include "appcore/appcore.h"
#include "dlibos/base/log.h"

void
keep_open(struct dl *dl)
{
	/* Zero pages, of which those are made that are used. */
	dl->kept = mmap(NULL, LIMIT_KEPT * sizeof(*dl->kept),
		PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (dl->kept == MAP_FAILED)
		die(EXIT_FAIL, "core %u: out of memory for %u pieces",
			dl->core->plan.id, LIMIT_KEPT);
	dl->free_kept = 0;
	dl->fresh_kept = 1;
}

void
keep_close(struct dl *dl)
{
	munmap(dl->kept, LIMIT_KEPT * sizeof(*dl->kept));
}

/* The number of a node; 0: there is none left, and c is reset. */
static uint32_t
node(struct dl_conn *c, const uint8_t *ptr, uint32_t len)
{
	struct dl *dl = c->dl;
	uint32_t i = dl->free_kept;

	if (i) {
		dl->free_kept = dl->kept[i].next;
	} else if (dl->fresh_kept < LIMIT_KEPT) {
		i = dl->fresh_kept++;
	} else {
		dl->count.keep_failed++;
		dl_abort(c);
		return 0;
	}
	dl->kept[i] = (struct kept){ptr, len, 0};
	dl->count.kept++;
	return i;
}

static struct kept
pop(struct dl_conn *c)
{
	struct dl *dl = c->dl;
	uint32_t i = c->kept;
	struct kept k = dl->kept[i];

	c->kept = k.next;
	dl->kept[i].next = dl->free_kept;
	dl->free_kept = i;
	return k;
}

void
keep_forget(struct dl_conn *c)
{
	while (c->kept)
		pop(c);
	c->flags &= (uint16_t)~CONN_KEEPS;
}

void
keep_behind(struct dl_conn *c, const uint8_t *ptr, uint32_t len)
{
	uint32_t i;

	if (c->flags & CONN_DONE)
		return;
	c->unread += len;
	c->dl->count.rx_bytes += len;
	i = node(c, ptr, len);
	if (!i)
		return;
	c->dl->kept[c->kept_last].next = i;
	c->kept_last = i;
}

void
dl_keep(struct dl_conn *c, const void *ptr, size_t len)
{
	uint32_t i;

	if (!len || c->flags & (CONN_DONE | CONN_ENDED))
		return;
	i = node(c, ptr, (uint32_t)len);
	if (!i)
		return;
	c->dl->kept[i].next = c->kept;
	if (!c->kept)
		c->kept_last = i;
	c->kept = i;
	c->flags |= CONN_KEEPS;
}

void
dl_read_on(struct dl_conn *c)
{
	if (!(c->flags & CONN_KEEPS) || c->flags & CONN_ENDED)
		return;
	while (c->kept) {
		struct kept k = pop(c);
		uint32_t rest = c->kept;

		c->handler->data(c->dl, c, k.ptr, k.len);
		if (c->kept != rest)
			return; /* it keeps this one, or has closed c */
	}
	if (!(c->flags & CONN_KEEPS))
		return; /* it has closed c with the last one */
	c->flags &= (uint16_t)~CONN_KEEPS;
	if (!(c->flags & CONN_HUSH))
		return;
	c->flags &= (uint16_t)~CONN_HUSH;
	event_remote_closed(c);
}
