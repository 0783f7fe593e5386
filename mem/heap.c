/* heap.c - slabs of like objects over the spans of a partition.
 *
 *	partition	[ slab of 64 B  ][ slab of 576 B         ][ large ]...
 *	slab_of		  7  7  7  7      3  3  3  3 ... 3        0  0  0
 *	slabs[7]	  live bits, stack of free objects
 *
 * A slab is a span of at most 16 pages that is cut into at most 256 objects
 * of one class, so that a number of an object fits a byte. A pointer becomes
 * a number by one multiplication, exact because an offset in a slab and a size
 * are both below 2^16.
 *
 * The stack of a new slab is filled so that objects go out in ascending order:
 * below `nfree_min` it was never popped, and what stands there is fresh.
 *
 * A slab with room hangs in its class's list, one without in none. Freeing
 * brings a slab to the front. One slab without objects stays in each class,
 * against thrashing; a second sends the first one's pages back, and when pages
 * run out all are sent back.
 *
 * heap_alloc() and heap_free() are leaves with a frame of nothing: whatever is
 * seldom needed is a function of its own, called last.
 */
#include <assert.h>
#include <errno.h>
#include <sys/mman.h>

#include "dlibos/base/bits.h"
#include "mem/heap.h"

#define SLAB_PAGES 16
#define SELDOM	   __attribute__((noinline))

_Static_assert(
	offsetof(struct heap_slab, free) <= CACHELINE, "a line and the stack");
_Static_assert(HEAP_SLAB_MAX <= SLAB_PAGES * SPAN_PAGE, "a slab holds one");
_Static_assert(SPAN_PAGE / HEAP_GRAIN <= HEAP_SLAB_OBJECTS, "a page is a slab");

/* Classes 0..2: 16, 32, 48. 3..10: 64, 128 .. 512. Then eight a doubling. */
static inline unsigned
class_above_512(size_t size)
{
	unsigned k = 63 - (unsigned)__builtin_clzll(size - 1);

	return 11 + (k - 9) * 8 + ((size - 1) >> (k - 3) & 7);
}

static unsigned
class_find(size_t size)
{
	if (size > 512)
		return class_above_512(size);
	if (size > 48)
		return 2 + (unsigned)(size + 63) / 64;
	return size ? (unsigned)(size - 1) / 16 : 0;
}

static uint32_t
class_size(unsigned class)
{
	if (class < 3)
		return 16 * (class + 1);
	if (class < 11)
		return 64 * (class - 2);
	class -= 11;
	return (8 + class % 8 + 1) << (6 + class / 8);
}

/* Pages of a slab: as few bytes as possible left over at its end, then as
 * many objects as possible. In a partition of 2 MiB or more nothing is ever
 * left over, for every size is an odd number up to 15 times a power of two. */
static uint32_t
slab_pages(uint32_t size, uint64_t partition)
{
	uint32_t min = round_up(size, SPAN_PAGE) / SPAN_PAGE;
	uint32_t max = 2 * min, best = min, left, least = UINT32_MAX;

	if (partition / 32 > max)
		max = partition / 32 < SLAB_PAGES ? (uint32_t)(partition / 32)
						  : SLAB_PAGES;
	for (uint32_t n = min; n <= max; n++) {
		if (n * SPAN_PAGE > size * HEAP_SLAB_OBJECTS)
			break;
		left = n * SPAN_PAGE % size * (SLAB_PAGES * 1024 / n);
		if (left <= least) {
			least = left;
			best = n;
		}
	}
	return best;
}

static struct heap_slab *
slab_at(const struct heap *h, uint32_t number)
{
	return number == HEAP_NO_SLAB ? NULL : &h->slabs[number];
}

static uint32_t
slab_number(const struct heap *h, const struct heap_slab *s)
{
	return s ? (uint32_t)(s - h->slabs) : HEAP_NO_SLAB;
}

static void
list_push(struct heap *h, struct heap_class *c, struct heap_slab *s)
{
	s->next = slab_number(h, c->avail);
	if (c->avail)
		c->avail->prev = slab_number(h, s);
	c->avail = s;
}

