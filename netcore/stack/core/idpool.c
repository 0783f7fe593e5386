/* idpool.c - a queue of numbers that is linked through their own words. */
#include <assert.h>

#include "netcore/stack/core/idpool.h"

#define INDEX_MASK (IDPOOL_MAX - 1)
#define GENERATION (1u << IDPOOL_BITS)

void
idpool_init(struct idpool *p, void *mem, uint32_t n, uint32_t idle)
{
	assert(mem && n && n <= IDPOOL_MAX);
	*p = (struct idpool){.word = mem, .n = n, .idle = idle};
}

uint32_t
idpool_get(struct idpool *p)
{
	uint32_t i;

	if (p->fresh < p->n && p->waiting <= p->idle) {
		i = p->fresh++;
		return p->word[i] = GENERATION | i;
	}
	if (unlikely(!p->waiting)) {
		p->failures++;
		return IDPOOL_NONE;
	}
	i = p->head;
	p->head = p->word[i] & INDEX_MASK;
	p->waiting--;
	return p->word[i] = (p->word[i] & ~INDEX_MASK) | i;
}

/* The last one in the queue has no successor to name, and must not name itself
 * [I2]: it names its neighbour. */
bool
idpool_put(struct idpool *p, uint32_t handle)
{
	uint32_t i = idpool_index(handle), generation;

	if (unlikely(idpool_check(p, handle) < 0)) {
		p->stale++;
		return false;
	}
	generation = (handle & ~INDEX_MASK) + GENERATION;
	if (unlikely(!generation))
		generation = GENERATION;
	p->word[i] = generation | (i ^ 1);
	if (p->waiting++)
		p->word[p->tail] = (p->word[p->tail] & ~INDEX_MASK) | i;
	else
		p->head = i;
	p->tail = i;
	return true;
}

bool
idpool_check_all(const struct idpool *p)
{
	uint32_t i = p->head, taken = 0;

	if (p->fresh > p->n || p->waiting > p->fresh)
		return false;
	for (uint32_t k = 0; k < p->waiting; k++) {
		if (i >= p->fresh || (p->word[i] & INDEX_MASK) == i)
			return false;
		if (k == p->waiting - 1 && i != p->tail)
			return false;
		i = p->word[i] & INDEX_MASK;
	}
	for (i = 0; i < p->fresh; i++) {
		if (p->word[i] < GENERATION)
			return false;
		taken += (p->word[i] & INDEX_MASK) == i;
	}
	return taken == idpool_taken(p);
}
