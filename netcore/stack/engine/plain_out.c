/* plain_out.c - tx step 2 of 4, the plain case: all that waits fits into one
 * segment, and may go. */
#include <string.h>

#include "netcore/stack/cksum_short.h"
#include "netcore/stack/engine/ecn.h"
#include "netcore/stack/engine/plain.h"
#include "netcore/stack/engine/rtt.h"
#include "netcore/stack/engine/window.h"

#define TCP_AT (WIRE_ETH_LEN + WIRE_IPV4_LEN)

/* Sums are of 32-bit words as numbers: any width does for a sum modulo 0xffff,
 * and so does any order, if it is always the same. */
static inline uint64_t
put_word(uint8_t *p, uint32_t w)
{
	be_put32(p, w);
	return w;
}

/* Ethernet and IP. */
static inline void
put_ip(struct stack *s, const struct tcb *c, const uint8_t *mac, uint32_t len,
	uint8_t *p)
{
	uint64_t sum;

	memcpy(p, mac, 6);
	memcpy(p + 6, s->cfg.mac, 6);
	be_put16(p + 12, WIRE_ETH_IPV4);
	p += WIRE_ETH_LEN;
	sum = put_word(p, 0x45000000 | (uint32_t)ecn_tos(c) << 16 | len);
	sum += put_word(p + 4, (uint32_t)s->ip_id++ << 16 | WIRE_IPV4_DF);
	sum += put_word(p + 12, tcb_src(c)) + put_word(p + 16, tcb_dst(c));
	sum += 64u << 24 | WIRE_IP_TCP << 16;
	put_word(p + 8,
		64u << 24 | WIRE_IP_TCP << 16 | (uint16_t)~cksum_fold(sum));
}

/* Returns the sum of the header. */
static inline uint64_t
put_tcp(struct stack *s, struct tcb *c, bool ts, uint8_t *p)
{
	uint32_t wnd, ports = (uint32_t)flow_key_head(&c->key);
	uint32_t bits = ts ? 0x80180000 : 0x50180000; /* ACK, PSH */
	uint64_t sum;

	c->rcv_adv = window_edge(s, c);
	wnd = (c->rcv_adv - c->rcv_nxt) >> c->rcv_wscale;
	/* The key has ours first, from the low end. */
	sum = put_word(p, ports << 16 | ports >> 16);
	sum += put_word(p + 4, c->snd_nxt);
	sum += put_word(p + 8, c->rcv_nxt);
	sum += put_word(p + 12, bits | (wnd < 0xffff ? wnd : 0xffff));
	be_put32(p + 16, 0);
	if (likely(ts)) {
		sum += put_word(p + 20, WIRE_TCP_TS_WORD);
		sum += put_word(p + 24, s->tick + c->ts_offset);
		sum += put_word(p + 28, c->ts_recent);
	}
	return sum;
}

/* `sum` is of the header, and of what lies in front of it. */
static inline void
put_cksum(const struct stack *s, struct stack_tx_frame *f, uint64_t sum,
	uint64_t pseudo)
{
	uint8_t *p = f->headers + TCP_AT + 16;
	struct cksum data = {0};

	if (s->cfg.tx_cksum) {
		be_put16(p, cksum_fold(pseudo));
		f->flags = STACK_TX_CKSUM;
		return;
	}
	if (likely(f->pieces == 1))
		data.sum = cksum_short(f->piece[0].ptr, f->len, 0);
	else
		for (unsigned i = 0; i < f->pieces; i++)
			cksum_add(&data, f->piece[i].ptr, f->piece[i].len);
	sum += pseudo + be16toh(cksum_fold(data.sum));
	be_put16(p, (uint16_t)~cksum_fold(sum));
}

static inline void
put_headers(struct stack *s, struct tcb *c, const uint8_t *mac,
	struct stack_tx_frame *f)
{
	bool ts = c->flags & TCB_TS;
	uint32_t hlen = ts ? WIRE_TCP_LEN_TS : WIRE_TCP_LEN;
	uint32_t len = hlen + f->len;

