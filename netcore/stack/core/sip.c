/* sip.c - SipHash of bytes: whole words, then one that holds what is left and,
 * on top, the length modulo 256. */
#include "netcore/stack/core/sip.h"

static uint64_t
word_at(const unsigned char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return le64toh(w);
}

static uint64_t
last_word(const unsigned char *p, size_t len)
{
	uint64_t w = 0;

	memcpy(&w, p, len & 7);
	return le64toh(w) | (uint64_t)len << 56;
}

static inline uint64_t
hash(const struct sip_key *key, const void *data, size_t len, unsigned c,
	unsigned d)
{
	const unsigned char *p = data;
	struct sip s = sip_begin(key);

	for (size_t n = len / 8; n; n--, p += 8)
		sip_absorb(&s, word_at(p), c);
	sip_absorb(&s, last_word(p, len), c);
	return sip_end(&s, d);
}

uint64_t
sip24(const struct sip_key *key, const void *data, size_t len)
{
	return hash(key, data, len, 2, 4);
}

uint64_t
sip13(const struct sip_key *key, const void *data, size_t len)
{
	return hash(key, data, len, 1, 3);
}
