/* put4.h - headers in front of a segment, put down word by word, and summed up
 * meanwhile. Sums are in the order of memory, as those of cksum.h. */
#ifndef NETCORE_STACK_ENGINE_PUT4_H
#define NETCORE_STACK_ENGINE_PUT4_H

#include <string.h>

#include "netcore/stack/engine/engine.h"

static inline uint64_t
put_word(uint8_t *p, uint32_t w)
{
	w = htobe32(w);
	memcpy(p, &w, sizeof(w));
	return w;
}

static inline void
put_eth(const struct stack *s, const uint8_t *mac, uint16_t type, uint8_t *p)
{
	memcpy(p, mac, 6);
	memcpy(p + 6, s->cfg.mac, 6);
	be_put16(p + 12, type);
}

/* Returns the sum of the pseudo header of len bytes. */
static inline uint64_t
put_ipv4(struct stack *s, const struct flow_key *k, uint32_t len, uint8_t tos,
	uint8_t *p)
{
	uint32_t rest = 64u << 24 | WIRE_IP_TCP << 16;
	uint64_t ends, sum;
	uint16_t c;

	ends = put_word(p + 12, (uint32_t)(k->addr[0] >> 32));
	ends += put_word(p + 16, (uint32_t)k->addr[0]);
	sum = ends;
	sum += put_word(
		p, 0x45000000 | (uint32_t)tos << 16 | (len + WIRE_IPV4_LEN));
	sum += put_word(p + 4, (uint32_t)s->ip_id++ << 16 | WIRE_IPV4_DF);
	sum += put_word(p + 8, rest);
	c = (uint16_t)~cksum_fold(sum);
	memcpy(p + 10, &c, sizeof(c));
	return ends + htobe32((uint32_t)WIRE_IP_TCP << 16 | len);
}

/* The first 20 bytes, of hlen; the checksum is left 0. */
static inline uint64_t
put_tcp(const struct tcb *c, uint32_t seq, uint32_t ack, uint32_t hlen,
	uint8_t bits, uint32_t wnd, uint8_t *p)
{
	uint32_t ports = (uint32_t)flow_key_head(&c->key);
	uint64_t sum;

	/* The key has ours first, from the low end. */
	sum = put_word(p, ports << 16 | ports >> 16);
	sum += put_word(p + 4, seq) + put_word(p + 8, ack);
	sum += put_word(p + 12, hlen << 26 | (uint32_t)bits << 16 | wnd);
	be_put32(p + 16, 0);
	return sum;
}

#endif
