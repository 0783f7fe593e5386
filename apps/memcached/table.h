/* table.h - buckets of items; it doubles in small steps while it is used. */
#ifndef APPS_MEMCACHED_TABLE_H
#define APPS_MEMCACHED_TABLE_H

#include "apps/memcached/keyhash.h"
#include "apps/memcached/store_in.h"

/* 0; -ENOMEM. */
int table_init(struct table *t, unsigned power);
void table_fini(struct table *t);

/* Doubles it if it is too full, or moves up to `budget` buckets. Whether there
 * is more to do. The caller has the work lock and no other. */
bool table_work(struct store *s, unsigned budget);

/* A bucket is in the old table until its items were moved. Whoever locked the
 * bucket's stripe gets the right answer: only with it that bucket is moved. */
static inline struct item **
table_bucket(const struct table *t, uint32_t hash)
{
	if (__builtin_expect(t->old != NULL, 0) &&
		(hash & t->old_mask) >= relaxed_load_32(&t->moved))
		return &t->old[hash & t->old_mask];
	return &t->buckets[hash & t->mask];
}

/* The stripe is locked. */
static inline struct item *
table_find(const struct table *t, const char *key, size_t len, uint32_t hash)
{
	struct item *it = *table_bucket(t, hash);

	for (; it; it = it->chain)
		if (it->hash == hash && it->key_len == len &&
			key_equal(item_key(it), key, len))
			break;
	return it;
}

static inline void
table_insert(const struct table *t, struct item *it)
{
	struct item **bucket = table_bucket(t, it->hash);

	it->chain = *bucket;
	*bucket = it;
}

static inline void
table_remove(const struct table *t, const struct item *it)
{
	struct item **at = table_bucket(t, it->hash);

	while (*at != it)
		at = &(*at)->chain;
	*at = it->chain;
}

#endif
