/* shut.c - a peer whose window is shut (RFC 9293, 3.8.6.1). What is under way
 * then lies beyond its edge: a probe, or what the peer took room away from. It
 * was not lost by congestion: neither does it cut the congestion window, nor
 * does a recovery begin for it. */
#include "netcore/stack/engine/engine.h"

static void
again(struct stack *s, struct tcb *c)
{
	tcb_settle(s, c);
	segs_lose_all(&s->seg, &c->segs, &c->odd, false);
	tcb_see_odd(c);
	if (!(c->flags & (TCB_RECOVERY | TCB_LOSS))) {
		c->flags |= TCB_RESIZE;
		c->recover = c->snd_nxt;
	}
	c->flags &= ~(uint32_t)TCB_TLP_OUT;
	c->tlp_again = false;
}

/* The probe that is under way has timed out: it is sent again, alone. */
void
shut_probe(struct stack *s, struct tcb *c)
{
	s->count.zero_window_probes++;
	again(s, c);
}

/* The window has opened, and what was beyond it was not kept: it goes out at
 * once, not when the timer says that was backed off with each probe. */
void
shut_opened(struct stack *s, struct tcb *c)
{
	c->backoff = 0;
	c->tries = 0;
	if (c->segs.head)
		again(s, c);
	timer_rexmit(s, c);
}
