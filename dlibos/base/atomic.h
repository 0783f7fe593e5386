/* atomic.h - ck_pr as this house uses it, and what it does not have: loads and
 * stores that carry their fence, and the 16-byte slot.
 *
 * The dialect is ck's. A fence of its own is invisible to the thread
 * sanitizer, therefore acquire and release come as one operation here; on x86
 * each of them is a plain move.
 */
#ifndef DLIBOS_BASE_ATOMIC_H
#define DLIBOS_BASE_ATOMIC_H

#include <ck_pr.h>
#include <stdint.h>

#ifdef DL_TSAN
/* ck's portable loads and stores are volatile ones, which the sanitizer takes
 * for races; and it does not understand fences. */
#define atomic_load_32(p)	  __atomic_load_n((p), __ATOMIC_RELAXED)
#define atomic_store_32(p, v)	  __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define atomic_load_acq_32(p)	  __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define atomic_load_acq_64(p)	  __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define atomic_store_rel_32(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define atomic_store_rel_64(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define atomic_full_fence() \
	((void)__atomic_fetch_add(&(uint32_t){0}, 0, __ATOMIC_SEQ_CST))
#else
#define atomic_load_32(p)     ck_pr_load_32(p)
#define atomic_store_32(p, v) ck_pr_store_32((p), (v))

static inline uint32_t
atomic_load_acq_32(const uint32_t *p)
{
	uint32_t v = ck_pr_load_32(p);

	ck_pr_fence_acquire();
	return v;
}

static inline uint64_t
atomic_load_acq_64(const uint64_t *p)
{
	uint64_t v = ck_pr_load_64(p);

	ck_pr_fence_acquire();
	return v;
}

static inline void
atomic_store_rel_32(uint32_t *p, uint32_t v)
{
	ck_pr_fence_release();
	ck_pr_store_32(p, v);
}

static inline void
atomic_store_rel_64(uint64_t *p, uint64_t v)
{
	ck_pr_fence_release();
	ck_pr_store_64(p, v);
}

/* Orders a store before a later load. */
static inline void
atomic_full_fence(void)
{
	ck_pr_fence_memory();
}
#endif

/* Two words that travel together. A copy of them may be torn between the two
 * halves (the architecture does not promise otherwise), never within one; it
 * is made exactly once, whatever the compiler thinks. The store is a release
 * of all that was written before it, the load an acquire. */
typedef uint64_t pair128 __attribute__((vector_size(16), may_alias));

#if defined(__x86_64__) && !defined(DL_TSAN)
static inline pair128
atomic_load_pair(const pair128 *p)
{
	pair128 v;

	__asm__ __volatile__("movdqa %1, %0" : "=x"(v) : "m"(*p) : "memory");
	return v;
}

static inline void
atomic_store_pair(pair128 *p, pair128 v)
{
	__asm__ __volatile__("movdqa %1, %0" : "=m"(*p) : "x"(v) : "memory");
}
#else
static inline pair128
atomic_load_pair(const pair128 *p)
{
	const uint64_t *w = (const uint64_t *)p;
	uint64_t a = atomic_load_acq_64(&w[0]), b = atomic_load_acq_64(&w[1]);

	return (pair128){a, b};
}

static inline void
atomic_store_pair(pair128 *p, pair128 v)
{
	uint64_t *w = (uint64_t *)p;

	atomic_store_rel_64(&w[0], v[0]);
	atomic_store_rel_64(&w[1], v[1]);
}
#endif

/* Fetches the line that holds p, in order to write it. */
static inline void
prefetch_for_write(const void *p)
{
#if defined(__x86_64__)
	__asm__ __volatile__("prefetchw %0" : : "m"(*(const char *)p));
#else
	__builtin_prefetch(p, 1);
#endif
}

static inline void
cpu_relax(void)
{
	ck_pr_stall();
}

#endif
