/* slab_move.c - no item is moved: those of a page that leaves are thrown out,
 * but for those in use, which are waited for. From its first step on no chunk
 * of the page comes back into the list of free ones (slab_put()).
 */
#include "apps/memcached/lru.h"
#include "apps/memcached/slab.h"
#include "apps/memcached/slab_choose.h"
#include "apps/memcached/slab_move.h"

#define MOVE_ROUNDS 100 /* through a page with items in use, then it stays */
/* The same for a set that waits; others have stripes only for moments. */
#define MOVE_ROUNDS_NOW 3
#define MOVE_SPINS	4096 /* that it waits for him who works */

static void
begin(struct store *s, uint32_t page, uint32_t to)
{
	struct slab_move *m = &s->c->move;
	uint32_t cls = s->c->pages[page].cls; /* only a move takes it away */
	struct slab_class *k = &s->c->classes[cls];

	lock_take(s->shared, &k->lock);
	if (k->carving == page + 1)
		k->carving = 0;
	m->page = page;
	m->to = to;
	m->cursor = m->busy = m->rounds = 0;
	m->base = s->c->pages[page].base;
	m->end = m->base + s->c->page_size;
	relaxed_store_32(&m->cls, cls);
	lock_drop(s->shared, &k->lock);
}

/* Whether one is to begin, and begins. */
static bool
decide(struct store *s)
{
	struct store_common *c = s->c;
	uint32_t page, to, left, all;

	if (c->config.no_move || c->config.no_evict)
		return false;
	lock_take(s->shared, &c->page_lock);
	all = c->page_max; /* gets less where page() had no more */
	left = c->pool_count + all - c->page_count;
	lock_drop(s->shared, &c->page_lock);
	if (all < SLAB_MOVE_PAGES)
		return false;
	if (left > 1 ||
		(left == 1 && !relaxed_load_32(&c->hungry) &&
			c->balanced == s->now))
		return false;
	page = slab_choose(s, left == 0, &to);
	if (page == NO_PAGE)
		return false;
	begin(s, page, to);
	return true;
}

static void
empty_chunk(struct store *s, struct slab_class *k, struct item *it)
{
	struct slab_move *m = &s->c->move;
	struct lock *stripe;

	if (!it->where) {
		if (it->state == ITEM_LISTED)
			slab_unlist(k, it);
		return;
	}
	m->busy++;
	if (!(relaxed_load_8(&it->state) & ITEM_LINKED))
		return;
	stripe = stripe_of(s, it->hash);
	if (!lock_try(s->shared, stripe))
		return;
	if (ref_idle(s->shared, it)) {
		m->busy--;
		count(item_over(s, it) || item_flushed(s, it)
				? &count_of(s, it)->reclaimed
				: &s->n.slab_reassign_evictions);
		store_unlink_in(s, it);
	}
	lock_drop(s->shared, stripe);
}

static struct item *
chunk(struct store *s, const struct slab_class *k, uint32_t i)
{
	return (void *)(s->c->move.base + (size_t)i * k->size);
}

static void
finish(struct store *s, struct slab_class *k)
{
	struct store_common *c = s->c;
	struct slab_move *m = &c->move;

	relaxed_store_32(&m->cls, 0);
	m->base = m->end = NULL;
	lock_take(s->shared, &c->page_lock);
	k->pages--;
	c->pages[m->page].cls = 0;
	c->pages[m->page].carved = 0;
	c->pool[c->pool_count++] = m->page;
	c->gift = m->to;
	lock_drop(s->shared, &c->page_lock);
	count(&s->n.slabs_moved);
}

/* It stays: its free chunks are for use again, those never carved, too. */
static void
give_up(struct store *s, struct slab_class *k)
{
	struct slab_page *p = &s->c->pages[s->c->move.page];

	relaxed_store_32(&s->c->move.cls, 0);
	for (uint32_t i = 0; i < k->per_page; i++) {
		struct item *it = chunk(s, k, i);

		if (i < p->carved && (it->where || it->state == ITEM_LISTED))
			continue;
		it->where = 0;
		slab_list(k, it);
	}
	p->carved = k->per_page;
	s->c->move.base = s->c->move.end = NULL;
	count(&s->n.slab_reassign_busy);
}

/* Goes on with the page, to its end at most. Whether to go on at once. */
static bool
step(struct store *s, unsigned budget)
{
	struct slab_move *m = &s->c->move;
	struct slab_class *k = &s->c->classes[m->cls];
	uint32_t carved;
	bool more = true;

	lock_take(s->shared, &k->lock);
	carved = s->c->pages[m->page].carved;
	for (; budget > 0 && m->cursor < carved; budget--)
		empty_chunk(s, k, chunk(s, k, m->cursor++));
	if (m->cursor >= carved) {
		if (m->busy == 0)
			finish(s, k);
		else if (++m->rounds == MOVE_ROUNDS)
			give_up(s, k);
		else
			more = false; /* what is in use takes its time */
		m->cursor = m->busy = 0;
	}
	lock_drop(s->shared, &k->lock);
	return more;
}

bool
slab_move_work(struct store *s, unsigned budget)
{
	if (!s->c->move.base && !decide(s))
		return false;
	return step(s, budget);
}

/* All of the page that is on its way, or it stays. Whether it is empty. */
static bool
move_all(struct store *s, uint32_t to)
{
	struct slab_move *m = &s->c->move;
	struct slab_class *k = &s->c->classes[m->cls];

	m->to = to;
	m->cursor = m->busy = m->rounds = 0;
	for (unsigned i = 0; m->base && i < MOVE_ROUNDS_NOW; i++)
		step(s, UINT32_MAX);
	if (!m->base)
		return true;
	lock_take(s->shared, &k->lock);
	give_up(s, k);
	lock_drop(s->shared, &k->lock);
	return false;
}

/* Who has a stripe must not wait long for him who works, who may want it. */
static bool
take_work(struct store *s)
{
	for (unsigned i = 0; i < MOVE_SPINS; i++) {
		if (lock_try(s->shared, &s->c->work_lock))
			return true;
		ck_pr_stall();
	}
	return false;
}

bool
slab_move_now(struct store *s, uint32_t cls)
{
	struct store_common *c = s->c;
	bool done = false;
	uint32_t page;

	if (c->config.no_move || c->config.no_evict || !take_work(s))
		return false;
	count(&s->n.slab_moves_at_once);
	if (c->move.base)
		done = move_all(s, cls);
	if (!done) {
		page = slab_choose_now(s, cls);
		if (page != NO_PAGE) {
			begin(s, page, cls);
			done = move_all(s, cls);
		}
	}
	lock_drop(s->shared, &c->work_lock);
	return done;
}
