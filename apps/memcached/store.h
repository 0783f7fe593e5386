/* store.h - keys and values in memory: slabs, table, least recently used out.
 *
 * No input, no output, no clock: the caller says what time it is, lends pages,
 * and does the work that is due. One `struct store` is one thread's view.
 * Without `shared` there is one view, and nothing is locked or atomic. With it
 * each thread has its own view of the same items; no thread may use another's.
 *
 * References. What returns an item returns it held: it stays as it is, where
 * it is, whatever is deleted or replaced meanwhile, until the holder is done.
 * There are two ways to be done:
 *	store_release()	  nobody needs it any more;
 *	store_lend()	  its text was given to a connection to be sent.
 * A lent item stays until store_returned(), once for each store_lend().
 * More references to a held item come by store_hold(). Nothing is held for
 * longer than a turn; what is lent may be lent for as long as a peer likes.
 *
 * Order: store_open(), in other threads store_join(); in each turn
 * store_clock() first; store_work() regularly. Nothing else allocates, but for
 * one thing: when the table doubles, the new one is had from the system.
 *
 * Keys have 1 to ITEM_KEY_MAX bytes of any value; other lengths are found by
 * nobody and are STORE_INVALID to put. All functions take O(1) steps, but for
 * the bytes they copy, the statistics, and the first item of a size when all
 * pages are in use: unless a chunk of up to twice the size (with few pages,
 * more) can be had, a page is emptied for it then. A set finds no memory only
 * if what it looks at is all held or lent: 500 items of each segment of its
 * class and of all larger ones, and 32 pages, where one such item is enough to
 * keep the page.
 */
#ifndef APPS_MEMCACHED_STORE_H
#define APPS_MEMCACHED_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "apps/memcached/item.h"

#define STORE_CLASSES 64 /* classes are numbered from 1; 0 is none */

struct store;

struct store_config {
	uint64_t limit;	    /* bytes of all pages */
	uint32_t item_max;  /* bytes of the largest item, its header included */
	uint32_t chunk_min; /* bytes of key, value and flags in the smallest */
	double factor;	    /* from one class to the next */
	unsigned hashpower; /* buckets at the start: 2^hashpower */
	bool no_evict;	    /* rather no memory than anything thrown out */
	bool no_move;	    /* a page stays in its class */
	uint32_t temp_ttl;  /* up to it an item is temporary; 0: none is */
	unsigned hot_percent, warm_percent; /* of a class's bytes */
	double hot_factor, warm_factor;	    /* of the age of the cold tail */
	uint64_t cas;			    /* of the first item, less 1 */
	bool shared;
	unsigned stripes;   /* shared: 2^stripes locks, at most 2^hashpower */
	uint64_t secret[2]; /* random; the hash is keyed with it */
	/* A page of `bytes` bytes, aligned to 16; never given back. NULL: there
	 * is no more. Called on the thread of the view whose `arg` it gets. */
	void *(*page)(void *arg, size_t bytes);
	void *arg;
};

/* memcached's defaults; page, arg and secret are left to the caller. */
void store_defaults(struct store_config *c);

/* NULL; or a line without its end that says what cannot be. */
const char *store_complaint(const struct store_config *c);

/* `now` are the seconds since 1970. 0; -EINVAL: see store_complaint(); -ENOMEM.
 * The first page is taken when the first item is stored. */
int store_open(struct store **out, const struct store_config *c, uint32_t now);

/* Another thread's view, to be made before any of them works. */
int store_join(struct store **out, struct store *first, void *arg);

/* Ends all views. The pages belong to the caller again. */
void store_close(struct store *first);

/* Says the time, which never goes back. */
void store_clock(struct store *s, uint32_t now);
uint32_t store_now(const struct store *s);

/* Does what is due: the table grows, expired items go, items move between
 * segments, pages between classes. About `budget` items are looked at. Returns
 * whether it should be called again soon, not only in a second. */
bool store_work(struct store *s, unsigned budget);

enum store_result {
	STORE_OK,
	STORE_NOT_STORED, /* add: is there; replace and the like: is not */
	STORE_EXISTS,	  /* another cas */
	STORE_NOT_FOUND,
	STORE_TOO_LARGE,
	STORE_NO_MEMORY,
	STORE_NOT_A_NUMBER, /* incr, decr */
	STORE_INVALID,	    /* the key's length */
};

/* --- references -----------------------------------------------------------*/

void store_hold(struct store *s, struct item *it);
void store_release(struct store *s, struct item *it);
void store_lend(struct store *s, struct item *it);
void store_returned(struct store *s, struct item *it);

/* --- reading --------------------------------------------------------------*/

/* The item, held; NULL if there is none, or none any more. */
struct item *store_find(struct store *s, const char *key, size_t len);

