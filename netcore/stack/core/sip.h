/* sip.h - SipHash (Aumasson and Bernstein, 2012): a keyed hash of short inputs.
 * Who does not know the key can neither guess a hash nor find two inputs with
 * the same one. 2-4 is for what a peer gets to see (sequence numbers, cookies),
 * 1-3 for tables, whose hashes nobody sees.
 *
 * Pure functions, any thread. Numbers go in and out in the machine's order;
 * bytes are read as the paper says, so hashes are the same everywhere.
 */
#ifndef NETCORE_STACK_CORE_SIP_H
#define NETCORE_STACK_CORE_SIP_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SIP_KEY_BYTES 16

struct sip_key {
	uint64_t k0, k1;
};

struct sip {
	uint64_t v0, v1, v2, v3;
};

/* The key that 16 random bytes are. */
static inline struct sip_key
sip_key(const uint8_t bytes[SIP_KEY_BYTES])
{
	uint64_t w[2];

	memcpy(w, bytes, sizeof(w));
	return (struct sip_key){le64toh(w[0]), le64toh(w[1])};
}

/* len bytes at any alignment. */
uint64_t sip24(const struct sip_key *key, const void *data, size_t len);
uint64_t sip13(const struct sip_key *key, const void *data, size_t len);

static inline uint64_t
sip_rotate(uint64_t x, unsigned by)
{
	return x << by | x >> (64 - by);
}

static inline void
sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = sip_rotate(s->v1, 13) ^ s->v0;
	s->v3 = sip_rotate(s->v3, 16) ^ s->v2;
	s->v0 = sip_rotate(s->v0, 32);
	s->v2 += s->v1;
	s->v0 += s->v3;
	s->v1 = sip_rotate(s->v1, 17) ^ s->v2;
	s->v3 = sip_rotate(s->v3, 21) ^ s->v0;
	s->v2 = sip_rotate(s->v2, 32);
}

static inline struct sip
sip_begin(const struct sip_key *key)
{
	return (struct sip){
		.v0 = key->k0 ^ 0x736f6d6570736575,
		.v1 = key->k1 ^ 0x646f72616e646f6d,
		.v2 = key->k0 ^ 0x6c7967656e657261,
		.v3 = key->k1 ^ 0x7465646279746573,
	};
}

/* rounds: 1 or 2, a constant. */
static inline void
sip_absorb(struct sip *s, uint64_t word, unsigned rounds)
{
	s->v3 ^= word;
	sip_round(s);
	if (rounds == 2)
		sip_round(s);
	s->v0 ^= word;
}

/* rounds: 3 or 4, a constant. */
static inline uint64_t
sip_end(struct sip *s, unsigned rounds)
{
	s->v2 ^= 0xff;
	sip_round(s);
	sip_round(s);
	sip_round(s);
	if (rounds == 4)
		sip_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/* The hash of n words' bytes, the least significant first: the same as that of
 * their memory on a little-endian machine. n < 32; a small constant gets
 * straight-line code. */
static inline uint64_t
sip24_words(const struct sip_key *key, const uint64_t *w, unsigned n)
{
	struct sip s = sip_begin(key);

	for (unsigned i = 0; i < n; i++)
		sip_absorb(&s, w[i], 2);
	sip_absorb(&s, (uint64_t)n * 8 << 56, 2);
	return sip_end(&s, 4);
}

/* As that, of the twelve bytes of a and b. */
static inline uint64_t
sip24_12(const struct sip_key *key, uint64_t a, uint32_t b)
{
	struct sip s = sip_begin(key);

	sip_absorb(&s, a, 2);
	sip_absorb(&s, (uint64_t)12 << 56 | b, 2);
	return sip_end(&s, 4);
}

static inline uint64_t
sip13_words(const struct sip_key *key, const uint64_t *w, unsigned n)
{
	struct sip s = sip_begin(key);

	for (unsigned i = 0; i < n; i++)
		sip_absorb(&s, w[i], 1);
	sip_absorb(&s, (uint64_t)n * 8 << 56, 1);
	return sip_end(&s, 3);
}

#endif
