/* span.c - two-level segregated fit over pages, with its tags outside.
 *
 *	pages	 0    1    2    3    4    5    6    7    8 ...
 *		[ live    ][ free         ][ live      ][ free ...
 *	starts	 1    0    1    0    0    1    0    0    1
 *	tags	 2L   -    3    -    -    3L   -    -    n
 *
 * The tag of a span stands at its first page, and what stands at the others
 * is stale. `starts` is what makes tags valid: bit p is set if and only if a
 * span starts at page p. Above it each level has one bit for 64 of the level
 * below, set if any of them is; so the start of the span that holds a page is
 * found in at most five steps up and five down, which a large object (whose
 * pages cannot all be written at its birth) needs to answer for its middle.
 *
 * Free spans hang in bins by length: one bin a length below 16 pages, then 16
 * bins a doubling. An allocation takes from the first filled bin of which
 * every span is long enough.
 */
#include <assert.h>
#include <errno.h>
#include <sys/mman.h>

#include "dlibos/base/bits.h"
#include "mem/span.h"

#define LIVE 0x80000000u
#define LOOK 8 /* spans looked at in a bin of which some may be too short */

_Static_assert(SPAN_MAX < LIVE, "lengths leave the top bit alone");
_Static_assert(SPAN_MAX <= 1ull << 6 * SPAN_LEVELS, "the levels reach");

static unsigned
top_bit(uint64_t x)
{
	return 63 - (unsigned)__builtin_clzll(x);
}

static unsigned
bin_of(uint32_t n)
{
	unsigned k;

	if (n < 16)
		return n;
	k = top_bit(n);
	return (k - 3) * 16 + ((n >> (k - 4)) & 15);
}

/* The first bin that holds nothing shorter than n. */
static unsigned
bin_above(uint32_t n)
{
	return bin_of(n < 16 ? n : n + (1u << (top_bit(n) - 4)) - 1);
}

static void
start_set(struct spans *s, uint32_t i)
{
	uint64_t *w, was;

	for (unsigned l = 0; l < SPAN_LEVELS; l++, i >>= 6) {
		w = &s->starts[l][i >> 6];
		was = *w;
		*w |= 1ull << (i & 63);
		if (was)
			return;
	}
}

static void
start_clear(struct spans *s, uint32_t i)
{
	uint64_t *w;

	for (unsigned l = 0; l < SPAN_LEVELS; l++, i >>= 6) {
		w = &s->starts[l][i >> 6];
		*w &= ~(1ull << (i & 63));
		if (*w)
			return;
	}
}

/* The last start at or before page i. Page 0 is one, so the search upwards
 * never leaves the bitmap at its lower end. */
static uint32_t
start_of(const struct spans *s, uint32_t i)
{
	unsigned l = 0;
	uint64_t w;

	while (!(w = s->starts[l][i >> 6] & (~0ull >> (63 - (i & 63))))) {
		i = (i >> 6) - 1;
		l++;
	}
	i = (i & ~63u) | top_bit(w);
	while (l--)
		i = i << 6 | top_bit(s->starts[l][i]);
	return i;
}

static void
bin_push(struct spans *s, uint32_t page, uint32_t n)
{
	unsigned b = bin_of(n);
	uint32_t next = s->head[b];

	s->tags[page] = (struct span_tag){n, next, SPAN_NONE};
	if (next != SPAN_NONE)
		s->tags[next].prev = page;
	s->head[b] = page;
	s->filled[b / 64] |= 1ull << (b & 63);
}

static void
bin_remove(struct spans *s, uint32_t page)
{
	const struct span_tag *t = &s->tags[page];
	unsigned b = bin_of(t->pages);

	if (t->next != SPAN_NONE)
		s->tags[t->next].prev = t->prev;
	if (t->prev != SPAN_NONE)
		s->tags[t->prev].next = t->next;
	else
		s->head[b] = t->next;
	if (s->head[b] == SPAN_NONE)
		s->filled[b / 64] &= ~(1ull << (b & 63));
}

static uint32_t
find(const struct spans *s, uint32_t n)
{
	unsigned b = bin_above(n), i = b / 64;
	uint64_t w = s->filled[i] & (~0ull << (b & 63));
	uint32_t page;

	while (!w && ++i < SPAN_BINS / 64)
		w = s->filled[i];
	if (w)
		return s->head[i * 64 + (unsigned)__builtin_ctzll(w)];
	page = s->head[bin_of(n)];
	for (i = 0; i < LOOK && page != SPAN_NONE; i++) {
		if (s->tags[page].pages >= n)
			return page;
		page = s->tags[page].next;
	}
	return SPAN_NONE;
}

