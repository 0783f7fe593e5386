/* idpool.h - numbers 0 .. n - 1, handed out with a generation, so that a handle
 * kept after its number went back is recognised: 24 bits of index, 8 of
 * generation. 0 is no handle.
 *
 * Numbers go out again in the order in which they came back, fresh ones as long
 * as no more than `idle` wait. A handle of old looks right again only after its
 * number went round 255 times; while there are fresh numbers that takes at
 * least 255 * idle puts, and without them it depends on how many wait. A large
 * `idle` keeps old handles wrong for longer, a small one keeps the working set
 * small; n or more means that every number has its turn.
 *
 * One thread owns a pool. Each call is O(1): one or two words are touched. What
 * was never handed out is never touched.
 *
 * Invariants (idpool_check_all() walks them):
 * [I1] word[i] of a taken i is its handle; its lower 24 bits say i.
 * [I2] word[i] of one that waits has the generation that it goes out with next
 *      above, and below the one that waits behind it, which is not i.
 * [I3] indices from `fresh` on were never handed out.
 * [I4] the generation is never 0.
 */
#ifndef NETCORE_STACK_CORE_IDPOOL_H
#define NETCORE_STACK_CORE_IDPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "dlibos/base/bits.h"

#define IDPOOL_BITS 24
#define IDPOOL_MAX  (1u << IDPOOL_BITS)
#define IDPOOL_NONE 0u

struct idpool {
	uint32_t *word;
	uint32_t n;
	uint32_t idle;
	uint32_t fresh;
	uint32_t waiting;
	uint32_t head, tail; /* the longest and the shortest waiting */
	uint64_t failures;   /* idpool_get() found none */
	uint64_t stale;	     /* idpool_put() refused */
};

/* Of what idpool_init() wants. n: 1 .. IDPOOL_MAX. */
static inline uint64_t
idpool_bytes(uint32_t n)
{
	return (uint64_t)n * sizeof(uint32_t);
}

/* mem: idpool_bytes() bytes, zero, aligned to 4; it stays the caller's. */
void idpool_init(struct idpool *p, void *mem, uint32_t n, uint32_t idle);

/* A handle; IDPOOL_NONE if all are taken. */
uint32_t idpool_get(struct idpool *p);

/* Takes a handle back; false, and nothing happens, if it is not a taken one. */
bool idpool_put(struct idpool *p, uint32_t handle);

/* Whether all invariants hold; walks everything, for tests. */
bool idpool_check_all(const struct idpool *p);

static inline uint32_t
idpool_index(uint32_t handle)
{
	return handle & (IDPOOL_MAX - 1);
}

/* The index if the handle is a taken one, or -1; for any number. */
static inline int32_t
idpool_check(const struct idpool *p, uint32_t handle)
{
	uint32_t i = idpool_index(handle);

	if (unlikely(i >= p->fresh || p->word[i] != handle))
		return -1;
	return (int32_t)i;
}

/* The handle of an index that is taken. */
static inline uint32_t
idpool_handle(const struct idpool *p, uint32_t index)
{
	return p->word[index];
}

static inline uint32_t
idpool_taken(const struct idpool *p)
{
	return p->fresh - p->waiting;
}

#endif