static void
list_remove(struct heap *h, struct heap_class *c, struct heap_slab *s)
{
	if (s == c->avail) {
		c->avail = slab_at(h, s->next);
		return;
	}
	h->slabs[s->prev].next = s->next;
	if (s->next != HEAP_NO_SLAB)
		h->slabs[s->next].prev = s->prev;
}

/* Sends the pages of the class's empty slab back, if it has one. */
static bool
spare_release(struct heap *h, struct heap_class *c)
{
	struct heap_slab *s = c->spare;
	uint32_t page, first, n;
	bool live;

	c->spare = NULL;
	if (!s || s->nfree < s->objects)
		return false;
	list_remove(h, c, s);
	page = (uint32_t)(s->offset >> SPAN_SHIFT);
	n = span_at(&h->spans, page, &first, &live);
	for (uint32_t i = 0; i < n; i++)
		h->slab_of[page + i] = NULL;
	span_free(&h->spans, page);
	s->class = NULL;
	s->next = h->unused;
	h->unused = slab_number(h, s);
	return true;
}

static uint32_t
pages_alloc(struct heap *h, uint32_t n)
{
	uint32_t page = span_alloc(&h->spans, n);
	bool any = false;

	if (likely(page != SPAN_NONE))
		return page;
	for (unsigned i = 0; i < HEAP_CLASSES; i++)
		any |= spare_release(h, &h->classes[i]);
	return any ? span_alloc(&h->spans, n) : SPAN_NONE;
}

static void
slab_fill(struct heap_slab *s, uint32_t objects)
{
	s->nfree = objects;
	s->objects = (uint16_t)objects;
	s->mark = (uint16_t)(objects - 1);
	for (unsigned i = 0; i < objects; i++)
		s->free[i] = (uint8_t)(objects - 1 - i);
}

/* A slab in front of its class's list; where the pages for a proper one are
 * not to be had together, the smallest that holds an object. */
static bool
slab_make(struct heap *h, struct heap_class *c)
{
	uint32_t n = c->pages, page = pages_alloc(h, n);
	struct heap_slab *s;

	if (page == SPAN_NONE) {
		n = (c->size + SPAN_PAGE - 1) >> SPAN_SHIFT;
		page = span_alloc(&h->spans, n);
		if (page == SPAN_NONE)
			return false;
	}
	s = slab_at(h, h->unused);
	if (s)
		h->unused = s->next;
	else
		s = &h->slabs[h->slabs_made++];
	s->offset = (uint64_t)page << SPAN_SHIFT;
	s->class = c;
	slab_fill(s, (uint32_t)((uint64_t)(n << SPAN_SHIFT) * c->recip >> 32));
	for (uint32_t i = 0; i < n; i++)
		h->slab_of[page + i] = s;
	list_push(h, c, s);
	return true;
}

static void
ever_set(struct heap *h, uint64_t off)
{
	off /= HEAP_GRAIN;
	h->ever[off / 64] |= 1ull << (off & 63);
}

static SELDOM void *
large_alloc(struct heap *h, size_t size)
{
	uint32_t n = 0, page = SPAN_NONE;
	uint64_t off;

	if (size <= h->bytes) {
		n = (uint32_t)(round_up(size, SPAN_PAGE) >> SPAN_SHIFT);
		page = pages_alloc(h, n);
	}
	if (page == SPAN_NONE) {
		h->failures++;
		return NULL;
	}
	h->large++;
	h->large_bytes += (uint64_t)n << SPAN_SHIFT;
	off = (uint64_t)page << SPAN_SHIFT;
	ever_set(h, off);
	return h->base + off;
}

static SELDOM void *
slab_alloc(struct heap *h, struct heap_class *c)
{
	if (slab_make(h, c))
		return heap_alloc(h, c->size);
	h->failures++;
	return NULL;
}

/* The object at off went out of a slab that has fewer free ones now than ever
 * before, or none. */