/* The same for several keys together, so that their memory is on its way at one
 * time: store_ahead() for each, which returns its hash; store_near() for each;
 * then store_find_ahead() for each. A key has a length that can be found. */
uint32_t store_ahead(struct store *s, const char *key, size_t len);
void store_near(const struct store *s, uint32_t hash);
struct item *store_find_ahead(
	struct store *s, const char *key, size_t len, uint32_t hash);

/* The same, which gives it a new end: get-and-touch. It is counted as a touch.
 */
struct item *store_find_touch(
	struct store *s, const char *key, size_t len, int64_t exptime);

/* The same, of which no segment hears, and of the counters cmd_meta alone. */
struct item *store_peek(struct store *s, const char *key, size_t len);

/* What a meta get asks, and is told. */
struct store_ask {
	bool no_bump; /* is not an access */
	bool touch;   /* a new end: exptime */
	bool vivify;  /* a miss makes an empty item that ends at vivify_time */
	bool recache; /* who finds less left than recache_ttl is to renew it */
	bool binary;  /* the key came in base64, for vivify */
	int64_t exptime, vivify_time;
	int64_t recache_ttl; /* a time, as exptime is */
	bool touch_first;    /* recache asks the new end */
	uint64_t new_cas;    /* of a vivified item; 0: the next */
};

struct store_told {
	bool won;	 /* W: the caller is to make the new value */
	bool stale;	 /* X */
	bool sent;	 /* Z: somebody else was told so */
	bool made;	 /* it is the empty item of a miss */
	bool hit;	 /* it was got before */
	uint32_t idle;	 /* seconds since the last access before this one */
	uint32_t before; /* when it ended before a touch; 0: never */
};

/* The item, held; or NULL, and why: STORE_NOT_FOUND; with vivify also
 * STORE_NO_MEMORY. */
struct item *store_meta_get(struct store *s, const char *key, size_t len,
	const struct store_ask *ask, struct store_told *told,
	enum store_result *why);

/* --- writing --------------------------------------------------------------*/

/* Times are memcached's: 0: never; up to 30 days: from now; above: since 1970;
 * below 0 or past: it ends at once. The second in which it ends. */
uint32_t store_exptime(const struct store *s, int64_t exptime);

/* A new item, held by the caller alone, and complete but for its data: `len`
 * bytes at item_data(). What is not put ends with store_release().
 * STORE_TOO_LARGE, STORE_NO_MEMORY, STORE_INVALID. */
enum store_result store_alloc(struct store *s, struct item **out,
	const char *key, size_t key_len, uint32_t flags, int64_t exptime,
	size_t len);

/* The same, which says only whether there is a class for it. */
bool store_fits(
	const struct store *s, size_t key_len, uint32_t flags, size_t len);

/* Its key came in base64. Before it is put. */
void store_set_binary(struct item *it);

enum store_mode {
	STORE_SET,
	STORE_ADD,
	STORE_REPLACE,
	STORE_APPEND,
	STORE_PREPEND,
	STORE_CAS, /* NOT_FOUND where nothing is */
};

struct store_how {
	enum store_mode mode;
	uint64_t cas;	  /* if not 0, must be the old item's, in any mode */
	uint64_t new_cas; /* 0: the next */
	bool stale;	  /* an older cas is taken, and the item left stale */
	bool vivify;	  /* append, prepend: to nothing is a set */
};

/* Puts a filled item into the table, instead of what has its key. The caller
 * still holds it, and releases it. *cas, if not NULL: the cas of what is there
 * now (appended to, it is another item); unchanged on failure. STORE_INVALID:
 * it was put before. */
enum store_result store_put(struct store *s, struct item *it,
	const struct store_how *how, uint64_t *cas);

/* What has the key goes, counted by nothing: a set for it failed for want of
 * memory, and a client who sees that must not find the old value. */
void store_discard(struct store *s, const char *key, size_t len);

/* cas 0: any. */
enum store_result store_delete(
	struct store *s, const char *key, size_t len, uint64_t cas);

/* A meta delete that leaves the item behind, stale, with a new cas and, with
 * `touch`, a new end. */
struct store_invalid {
	uint64_t cas, new_cas; /* 0: any; the next */
	bool touch;
	int64_t exptime;
};
enum store_result store_invalidate(struct store *s, const char *key, size_t len,
	const struct store_invalid *how);

struct store_sum {
	bool decr; /* which ends at 0; incr wraps at 2^64 */
	uint64_t delta;
	uint64_t cas, new_cas; /* as in store_how */
	bool touch;
	int64_t exptime;
	uint32_t *before; /* NULL, or gets the end before a touch */
	/* A miss makes a counter, which is no set and no miss in the
	 * statistics, and sets *made. */
	bool vivify;
	bool binary; /* its key came in base64 */
	uint64_t initial;
	int64_t vivify_time;
	bool *made;
};

