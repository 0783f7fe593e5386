/* store_in.h - the inside of the store, for its own files.
 *
 * Locks, where they are shared, are taken in this order: stripe, class, pages.
 * Who has a class and wants a stripe only tries. What is whose:
 *	stripe	the chains of its buckets, which items are found; of a linked
 *		item exptime, time, cas, state, and who gets its first reference
 *	class	its segments, free chunks and pages; `where` of its chunks
 *	both	LINKED, and `where` of a linked item: so who has one can read it
 *	pages	pages not yet in a class
 *	work	who does the work, its cursors
 */
#ifndef APPS_MEMCACHED_STORE_IN_H
#define APPS_MEMCACHED_STORE_IN_H

#include "apps/memcached/lock.h"
#include "apps/memcached/store.h"

#define STORE_PAGE (1u << 20) /* bytes; or item_max, if larger */

#define NO_PAGE UINT32_MAX

#define SLAB_ALIGN 16	/* sizes of chunks */
#define SLAB_SMALL 1024 /* bytes up to which the class is looked up */

/* In `where`, above the class. */
enum segment_id { SEG_HOT, SEG_WARM, SEG_COLD, SEG_TEMP, SEGMENTS };

#define WHERE_CLASS(w)	 ((w)&63)
#define WHERE_SEGMENT(w) ((w) >> 6)

/* Of a free chunk, whose `where` is 0: it is in its class's list. */
#define ITEM_LISTED 64

struct segment {
	struct item *head, *tail;
	uint64_t number, bytes;
};

struct slab_page {
	char *base;
	uint32_t carved; /* chunks that were given out once */
	uint32_t cls;	 /* 0: none */
};

struct slab_class {
	struct lock lock;
	uint32_t size, per_page;
	uint32_t carving; /* page of which chunks are carved, + 1; 0: none */
	uint32_t pages;	  /* who has the pages reads it, too */
	struct item *free;
	uint64_t free_count, used, requested;
	struct segment seg[SEGMENTS];
	/* Of the last look by slab_move.c. */
	uint64_t evictions;
};

/* A page on its way out of its class. */
struct slab_move {
	char *base, *end; /* NULL: none is */
	uint32_t page, cls, to;
	uint32_t cursor, busy, rounds;
};

struct table {
	struct item **buckets, **old; /* old: NULL unless it grows */
	uint32_t mask, old_mask;
	uint32_t moved;	 /* buckets of old that are empty for good */
	uint32_t failed; /* second in which there was no memory to grow */
};

struct store_common {
	struct store_config config;
	bool shared;
	uint32_t stripe_mask;
	struct lock *stripes;
	struct table table;

	uint32_t born;	   /* items of before are flushed */
	uint32_t flush_at; /* second of a flush to come; 0: none */
	uint64_t cas __attribute__((aligned(64)));
	uint64_t items; /* linked, as of the last look by store_work() */

	struct slab_class classes[STORE_CLASSES];
	uint32_t last_class;
	uint8_t small[SLAB_SMALL / SLAB_ALIGN + 1]; /* class by size */
	uint32_t near; /* doublings of size that are still near: slab_near() */
	uint32_t page_size;

	struct lock page_lock;
	struct slab_page *pages;
	uint32_t page_count, page_max;
	uint32_t *pool; /* pages that were had and are in no class */
	uint32_t pool_count;
	uint32_t gift; /* class that the pool's last page is meant for */

	uint32_t hungry; /* class that lately got no memory */
	struct lock work_lock;
	struct slab_move move;
	uint32_t crawl_page, crawl_chunk; /* store_work.c */
	uint32_t crawl_soon;		  /* 1: store_crawl() was called */
	uint32_t crawl_rounds;		  /* that are left of it */
	uint32_t juggle_class, move_next;
	uint32_t balanced; /* second of the last look */

	struct lock stats_lock;
	struct store *views;
	struct store_stats base; /* as of the last reset */
	struct store_class class_base[STORE_CLASSES];
};

struct store {
	struct store_common *c;
	bool shared;
	bool dry; /* page() had none; under page_lock */
	uint32_t now;
	void *arg;
	struct store *next; /* view */
	struct store_stats n;
	struct store_class of[STORE_CLASSES];
};

static inline struct slab_class *
class_of(struct store *s, const struct item *it)
{
	return &s->c->classes[WHERE_CLASS(it->where)];
}

/* Counters of the class of an item. */
static inline struct store_class *
count_of(struct store *s, const struct item *it)
{
	return &s->of[WHERE_CLASS(it->where)];
}

/* All its bytes. */
static inline uint32_t
item_total(const struct item *it)
{
	return (uint32_t)(ITEM_HEADER + item_text_len(it, true));
}

static inline bool
item_flushed(struct store *s, const struct item *it)
{
	return it->born != relaxed_load_32(&s->c->born);
}

static inline bool
item_over(const struct store *s, const struct item *it)
{
	return it->exptime != 0 && it->exptime <= s->now;
}

static inline struct lock *
stripe_of(struct store *s, uint32_t hash)
{
	return &s->c->stripes[hash & s->c->stripe_mask];
}

static inline void
item_state(struct item *it, unsigned on, unsigned off)
{
	relaxed_store_8(&it->state, (uint8_t)((it->state | on) & ~off));
}

static inline uint64_t
next_cas(struct store *s)
{
	if (s->shared)
		return ck_pr_faa_64(&s->c->cas, 1) + 1;
	return ++s->c->cas;
}

/* A live item, its stripe locked by the caller; what is over is unlinked. *why:
 * a counter of get_... that says why there is none, or NULL. */
struct item *store_look(struct store *s, const char *key, size_t len,
	uint32_t hash, uint64_t **why);

/* The live item at a key, its stripe locked until store_leave(); NULL, also if
 * the key's length is none. */
struct entered {
	struct lock *stripe; /* NULL: none */
	uint64_t *why;	     /* store_look()'s */
};
struct item *store_enter(
	struct store *s, const char *key, size_t len, struct entered *e);
void store_leave(struct store *s, const struct entered *e);

/* Counts a get that found nothing. */
void store_missed(struct store *s, const struct entered *e);

/* store_alloc() with an end that was computed before. */
enum store_result store_make(struct store *s, struct item **out,
	const char *key, size_t key_len, uint32_t flags, uint32_t exptime,
	size_t len);

/* Into the table and a segment, and out of it; its stripe is locked. Unlinking
 * may free it. */
void store_link(struct store *s, struct item *it);
void store_unlink(struct store *s, struct item *it);
/* The same, with the class locked, too. */
void store_unlink_in(struct store *s, struct item *it);

/* That it was got, its stripe locked; and that a get found it. */
void store_bump(struct store *s, struct item *it);
void store_count_hit(struct store *s, const struct item *it);

#endif