static SELDOM void *
slab_taken(struct heap *h, struct heap_slab *s, uint64_t off)
{
	if (s->nfree)
		s->mark = (uint16_t)(s->nfree - 1);
	else
		s->class->avail = slab_at(h, s->next);
	ever_set(h, off);
	return h->base + off;
}

void *
heap_alloc(struct heap *h, size_t size)
{
	struct heap_class *c;
	struct heap_slab *s;
	uint64_t off, i;
	uint32_t n;

	if (likely(size <= HEAP_SMALL))
		c = &h->classes[h->class_of[(size + HEAP_GRAIN - 1) /
			HEAP_GRAIN]];
	else if (likely(size <= HEAP_SLAB_MAX))
		c = &h->classes[class_above_512(size)];
	else
		return large_alloc(h, size);
	s = c->avail;
	if (unlikely(!s))
		return slab_alloc(h, c);
	n = s->nfree - 1;
	s->nfree = n;
	i = s->free[n];
	off = s->offset + i * c->size;
	s->live[i / 64] |= 1ull << (i & 63);
	c->live++;
	if (unlikely(n <= s->mark))
		return slab_taken(h, s, off);
	return h->base + off;
}

/* The live object that holds off: its size, and its start; 0 if none does. */
static uint64_t
object_at(const struct heap *h, uint64_t off, uint64_t *start)
{
	const struct heap_slab *s = h->slab_of[off >> SPAN_SHIFT];
	uint32_t i, first;
	uint64_t n;
	bool live;

	if (!s) {
		n = span_at(&h->spans, (uint32_t)(off >> SPAN_SHIFT), &first,
			&live);
		*start = (uint64_t)first << SPAN_SHIFT;
		return live ? n << SPAN_SHIFT : 0;
	}
	i = (uint32_t)((off - s->offset) * s->class->recip >> 32);
	*start = s->offset + (uint64_t)i * s->class->size;
	return s->live[i / 64] >> (i & 63) & 1 ? s->class->size : 0;
}

static SELDOM int
refuse(struct heap *h, uint64_t off)
{
	enum heap_bad why = HEAP_BAD_FOREIGN;
	uint64_t start, grain = off / HEAP_GRAIN;

	if (off < h->bytes && object_at(h, off, &start))
		why = HEAP_BAD_INTERIOR;
	else if (off < h->bytes && off % HEAP_GRAIN == 0 &&
		h->ever[grain / 64] >> (grain & 63) & 1)
		why = HEAP_BAD_DOUBLE;
	h->bad[why]++;
	return why == HEAP_BAD_DOUBLE ? -EALREADY : -EINVAL;
}

static SELDOM int
large_free(struct heap *h, uint64_t off)
{
	uint64_t start, size = object_at(h, off, &start);

	if (!size || start != off)
		return refuse(h, off);
	span_free(&h->spans, (uint32_t)(off >> SPAN_SHIFT));
	h->large--;
	h->large_bytes -= size;
	return 0;
}

/* A slab that is not the first of its list, or is empty, got an object back. */
static SELDOM int
slab_freed(struct heap *h, struct heap_class *c, struct heap_slab *s)
{
	if (s != c->avail) {
		if (s->nfree > 1)
			list_remove(h, c, s);
		list_push(h, c, s);
	}
	if (s->nfree == s->objects && s != c->spare) {
		spare_release(h, c);
		c->spare = s;
	}
	return 0;
}

int
heap_free(struct heap *h, void *p)
{
	uint64_t off = (uintptr_t)p - (uintptr_t)h->base, rel, w;
	struct heap_class *c;
	struct heap_slab *s;
	uint32_t n, i;

	if (unlikely(off >= h->bytes))
		return refuse(h, off);
	s = h->slab_of[off >> SPAN_SHIFT];
	if (unlikely(!s))
		return large_free(h, off);
	c = s->class;
	rel = (off - s->offset) * c->recip;
	i = (uint32_t)(rel >> 32);
	w = s->live[i / 64];
	if (unlikely((uint32_t)rel >= c->recip || !(w >> (i & 63) & 1)))
		return refuse(h, off);
	s->live[i / 64] = w & ~(1ull << (i & 63));
	n = s->nfree;
	s->free[n] = (uint8_t)i;
	s->nfree = ++n;
	c->live--;
	if (s != c->avail || (n == s->objects && s != c->spare))
		return slab_freed(h, c, s);
	return 0;
}