	put_ip(s, c, mac, WIRE_IPV4_LEN + len, f->headers);
	f->l3 = WIRE_ETH_LEN;
	f->l4 = TCP_AT;
	f->header_len = (uint16_t)(TCP_AT + hlen);
	put_cksum(s, f, put_tcp(s, c, ts, f->headers + TCP_AT),
		(uint64_t)tcb_src(c) + tcb_dst(c) + WIRE_IP_TCP + len);
}

/* The peer has all that we know of, and is told so: nothing is due for that. */
static inline void
acknowledged(struct tcb *c)
{
	c->last_ack_sent = c->rcv_nxt;
	c->t_delack = 0;
	c->flags &= ~(uint32_t)TCB_ACK_NOW;
}

/* As timer_rexmit() has it for the first that is under way. */
static inline void
start_timer(struct stack *s, struct tcb *c)
{
	uint32_t probe, rto;

	if (unlikely(c->rexmit != REXMIT_NONE || c->backoff ||
		    !(c->flags & TCB_RTT) || !(c->flags & TCB_SACK))) {
		timer_sent(s, c);
		return;
	}
	probe = rtt_probe_us(c);
	rto = rtt_rto_us(s, c);
	c->rexmit = probe < rto ? REXMIT_TLP : REXMIT_RTO;
	c->t_rexmit = timer_in(s, (probe < rto ? probe : rto) / 1000 + 1);
	timer_by(s, c, c->t_rexmit);
}

/* How much waits on a connection, if it fits into one segment and may go; 0: it
 * is not plain. */
static inline uint32_t
waits(const struct tcb *c, uint32_t flight)
{
	uint32_t len = c->sendq.bytes - flight;
	uint32_t odd = (c->flags & (PLAIN_TROUBLE | TCB_PROBE | TCB_NAGLE)) |
		c->segs.sacked | c->segs.lost | c->ooo.head | c->dupacks |
		(c->state ^ TCP_ESTABLISHED) | (c->key.family ^ 4);

	if (odd || len > c->mss || flight + len > c->snd_wnd ||
		flight + len > c->cc.cwnd)
		return 0;
	return len;
}

/* True: f is made, of all that waits. False: it is for out_frame(). */
static inline bool
plain(struct stack *s, struct tcb *c, struct stack_tx_frame *f)
{
	uint32_t flight = c->snd_nxt - c->snd_una, len = waits(c, flight);
	const uint8_t *mac;
	unsigned n;

	if (unlikely(!len))
		return false;
	mac = neigh_of(s, c);
	if (unlikely(!mac ||
		    sendq_find(&s->sg, &c->sendq, flight, len,
			    (struct sendq_piece *)(void *)f->piece,
			    STACK_PIECES, &n) != len ||
		    !segs_add(&s->seg, &c->segs, c->snd_nxt, len, s->us, 0)))
		return false;
	f->pieces = (uint16_t)n;
	f->len = len;
	f->mss = f->flags = 0;
	f->conn = c->handle;
	f->buf = NULL;
	put_headers(s, c, mac, f);
	c->snd_nxt += len;
	acknowledged(c);
	c->t_sent = s->tick;
	start_timer(s, c);
	s->count.tx_frames++;
	s->count.tx_bytes += f->header_len + len;
	return true;
}

/* In turn: who has much to send does not make others wait. */
unsigned
plain_out(struct stack *s, struct stack_tx_frame *f, unsigned max)
{
	unsigned n = 0;

	while (n < max && s->ready_tail != s->ready_head) {
		uint32_t i = s->ready[s->ready_tail++ & s->ready_mask];
		struct tcb *c = &s->tcb[i];

		c->flags &= ~(uint32_t)TCB_READY;
		if (likely(plain(s, c, &f[n]))) {
			n++;
		} else if (c->state != TCP_CLOSED && out_frame(s, c, &f[n])) {
			n++;
			if (out_more(c))
				out_ready(s, c);
		}
	}
	return n;
}
