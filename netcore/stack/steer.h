/* steer.h - whose a flow is, where several engines have one address together:
 * each of them, and the filters in front of them, come to the same answer from
 * the frame alone, whatever its direction.
 *
 * The hash is of 32-bit operations only, such as a classic BPF program has:
 * netcore/driver/filter.c says it a second time in that language. The key is
 * drawn once for all who share; without it nobody can aim at one of them.
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
};

/* addrs: both addresses, xored, by words of 32 bits in host order. ports: both,
 * xored; 0 for what has none. */
static inline uint32_t
steer_share(const struct steer *s, uint32_t addrs, uint16_t ports)
{
	uint32_t h = (addrs ^ s->key) * STEER_MUL1;

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
