/* plain_case.h - rx step 4 of 8, the plain case of both families: what is the
 * same but for where headers begin. Each family's file has it once, with that
 * as a constant. */
#ifndef NETCORE_STACK_ENGINE_PLAIN_CASE_H
#define NETCORE_STACK_ENGINE_PLAIN_CASE_H

#include <string.h>

#include "netcore/stack/cksum_short.h"
#include "netcore/stack/engine/plain.h"
#include "netcore/stack/engine/progress.h"

#define IP_AT	WIRE_ETH_LEN
#define TCP_AT	(WIRE_ETH_LEN + WIRE_IPV4_LEN)
#define TCP_AT6 (WIRE_ETH_LEN + WIRE_IPV6_LEN)

/* Whose a frame may be, without having looked at the connection. */
struct whose {
	uint64_t head;	/* of a flow_key */
	uint32_t hash;	/* 0: it is for ip_in() */
	uint32_t index; /* FLOW_NONE: there is no connection, most likely */
	uint32_t len;	/* of the IP packet */
	uint32_t hlen;	/* of the TCP header; 0: not plain, or IPv6 */
	uint32_t hlen6; /* of IPv6, where that is 0; else it is IPv4 */
};

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

/* Nothing but ACK and PSH, and no option or a timestamp where it always is. Of
 * the TCP header, and of all from it on. */
static inline uint32_t
plain_header(const uint8_t *t, uint32_t len)
{
	uint16_t off;

	memcpy(&off, t + 12, sizeof(off));
	off &= (uint16_t)~htobe16(WIRE_TCP_PSH);
	if (off == htobe16(0x8000 | WIRE_TCP_ACK) && len >= WIRE_TCP_LEN_TS &&
		word32(t + 20) == htobe32(WIRE_TCP_TS_WORD))
		return WIRE_TCP_LEN_TS;
	return off == htobe16(0x5000 | WIRE_TCP_ACK) ? WIRE_TCP_LEN : 0;
}

/* The next bytes, within the window, or a new acknowledgement; and nothing in
 * the connection's state that asks for more than this file does. Its window is
 * not older than the one that we have (RFC 9293, 3.10.7.4, fifth). */
static inline bool
is_next(const struct tcb *c, uint32_t seq, uint32_t ack, uint32_t len, bool ts,
	uint32_t trouble)
{
	uint32_t odd = (seq ^ c->rcv_nxt) | (c->flags & trouble) |
		(c->state ^ TCP_ESTABLISHED) | (ts ^ (c->flags & TCB_TS));

	return !odd && len <= c->rcv_adv - c->rcv_nxt &&
		seq_le(c->snd_wl1, seq) &&
		ack - c->snd_una <= c->snd_nxt - c->snd_una &&
		(len || ack != c->snd_una) && c->snd_wnd &&
		c->rexmit != REXMIT_PERSIST;
}

/* The checksum runs from the source address on, `addrs` bytes in front of the
 * TCP header: what lies between is what the pseudo header has, but for two
 * fields. */
static inline bool
is_whole(const struct stack_rx_frame *f, const uint8_t *t, uint32_t len,
	uint32_t addrs)
{
	return (f->flags & STACK_RX_CKSUM_OK) ||
		cksum_short_ok(t - addrs, len + addrs,
			htobe32((uint32_t)WIRE_IP_TCP << 16 | len));
}

/* As the key has them, but the other way round. */
static inline bool
is_between(const struct tcb *c, const uint8_t *addrs)
{
	uint64_t a[4];

	memcpy(a, addrs, sizeof(a));
	return !((a[0] ^ c->key.addr[2]) | (a[1] ^ c->key.addr[3]) |
		(a[2] ^ c->key.addr[0]) | (a[3] ^ c->key.addr[1]));
}

/* Stage 3. True: the frame was dealt with. False: it is for ip_in(), whole. Six
 * is a constant. */
static inline bool
plain_case(struct stack *s, struct stack_rx_frame *f, const struct whose *w,
	bool six)
{
	const uint32_t at = six ? TCP_AT6 : TCP_AT, addrs = six ? 32 : 8;
	const uint32_t trouble = PLAIN_TROUBLE | (six ? 0 : TCB_IP6);
	const uint8_t *t = f->data + at;
	uint32_t hlen = six ? w->hlen6 : w->hlen;
	uint32_t all = w->len + IP_AT - at, len = all - hlen;
	uint32_t ack = be_get32(t + 8), wnd = be_get16(t + 14);
	bool ts = hlen == WIRE_TCP_LEN_TS;
	struct tcb *c = &s->tcb[w->index];
	uint32_t handle = c->handle;
	struct progress p = {0};

	if (unlikely(flow_key_head(&c->key) != w->head || !wnd ||
		    !is_next(c, be_get32(t + 4), ack, len, ts, trouble) ||
		    (six && !is_between(c, t - addrs)) ||
		    (ts && seq_lt(be_get32(t + 24), c->ts_recent)) ||
		    !is_whole(f, t, all, addrs) ||
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

/* plain_in6.c: stage 1 of a frame that is not TCP over IPv4, and stage 3 of one
 * that is plain over IPv6. */
void plain6_parse(
	const struct stack *s, const struct stack_rx_frame *f, struct whose *w);
bool plain6_case(
	struct stack *s, struct stack_rx_frame *f, const struct whose *w);

#endif
