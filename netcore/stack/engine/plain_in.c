/* plain_in.c - rx steps 3 and 4 of 8, the plain case. */
#include <string.h>

#include "netcore/stack/cksum_short.h"
#include "netcore/stack/engine/plain.h"
#include "netcore/stack/engine/progress.h"

#define AHEAD  4 /* frames */
#define IP_AT  WIRE_ETH_LEN
#define TCP_AT (WIRE_ETH_LEN + WIRE_IPV4_LEN)

static inline uint32_t
word32(const uint8_t *p)
{
	uint32_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/* In the order of memory, so that several fields are compared at once. */
static inline uint32_t
bytes4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return htobe32(
		(uint32_t)a << 24 | (uint32_t)b << 16 | (uint32_t)c << 8 | d);
}

/* TCP over IPv4 to us, not in pieces and without IP options. CE marks are not
 * plain. */
static inline bool
is_tcp4(const struct stack *s, const uint8_t *p, uint32_t len)
{
	uint32_t bad, type;

	if (len < TCP_AT + WIRE_TCP_LEN)
		return false;
	type = word32(p + 12);
	bad = word32(p) ^ s->mac_head;
	bad |= (word32(p + 4) ^ s->mac_tail) & bytes4(255, 255, 0, 0);
	bad |= (type ^ bytes4(8, 0, 0x45, 0)) & bytes4(255, 255, 255, 0);
	/* Both bits of ECN, which lie in one byte. */
	bad |= type & type >> 1 & bytes4(0, 0, 0, 1);
	bad |= (word32(p + 20) ^ bytes4(0, 0, 0, WIRE_IP_TCP)) &
		bytes4(0x3f, 255, 0, 255);
	bad |= word32(p + 30) ^ s->wire_ip4;
	return !bad;
}

/* Nothing but ACK and PSH, and no option or a timestamp where it always is. */
static inline uint32_t
plain_header(const uint8_t *p, uint32_t len)
{
	uint16_t off;

	memcpy(&off, p + TCP_AT + 12, sizeof(off));
	off &= (uint16_t)~htobe16(WIRE_TCP_PSH);
	if (off == htobe16(0x8000 | WIRE_TCP_ACK) &&
		len >= WIRE_IPV4_LEN + WIRE_TCP_LEN_TS &&
		word32(p + TCP_AT + 20) == htobe32(WIRE_TCP_TS_WORD))
		return WIRE_TCP_LEN_TS;
	return off == htobe16(0x5000 | WIRE_TCP_ACK) ? WIRE_TCP_LEN : 0;
}

/* Whose a frame may be, without having looked at the connection. */
struct whose {
	uint64_t head;	/* of a flow_key */
	uint32_t hash;	/* 0: it is not TCP over IPv4 */
	uint32_t index; /* FLOW_NONE: there is no connection, most likely */
	uint32_t len;	/* of the IP packet */
	uint32_t hlen;	/* of the TCP header; 0: it is not plain */
};

/* Stage 1: looks at the frame alone, and asks for its connection's bucket. */
static inline void
parse(const struct stack *s, const struct stack_rx_frame *f, struct whose *w)
{
	const uint8_t *p = f->data;

	w->hash = 0;
	w->index = FLOW_NONE;
	if (unlikely(!is_tcp4(s, p, f->len)))
		return;
	w->len = be_get16(p + IP_AT + 2);
	if (unlikely(w->len > f->len - IP_AT ||
		    w->len < WIRE_IPV4_LEN + WIRE_TCP_LEN ||
		    (!(f->flags & STACK_RX_CKSUM_OK) &&
			    !wire_ipv4_cksum_ok(p + IP_AT))))
		return;
	w->hlen = plain_header(p, w->len);
	/* As flow_key4() has them. */
	w->head =
		(uint64_t)be_get32(p + IP_AT + 12) << 32 | be_get32(p + TCP_AT);
	w->hash = flow_hash4(&s->flow, w->head);
}

/* Stage 2: asks for the connection. */
static inline void
fetch(const struct stack *s, struct whose *w)
{
	if (w->hash)
		w->index = flow_guess(&s->flow, w->hash);
	if (unlikely(w->index == FLOW_NONE))
		return;
	tcb_prefetch(&s->tcb[w->index]);
}

/* --- all of it ------------------------------------------------------------*/

/* The next bytes, within the window, or a new acknowledgement; and nothing in
 * the connection's state that asks for more than this file does. Its window is
 * not older than the one that we have (RFC 9293, 3.10.7.4, fifth). */
