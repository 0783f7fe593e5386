/* put4.h - headers in front of a segment, put down word by word, and summed up
 * meanwhile. Sums are in the order of memory, as those of cksum.h. */
#ifndef NETCORE_STACK_ENGINE_PUT4_H
#define NETCORE_STACK_ENGINE_PUT4_H

#include <string.h>

#include "netcore/stack/cksum_short.h"
#include "netcore/stack/engine/window.h"

#define PUT_TCP (WIRE_ETH_LEN + WIRE_IPV4_LEN) /* where TCP begins */

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
	uint64_t ends = s->wire_ip4, sum;
	uint16_t c;

	memcpy(p + 12, &s->wire_ip4, sizeof(s->wire_ip4));
	ends += put_word(p + 16, k->remote4);
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

/* sum: of the TCP header; pseudo: of what is thought in front of it. */
static inline void
put_end(struct stack *s, struct stack_tx_frame *f, uint32_t hlen, uint64_t sum,
	uint64_t pseudo)
{
	struct cksum all = {.sum = sum + pseudo};
	uint16_t c;

	if (s->cfg.tx_cksum) {
		c = cksum_fold(pseudo);
		f->flags |= STACK_TX_CKSUM;
	} else {
		if (likely(f->pieces == 1))
			all.sum = cksum_short(
				f->piece[0].ptr, f->piece[0].len, all.sum);
		else
			for (unsigned i = 0; i < f->pieces; i++)
				cksum_add(
					&all, f->piece[i].ptr, f->piece[i].len);
		c = (uint16_t)~cksum_fold(all.sum);
	}
	memcpy(f->headers + PUT_TCP + 16, &c, sizeof(c));
	f->l3 = WIRE_ETH_LEN;
	f->l4 = PUT_TCP;
	f->header_len = (uint16_t)(PUT_TCP + hlen);
	s->count.tx_frames++;
	s->count.tx_bytes += f->header_len + f->len;
}

/* What every segment of an established connection says, but for blocks. bits:
 * beside ACK. ts: TCB_TS, for the compiler to know it where it can. */
static inline void
put_segment(struct stack *s, struct tcb *c, const uint8_t *mac, uint32_t seq,
	uint8_t bits, struct stack_tx_frame *f, uint8_t tos, bool ts)
{
	uint32_t hlen = ts ? WIRE_TCP_LEN_TS : WIRE_TCP_LEN;
	uint8_t *t = f->headers + PUT_TCP;
	uint64_t sum, pseudo;

	put_eth(s, mac, WIRE_ETH_IPV4, f->headers);
	pseudo = put_ipv4(
		s, &c->key, hlen + f->len, tos, f->headers + WIRE_ETH_LEN);
	bits |= WIRE_TCP_ACK;
	sum = put_tcp(c, seq, c->rcv_nxt, hlen, bits, window_tell(s, c), t);
	if (ts) {
		sum += put_word(t + 20, WIRE_TCP_TS_WORD);
		sum += put_word(t + 24, s->tick + c->ts_offset);
		sum += put_word(t + 28, c->ts_recent);
	}
	put_end(s, f, hlen, sum, pseudo);
}

#endif
