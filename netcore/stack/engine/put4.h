/* put4.h - headers in front of a segment, put down word by word, and summed up
 * meanwhile; where IPv6 has others, a constant says so. Sums are in the order
 * of memory, as those of cksum.h. */
#ifndef NETCORE_STACK_ENGINE_PUT4_H
#define NETCORE_STACK_ENGINE_PUT4_H

#include <string.h>

#include "netcore/stack/cksum_short.h"
#include "netcore/stack/engine/window.h"

#define PUT_TCP	 (WIRE_ETH_LEN + WIRE_IPV4_LEN) /* where TCP begins */
#define PUT_TCP6 (WIRE_ETH_LEN + WIRE_IPV6_LEN)

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

/* A key has the addresses as they go, one behind the other. */
static inline uint64_t
put_ipv6(const struct flow_key *k, uint32_t len, uint8_t tos, uint8_t *p)
{
	put_word(p, 0x60000000 | (uint32_t)tos << 20);
	put_word(p + 4, len << 16 | WIRE_IP_TCP << 8 | 64);
	memcpy(p + 8, k->addr, sizeof(k->addr));
	return cksum_pseudo6(p + 8, p + 24, WIRE_IP_TCP, len);
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

/* at: of the TCP header; sum: of it; pseudo: of what is thought in front. */
static inline void
put_end(struct stack *s, struct stack_tx_frame *f, uint32_t at, uint32_t hlen,
	uint64_t sum, uint64_t pseudo)
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
	memcpy(f->headers + at + 16, &c, sizeof(c));
	f->l3 = WIRE_ETH_LEN;
	f->l4 = (uint16_t)at;
	f->header_len = (uint16_t)(at + hlen);
	s->count.tx_frames++;
	s->count.tx_bytes += f->header_len + f->len;
}

/* What every segment of an established connection says, but for blocks. bits:
 * beside ACK. ts, six: TCB_TS and TCB_IP6, for the compiler to know them where
 * it can. */
static inline void
put_segment(struct stack *s, struct tcb *c, const uint8_t *mac, uint32_t seq,
	uint8_t bits, struct stack_tx_frame *f, uint8_t tos, bool ts, bool six)
{
	uint32_t hlen = ts ? WIRE_TCP_LEN_TS : WIRE_TCP_LEN;
	uint32_t at = six ? PUT_TCP6 : PUT_TCP, len = hlen + f->len;
	uint8_t *ip = f->headers + WIRE_ETH_LEN, *t = f->headers + at;
	uint64_t sum, pseudo;

	put_eth(s, mac, six ? WIRE_ETH_IPV6 : WIRE_ETH_IPV4, f->headers);
	if (six)
		pseudo = put_ipv6(&c->key, len, tos, ip);
	else
		pseudo = put_ipv4(s, &c->key, len, tos, ip);
	bits |= WIRE_TCP_ACK;
	sum = put_tcp(c, seq, c->rcv_nxt, hlen, bits, window_tell(s, c), t);
	if (ts) {
		sum += put_word(t + 20, WIRE_TCP_TS_WORD);
		sum += put_word(t + 24, s->tick + c->ts_offset);
		sum += put_word(t + 28, c->ts_recent);
	}
	put_end(s, f, at, hlen, sum, pseudo);
}

#endif
