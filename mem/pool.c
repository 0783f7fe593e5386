/* pool.c - a stack of numbers, and a bit per buffer that says whose it is.
 *
 * Of the buffers below `fresh` each is either taken (its bit is set) or on
 * the stack, once. That makes the stack's room sufficient, and a second put
 * visible before it does harm.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "dlibos/base/bits.h"
#include "dlibos/limits.h"
#include "mem/pool.h"

_Static_assert((LIMIT_PART_MAX - 1) * (POOL_STRIDE_MAX - 1) <
		UINT64_MAX - POOL_STRIDE_MAX,
	"pool_index() is exact");

static uint64_t
bit_of(uint32_t index)
{
	return 1ull << (index & 63);
}

uint32_t
pool_get_index(struct pool *p)
{
	uint32_t i;

	if (likely(p->ntop)) {
		i = p->stack[--p->ntop];
	} else if (likely(p->fresh < p->count)) {
		i = p->fresh++;
	} else {
		p->failures++;
		return POOL_NONE;
	}
	p->taken[i / 64] |= bit_of(i);
	return i;
}

void *
pool_get(struct pool *p)
{
	uint32_t i = pool_get_index(p);

	return likely(i != POOL_NONE) ? pool_at(p, i) : NULL;
}

static int
refuse(struct pool *p, enum pool_bad why)
{
	p->bad[why]++;
	return why == POOL_BAD_DOUBLE ? -EALREADY : -EINVAL;
}

int
pool_put_index(struct pool *p, uint32_t index)
{
	if (unlikely(index >= p->fresh))
		return refuse(p, POOL_BAD_FOREIGN);
	if (unlikely(!(p->taken[index / 64] & bit_of(index))))
		return refuse(p, POOL_BAD_DOUBLE);
	p->taken[index / 64] &= ~bit_of(index);
	p->stack[p->ntop++] = index;
	return 0;
}

int
pool_put(struct pool *p, void *buffer)
{
	uint32_t i = pool_index(p, buffer);

	if (unlikely(i == POOL_NONE))
		return refuse(p, POOL_BAD_FOREIGN);
	if (unlikely(pool_at(p, i) != buffer))
		return refuse(p, POOL_BAD_INTERIOR);
	return pool_put_index(p, i);
}

bool
pool_is_taken(const struct pool *p, uint32_t index)
{
	return index < p->fresh && p->taken[index / 64] & bit_of(index);
}

int
pool_init(
	struct pool *p, void *base, uint64_t size, size_t object, size_t align)
{
	uint64_t stride, count, bits;

	if (align < POOL_ALIGN_MIN && is_pow2(align))
		align = POOL_ALIGN_MIN;
	if (!base || !is_pow2(align) || (uintptr_t)base % align || !object ||
		size > LIMIT_PART_MAX || (uintptr_t)base + size < size)
		return -EINVAL;
	stride = round_up(object, align);
	if (!stride || stride >= POOL_STRIDE_MAX)
		return -EINVAL;
	count = size / stride;
	if (!count || count >= POOL_NONE)
		return -EINVAL;
	*p = (struct pool){.base = base,
		.bytes = count * stride,
		.stride = (uint32_t)stride,
		.count = (uint32_t)count};
	p->recip = UINT64_MAX / stride + 1;
	bits = round_up(count, 64) / 8;
	p->mem_bytes = bits + count * sizeof(*p->stack);
	p->mem = mmap(NULL, p->mem_bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p->mem == MAP_FAILED) {
		*p = (struct pool){0};
		return -ENOMEM;
	}
	p->taken = p->mem;
	p->stack = (uint32_t *)((unsigned char *)p->mem + bits);
	return 0;
}

void
pool_fini(struct pool *p)
{
	if (p->mem)
		munmap(p->mem, p->mem_bytes);
	*p = (struct pool){0};
}

void
pool_stats(const struct pool *p, struct pool_stats *stats)
{
	*stats = (struct pool_stats){
		.taken = p->fresh - p->ntop, .failures = p->failures};
	for (unsigned i = 0; i < POOL_BAD_REASONS; i++)
		stats->bad[i] = p->bad[i];
}

/* A buffer below fresh is taken or stands on the stack, not both: as many as
 * there are of the one and of the other make up `fresh`. */
bool
pool_check(const struct pool *p)
{
	uint64_t *seen = calloc(p->count / 64 + 1, sizeof(*seen)), n = p->ntop;
	bool good = seen && p->ntop <= p->fresh && p->fresh <= p->count;

	for (uint32_t k = 0, i; good && k < p->ntop; k++) {
		i = p->stack[k];
		good = i < p->fresh && !(seen[i / 64] & bit_of(i)) &&
			!pool_is_taken(p, i);
		if (good)
			seen[i / 64] |= bit_of(i);
	}
	for (uint32_t i = 0; good && i < p->count; i++)
		n += p->taken[i / 64] >> (i & 63) & 1;
	free(seen);
	return good && n == p->fresh;
}
