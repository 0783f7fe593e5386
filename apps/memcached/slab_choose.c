/* slab_choose.c - a class gives a page only if its sizes have a place
 * afterwards: in another of its pages, or in those of a class that is not much
 * larger (slab_near()). With fewer pages than classes no other rule would let
 * pages move at all. Who needs a page at once gets one even so.
 */
#include "apps/memcached/slab.h"
#include "apps/memcached/slab_choose.h"

/* One class younger than four fifths of another is worth a page; if that is its
 * only one, the other has to be as good as forgotten: so many times older. */
#define MOVE_YOUNG 4
#define MOVE_OLD   5
#define MOVE_LONE  64

/* Pages that a class must have to give one to a class that can borrow: else
 * pages would go round among classes that do not need a whole one. */
#define MOVE_PLENTY 4

/* Pages' worth of items that are thrown out for room between two moves for
 * balance: else what moves throw out would be more than that. */
#define MOVE_EVERY 8

/* Pages that are looked through for one that is not in use. */
#define MOVE_LOOKS 32

/* A look at a class, for the choice. */
struct look {
	uint32_t pages, age;
	uint64_t evicted; /* bytes of chunks, since the last balance */
	bool idle;	  /* two pages' worth of it are free, or all */
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
	l.evicted = k->evictions * k->size;
	l.idle = k->free_count >= 2 * (uint64_t)k->per_page ||
		(k->pages > 0 && k->used == 0);
	tail = k->seg[SEG_COLD].tail;
	time = tail ? relaxed_load_32(&tail->time) : s->now;
	l.age = s->now > time ? s->now - time : 0;
	lock_drop(s->shared, &k->lock);
	return l;
}

struct choice {
	uint32_t largest, largest_pages;
	uint32_t oldest, oldest_age;
	uint32_t lone, lone_age; /* the oldest of those with one page */
	uint32_t youngest, youngest_age;
	uint32_t idle;
	uint64_t evicted;
	bool borrows; /* the class that wants a page has a near one with some */
};

/* From the largest class down: `above` is the next one that has a page. */
static struct choice
look_round(struct store *s, uint32_t wanted)
{
	struct choice c = {.youngest_age = UINT32_MAX};
	uint32_t above = 0;

	for (uint32_t i = s->c->last_class; i > 0; i--) {
		struct look l = look_at(s, i);
		bool covered = above && slab_near(s->c, i, above);

		c.evicted += l.evicted;
		if (i == wanted)
			c.borrows = covered;
		if (l.evicted && l.age < c.youngest_age) {
			c.youngest = i;
			c.youngest_age = l.age;
		}
		if (l.pages == 0)
			continue;
		above = i;
		if (i == wanted)
			continue;
		if (l.idle)
			c.idle = i;
		if (l.pages > 1 && l.pages > c.largest_pages) {
			c.largest = i;
			c.largest_pages = l.pages;
		}
		if (l.pages > 1 && l.age >= c.oldest_age) {
			c.oldest = i;
			c.oldest_age = l.age;
		}
		if (l.pages == 1 && covered && l.age >= c.lone_age) {
			c.lone = i;
			c.lone_age = l.age;
		}
	}
	return c;
}

/* Whom the youngest class gets a page from, 0: none. */
static uint32_t
balance(struct store *s, const struct choice *c)
{
	uint64_t young = c->youngest_age;

	for (uint32_t i = 1; i <= s->c->last_class; i++) {
		struct slab_class *k = &s->c->classes[i];

		lock_take(s->shared, &k->lock);
		k->evictions = 0;
		lock_drop(s->shared, &k->lock);
	}
	if (c->idle && c->idle != c->youngest)
		return c->idle;
	if (c->oldest &&
		young * MOVE_OLD < (uint64_t)c->oldest_age * MOVE_YOUNG)
		return c->oldest;
	if (c->lone && (young + 1) * MOVE_LONE < c->lone_age)
		return c->lone;
	return 0;
}

/* A class, 0: none. */
static uint32_t
choose_class(struct store *s, bool reserve, uint32_t *to)
{
	uint32_t hungry = relaxed_load_32(&s->c->hungry);
	struct choice c = look_round(s, hungry);

	relaxed_store_32(&s->c->hungry, 0);
	s->c->balanced = s->now;
	*to = hungry;
	if ((hungry || reserve) && c.idle)
		return c.idle;
	if (c.largest &&
		(reserve || (hungry && !c.borrows) ||
			(hungry && c.largest_pages >= MOVE_PLENTY)))
		return c.largest;
	*to = c.youngest;
	if (c.evicted < (uint64_t)MOVE_EVERY * s->c->page_size)
		return 0;
	return balance(s, &c);
}

/* The page after the last that was taken or looked at, and its class. */
static uint32_t
next_page(struct store *s, uint32_t *cls)
{
	struct store_common *c = s->c;
	uint32_t page = c->move_next + 1;

	lock_take(s->shared, &c->page_lock);
	if (page >= c->page_count)
		page = 0;
	*cls = page < c->page_count ? c->pages[page].cls : 0;
	lock_drop(s->shared, &c->page_lock);
	c->move_next = page;
	return page;
}

/* Pages that there are to look at. */
static uint32_t
page_count(struct store *s)
{
	uint32_t n;

	lock_take(s->shared, &s->c->page_lock);
	n = s->c->page_count;
	lock_drop(s->shared, &s->c->page_lock);
	return n;
}

uint32_t
slab_choose(struct store *s, bool reserve, uint32_t *to)
{
	uint32_t from = choose_class(s, reserve, to), cls, page;
	uint32_t left = from ? page_count(s) : 0;

	for (; left > 0; left--) {
		page = next_page(s, &cls);
		if (cls == from)
			return page;
	}
	return NO_PAGE;
}

/* Whether all of a page could be thrown out. */
static bool
clear(struct store *s, uint32_t page, uint32_t cls)
{
	struct slab_class *k = &s->c->classes[cls];
	const struct slab_page *p = &s->c->pages[page];
	bool good = true;

	lock_take(s->shared, &k->lock);
	for (uint32_t i = 0; good && i < p->carved; i++) {
		const struct item *it =
			(const void *)(p->base + (size_t)i * k->size);

		good = !it->where || ref_idle(s->shared, it);
	}
	lock_drop(s->shared, &k->lock);
	return good;
}

/* A clear page of one class, or with 0 of any but `to`. */
static uint32_t
clear_page(struct store *s, uint32_t from, uint32_t to)
{
	uint32_t left = page_count(s);
	unsigned looks = 0;

	for (; left > 0 && looks < MOVE_LOOKS; left--) {
		uint32_t cls, page = next_page(s, &cls);

		if (cls == 0 || cls == to || (from && cls != from))
			continue;
		if (clear(s, page, cls))
			return page;
		looks++;
	}
	return NO_PAGE;
}

uint32_t
slab_choose_now(struct store *s, uint32_t to)
{
	struct choice c = look_round(s, to);
	uint32_t from = c.idle ? c.idle : c.largest, page = NO_PAGE;

	if (!from)
		from = c.lone;
	if (from)
		page = clear_page(s, from, to);
	return page != NO_PAGE ? page : clear_page(s, 0, to);
}
