/* heap_check.c - the invariants of a heap, for tests.
 *
 * 1. Spans are sound (span_check()).
 * 2. Every live span is a slab, all its pages say so, or a large object, and
 *    none of its pages names a slab; nor does a page of a free span.
 * 3. An object of a slab is either live or, once, on the stack; each that is
 *    not fresh is marked in `ever`.
 * 4. A class's list holds its slabs with room, all of them, once; if one
 *    is empty, it is the spare.
 * 5. Every record up to slabs_made is a slab or hangs in the unused list.
 * 6. The counts are the sums of what is there.
 */
#include <string.h>

#include "mem/heap.h"

struct tally {
	uint64_t live[HEAP_CLASSES];
	uint32_t slabs[HEAP_CLASSES]; /* with room */
	uint32_t empty[HEAP_CLASSES];
	uint32_t records;
	uint64_t large, large_bytes;
};

static bool
bit(const uint64_t *map, uint64_t i)
{
	return map[i / 64] >> (i & 63) & 1;
}

/* Its live objects; UINT32_MAX if it is not sound. */
static uint32_t
slab_check(const struct heap *h, const struct heap_slab *s)
{
	const struct heap_class *c = s->class;
	bool isfree[HEAP_SLAB_OBJECTS] = {false}, fresh;
	uint32_t live = 0, low = s->nfree;
	uint64_t grain;

	if (s->nfree > s->objects || !s->objects)
		return UINT32_MAX;
	if (s->mark + 1u < low)
		low = s->mark + 1u;
	for (unsigned k = 0; k < s->nfree; k++) {
		if (isfree[s->free[k]] || s->free[k] >= s->objects)
			return UINT32_MAX;
		if (low > 1 && k < low && s->free[k] != s->objects - 1 - k)
			return UINT32_MAX;
		isfree[s->free[k]] = true;
	}
	for (unsigned i = 0; i < HEAP_SLAB_OBJECTS; i++) {
		if (bit(s->live, i) != (i < s->objects && !isfree[i]))
			return UINT32_MAX;
		live += bit(s->live, i);
		fresh = i >= (unsigned)s->objects - low;
		grain = (s->offset + i * c->size) / HEAP_GRAIN;
		if (!fresh && !bit(h->ever, grain))
			return UINT32_MAX;
	}
	return live;
}

/* The span of n pages from `page`. */
static bool
live_check(const struct heap *h, uint32_t page, uint32_t n, struct tally *t)
{
	const struct heap_slab *s = h->slab_of[page];
	uint32_t live, i;

	if (!s) {
		t->large++;
		t->large_bytes += (uint64_t)n << SPAN_SHIFT;
		return bit(h->ever, (uint64_t)page * (SPAN_PAGE / HEAP_GRAIN));
	}
	if (s - h->slabs >= h->slabs_made || !s->class ||
		s->offset != (uint64_t)page << SPAN_SHIFT ||
		s->objects != (n << SPAN_SHIFT) / s->class->size)
		return false;
	live = slab_check(h, s);
	if (live == UINT32_MAX)
		return false;
	i = (uint32_t)(s->class - h->classes);
	t->records++;
	t->live[i] += live;
	t->slabs[i] += live < s->objects;
	t->empty[i] += !live;
	return true;
}

static bool
spans_check(const struct heap *h, struct tally *t)
{
	uint32_t n, first;
	bool live;

	for (uint32_t page = 0; page < h->spans.pages; page += n) {
		n = span_at(&h->spans, page, &first, &live);
		for (uint32_t i = 0; i < n; i++)
			if (h->slab_of[page + i] !=
				(live ? h->slab_of[page] : NULL))
				return false;
		if (live && !live_check(h, page, n, t))
			return false;
	}
	return true;
}

static bool
list_check(const struct heap *h, unsigned class, const struct tally *t)
{
	const struct heap_class *c = &h->classes[class];
	const struct heap_slab *s = c->avail;
	uint32_t count = 0, spares = 0, i, prev = HEAP_NO_SLAB;

	for (i = s ? (uint32_t)(s - h->slabs) : HEAP_NO_SLAB; i != HEAP_NO_SLAB;
		prev = i, i = s->next) {
		s = &h->slabs[i];
		if (s->class != c || !s->nfree || ++count > t->slabs[class])
			return false;
		if (prev != HEAP_NO_SLAB && s->prev != prev)
			return false;
		spares += s == c->spare && s->nfree == s->objects;
	}
	return count == t->slabs[class] && spares == t->empty[class] &&
		c->live == t->live[class];
}

bool
heap_check(const struct heap *h)
{
	struct tally t;

	memset(&t, 0, sizeof(t));
	if (!span_check(&h->spans) || !spans_check(h, &t))
		return false;
	for (unsigned i = 0; i < HEAP_CLASSES; i++)
		if (!list_check(h, i, &t))
			return false;
	for (uint32_t i = h->unused; i != HEAP_NO_SLAB; i = h->slabs[i].next)
		if (h->slabs[i].class || t.records++ >= h->slabs_made)
			return false;
	return t.records == h->slabs_made && t.large == h->large &&
		t.large_bytes == h->large_bytes;
}
