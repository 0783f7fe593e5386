/* hash.h - a hash of bytes under a key: for the table of paths, with a key that
 * was drawn at random, so that no visitor can choose paths which collide; and
 * for entity tags, with a key that is always the same.
 *
 * Not for secrets, and not for what a peer may choose and see.
 */
#ifndef APPS_WEBSERVER_HASH_H
#define APPS_WEBSERVER_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct hash_key {
	uint64_t k0, k1;
};

/* Both halves of the product of a and b, folded. */
static inline uint64_t
hash_fold(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 wide;
	wide product = (wide)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Up to eight bytes, as a number; no byte outside is read. */
static inline uint64_t
hash_few(const char *p, size_t n)
{
	uint64_t v = 0;
	uint32_t lo, hi;

	if (n == 8) {
		memcpy(&v, p, 8);
		return v;
	}
	if (n >= 4) {
		memcpy(&lo, p, 4);
		memcpy(&hi, p + n - 4, 4);
		return (uint64_t)hi << 32 | lo;
	}
	for (size_t i = 0; i < n; i++)
		v = v << 8 | (uint8_t)p[i];
	return v;
}

static inline uint64_t
hash_bytes(const struct hash_key *key, const char *p, size_t len)
{
	uint64_t h = key->k0 ^ len * 0x9e3779b97f4a7c15u;
	uint64_t a, b = 0;

	for (; len > 16; p += 16, len -= 16) {
		memcpy(&a, p, 8);
		memcpy(&b, p + 8, 8);
		/* The old sum stays in, even if the product is 0. */
		h = hash_fold(a ^ h, b ^ key->k1) + (h << 32 | h >> 32);
	}
	b = 0;
	a = hash_few(p, len < 8 ? len : 8);
	if (len > 8)
		b = hash_few(p + 8, len - 8);
	h = hash_fold(a ^ h, b ^ key->k1);
	return hash_fold(h ^ key->k1, key->k0 | 1);
}

#endif
