/* store_walk.c - all items one after another, for those who look: page by page
 * as store_work.c does, and not along the segments, in which they move.
 */
#include "apps/memcached/store_in.h"

/* The item of a chunk, held, if one is linked there and live. False: another
 * thread has its stripe just now. */
static bool
pick(struct store *s, struct item *it, struct item **out)
{
	struct lock *stripe;

	*out = NULL;
	if (!it->where || !(relaxed_load_8(&it->state) & ITEM_LINKED))
		return true;
	stripe = stripe_of(s, it->hash);
	if (!lock_try(s->shared, stripe))
		return false;
	if (!item_over(s, it) && !item_flushed(s, it)) {
		ref_add(s->shared, it, REF_USER);
		*out = it;
	}
	lock_drop(s->shared, stripe);
	return true;
}

/* Goes on in a page of class `cls`. False: not now. */
static bool
walk_page(struct store *s, struct store_walk *w, uint32_t cls,
	struct store_walked *to)
{
	struct slab_class *k = &s->c->classes[cls];
	const struct slab_page *p = &s->c->pages[w->page];
	bool good = true;

	lock_take(s->shared, &k->lock);
	for (; to->n < to->most && to->looks && w->chunk < p->carved;
		to->looks--) {
		size_t at = (size_t)w->chunk * k->size;

		good = pick(s, (void *)(p->base + at), &to->item[to->n]);
		if (!good)
			break;
		to->n += to->item[to->n] != NULL;
		w->chunk++;
	}
	if (w->chunk >= p->carved) {
		w->page++;
		w->chunk = 0;
	}
	lock_drop(s->shared, &k->lock);
	return good;
}

/* The class of the page that is next; 0: none. False: that was all. */
static bool
next_class(struct store *s, const struct store_walk *w, uint32_t *cls)
{
	bool more;

	lock_take(s->shared, &s->c->page_lock);
	more = w->page < s->c->page_count;
	*cls = more ? s->c->pages[w->page].cls : 0;
	lock_drop(s->shared, &s->c->page_lock);
	return more;
}

bool
store_walk(struct store *s, struct store_walk *w, struct store_walked *to)
{
	bool more = true;
	uint32_t cls;

	to->n = 0;
	/* So that no page changes its class. */
	if (!lock_try(s->shared, &s->c->work_lock))
		return true;
	while (to->n < to->most && to->looks) {
		more = next_class(s, w, &cls);
		if (!more)
			break;
		if (cls && w->classes >> cls & 1) {
			if (!walk_page(s, w, cls, to))
				break;
			continue;
		}
		w->page++;
		w->chunk = 0;
		to->looks--;
	}
	lock_drop(s->shared, &s->c->work_lock);
	return more;
}

void
store_crawl(struct store *s)
{
	relaxed_store_32(&s->c->crawl_soon, 1);
}
