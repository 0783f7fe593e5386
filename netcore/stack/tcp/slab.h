/* slab.h - nodes of one size, by index; allocated at start, shared by all
 * connections of a stack. Index 0 is none. The first word of a node is its
 * `next` in whatever list it is in, the free list included.
 */
#ifndef NETCORE_STACK_TCP_SLAB_H
#define NETCORE_STACK_TCP_SLAB_H

#include <stdbool.h>
#include <stdint.h>

#include "dlibos/base/bits.h"

struct slab {
	char *base; /* of node 0, which is not used */
	uint32_t stride;
	uint32_t cap;
	uint32_t used;
	uint32_t fresh; /* nodes never used begin here */
	uint32_t free;
	uint32_t reserve; /* nodes that slab_get_spare() leaves */
	uint64_t failures;
};

static inline uint64_t
slab_bytes(uint32_t cap, uint32_t stride)
{
	return ((uint64_t)cap + 1) * stride;
}

/* mem: slab_bytes() bytes, aligned to 8. */
static inline void
slab_init(struct slab *s, void *mem, uint32_t cap, uint32_t stride)
{
	*s = (struct slab){
		.base = mem,
		.stride = stride,
		.cap = cap,
		.fresh = 1,
	};
}

static inline void *
slab_at(const struct slab *s, uint32_t i)
{
	return s->base + (uint64_t)i * s->stride;
}

static inline uint32_t
slab_next(const struct slab *s, uint32_t i)
{
	return *(const uint32_t *)slab_at(s, i);
}

/* A node is set aside, which one is left open: it counts as used, and nothing
 * of it is touched. False when all are in use. It ends by slab_redeem() or
 * slab_waive(). */
static inline bool
slab_promise(struct slab *s)
{
	if (unlikely(s->used >= s->cap)) {
		s->failures++;
		return false;
	}
	s->used++;
	return true;
}

static inline void
slab_waive(struct slab *s)
{
	s->used--;
}

/* The node that was promised; there is one. */
static inline uint32_t
slab_redeem(struct slab *s)
{
	uint32_t i = s->free;

	if (likely(i))
		s->free = slab_next(s, i);
	else
		i = s->fresh++;
	return i;
}

/* 0 when all are in use. Memory that was never needed is never touched. */
static inline uint32_t
slab_get(struct slab *s)
{
	return likely(slab_promise(s)) ? slab_redeem(s) : 0;
}

/* One more, for who has some: a user of nodes that has none can count on one
 * as long as there are as many in reserve as there are users. */
static inline uint32_t
slab_get_spare(struct slab *s)
{
	if (unlikely(s->cap - s->used <= s->reserve)) {
		s->failures++;
		return 0;
	}
	return slab_get(s);
}

static inline uint32_t
slab_get_next(struct slab *s, bool has_some)
{
	return has_some ? slab_get_spare(s) : slab_get(s);
}

static inline void
slab_put(struct slab *s, uint32_t i)
{
	*(uint32_t *)slab_at(s, i) = s->free;
	s->free = i;
	s->used--;
}

/* n nodes that are linked, from the first to the last. */
static inline void
slab_put_chain(struct slab *s, uint32_t first, uint32_t last, uint32_t n)
{
	*(uint32_t *)slab_at(s, last) = s->free;
	s->free = first;
	s->used -= n;
}

#endif
