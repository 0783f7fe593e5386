/* lock.h - locks, references and counters, which cost nothing where one thread
 * is alone: `shared` is the same for the whole run, and the branch on it is
 * foreseen.
 *
 * The thread sanitizer does not see into ck's fences; it gets the same
 * operations from the compiler.
 */
#ifndef APPS_MEMCACHED_LOCK_H
#define APPS_MEMCACHED_LOCK_H

#include <ck_pr.h>
#include <ck_spinlock.h>
#include <stdbool.h>
#include <stdint.h>

#include "apps/memcached/item.h"

struct lock {
	ck_spinlock_fas_t fas;
} __attribute__((aligned(64)));

/* An item lives until all of its `refs` are 0: that it is linked is one. */
#define REF_USER   UINT64_C(1)
#define REF_LENT   (UINT64_C(1) << 32)
#define REF_LINKED (UINT64_C(1) << 63)

#ifdef DL_TSAN
static inline bool
lock_raw_try(struct lock *l)
{
	return __atomic_exchange_n(&l->fas.value, 1, __ATOMIC_ACQUIRE) == 0;
}

static inline void
lock_raw_drop(struct lock *l)
{
	__atomic_store_n(&l->fas.value, 0, __ATOMIC_RELEASE);
}

#define relaxed_load_8(p)      __atomic_load_n((p), __ATOMIC_RELAXED)
#define relaxed_store_8(p, v)  __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define relaxed_load_32(p)     __atomic_load_n((p), __ATOMIC_RELAXED)
#define relaxed_store_32(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define relaxed_load_64(p)     __atomic_load_n((p), __ATOMIC_RELAXED)
#define relaxed_store_64(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define acquire_load_64(p)     __atomic_load_n((p), __ATOMIC_ACQUIRE)
#else
#define relaxed_load_8(p)      ck_pr_load_8(p)
#define relaxed_store_8(p, v)  ck_pr_store_8((p), (v))
#define relaxed_load_32(p)     ck_pr_load_32(p)
#define relaxed_store_32(p, v) ck_pr_store_32((p), (v))
#define relaxed_load_64(p)     ck_pr_load_64(p)
#define relaxed_store_64(p, v) ck_pr_store_64((p), (v))

static inline bool
lock_raw_try(struct lock *l)
{
	return ck_spinlock_fas_trylock(&l->fas);
}

static inline void
lock_raw_drop(struct lock *l)
{
	ck_spinlock_fas_unlock(&l->fas);
}

static inline uint64_t
acquire_load_64(const uint64_t *p)
{
	uint64_t v = ck_pr_load_64(p);

	ck_pr_fence_acquire();
	return v;
}
#endif

static inline bool
lock_try(bool shared, struct lock *l)
{
	return !shared || lock_raw_try(l);
}

static inline void
lock_take(bool shared, struct lock *l)
{
	if (!shared)
		return;
	while (!lock_raw_try(l))
		ck_pr_stall();
}

static inline void
lock_drop(bool shared, struct lock *l)
{
	if (shared)
		lock_raw_drop(l);
}

/* A counter that one thread writes and any may read. */
static inline void
count_add(uint64_t *p, uint64_t n)
{
	relaxed_store_64(p, *p + n);
}

static inline void
count(uint64_t *p)
{
	count_add(p, 1);
}

static inline void
ref_add(bool shared, struct item *it, uint64_t refs)
{
	if (shared) /* ck's add takes no constant of 64 bits */
		(void)ck_pr_faa_64(&it->refs, refs);
	else
		it->refs += refs;
}

/* Whether none is left: then the caller, and nobody else, frees it. */
static inline bool
ref_sub(bool shared, struct item *it, uint64_t refs)
{
	if (shared) /* a full fence: what was read before is read */
		return ck_pr_faa_64(&it->refs, -refs) == refs;
	it->refs -= refs;
	return it->refs == 0;
}

/* Linked, and needed by nobody. Stays so while its stripe is locked. */
static inline bool
ref_idle(bool shared, const struct item *it)
{
	return (shared ? acquire_load_64(&it->refs) : it->refs) == REF_LINKED;
}

#endif
