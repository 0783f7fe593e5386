/* out4.c - tx steps 2 and 3 of 4: the headers of the segments that IPv4's
 * connections send most often, from the connection to the wire at once. */
#include "netcore/stack/engine/ecn.h"
#include "netcore/stack/engine/put4.h"

void
out4_segment(struct stack *s, struct tcb *c, const uint8_t *mac, uint32_t seq,
	uint8_t bits, struct stack_tx_frame *f, uint8_t tos)
{
	put_segment(s, c, mac, seq, bits | ecn_echo_bit(c), f, tos,
		c->flags & TCB_TS, false);
}

void
out4_syn(struct stack *s, struct tcb *c, const uint8_t *mac, uint8_t bits,
	uint16_t wnd, struct stack_tx_frame *f)
{
	bool answer = bits & WIRE_TCP_ACK;
	uint8_t *t = f->headers + PUT_TCP;
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
	put_end(s, f, PUT_TCP, WIRE_TCP_LEN_SYN, sum, pseudo);
}
