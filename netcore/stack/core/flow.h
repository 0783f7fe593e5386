/* flow.h - which connection a segment belongs to: a hash table from the four
 * numbers that make a connection to its index, of a fixed size.
 *
 * A bucket is a cache line of eight slots. A hit reads the bucket and the key,
 * which stands in the connection: two lines. With 2^b buckets an entry that is
 * another's costs a look at its key once in 2^(32 - b). Full buckets overflow
 * along a sequence that is each hash's own, and count how many went past them;
 * so a search ends at the first bucket that nobody passed, and removing moves
 * nothing.
 *
 * Bounds: there is always room for `connections` entries, and no call visits a
 * bucket twice. Seen in flow_test with a million and more entries, after all of
 * them were replaced twice:
 *
 *	slots in use	buckets per hit, most	per miss, most
 *	4/8		1.01		5	1.03		5
 *	7/8		1.26		21	2.5		35
 *
 * That holds for hashes that nobody can choose, therefore they are keyed, by a
 * secret drawn at start. 4/8 costs 16 to 32 bytes a connection (the number of
 * buckets is a power of two), and is worth them.
 *
 * One thread owns a table. Order of use: fill in the connection's key; h =
 * flow_hash() and flow_find() says that there is none such; flow_insert(); keep
 * h in the connection; flow_remove() with it before the key changes. For a
 * burst: hash and flow_prefetch() all, flow_guess() all and prefetch what they
 * say, then flow_find() all.
 *
 * Invariants (flow_check() walks them):
 * [I1] a slot with tag 0 is empty, and its ref too; a hash is never 0.
 * [I2] the sequence of a hash starts at hash & mask, in steps of an odd number:
 *      it visits each bucket once, their number being a power of two.
 * [I3] a bucket's count (the top byte of ref[0]) is how many entries have it in
 *      their sequence before the bucket in which they are; 255 is that or more,
 *      and stays.
 */
#ifndef NETCORE_STACK_CORE_FLOW_H
#define NETCORE_STACK_CORE_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "dlibos/base/bits.h"
#include "dlibos/base/cacheline.h"
#include "netcore/stack/core/sip.h"

#define FLOW_SLOTS	8
#define FLOW_REF	0xffffffu /* bits of a ref: index + 1 */
#define FLOW_PASSED	(1u << 24)
#define FLOW_PASSED_MAX 255u
#define FLOW_INDICES	FLOW_REF /* indices are below */
#define FLOW_NONE	UINT32_MAX
#define FLOW_WORDS	11
#define FLOW_ODD	0x9e3779b97f4a7c15 /* 2^64 by the golden ratio */

/* Ports and IPv4's remote address in host order. All of a table have the same
 * local address of IPv4, so that a key of it is one word; 0 is nobody's address
 * there, and says that it is IPv6: two words each, as on the wire, local first.
 */
struct flow_key {
	uint16_t local_port, remote_port;
	uint32_t remote4;
	uint64_t addr[4]; /* IPv4: 0 */
};

struct flow_bucket {
	uint32_t tag[FLOW_SLOTS]; /* the hash */
	uint32_t ref[FLOW_SLOTS];
} CACHELINE_ALIGNED;

struct flow_config {
	uint32_t connections; /* entries at most, 1 .. FLOW_INDICES */
	unsigned eighths;     /* of the slots in use then at most, 1 .. 7 */
	const void *keys;     /* where connection 0 has its struct flow_key */
	size_t stride;	      /* from one connection to the next; 8 n */
	struct sip_key secret;
};

struct flow {
	struct flow_bucket *bucket;
	const char *keys;
	size_t stride;
	uint32_t mask; /* buckets - 1 */
	uint32_t count;
	uint32_t limit;
	uint32_t reach; /* buckets of the longest sequence ever inserted at */
	uint64_t key[FLOW_WORDS]; /* drawn from the secret; odd from 1 on */
};

/* What hits cost, entry by entry. */
struct flow_measure {
	uint64_t entries;
	uint64_t visits; /* of buckets, to find each once */
	uint32_t most;	 /* for one */
	uint32_t passed; /* buckets that do not end a search */
};

uint64_t flow_bytes(const struct flow_config *c);

/* mem: flow_bytes() bytes, zero, aligned to 64; it stays the caller's. */
void flow_init(struct flow *f, void *mem, const struct flow_config *c);

/* The caller knows that the key is not in the table. 0, or -ENOSPC if there are
 * `connections` entries. */
int flow_insert(struct flow *f, uint32_t hash, uint32_t index);

/* By the hash that it was inserted with; false if it is not there. */
bool flow_remove(struct flow *f, uint32_t hash, uint32_t index);

/* For tests and tools; both walk everything. */
bool flow_check(const struct flow *f);
void flow_measure(const struct flow *f, struct flow_measure *m);

static inline struct flow_key
flow_key4(uint16_t local_port, uint32_t remote, uint16_t remote_port)
{
	return (struct flow_key){
		.local_port = local_port,
		.remote_port = remote_port,
		.remote4 = remote,
	};
}

static inline struct flow_key
flow_key6(const uint8_t local[16], uint16_t local_port,
	const uint8_t remote[16], uint16_t remote_port)
{
	struct flow_key k = {
		.local_port = local_port,
		.remote_port = remote_port,
	};

	memcpy(&k.addr[0], local, 16);
	memcpy(&k.addr[2], remote, 16);
	return k;
}

