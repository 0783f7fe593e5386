/* ip_addr.h - addresses of both families in one form: IPv4 is ::ffff:a.b.c.d,
 * so that a connection is found, compared and hashed the same way. Host
 * order. */
#ifndef NETCORE_STACK_IP_ADDR_H
#define NETCORE_STACK_IP_ADDR_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct ip_addr {
	uint64_t hi, lo;
};

#define IP_ADDR_V4 0xffff00000000ull

static inline struct ip_addr
ip_addr_v4(uint32_t a)
{
	return (struct ip_addr){0, IP_ADDR_V4 | a};
}

/* IPv6, from and to the order of the wire. */
static inline struct ip_addr
ip_addr_v6(const uint8_t a[16])
{
	uint64_t w[2];

	memcpy(w, a, sizeof(w));
	return (struct ip_addr){be64toh(w[0]), be64toh(w[1])};
}

static inline void
ip_addr_put(struct ip_addr a, uint8_t to[16])
{
	uint64_t w[2] = {htobe64(a.hi), htobe64(a.lo)};

	memcpy(to, w, sizeof(w));
}

static inline bool
ip_addr_is_v4(struct ip_addr a)
{
	return !a.hi && a.lo >> 32 == 0xffff;
}

static inline bool
ip_addr_eq(struct ip_addr a, struct ip_addr b)
{
	return a.hi == b.hi && a.lo == b.lo;
}

static inline bool
ip_addr_is_any(struct ip_addr a)
{
	return !a.hi && (!a.lo || a.lo == IP_ADDR_V4);
}

/* fe80::/10 (RFC 4291, 2.5.6). */
static inline bool
ip_addr_is_link(struct ip_addr a)
{
	return a.hi >> 54 == 0x3fa;
}

/* Both ends of a connection, seen from ours. */
struct ip_pair {
	struct ip_addr local, remote;
	uint16_t lport, rport;
	uint32_t zero; /* so that it can be hashed and compared by words */
};

static inline bool
ip_pair_eq(const struct ip_pair *a, const struct ip_pair *b)
{
	return !((a->local.hi ^ b->local.hi) | (a->local.lo ^ b->local.lo) |
		(a->remote.hi ^ b->remote.hi) | (a->remote.lo ^ b->remote.lo) |
		(uint64_t)(a->lport ^ b->lport) |
		(uint64_t)(a->rport ^ b->rport));
}

#endif
