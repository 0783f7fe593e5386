/* plain_out.c - tx step 2 of 4, the plain case: all that waits fits into one
 * segment, and may go. */
#include <string.h>

#include "netcore/stack/engine/plain.h"
#include "netcore/stack/engine/window.h"

#define TCP_AT (WIRE_ETH_LEN + WIRE_IPV4_LEN)

/* How much that is; 0: it is not plain. */
static inline uint32_t
waiting(const struct tcb *c)
{
	uint32_t flight = c->snd_nxt - c->snd_una;
	uint32_t len = c->sendq.bytes - flight;
	uint32_t odd = (c->flags & (PLAIN_TROUBLE | TCB_PROBE | TCB_NAGLE)) |
		c->segs.sacked | c->segs.lost | c->ooo.head | c->dupacks |
		(c->state ^ TCP_ESTABLISHED);

	if (odd || len > c->mss || flight + len > c->snd_wnd ||
		flight + len > c->cc.cwnd)
		return 0;
	return len;
}

static inline size_t
put_tcp(struct stack *s, struct tcb *c, uint8_t *p)
{
	uint32_t wnd;
	struct wire_tcp t = {
		.sport = c->key.local_port,
		.dport = c->key.remote_port,
		.seq = c->snd_nxt,
		.ack = c->rcv_nxt,
		.flags = WIRE_TCP_ACK | WIRE_TCP_PSH,
		.opts = c->flags & TCB_TS,
		.ts_val = s->tick + c->ts_offset,
		.ts_ecr = c->ts_recent,
	};

	c->rcv_adv = window_edge(s, c);
	wnd = (c->rcv_adv - c->rcv_nxt) >> c->rcv_wscale;
	t.window = (uint16_t)(wnd < 0xffff ? wnd : 0xffff);
	return wire_tcp_emit(p, STACK_HEADERS - TCP_AT, &t);
}

static inline void
put_cksum(const struct stack *s, struct stack_tx_frame *f, uint32_t len)
{
	uint8_t *p = f->headers + TCP_AT;
	struct cksum sum = {.sum = htobe32((uint32_t)WIRE_IP_TCP << 16 | len)};
	uint16_t c;

	if (s->cfg.tx_cksum) {
		c = cksum_fold(cksum_partial(p - 8, 8, sum.sum));
		f->flags = STACK_TX_CKSUM;
	} else {
		/* The addresses stand in front. */
		cksum_add(&sum, p - 8, f->header_len - TCP_AT + 8u);
		for (unsigned i = 0; i < f->pieces; i++)
			cksum_add(&sum, f->piece[i].ptr, f->piece[i].len);
		c = (uint16_t)~cksum_fold(sum.sum);
	}
	memcpy(p + 16, &c, sizeof(c));
}

static inline void
put_headers(struct stack *s, struct tcb *c, const uint8_t *mac,
	struct stack_tx_frame *f)
{
	size_t n = put_tcp(s, c, f->headers + TCP_AT);
	struct wire_ipv4 ip = {
		.src = tcb_src(c),
		.dst = tcb_dst(c),
		.frag = WIRE_IPV4_DF,
		.proto = WIRE_IP_TCP,
		.ttl = 64,
		.id = s->ip_id++,
		.len = (uint16_t)(n + f->len),
	};

	memcpy(f->headers, mac, 6);
	memcpy(f->headers + 6, s->cfg.mac, 6);
	be_put16(f->headers + 12, WIRE_ETH_IPV4);
	wire_ipv4_emit(f->headers + WIRE_ETH_LEN, WIRE_IPV4_LEN, &ip);
	f->l3 = WIRE_ETH_LEN;
	f->l4 = TCP_AT;
	f->header_len = (uint16_t)(TCP_AT + n);
	put_cksum(s, f, ip.len);
}

/* The peer has all that we know of, and is told so: nothing is due for that. */
static inline void
acknowledged(struct tcb *c)
{
	c->last_ack_sent = c->rcv_nxt;
	c->unacked = 0;
	c->t_delack = 0;
	c->flags &= ~(uint32_t)TCB_ACK_NOW;
}

bool
plain_out(struct stack *s, struct tcb *c, struct stack_tx_frame *f)
{
	uint32_t len = waiting(c), flight = c->snd_nxt - c->snd_una;
	const uint8_t *mac;
	unsigned n;

	if (!len)
		return false;
	mac = arp_find(s, tcb_dst(c));
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
	timer_sent(s, c);
	s->count.tx_frames++;
	s->count.tx_bytes += f->header_len + len;
	return true;
}
