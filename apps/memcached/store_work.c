/* store_work.c - what is done a little at a time. One thread does it at any
 * time; another one that comes leaves it to him.
 *
 * Items that are over are looked for page by page and not along the segments:
 * chunks stay where they are, so a place in a page is a place to go on from.
 */
#include "apps/memcached/lru.h"
#include "apps/memcached/slab_move.h"
#include "apps/memcached/table.h"

/* Chunk by chunk from where the last look ended. Returns how many; the rest of
 * a class's page is looked at another time. */
static unsigned
crawl_page(struct store *s, uint32_t page, uint32_t cls, unsigned budget)
{
	struct store_common *c = s->c;
	struct slab_class *k = &c->classes[cls];
	unsigned n = 0;

	lock_take(s->shared, &k->lock);
	for (; n < budget && c->crawl_chunk < c->pages[page].carved; n++) {
		struct item *it = (void *)(c->pages[page].base +
			(size_t)c->crawl_chunk * k->size);
		struct lock *stripe;

		c->crawl_chunk++;
		if (!it->where || !(relaxed_load_8(&it->state) & ITEM_LINKED))
			continue;
		stripe = stripe_of(s, it->hash);
		if (!lock_try(s->shared, stripe))
			continue;
		count(&s->of[cls].crawler_items_checked);
		if (item_over(s, it) || item_flushed(s, it)) {
			count(&s->of[cls].crawler_reclaimed);
			if (!(it->state & ITEM_FETCHED))
				count(&s->of[cls].expired_unfetched);
			store_unlink_in(s, it);
		}
		lock_drop(s->shared, stripe);
	}
	if (c->crawl_chunk >= c->pages[page].carved) {
		c->crawl_chunk = 0;
		c->crawl_page++;
	}
	lock_drop(s->shared, &k->lock);
	return n + 1;
}

/* The class of a page cannot change meanwhile: that is done under the work
 * lock, or from none to one. */
static uint32_t
page_class(struct store *s, uint32_t page)
{
	uint32_t cls = 0;

	lock_take(s->shared, &s->c->page_lock);
	if (page < s->c->page_count)
		cls = s->c->pages[page].cls;
	else
		s->c->crawl_page = 0;
	lock_drop(s->shared, &s->c->page_lock);
	return cls;
}

/* Whether it is to be called again soon: store_crawl() wants it to come round
 * twice, since it begins anywhere. */
static bool
crawl(struct store *s, unsigned budget)
{
	struct store_common *c = s->c;
	unsigned n = 0;

	if (relaxed_load_32(&c->crawl_soon)) {
		relaxed_store_32(&c->crawl_soon, 0);
		c->crawl_rounds = 2;
	}
	while (n < budget) {
		uint32_t page = c->crawl_page, cls = page_class(s, page);

		if (cls) {
			n += crawl_page(s, page, cls, budget - n);
			continue;
		}
		if (c->crawl_page == 0 && page != 0) {
			count(&s->n.lru_crawler_starts);
			c->crawl_rounds -= c->crawl_rounds > 0;
			break;
		}
		c->crawl_chunk = 0;
		c->crawl_page++;
		n++;
	}
	return c->crawl_rounds > 0;
}

/* A few classes in turn. Whether one of them had as much to do as was allowed.
 */
static bool
juggle(struct store *s, unsigned budget)
{
	struct store_common *c = s->c;
	unsigned left = budget;

	for (uint32_t i = 0; i < c->last_class && left > 0; i++) {
		uint32_t cls = c->juggle_class % c->last_class + 1;
		struct slab_class *k = &c->classes[cls];

		lock_take(s->shared, &k->lock);
		left -= lru_juggle(s, cls, left);
		lock_drop(s->shared, &k->lock);
		c->juggle_class = cls;
	}
	return left == 0;
}

/* Class by class: sums of what came and of what went, read while both go on,
 * may be any number. */
static void
count_items(struct store *s)
{
	uint64_t items = 0;

	for (uint32_t cls = 1; cls <= s->c->last_class; cls++) {
		struct slab_class *k = &s->c->classes[cls];

		lock_take(s->shared, &k->lock);
		for (unsigned i = 0; i < SEGMENTS; i++)
			items += k->seg[i].number;
		lock_drop(s->shared, &k->lock);
	}
	s->c->items = items;
}

bool
store_work(struct store *s, unsigned budget)
{
	bool more;

	if (!lock_try(s->shared, &s->c->work_lock))
		return false;
	count_items(s);
	more = table_work(s, budget);
	more |= juggle(s, budget);
	more |= slab_move_work(s, budget);
	more |= crawl(s, budget);
	lock_drop(s->shared, &s->c->work_lock);
	return more;
}
