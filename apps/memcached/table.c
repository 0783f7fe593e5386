/* table.c - how the table grows: all stripes are locked to begin and to end it,
 * for a few stores each; a bucket is moved under its own stripe alone. A bucket
 * and the two that it becomes have one stripe, since there are never more
 * stripes than buckets.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "apps/memcached/table.h"

#define TABLE_MAX 30 /* 2^n buckets */
#define HUGE_PAGE ((size_t)2 << 20)

/* A bucket is anywhere: with small pages it is a miss of the TLB, too. Zeros
 * come when they are touched, for a large table would take its time. */
static struct item **
make(size_t count)
{
	size_t bytes = count * sizeof(struct item *);
	void *p;

	if (bytes < HUGE_PAGE)
		return calloc(count, sizeof(struct item *));
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	(void)madvise(p, bytes, MADV_HUGEPAGE); /* where there are any */
	return p;
}

static void
drop(struct item **buckets, size_t count)
{
	size_t bytes = count * sizeof(struct item *);

	if (bytes < HUGE_PAGE)
		free(buckets);
	else if (buckets)
		munmap(buckets, bytes);
}

int
table_init(struct table *t, unsigned power)
{
	*t = (struct table){.mask = (UINT32_C(1) << power) - 1};
	t->buckets = make((size_t)t->mask + 1);
	return t->buckets ? 0 : -ENOMEM;
}

void
table_fini(struct table *t)
{
	drop(t->buckets, (size_t)t->mask + 1);
	drop(t->old, (size_t)t->old_mask + 1);
}

static void
lock_all(struct store *s)
{
	for (uint32_t i = 0; i <= s->c->stripe_mask; i++)
		lock_take(s->shared, &s->c->stripes[i]);
}

static void
drop_all(struct store *s)
{
	for (uint32_t i = 0; i <= s->c->stripe_mask; i++)
		lock_drop(s->shared, &s->c->stripes[i]);
}

static bool
begin(struct store *s)
{
	struct table *t = &s->c->table;
	size_t count = ((size_t)t->mask + 1) * 2;
	struct item **buckets = make(count);

	if (!buckets) {
		t->failed = s->now; /* enough for this second */
		count_add(&s->n.hash_grow_failed, 1);
		return false;
	}
	lock_all(s);
	t->old = t->buckets;
	t->old_mask = t->mask;
	relaxed_store_32(&t->moved, 0);
	t->buckets = buckets;
	t->mask = (uint32_t)(count - 1);
	drop_all(s);
	return true;
}

static void
end(struct store *s)
{
	struct table *t = &s->c->table;
	struct item **old = t->old;

	lock_all(s);
	t->old = NULL;
	drop_all(s);
	drop(old, (size_t)t->old_mask + 1);
}

static void
move_bucket(struct store *s, uint32_t b)
{
	struct table *t = &s->c->table;
	struct lock *stripe = stripe_of(s, b);
	struct item *it, *next;

	lock_take(s->shared, stripe);
	for (it = t->old[b]; it; it = next) {
		struct item **to = &t->buckets[it->hash & t->mask];

		next = it->chain;
		it->chain = *to;
		*to = it;
	}
	t->old[b] = NULL;
	relaxed_store_32(&t->moved, b + 1);
	lock_drop(s->shared, stripe);
}

bool
table_work(struct store *s, unsigned budget)
{
	struct table *t = &s->c->table;

	if (!t->old) {
		uint64_t full = ((uint64_t)t->mask + 1) * 3 / 2;

		if (relaxed_load_64(&s->c->items) <= full ||
			t->failed == s->now || t->mask >> TABLE_MAX ||
			!begin(s))
			return false;
	}
	for (; budget > 0 && t->moved <= t->old_mask; budget--)
		move_bucket(s, t->moved);
	if (t->moved <= t->old_mask)
		return true;
	end(s);
	return false;
}