static inline bool
is_next(const struct tcb *c, uint32_t seq, uint32_t ack, uint32_t len, bool ts)
{
	uint32_t odd = (seq ^ c->rcv_nxt) | (c->flags & PLAIN_TROUBLE) |
		(c->state ^ TCP_ESTABLISHED) | (ts ^ (c->flags & TCB_TS));

	return !odd && len <= c->rcv_adv - c->rcv_nxt &&
		seq_le(c->snd_wl1, seq) &&
		ack - c->snd_una <= c->snd_nxt - c->snd_una &&
		(len || ack != c->snd_una) && c->snd_wnd &&
		c->rexmit != REXMIT_PERSIST;
}

/* The checksum runs from the source address on: what lies between is what the
 * pseudo header has, but for two fields. */
static inline bool
is_whole(const struct stack_rx_frame *f, uint32_t len)
{
	const uint8_t *p = f->data + IP_AT + 12;

	return (f->flags & STACK_RX_CKSUM_OK) ||
		cksum_short_ok(p, len - 12,
			htobe32((uint32_t)WIRE_IP_TCP << 16 |
				(len - WIRE_IPV4_LEN)));
}

/* Stage 3. True: the frame was dealt with. False: it is for ip_in(), whole. */
static inline bool
plain(struct stack *s, struct stack_rx_frame *f, const struct whose *w)
{
	const uint8_t *t = f->data + TCP_AT;
	uint32_t hlen = w->hlen, len = w->len - WIRE_IPV4_LEN - hlen;
	uint32_t ack = be_get32(t + 8), wnd = be_get16(t + 14);
	bool ts = hlen == WIRE_TCP_LEN_TS;
	struct tcb *c = &s->tcb[w->index];
	uint32_t handle = c->handle;
	struct progress p = {0};

	if (unlikely(flow_key_head(&c->key) != w->head || !wnd ||
		    !is_next(c, be_get32(t + 4), ack, len, ts) ||
		    (ts && seq_lt(be_get32(t + 24), c->ts_recent)) ||
		    !is_whole(f, w->len) ||
		    (ack != c->snd_una && !progress_take(s, c, ack, 0, &p))))
		return false;
	if (ts && c->last_ack_sent == c->rcv_nxt) {
		c->ts_recent = be_get32(t + 24);
		c->t_ts_recent = tcb_age(s->tick);
	}
	wnd <<= c->snd_wscale;
	c->snd_wl1 = c->rcv_nxt;
	if (c->snd_wnd != wnd) {
		if (wnd > c->snd_wnd && wnd > c->max_wnd)
			c->max_wnd = wnd;
		c->snd_wnd = wnd;
		if (c->sendq.bytes != c->snd_nxt - c->snd_una)
			out_ready(s, c);
	}
	s->count.rx_frames++;
	s->count.rx_bytes += f->len;
	if (ack != c->snd_una)
		progress_made(s, c, ack, &p);
	if (len && likely(c->handle == handle))
		progress_data(s, c, f, t + hlen, len);
	return true;
}

static inline void
work_off(struct stack *s, struct stack_rx_frame *f, const struct whose *w)
{
	f->kept = false;
	if (unlikely(!w->hash))
		ip_in(s, f);
	else if (unlikely(w->index == FLOW_NONE))
		ip_in_tcp4(s, f, w->len, w->hash, FLOW_NONE);
	else if (unlikely(!w->hlen) || !plain(s, f, w))
		plain_turn(s, f, w->len, w->hash, w->index);
}

/* A staircase: while one frame is worked on, the connection of the next but
 * some is on its way, and the bucket of one behind that. */
static void
burst_of_many(struct stack *s, struct stack_rx_frame *f, unsigned n)
{
	struct whose w[PLAIN_BURST];

	for (unsigned i = 0; i < n + 2 * AHEAD; i++) {
		if (i < n) {
			parse(s, &f[i], &w[i]);
			flow_prefetch(&s->flow, w[i].hash);
		}
		if (i - AHEAD < n)
			fetch(s, &w[i - AHEAD]);
		if (i - 2 * AHEAD < n)
			work_off(s, &f[i - 2 * AHEAD], &w[i - 2 * AHEAD]);
	}
}

void
plain_burst(struct stack *s, struct stack_rx_frame *f, unsigned n)
{
	struct whose w;

	if (n > AHEAD) {
		burst_of_many(s, f, n);
		return;
	}
	for (unsigned i = 0; i < n; i++) {
		parse(s, &f[i], &w);
		if (w.hash)
			w.index = flow_guess(&s->flow, w.hash);
		work_off(s, &f[i], &w);
	}
}