static inline uint64_t
flow_key_head(const struct flow_key *k)
{
	uint64_t head;

	memcpy(&head, k, sizeof(head));
	return head;
}

static inline bool
flow_key_is4(const struct flow_key *k)
{
	return k->remote4 != 0;
}

static inline bool
flow_key_equal(const struct flow_key *a, const struct flow_key *b)
{
	if (flow_key_head(a) != flow_key_head(b))
		return false;
	if (likely(flow_key_is4(a)))
		return true;
	return !((a->addr[0] ^ b->addr[0]) | (a->addr[1] ^ b->addr[1]) |
		(a->addr[2] ^ b->addr[2]) | (a->addr[3] ^ b->addr[3]));
}

/* Two words of 32 bits of a key. */
static inline uint64_t
flow_mix(const uint64_t *key, uint64_t words)
{
	return key[0] * (uint32_t)words + key[1] * (words >> 32);
}

/* Never 0. Multilinear hashing (Lemire and Kaser, 2013): whatever two keys a
 * peer chooses, without knowing the secret they have the same sum with a chance
 * of 2^-32; what follows parts sums that stand in a row. Nobody sees a hash, so
 * nobody learns from one: it need not be a cipher, and costs a tenth of one. */
static inline uint32_t
flow_hash_end(uint64_t x)
{
	uint32_t h;

	x = (x ^ x >> 32) * FLOW_ODD;
	h = (uint32_t)(x >> 32);
	return h + !h;
}

/* Of the first word of a key of IPv4. */
static inline uint32_t
flow_hash4(const struct flow *f, uint64_t head)
{
	return flow_hash_end(f->key[0] + flow_mix(&f->key[1], head));
}

static inline uint32_t
flow_hash(const struct flow *f, const struct flow_key *k)
{
	if (likely(flow_key_is4(k)))
		return flow_hash4(f, flow_key_head(k));
	return flow_hash_end(f->key[0] +
		flow_mix(&f->key[1], flow_key_head(k)) +
		flow_mix(&f->key[3], k->addr[0]) +
		flow_mix(&f->key[5], k->addr[1]) +
		flow_mix(&f->key[7], k->addr[2]) +
		flow_mix(&f->key[9], k->addr[3]));
}

/* From the hash that the NIC computed, if all hashes of the table are such. No
 * mixing parts what the NIC hashed alike, and who knows or guesses the key of
 * its (linear) hash can make as many such as he likes: for trusted peers. What
 * the secret does here is to spread hashes that share bits, as those of one
 * receive queue do. */
static inline uint32_t
flow_hash_nic(const struct flow *f, uint32_t nic)
{
	uint64_t x = (nic ^ f->key[0]) * f->key[1];
	uint32_t h;

	x = (x ^ x >> 32) * FLOW_ODD;
	h = (uint32_t)(x >> 32);
	return h + !h;
}

static inline uint32_t
flow_step(uint32_t hash)
{
	return hash >> 16 | 1;
}

/* A bit for each slot with this tag. */
static inline unsigned
flow_match(const struct flow_bucket *b, uint32_t tag)
{
#if defined(__SSE2__)
	const __m128i *half = (const __m128i *)b->tag;
	__m128i t = _mm_set1_epi32((int)tag);
	__m128i m = _mm_packs_epi32(
		_mm_cmpeq_epi32(half[0], t), _mm_cmpeq_epi32(half[1], t));

	return (unsigned)_mm_movemask_epi8(
		_mm_packs_epi16(m, _mm_setzero_si128()));
#else
	unsigned m = 0;

	for (unsigned i = 0; i < FLOW_SLOTS; i++)
		m |= (unsigned)(b->tag[i] == tag) << i;
	return m;
#endif
}

static inline uint32_t
flow_ref_index(const struct flow_bucket *b, unsigned slot)
{
	return (b->ref[slot] & FLOW_REF) - 1;
}

static inline const struct flow_key *
flow_key_of(const struct flow *f, uint32_t index)
{
	return (const struct flow_key *)(f->keys + index * f->stride);
}

static inline void
flow_prefetch(const struct flow *f, uint32_t hash)
{
	__builtin_prefetch(&f->bucket[hash & f->mask]);
}

/* The index that flow_find() will most likely look at first, or FLOW_NONE. */
static inline uint32_t
flow_guess(const struct flow *f, uint32_t hash)
{
	const struct flow_bucket *b = &f->bucket[hash & f->mask];
	unsigned m = flow_match(b, hash);

	return m ? flow_ref_index(b, (unsigned)__builtin_ctz(m)) : FLOW_NONE;
}

/* The index of the connection with this key, or FLOW_NONE. */
static inline uint32_t
flow_find(const struct flow *f, const struct flow_key *key, uint32_t hash)
{
	uint32_t at = hash & f->mask, i;

	for (uint32_t n = 0; n <= f->mask; n++) {
		const struct flow_bucket *b = &f->bucket[at];

		for (unsigned m = flow_match(b, hash); m; m &= m - 1) {
			i = flow_ref_index(b, (unsigned)__builtin_ctz(m));
			if (likely(flow_key_equal(flow_key_of(f, i), key)))
				return i;
		}
		if (likely(b->ref[0] < FLOW_PASSED))
			break;
		at = (at + flow_step(hash)) & f->mask;
	}
	return FLOW_NONE;
}

#endif
