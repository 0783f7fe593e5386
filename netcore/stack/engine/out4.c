/* out4.c - tx steps 2 and 3 of 4: the headers of the segments that IPv4's
 * connections send most often, from the connection to the wire at once. */
#include "netcore/stack/engine/ecn.h"
#include "netcore/stack/engine/put4.h"
#include "netcore/stack/engine/window.h"

#define TCP_AT (WIRE_ETH_LEN + WIRE_IPV4_LEN)

/* sum: of the TCP header; pseudo: of what is thought in front of it. */
static inline void
finish(struct stack *s, struct stack_tx_frame *f, uint32_t hlen, uint64_t sum,
	uint64_t pseudo)
{
	struct cksum all = {.sum = sum + pseudo};
	uint16_t c;

	if (s->cfg.tx_cksum) {
		c = cksum_fold(pseudo);
		f->flags |= STACK_TX_CKSUM;
	} else {
		for (unsigned i = 0; i < f->pieces; i++)
			cksum_add(&all, f->piece[i].ptr, f->piece[i].len);
		c = (uint16_t)~cksum_fold(all.sum);
	}
	memcpy(f->headers + TCP_AT + 16, &c, sizeof(c));
	f->l3 = WIRE_ETH_LEN;
	f->l4 = TCP_AT;
	f->header_len = (uint16_t)(TCP_AT + hlen);
	s->count.tx_frames++;
	s->count.tx_bytes += f->header_len + f->len;
}

void
out4_segment(struct stack *s, struct tcb *c, const uint8_t *mac, uint32_t seq,
	uint8_t bits, struct stack_tx_frame *f, uint8_t tos)
{
	bool ts = c->flags & TCB_TS;
	uint32_t hlen = ts ? WIRE_TCP_LEN_TS : WIRE_TCP_LEN;
	uint8_t *t = f->headers + TCP_AT;
	uint64_t sum, pseudo;

	put_eth(s, mac, WIRE_ETH_IPV4, f->headers);
	pseudo = put_ipv4(
		s, &c->key, hlen + f->len, tos, f->headers + WIRE_ETH_LEN);
	bits |= ecn_echo_bit(c) | WIRE_TCP_ACK;
	sum = put_tcp(c, seq, c->rcv_nxt, hlen, bits, window_tell(s, c), t);
	if (likely(ts)) {
		sum += put_word(t + 20, WIRE_TCP_TS_WORD);
		sum += put_word(t + 24, s->tick + c->ts_offset);
		sum += put_word(t + 28, c->ts_recent);
	}
	finish(s, f, hlen, sum, pseudo);
}

void
out4_syn(struct stack *s, struct tcb *c, const uint8_t *mac, uint8_t bits,
	uint16_t wnd, struct stack_tx_frame *f)
{
	bool answer = bits & WIRE_TCP_ACK;
	uint8_t *t = f->headers + TCP_AT;
	uint64_t sum, pseudo;

	put_eth(s, mac, WIRE_ETH_IPV4, f->headers);
	pseudo = put_ipv4(
		s, &c->key, WIRE_TCP_LEN_SYN, 0, f->headers + WIRE_ETH_LEN);
	sum = put_tcp(c, c->iss, answer ? c->rcv_nxt : 0, WIRE_TCP_LEN_SYN,
		bits, wnd, t);
	sum += put_word(t + 20, WIRE_TCP_MSS_WORD | open_mss(s, &c->key));
	sum += put_word(t + 24, WIRE_TCP_SACK_OK_TS_WORD);
	sum += put_word(t + 28, s->tick + c->ts_offset);
	sum += put_word(t + 32, answer ? c->ts_recent : 0);
	sum += put_word(t + 36, WIRE_TCP_WSCALE_WORD | c->rcv_wscale);
	finish(s, f, WIRE_TCP_LEN_SYN, sum, pseudo);
}
