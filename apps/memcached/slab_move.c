/* slab_move.c - no item is moved: those of a page that leaves are thrown out,
 * but for those in use, which are waited for. From its first step on no chunk
 * of the page comes back into the list of free ones (slab_put()).
 */
#include "apps/memcached/lru.h"
#include "apps/memcached/slab.h"
#include "apps/memcached/slab_move.h"

#define MOVE_ROUNDS 100 /* through a page with items in use, then it stays */
#define MOVE_LEAVES 2	/* pages that a class must have to give one */

/* One class younger than four fifths of another is worth a page. */
#define MOVE_YOUNG 4
#define MOVE_OLD   5

/* A look at a class, for the choice. */
struct look {
	uint32_t pages, age;
	bool evicts; /* since the last look */
	bool idle;   /* two pages' worth of it are free */
};

static struct look
look_at(struct store *s, uint32_t cls)
{
	struct slab_class *k = &s->c->classes[cls];
	struct look l = {0};
	struct item *tail;
	uint32_t time;

	lock_take(s->shared, &k->lock);
	l.pages = k->pages;
	l.evicts = k->evictions > 0;
	k->evictions = 0;
	l.idle = k->free_count >= 2 * (uint64_t)k->per_page;
	tail = k->seg[SEG_COLD].tail;
	time = tail ? relaxed_load_32(&tail->time) : s->now;
	l.age = s->now > time ? s->now - time : 0;
	lock_drop(s->shared, &k->lock);
	return l;
}

struct choice {
	uint32_t largest, largest_pages;
	uint32_t oldest, oldest_age;
	uint32_t youngest, youngest_age;
	uint32_t idle;
};

static struct choice
look_round(struct store *s, uint32_t wanted)
{
	struct choice c = {.youngest_age = UINT32_MAX};

	for (uint32_t i = 1; i <= s->c->last_class; i++) {
		struct look l = look_at(s, i);

		if (l.evicts && l.age < c.youngest_age) {
			c.youngest = i;
			c.youngest_age = l.age;
		}
		if (i == wanted || l.pages < MOVE_LEAVES)
			continue;
		if (l.idle)
			c.idle = i;
		if (l.pages > c.largest_pages) {
			c.largest = i;
			c.largest_pages = l.pages;
		}
		if (l.age > c.oldest_age) {
			c.oldest = i;
			c.oldest_age = l.age;
		}
	}
	return c;
}

/* The class that a page is taken from, 0 if none; *to: for whom, 0: to be kept.
 */
static uint32_t
choose(struct store *s, bool reserve, uint32_t *to)
{
	uint32_t hungry = relaxed_load_32(&s->c->hungry);
	struct choice c = look_round(s, hungry);

	relaxed_store_32(&s->c->hungry, 0);
	*to = hungry;
	if (hungry || reserve)
		return c.idle ? c.idle : c.largest;
	*to = c.youngest;
	if (!c.youngest)
		return 0;
	if (c.idle && c.idle != c.youngest)
		return c.idle;
	if (c.oldest && c.oldest != c.youngest &&
		(uint64_t)c.youngest_age * MOVE_OLD <
			(uint64_t)c.oldest_age * MOVE_YOUNG)
		return c.oldest;
	return 0;
}

/* A page of the class, the next after the last that was taken. */
static uint32_t
page_of(struct store *s, uint32_t cls)
{
	struct store_common *c = s->c;
	uint32_t found = NO_PAGE;

	lock_take(s->shared, &c->page_lock);
	for (uint32_t n = 0; n < c->page_count && found == NO_PAGE; n++) {
		c->move_next =
			c->move_next + 1 < c->page_count ? c->move_next + 1 : 0;
		if (c->pages[c->move_next].cls == cls)
			found = c->move_next;
	}
	lock_drop(s->shared, &c->page_lock);
	return found;
}

static bool
begin(struct store *s, uint32_t cls, uint32_t to)
{
	struct slab_move *m = &s->c->move;
	struct slab_class *k = &s->c->classes[cls];
	uint32_t page = page_of(s, cls);

	if (page == NO_PAGE)
		return false;
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
	return true;
}

/* Whether one is to begin, and begins. */
static bool
decide(struct store *s)
{
	struct store_common *c = s->c;
	uint32_t cls, to, left, all;

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
	c->balanced = s->now;
	cls = choose(s, left == 0, &to);
	return cls != 0 && begin(s, cls, to);
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

	k->pages--;
	relaxed_store_32(&m->cls, 0);
	m->base = m->end = NULL;
	lock_take(s->shared, &c->page_lock);
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

bool
slab_move_work(struct store *s, unsigned budget)
{
	struct slab_move *m = &s->c->move;
	struct slab_class *k;
	uint32_t carved;
	bool more = true;

	if (!m->base && !decide(s))
		return false;
	k = &s->c->classes[m->cls];
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
slab_move_now(struct store *s, uint32_t cls)
{
	struct slab_class *k = &s->c->classes[cls];
	uint32_t pages;

	lock_take(s->shared, &k->lock);
	pages = k->pages;
	lock_drop(s->shared, &k->lock);
	/* Who has a stripe must not wait for him who works. */
	if (pages > 0 || !lock_try(s->shared, &s->c->work_lock))
		return false;
	count(&s->n.slab_moves_at_once);
	slab_move_work(s, s->c->page_size / s->c->classes[1].size);
	lock_drop(s->shared, &s->c->work_lock);
	return true;
}