size_t
heap_size(const struct heap *h, const void *p)
{
	uint64_t off = (uintptr_t)p - (uintptr_t)h->base, start, size;

	if (off >= h->bytes)
		return 0;
	size = object_at(h, off, &start);
	return start == off ? size : 0;
}

bool
heap_owns_range(const struct heap *h, const void *p, size_t len)
{
	uint64_t off = (uintptr_t)p - (uintptr_t)h->base, start, size;

	if (off >= h->bytes)
		return false;
	size = object_at(h, off, &start);
	return size && len <= size - (off - start);
}

void
heap_stats(const struct heap *h, struct heap_stats *stats)
{
	*stats = (struct heap_stats){
		.bytes_live = h->large_bytes,
		.objects_live = h->large,
		.bytes_spans = (uint64_t)(h->spans.pages - h->spans.free)
			<< SPAN_SHIFT,
		.failures = h->failures,
	};
	for (unsigned i = 0; i < HEAP_CLASSES; i++) {
		stats->objects_live += h->classes[i].live;
		stats->bytes_live += h->classes[i].live * h->classes[i].size;
	}
	for (unsigned i = 0; i < HEAP_BAD_REASONS; i++)
		stats->bad[i] = h->bad[i];
}

/* One mapping for the three arrays; MAP_NORESERVE, as most of it is never
 * touched. A slab has at least a page. */
static int
arrays_map(struct heap *h, uint64_t pages)
{
	uint64_t slabs = pages * sizeof(*h->slabs);
	uint64_t ever = round_up(h->bytes / HEAP_GRAIN / 8, 64);

	h->mem_bytes = slabs + ever + pages * sizeof(*h->slab_of);
	h->mem = mmap(NULL, h->mem_bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (h->mem == MAP_FAILED)
		return -ENOMEM;
	h->slabs = h->mem;
	h->ever = (uint64_t *)((unsigned char *)h->mem + slabs);
	h->slab_of =
		(struct heap_slab **)((unsigned char *)h->mem + slabs + ever);
	return 0;
}

int
heap_init(struct heap *h, void *base, uint64_t size)
{
	uint64_t pages = size >> SPAN_SHIFT;
	struct heap_class *c;
	int err;

	if (!base || (uintptr_t)base % SPAN_PAGE || !pages ||
		size > LIMIT_PART_MAX || (uintptr_t)base + size < size)
		return -EINVAL;
	*h = (struct heap){.base = base,
		.bytes = pages << SPAN_SHIFT,
		.unused = HEAP_NO_SLAB};
	for (unsigned i = 0; i < HEAP_CLASSES; i++) {
		c = &h->classes[i];
		c->size = class_size(i);
		c->recip = (uint32_t)(((1ull << 32) + c->size - 1) / c->size);
		c->pages = slab_pages(c->size, pages);
		assert(class_find(c->size) == i);
	}
	for (unsigned i = 0; i <= HEAP_SMALL / HEAP_GRAIN; i++)
		h->class_of[i] = (uint8_t)class_find(i * HEAP_GRAIN);
	err = arrays_map(h, pages);
	if (err)
		goto fail;
	err = span_init(&h->spans, pages);
	if (err)
		goto fail_spans;
	return 0;
fail_spans:
	munmap(h->mem, h->mem_bytes);
fail:
	*h = (struct heap){0};
	return err;
}

void
heap_fini(struct heap *h)
{
	span_fini(&h->spans);
	if (h->mem)
		munmap(h->mem, h->mem_bytes);
	*h = (struct heap){0};
}
