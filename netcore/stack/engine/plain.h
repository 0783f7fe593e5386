/* plain.h - the plain case: TCP over IPv4 on a connection in good health, the
 * next bytes in order and the next acknowledgement in, a segment's worth out
 * (header prediction). Nothing is done here that in.c, ack.c and out.c would
 * not do with the same frame; what is not plain is left to them, and they can
 * do without this. */
#ifndef NETCORE_STACK_ENGINE_PLAIN_H
#define NETCORE_STACK_ENGINE_PLAIN_H

#include "netcore/stack/engine/engine.h"

/* Who has one of these needs a closer look. */
#define PLAIN_TROUBLE                                                       \
	(TCB_SYN_DUE | TCB_RECOVERY | TCB_LOSS | TCB_RESIZE | TCB_TLP_OUT | \
		TCB_DSACK | TCB_FIN_QUEUED | TCB_ORPHAN | TCB_ALIVE_DUE |   \
		TCB_ALIVE_OUT | TCB_FAR | TCB_FIN_EARLY | TCB_ECN | TCB_HELD)

#define PLAIN_BURST 32

/* A burst of frames, in stages: what the next stage reads is on its way while
 * this one works. What is not plain goes to ip_in(). */
void plain_burst(struct stack *s, struct stack_rx_frame *f, unsigned n);

/* A frame of ip_in_tcp4(), which it is for if it has nothing to do with how a
 * connection is made or ends, or something is odd. */
void plain_turn(struct stack *s, struct stack_rx_frame *f, uint32_t len,
	uint32_t hash, uint32_t index);

/* How much waits on a connection, if it fits into one segment and may go; 0: it
 * is not plain. */
static inline uint32_t
plain_waits(const struct tcb *c)
{
	uint32_t flight = c->snd_nxt - c->snd_una;
	uint32_t len = c->sendq.bytes - flight;
	uint32_t odd = (c->flags & (PLAIN_TROUBLE | TCB_PROBE | TCB_NAGLE)) |
		c->segs.sacked | c->segs.lost | c->ooo.head | c->dupacks |
		(c->state ^ TCP_ESTABLISHED) | (c->key.family ^ 4);

	if (odd || len > c->mss || flight + len > c->snd_wnd ||
		flight + len > c->cc.cwnd)
		return 0;
	return len;
}

/* True: f is made, of the len bytes that wait. False: it is for out_frame(). */
bool plain_out(
	struct stack *s, struct tcb *c, uint32_t len, struct stack_tx_frame *f);

#endif
