/* pool.h - buffers of one size in a part of a partition.
 *
 * Like the heap (heap.h) a pool never touches the memory it hands out: all
 * bookkeeping is private (4 bytes and 2 bits a buffer), taken at pool_init()
 * and touched only as buffers get used. One thread owns a pool and makes all
 * calls; each but pool_check() is O(1), without division or system call.
 *
 * A buffer has a number, 0 .. pool->count - 1, by address upwards; numbers and
 * pointers may be mixed freely. The buffer put back last is the next to go
 * out; fresh ones go out from low addresses upwards, when no other is left.
 */
#ifndef MEM_POOL_H
#define MEM_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POOL_NONE	UINT32_MAX
#define POOL_ALIGN_MIN	16	   /* bytes */
#define POOL_STRIDE_MAX (1u << 24) /* bytes; above any message's length */

/* Why pool_put() refused. */
enum pool_bad {
	POOL_BAD_FOREIGN,  /* outside, or was never handed out */
	POOL_BAD_INTERIOR, /* not the start of a buffer */
	POOL_BAD_DOUBLE,   /* was handed out, but is back already */
	POOL_BAD_REASONS
};

struct pool_stats {
	uint64_t taken; /* buffers, now */
	uint64_t failures;
	uint64_t bad[POOL_BAD_REASONS];
};

struct pool {
	unsigned char *base;
	uint64_t bytes; /* count * stride */
	uint64_t recip; /* 2^64 / stride, rounded up */
	uint32_t stride;
	uint32_t count;
	uint32_t fresh;	 /* buffers from here on were never handed out */
	uint32_t ntop;	 /* numbers on the stack */
	uint32_t *stack; /* of those that were put back */
	uint64_t *taken; /* a bit per buffer */
	uint64_t failures;
	uint64_t bad[POOL_BAD_REASONS];
	void *mem;
	size_t mem_bytes;
};

/* As many buffers of `object` bytes as fit in [base, base + size), each at a
 * multiple of align, a power of two that is raised to POOL_ALIGN_MIN; base is
 * such a multiple. 0, -EINVAL (also if none fits, or the distance of two is
 * POOL_STRIDE_MAX or more, or size above LIMIT_PART_MAX) or -ENOMEM; on
 * failure there is nothing to undo. */
int pool_init(
	struct pool *p, void *base, uint64_t size, size_t object, size_t align);

/* Gives the bookkeeping back, whatever is taken. Not the partition. */
void pool_fini(struct pool *p);

/* A buffer, contents undefined; NULL and POOL_NONE if all are taken, which is
 * counted. */
void *pool_get(struct pool *p);
uint32_t pool_get_index(struct pool *p);

/* 0, and the buffer is back. Otherwise nothing changes but a count: -EALREADY
 * if it was back, -EINVAL if it was never handed out or there is no such. */
int pool_put(struct pool *p, void *buffer);
int pool_put_index(struct pool *p, uint32_t index);

/* Whether this buffer is handed out, for any number. */
bool pool_is_taken(const struct pool *p, uint32_t index);

void pool_stats(const struct pool *p, struct pool_stats *stats);

/* Whether all invariants hold; walks everything, for tests. */
bool pool_check(const struct pool *p);

/* Where a buffer starts. index < p->count. */
static inline void *
pool_at(const struct pool *p, uint32_t index)
{
	return p->base + (uint64_t)index * p->stride;
}

/* The buffer that holds the byte at ptr (the gap behind a buffer, where align
 * makes one, is the buffer's); POOL_NONE if it is in none.
 *
 * The product is exact: the reciprocal is too large by less than 1, so the
 * quotient by less than off / 2^64 <= 2^-24, which is less than 1 / stride. */
static inline uint32_t
pool_index(const struct pool *p, const void *ptr)
{
	uint64_t off = (uintptr_t)ptr - (uintptr_t)p->base;

	if (off >= p->bytes)
		return POOL_NONE;
	return (uint32_t)((unsigned __int128)off * p->recip >> 64);
}

#endif