/* *value is the sum, *out the item that has it, held; both only with STORE_OK.
 * out may be NULL. A sum that is shorter than the old number is followed by
 * spaces, unless the old one is just being sent: then it is another item, and
 * as short. */
enum store_result store_add(struct store *s, const char *key, size_t len,
	const struct store_sum *sum, uint64_t *value, struct item **out);

/* It is an access, too. */
enum store_result store_touch(
	struct store *s, const char *key, size_t len, int64_t exptime);

/* All that is stored before `exptime` (as of store_exptime(), 0 and less: now)
 * goes, then; of a time that is past, nothing. */
void store_flush(struct store *s, int64_t exptime);

/* --- looking at all items -------------------------------------------------*/

/* Where somebody is; begins all 0, but for the classes that he wants, a bit
 * each. What is stored meanwhile he may meet or not. */
struct store_walk {
	uint64_t classes;
	uint32_t page, chunk;
};

/* What he gets in one step. */
struct store_walked {
	struct item **item; /* live ones, held; room for `most` */
	unsigned most, n;
	unsigned looks; /* chunks that may be looked at; what is left of them */
};

/* Whether there may be more. It may be that nothing is got, and another thread
 * is why: it is to be tried again soon. Meanwhile no page is emptied for a set
 * of another thread: `looks` are to be some hundreds. */
bool store_walk(struct store *s, struct store_walk *w, struct store_walked *to);

/* store_work() looks once at all items for those that are over, soon. */
void store_crawl(struct store *s);

/* --- statistics, over all views -------------------------------------------*/

/* Of one class: names are those of "stats slabs" and "stats items". */
struct store_class {
	/* stats slabs */
	uint64_t chunk_size, chunks_per_page, total_pages, total_chunks;
	uint64_t used_chunks, free_chunks, free_chunks_end;
	uint64_t get_hits, cmd_set, delete_hits, incr_hits, decr_hits;
	uint64_t cas_hits, cas_badval, touch_hits;
	/* stats items */
	uint64_t number, number_hot, number_warm, number_cold, number_temp;
	uint64_t age_hot, age_warm, age, mem_requested;
	uint64_t evicted, evicted_nonzero, evicted_time, outofmemory;
	uint64_t tailrepairs, reclaimed, expired_unfetched, evicted_unfetched;
	uint64_t evicted_active, crawler_reclaimed, crawler_items_checked;
	uint64_t lrutail_reflocked, moves_to_cold, moves_to_warm;
	uint64_t moves_within_lru, direct_reclaims;
	uint64_t hits_to[4]; /* hits_to_hot, _warm, _cold, _temp */
};

/* Of all: names are those of "stats", as far as the store knows. cmd_get is
 * get_hits + get_misses. */
struct store_stats {
	uint64_t cmd_set, cmd_touch, cmd_meta, cmd_flush;
	uint64_t get_hits, get_misses, get_expired, get_flushed;
	uint64_t delete_hits, delete_misses, incr_hits, incr_misses;
	uint64_t decr_hits, decr_misses, cas_hits, cas_misses, cas_badval;
	uint64_t touch_hits, touch_misses;
	uint64_t store_too_large, store_no_memory;
	uint64_t hash_power_level, hash_bytes, hash_is_expanding;
	uint64_t bytes, curr_items, total_items, limit_maxbytes;
	uint64_t evictions, reclaimed, evicted_unfetched, evicted_active;
	uint64_t expired_unfetched, crawler_reclaimed, crawler_items_checked;
	uint64_t lrutail_reflocked, direct_reclaims;
	uint64_t moves_to_cold, moves_to_warm, moves_within_lru;
	uint64_t active_slabs, total_malloced, slab_global_page_pool;
	uint64_t slabs_moved, slab_reassign_evictions, slab_reassign_busy;
	uint64_t slab_moves_at_once; /* within a set that had no chunk */
	uint64_t larger_chunks;	     /* taken, for want of one that fits */
	uint64_t pages_refused;	     /* page() had none, below the limit */
	uint64_t hash_grow_failed;   /* no memory for a larger table */
	uint64_t lru_crawler_starts; /* it came round so often */
	uint64_t incr_in_place;
};

unsigned store_classes(const struct store *s); /* the number of the last */
/* Class 1 to store_classes(); false beyond. */
bool store_class_stats(struct store *s, unsigned cls, struct store_class *out);
void store_stats(struct store *s, struct store_stats *out);
/* What counts events is 0 again, from now on. */
void store_stats_reset(struct store *s);

#endif
