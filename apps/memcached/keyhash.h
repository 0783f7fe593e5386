/* keyhash.h - a hash of keys under a secret that is drawn at random, so that no
 * client can choose keys which collide. Not for what a client may see.
 */
#ifndef APPS_MEMCACHED_KEYHASH_H
#define APPS_MEMCACHED_KEYHASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Both halves of a product, one on the other. */
static inline uint64_t
keyhash_mix(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 wide;
	wide product = (wide)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t
keyhash_8(const char *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return v;
}

static inline uint64_t
keyhash_4(const char *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return v;
}

/* len is 1 at least. Words at the end overlap those before them, instead of a
 * loop over the bytes that are left. */
static inline uint32_t
keyhash(const uint64_t secret[2], const char *p, size_t len)
{
	uint64_t h = secret[0] ^ len * 0x9e3779b97f4a7c15u;
	uint64_t a, b;
	size_t left = len;

	for (; left > 16; p += 16, left -= 16)
		/* The old sum stays in, even if the product is 0. */
		h = keyhash_mix(
			    keyhash_8(p) ^ h, keyhash_8(p + 8) ^ secret[1]) +
			(h << 29 | h >> 35);
	if (left >= 8) {
		a = keyhash_8(p);
		b = keyhash_8(p + left - 8);
	} else if (left >= 4) {
		a = keyhash_4(p);
		b = keyhash_4(p + left - 4);
	} else {
		a = (uint64_t)(uint8_t)p[0] << 16 |
			(uint64_t)(uint8_t)p[left / 2] << 8 |
			(uint8_t)p[left - 1];
		b = 0;
	}
	h = keyhash_mix(a ^ h, b ^ secret[1]);
	h = keyhash_mix(h ^ secret[1], secret[0] | 1);
	return (uint32_t)(h ^ h >> 32);
}

/* Whether two keys of one length, which is 1 at least, are the same: most have
 * a few words, for which a call is long. */
static inline bool
key_equal(const char *a, const char *b, size_t len)
{
	size_t i = 0;

	if (len >= 8) {
		for (; i + 8 < len; i += 8)
			if (keyhash_8(a + i) != keyhash_8(b + i))
				return false;
		return keyhash_8(a + len - 8) == keyhash_8(b + len - 8);
	}
	if (len >= 4)
		return keyhash_4(a) == keyhash_4(b) &&
			keyhash_4(a + len - 4) == keyhash_4(b + len - 4);
	for (; i < len; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

#endif
