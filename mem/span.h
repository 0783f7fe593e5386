/* span.h - the pages of a partition, handed out in runs.
 *
 * A span is a run of pages, either live (somebody's) or free. Free neighbours
 * are always joined. This file deals in page numbers alone: it knows neither
 * where the partition is nor what it holds, and all it keeps is private. One
 * thread owns a `struct spans` and makes all calls.
 *
 * Every call but span_check() is O(1): a bounded number of steps, whatever
 * the number of pages or spans.
 */
#ifndef MEM_SPAN_H
#define MEM_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dlibos/limits.h"

#define SPAN_SHIFT 12
#define SPAN_PAGE  (1u << SPAN_SHIFT)		  /* bytes */
#define SPAN_MAX   (LIMIT_PART_MAX >> SPAN_SHIFT) /* pages */
#define SPAN_NONE  UINT32_MAX

#define SPAN_LEVELS 5	/* of 64-way bitmaps: 2^30 pages */
#define SPAN_BINS   448 /* lists of free spans, by length */

struct span_tag {
	uint32_t pages; /* of the span that starts here; the top bit: live */
	uint32_t next;	/* free spans of the same bin */
	uint32_t prev;
};

struct spans {
	struct span_tag *tags;	       /* by page; only starts are valid */
	uint64_t *starts[SPAN_LEVELS]; /* a bit per page, summed up by 64 */
	uint64_t filled[SPAN_BINS / 64];
	uint32_t head[SPAN_BINS];
	uint32_t pages;
	uint32_t free; /* pages in free spans */
	void *mem;
	size_t mem_bytes;
};

/* One free span of 1..SPAN_MAX pages. 0, -EINVAL or -ENOMEM. The memory that
 * is taken (some 13 bytes a page) is touched only as the pages are used. */
int span_init(struct spans *s, uint64_t pages);
void span_fini(struct spans *s);

/* The first page of a live span of n pages, or SPAN_NONE. The lower end of a
 * free span goes first, and of spans of like length the one freed last. A
 * length up to 16 pages is found if it is there; above, a free span that is
 * less than 1/16 longer than n may be missed among more than eight such. */
uint32_t span_alloc(struct spans *s, uint32_t n);

/* Gives back the live span that starts at `page`. */
void span_free(struct spans *s, uint32_t page);

/* The span that holds `page`: its length, its first page, whether it is live.
 * page < s->pages. */
uint32_t span_at(
	const struct spans *s, uint32_t page, uint32_t *first, bool *live);

/* Whether all invariants hold; walks everything, for tests. */
bool span_check(const struct spans *s);

#endif
