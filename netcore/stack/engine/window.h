/* window.h - the right edge that we may tell the peer. */
#ifndef NETCORE_STACK_ENGINE_WINDOW_H
#define NETCORE_STACK_ENGINE_WINDOW_H

#include "netcore/stack/engine/engine.h"

/* The bytes that a header cannot say: it has units of the window's scale, from
 * rcv_nxt on. */
static inline uint32_t
window_rest(const struct tcb *c, uint32_t wnd)
{
	return wnd & ((1u << c->rcv_wscale) - 1);
}

static inline uint32_t
window_space(const struct tcb *c)
{
	uint32_t most = 0xffffu << c->rcv_wscale;

	return c->rcv_space < most ? c->rcv_space : most;
}

/* It never goes back (RFC 9293, 3.8.6.2.1), and moves by a segment or half of
 * the buffer at least (3.8.6.2.2). */
static inline uint32_t
window_moved(const struct stack *s, const struct tcb *c)
{
	uint32_t space = window_space(c), step = c->peer_mss;
	int32_t more = (int32_t)(c->rcv_nxt + space - c->rcv_adv);

	if (step > s->cfg.rcv_window / 2)
		step = s->cfg.rcv_window / 2;
	if (more < (int32_t)step)
		return c->rcv_adv;
	more -= (int32_t)window_rest(c, space);
	return c->rcv_adv + (more < (int32_t)step ? 0 : (uint32_t)more);
}

/* What the peer makes of the header is what counts: one that does not move is
 * made whole units of, upwards, while there is room; or it would seem to shrink
 * (RFC 7323, 2.4), by less than a unit. */
static inline uint32_t
window_edge(const struct stack *s, const struct tcb *c)
{
	uint32_t wnd = window_moved(s, c) - c->rcv_nxt;
	uint32_t up = window_rest(c, 0u - wnd);

	if (wnd + up <= window_space(c))
		wnd += up;
	return c->rcv_nxt + wnd;
}

/* A frame for the window's sake alone: two segments or half of the buffer more
 * (RFC 9293, 3.8.6.2.2), or a peer that by what it knows cannot send a segment.
 * All else waits for an acknowledgement, which two segments make due anyhow
 * (RFC 1122, 4.2.3.3); after a FIN nobody waits for room. */
static inline bool
window_due(const struct stack *s, const struct tcb *c)
{
	uint32_t more = window_moved(s, c) - c->rcv_adv;
	uint32_t known = (c->rcv_adv - c->rcv_nxt) >> c->rcv_wscale;

	if (!more || (c->flags & TCB_MOVED))
		return false;
	return more >= 2u * c->peer_mss || more >= s->cfg.rcv_window / 2 ||
		known << c->rcv_wscale < c->peer_mss;
}

/* A segment says so: what the peer may send from rcv_nxt on, scaled. Ours is
 * acknowledged by it, and nothing of that is due any more. */
static inline uint16_t
window_tell(const struct stack *s, struct tcb *c)
{
	uint32_t wnd;

	c->rcv_adv = window_edge(s, c);
	wnd = (c->rcv_adv - c->rcv_nxt) >> c->rcv_wscale;
	c->last_ack_sent = c->rcv_nxt;
	c->flags &= ~(uint32_t)(TCB_ACK_NOW | TCB_ALIVE_DUE);
	c->t_delack = 0;
	return (uint16_t)(wnd < 0xffff ? wnd : 0xffff);
}

#endif