uint32_t
span_alloc(struct spans *s, uint32_t n)
{
	uint32_t page, rest;

	if (!n || n > s->free)
		return SPAN_NONE;
	page = find(s, n);
	if (page == SPAN_NONE)
		return SPAN_NONE;
	bin_remove(s, page);
	rest = s->tags[page].pages - n;
	if (rest) {
		start_set(s, page + n);
		bin_push(s, page + n, rest);
	}
	s->tags[page].pages = n | LIVE;
	s->free -= n;
	return page;
}

void
span_free(struct spans *s, uint32_t page)
{
	uint32_t n = s->tags[page].pages & ~LIVE, other;

	assert(s->tags[page].pages & LIVE);
	s->free += n;
	other = page + n;
	if (other < s->pages && !(s->tags[other].pages & LIVE)) {
		n += s->tags[other].pages;
		bin_remove(s, other);
		start_clear(s, other);
	}
	other = page ? start_of(s, page - 1) : page;
	if (other < page && !(s->tags[other].pages & LIVE)) {
		n += s->tags[other].pages;
		bin_remove(s, other);
		start_clear(s, page);
		page = other;
	}
	bin_push(s, page, n);
}

uint32_t
span_at(const struct spans *s, uint32_t page, uint32_t *first, bool *live)
{
	uint32_t pages;

	*first = start_of(s, page);
	pages = s->tags[*first].pages;
	*live = pages & LIVE;
	return pages & ~LIVE;
}

int
span_init(struct spans *s, uint64_t pages)
{
	uint64_t words = 0, n[SPAN_LEVELS], left = pages;
	uint64_t *level;

	if (!pages || pages > SPAN_MAX)
		return -EINVAL;
	*s = (struct spans){.pages = (uint32_t)pages, .free = (uint32_t)pages};
	for (unsigned l = 0; l < SPAN_LEVELS; l++) {
		left = round_up(left, 64) / 64;
		words += n[l] = left;
	}
	s->mem_bytes = words * sizeof(*level) + pages * sizeof(*s->tags);
	s->mem = mmap(NULL, s->mem_bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (s->mem == MAP_FAILED)
		return -ENOMEM;
	level = s->mem;
	for (unsigned l = 0; l < SPAN_LEVELS; level += n[l++])
		s->starts[l] = level;
	s->tags = (struct span_tag *)level;
	for (unsigned b = 0; b < SPAN_BINS; b++)
		s->head[b] = SPAN_NONE;
	start_set(s, 0);
	bin_push(s, 0, s->pages);
	return 0;
}

void
span_fini(struct spans *s)
{
	if (s->mem)
		munmap(s->mem, s->mem_bytes);
	*s = (struct spans){0};
}

/* Each level above the first has a bit exactly where the one below has any. */
static bool
levels_agree(const struct spans *s)
{
	uint64_t bits = s->pages;

	for (unsigned l = 1; l < SPAN_LEVELS; l++) {
		bits = round_up(bits, 64) / 64;
		for (uint64_t i = 0; i < bits; i++)
			if ((s->starts[l][i / 64] >> (i & 63) & 1) !=
				(s->starts[l - 1][i] != 0))
				return false;
	}
	return true;
}

/* Counts the spans in the bins; UINT64_MAX if a bin is not as it should be. */
static uint64_t
bins_count(const struct spans *s)
{
	const struct span_tag *t;
	uint64_t count = 0;
	uint32_t prev, first;
	bool live;

	for (unsigned b = 0; b < SPAN_BINS; b++) {
		if ((s->filled[b / 64] >> (b & 63) & 1) !=
			(s->head[b] != SPAN_NONE))
			return UINT64_MAX;
		prev = SPAN_NONE;
		for (uint32_t p = s->head[b]; p != SPAN_NONE; p = t->next) {
			if (p >= s->pages || count++ > s->pages)
				return UINT64_MAX;
			t = &s->tags[p];
			if (bin_of(span_at(s, p, &first, &live)) != b || live ||
				first != p || t->prev != prev)
				return UINT64_MAX;
			prev = p;
		}
	}
	return count;
}

bool
span_check(const struct spans *s)
{
	uint64_t free = 0, count = 0;
	bool live, was_live = true;
	uint32_t n, first;

	if (!(s->starts[0][0] & 1) || !levels_agree(s))
		return false;
	for (uint32_t p = 0; p < s->pages; p += n, was_live = live) {
		n = span_at(s, p, &first, &live);
		if (first != p || !n || n > s->pages - p)
			return false;
		if (start_of(s, p + n - 1) != p)
			return false;
		if (live)
			continue;
		if (!was_live)
			return false;
		free += n;
		count++;
	}
	return free == s->free && count == bins_count(s);
}
