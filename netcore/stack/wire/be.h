/* be.h - big-endian fields at any alignment. The caller has checked the room:
 * these are for constant offsets into what cursor_take() gave, and for emitters
 * that compared their buffer's size before.
 */
#ifndef NETCORE_STACK_WIRE_BE_H
#define NETCORE_STACK_WIRE_BE_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t
be_get16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return be16toh(v);
}

static inline uint32_t
be_get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

static inline void
be_put16(uint8_t *p, uint16_t v)
{
	v = htobe16(v);
	memcpy(p, &v, sizeof(v));
}

static inline void
be_put32(uint8_t *p, uint32_t v)
{
	v = htobe32(v);
	memcpy(p, &v, sizeof(v));
}

/* Sixteen bytes at once. A header whose struct has the same fields in the same
 * order is turned into it, and back, by one shuffle: a load, a pshufb and a
 * store where field by field takes three instructions each.
 */
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the shuffles of ipv4.h and tcp.h make little-endian numbers"
#endif
typedef uint8_t be_vec __attribute__((vector_size(16)));

static inline be_vec
be_vec_get(const void *p)
{
	be_vec v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline void
be_vec_put(void *p, be_vec v)
{
	memcpy(p, &v, sizeof(v));
}

#endif
