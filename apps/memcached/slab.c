/* slab.c - a page is not touched before its chunks are needed: they are carved
 * off one after another, so no step is longer for large pages.
 */
#include "apps/memcached/slab.h"
#include "apps/memcached/slab_move.h"

static uint32_t
search(const struct store_common *c, size_t bytes)
{
	uint32_t low = 1, high = c->last_class;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (c->classes[middle].size < bytes)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* With as many pages as there are doublings from the smallest class to the
 * largest, each size can have a page for it or for up to twice its size; with
 * fewer, what is near has to be more. */
static void
set_near(struct store_common *c)
{
	uint64_t small = c->classes[1].size, doublings = 0;

	while (small << doublings < c->classes[c->last_class].size)
		doublings++;
	c->near = 1;
	while ((uint64_t)c->near * c->page_max < doublings)
		c->near++;
}

void
slab_classes(struct store_common *c)
{
	double size = (double)(64 + c->config.chunk_min);
	uint32_t page = c->page_size, i;

	for (i = 1; i < STORE_CLASSES - 1; i++) {
		struct slab_class *k = &c->classes[i];
		uint32_t bytes = (uint32_t)size;

		bytes = (bytes + SLAB_ALIGN - 1) & ~(SLAB_ALIGN - 1u);
		if (bytes >= (double)c->config.item_max / c->config.factor)
			break;
		k->size = bytes;
		k->per_page = page / bytes;
		/* A factor near 1 must not give the same size again. */
		size = bytes * c->config.factor;
		if (size < bytes + SLAB_ALIGN)
			size = bytes + SLAB_ALIGN;
	}
	c->classes[i].size = c->config.item_max & ~(SLAB_ALIGN - 1u);
	c->classes[i].per_page = page / c->classes[i].size;
	c->last_class = i;
	/* item_max, and so the last class, is larger than these. */
	for (i = 0; i <= SLAB_SMALL / SLAB_ALIGN; i++)
		c->small[i] = (uint8_t)search(c, (size_t)i * SLAB_ALIGN);
	set_near(c);
}

uint32_t
slab_class_for(const struct store_common *c, size_t bytes)
{
	if (bytes <= SLAB_SMALL)
		return c->small[(bytes + SLAB_ALIGN - 1) / SLAB_ALIGN];
	if (bytes > c->classes[c->last_class].size)
		return 0;
	return search(c, bytes);
}

/* A view that got no page asks no more; where all of them are so, there is no
 * more to wait for, and what there is is the limit. */
static uint32_t
run_dry(struct store *s)
{
	struct store_common *c = s->c;
	bool all = true;

	count(&s->n.pages_refused);
	s->dry = true;
	for (const struct store *v = c->views; v; v = v->next)
		all &= v->dry;
	if (all)
		c->page_max = c->page_count;
	return NO_PAGE;
}

/* A page that no class has; page_lock is taken. */
static uint32_t
take_page(struct store *s)
{
	struct store_common *c = s->c;
	uint32_t i = c->page_count;
	void *base;

	if (c->pool_count > 0)
		return c->pool[--c->pool_count];
	if (i == c->page_max || s->dry)
		return NO_PAGE;
	base = c->config.page(s->arg, c->page_size);
	if (!base)
		return run_dry(s);
	c->pages[i].base = base;
	c->page_count++;
	return i;
}

/* Whether a class that is not much larger has pages. */
static bool
can_borrow(const struct store_common *c, uint32_t cls)
{
	for (uint32_t i = cls + 1; i <= c->last_class; i++) {
		if (!slab_near(c, cls, i))
			return false;
		if (c->classes[i].pages > 0)
			return true;
	}
	return false;
}

/* The last page is for a class that has none and nowhere to go, or whom it was
 * moved for. */
static bool
may_have_page(const struct store_common *c, uint32_t cls)
{
	uint32_t left = c->pool_count + c->page_max - c->page_count;

	if (c->config.no_move || c->config.no_evict ||
		c->page_max < SLAB_MOVE_PAGES)
		return left > 0;
	return left > 1 ||
		(left == 1 &&
			(c->gift == cls ||
				(c->classes[cls].pages == 0 &&
					!can_borrow(c, cls))));
}

static bool
add_page(struct store *s, uint32_t cls)
{
	struct store_common *c = s->c;
	struct slab_class *k = &c->classes[cls];
	uint32_t i = NO_PAGE;

	lock_take(s->shared, &c->page_lock);
	if (may_have_page(c, cls))
		i = take_page(s);
	if (i != NO_PAGE) {
		c->pages[i].cls = cls;
		c->pages[i].carved = 0;
		if (c->gift == cls)
			c->gift = 0;
		k->carving = i + 1;
		k->pages++;
	}
	lock_drop(s->shared, &c->page_lock);
	return i != NO_PAGE;
}

static struct item *
carve(struct store *s, struct slab_class *k)
{
	struct slab_page *p = &s->c->pages[k->carving - 1];
	struct item *it = (void *)(p->base + (size_t)p->carved * k->size);

	if (++p->carved == k->per_page)
		k->carving = 0;
	return it;
}

void
slab_list(struct slab_class *k, struct item *it)
{
	it->state = ITEM_LISTED;
	it->prev = NULL;
	it->next = k->free;
	if (k->free)
		k->free->prev = it;
	k->free = it;
	k->free_count++;
}

void
slab_unlist(struct slab_class *k, struct item *it)
{
	if (it->prev)
		it->prev->next = it->next;
	else
		k->free = it->next;
	if (it->next)
		it->next->prev = it->prev;
	k->free_count--;
	it->state = 0;
}

struct item *
slab_get(struct store *s, uint32_t cls)
{
	struct slab_class *k = &s->c->classes[cls];
	struct item *it = k->free;

	if (it)
		slab_unlist(k, it);
	else if (k->carving || add_page(s, cls))
		it = carve(s, k);
	else
		return NULL;
	k->used++;
	it->refs = REF_USER;
	it->state = 0;
	it->where = (uint8_t)cls;
	return it;
}

void
slab_put(struct store *s, struct item *it)
{
	const struct slab_move *m = &s->c->move;
	struct slab_class *k = class_of(s, it);
	char *at = (char *)it;

	k->used--;
	k->requested -= item_total(it);
	it->state = 0;
	/* A page that leaves keeps its chunks to itself. */
	if (WHERE_CLASS(it->where) != relaxed_load_32(&m->cls) ||
		at < m->base || at >= m->end)
		slab_list(k, it);
	it->where = 0;
}
