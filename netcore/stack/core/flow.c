/* flow.c - changes to the flow table.
 *
 * Where home is full, an entry goes to the next bucket of its own sequence that
 * is not, and each bucket that it went past counts it: such a bucket does not
 * end a search, others do. (So does the F14 table of folly.) An entry that is
 * removed is uncounted along the same way; nothing has to move into the hole,
 * as no search ends at holes.
 */
#include <assert.h>
#include <errno.h>

#include "netcore/stack/core/flow.h"

_Static_assert(sizeof(struct flow_bucket) == CACHELINE, "a bucket is a line");
_Static_assert(sizeof(struct flow_key) == 40, "no padding is compared");

static uint32_t
passed(const struct flow_bucket *b)
{
	return b->ref[0] >> 24;
}

static uint64_t
buckets_of(const struct flow_config *c)
{
	uint64_t n = 1;

	assert(c->connections && c->connections <= FLOW_INDICES);
	assert(c->eighths && c->eighths < FLOW_SLOTS);
	while (n * c->eighths < c->connections)
		n *= 2;
	return n;
}

uint64_t
flow_bytes(const struct flow_config *c)
{
	return buckets_of(c) * sizeof(struct flow_bucket);
}

void
flow_init(struct flow *f, void *mem, const struct flow_config *c)
{
	assert(mem && (uintptr_t)mem % CACHELINE == 0);
	assert(c->keys && c->stride >= sizeof(struct flow_key));
	assert((uintptr_t)c->keys % 8 == 0 && c->stride % 8 == 0);
	*f = (struct flow){
		.bucket = mem,
		.keys = c->keys,
		.stride = c->stride,
		.mask = (uint32_t)(buckets_of(c) - 1),
		.limit = c->connections,
	};
	for (uint64_t i = 0; i < FLOW_WORDS; i++)
		f->key[i] = sip24_words(&c->secret, &i, 1) | (i > 0);
}

/* There is a free slot, and the sequence visits every bucket [I2]. */
int
flow_insert(struct flow *f, uint32_t hash, uint32_t index)
{
	struct flow_bucket *b;
	uint32_t at = hash & f->mask, n = 1;
	unsigned m, slot;

	assert(hash && index < FLOW_INDICES);
	if (unlikely(f->count == f->limit))
		return -ENOSPC;
	while (unlikely(!(m = flow_match(b = &f->bucket[at], 0)))) {
		if (passed(b) < FLOW_PASSED_MAX)
			b->ref[0] += FLOW_PASSED;
		at = (at + flow_step(hash)) & f->mask;
		n++;
	}
	slot = (unsigned)__builtin_ctz(m);
	b->tag[slot] = hash;
	b->ref[slot] += index + 1;
	f->count++;
	if (unlikely(n > f->reach))
		f->reach = n;
	return 0;
}

/* The bucket and, in *slot, where in it the entry is; NULL if nowhere. */
static struct flow_bucket *
locate(const struct flow *f, uint32_t hash, uint32_t index, unsigned *slot)
{
	uint32_t at = hash & f->mask;

	for (uint32_t n = 0; n <= f->mask; n++) {
		struct flow_bucket *b = &f->bucket[at];

		for (unsigned m = flow_match(b, hash); m; m &= m - 1) {
			*slot = (unsigned)__builtin_ctz(m);
			if (flow_ref_index(b, *slot) == index)
				return b;
		}
		if (!passed(b))
			break;
		at = (at + flow_step(hash)) & f->mask;
	}
	return NULL;
}

bool
flow_remove(struct flow *f, uint32_t hash, uint32_t index)
{
	struct flow_bucket *found, *b;
	uint32_t at = hash & f->mask;
	unsigned slot;

	if (unlikely(!hash || !(found = locate(f, hash, index, &slot))))
		return false;
	while ((b = &f->bucket[at]) != found) {
		if (passed(b) < FLOW_PASSED_MAX)
			b->ref[0] -= FLOW_PASSED;
		at = (at + flow_step(hash)) & f->mask;
	}
	found->tag[slot] = 0;
	found->ref[slot] &= ~FLOW_REF;
	f->count--;
	return true;
}

/* Buckets that a search for the entry in `slot` of bucket `in` visits; each one
 * before the last adds itself to *passes. */
static uint32_t
distance(const struct flow *f, uint32_t in, unsigned slot, uint64_t *passes)
{
	uint32_t hash = f->bucket[in].tag[slot], at = hash & f->mask, n = 1;

	for (; at != in; at = (at + flow_step(hash)) & f->mask, n++) {
		*passes += 1;
		if (!passed(&f->bucket[at]) || n > f->mask)
			return 0;
	}
	return n;
}

/* Counts are compared in sum: no bucket on an entry's way counts nobody, and
 * all together count as many as there are, unless one is at its most. */
bool
flow_check(const struct flow *f)
{
	uint64_t passes = 0, counted = 0, entries = 0;
	bool saturated = false;

	for (uint32_t at = 0; at <= f->mask; at++) {
		const struct flow_bucket *b = &f->bucket[at];

		counted += passed(b);
		saturated |= passed(b) == FLOW_PASSED_MAX;
		for (unsigned s = 0; s < FLOW_SLOTS; s++) {
			if (!b->tag[s] != !(b->ref[s] & FLOW_REF) ||
				(s && b->ref[s] > FLOW_REF))
				return false;
			if (b->tag[s] && !distance(f, at, s, &passes))
				return false;
			entries += b->tag[s] != 0;
		}
	}
	return entries == f->count && entries <= f->limit &&
		(saturated || counted == passes);
}

void
flow_measure(const struct flow *f, struct flow_measure *m)
{
	uint64_t ignored = 0;
	uint32_t n;

	*m = (struct flow_measure){0};
	for (uint32_t at = 0; at <= f->mask; at++) {
		m->passed += passed(&f->bucket[at]) != 0;
		for (unsigned s = 0; s < FLOW_SLOTS; s++) {
			if (!f->bucket[at].tag[s])
				continue;
			n = distance(f, at, s, &ignored);
			m->entries++;
			m->visits += n;
			if (n > m->most)
				m->most = n;
		}
	}
}
