/* window.h - the right edge that we may tell the peer. */
#ifndef NETCORE_STACK_ENGINE_WINDOW_H
#define NETCORE_STACK_ENGINE_WINDOW_H

#include "netcore/stack/engine/engine.h"

/* It never goes back (RFC 9293, 3.8.6.2.1), and moves by a segment or half of
 * the buffer at least (3.8.6.2.2). */
static inline uint32_t
window_edge(const struct stack *s, const struct tcb *c)
{
	uint32_t most = 0xffffu << c->rcv_wscale, step = c->peer_mss;
	uint32_t space = c->rcv_space < most ? c->rcv_space : most;
	uint32_t could = c->rcv_nxt + space;

	if (step > s->cfg.rcv_window / 2)
		step = s->cfg.rcv_window / 2;
	return (int32_t)(could - c->rcv_adv) >= (int32_t)step ? could
							      : c->rcv_adv;
}

/* A frame for the window's sake alone: two segments or half of the buffer more
 * (RFC 9293, 3.8.6.2.2), or a peer that by what it knows cannot send a segment.
 * All else waits for an acknowledgement, which two segments make due anyhow
 * (RFC 1122, 4.2.3.3); after a FIN nobody waits for room. */
static inline bool
window_due(const struct stack *s, const struct tcb *c)
{
	uint32_t more = window_edge(s, c) - c->rcv_adv;
	uint32_t known = (c->rcv_adv - c->rcv_nxt) >> c->rcv_wscale;

	if (!more || (c->flags & TCB_MOVED))
		return false;
	return more >= 2u * c->peer_mss || more >= s->cfg.rcv_window / 2 ||
		known << c->rcv_wscale < c->peer_mss;
}

#endif
