/* steer.h - whose a flow is, where several engines have one address together:
 * each of them, and what is in front of them, come to the same answer from the
 * frame alone, whatever its direction.
 *
 * The hash is of 32-bit operations only, such as a classic BPF program has:
 * netcore/driver/filter.c says it a second time in that language. The key is
 * drawn once for all who share; without it nobody can aim at one of them.
 *
 * A device has a hash of its own, Toeplitz's, over addresses and ports in a
 * row. With a key that repeats after 16 bits it is the same in both directions,
 * and a function of all 16-bit words, xored. Entry i of the device's table is
 * of share i * shares / entries.
 */
#ifndef NETCORE_STACK_STEER_H
#define NETCORE_STACK_STEER_H

#include <stdbool.h>
#include <stdint.h>

#define STEER_MUL1 0x9e3779b1u
#define STEER_MUL2 0x85ebca6bu
#define STEER_MUL3 0xc2b2ae35u

/* shares 0 or 1: every flow is ours. */
struct steer {
	uint32_t key;
	uint16_t share, shares; /* this one, of so many */
	uint16_t rss_bits;	/* of an index into a device's table; 0: none */
};

/* Any key works; one of an odd number of bits loses nothing of what it
 * hashes. */
static inline uint16_t
steer_rss_key(const struct steer *s)
{
	uint16_t k = (uint16_t)(s->key ^ s->key >> 16);

	return (uint16_t)(__builtin_parity(k) ? k : k ^ 1);
}

/* The upper half of it is the same as the lower. */
static inline uint16_t
steer_rss(const struct steer *s, uint16_t words)
{
	uint32_t key = steer_rss_key(s), h = 0;

	key |= key << 16;
	for (unsigned b = 0; b < 16; b++)
		h ^= (key << b | key >> 1 >> (31 - b)) &
			-(uint32_t)(words >> (15 - b) & 1);
	return (uint16_t)h;
}

/* addrs: both addresses, xored, by words of 32 bits in host order. ports: both,
 * xored; 0 for what has none. */
static inline uint32_t
steer_share(const struct steer *s, uint32_t addrs, uint16_t ports)
{
	uint32_t h = (addrs ^ s->key) * STEER_MUL1;

	if (s->rss_bits) {
		h = steer_rss(s, (uint16_t)(addrs ^ addrs >> 16 ^ ports));
		h &= (1u << s->rss_bits) - 1;
		return h * s->shares >> s->rss_bits;
	}
	h = ((h ^ h >> 16) ^ ports) * STEER_MUL2;
	h = (h ^ h >> 13) * STEER_MUL3;
	return (h >> 16) * s->shares >> 16;
}

static inline bool
steer_is_ours(const struct steer *s, uint32_t addrs, uint16_t ports)
{
	return s->shares < 2 || steer_share(s, addrs, ports) == s->share;
}

#endif
