/* plain_ack.c - rx step 4 of 8, an acknowledgement: the plain case. */
#include "netcore/stack/engine/progress.h"

/* An acknowledgement of that is not only about what was sent once. */
#define TROUBLE \
	(TCB_RECOVERY | TCB_LOSS | TCB_RESIZE | TCB_TLP_OUT | TCB_FAR | TCB_ECN)

/* --- the windows ----------------------------------------------------------*/

/* By RFC 9293, 3.10.7.4, what was sent later by its number counts. So does what
 * acknowledges more, be it old data that is sent again: the window that was
 * known counts from another edge, and would reach too far from the new one.
 * SND.WL2 is not kept: it is never above SND.UNA. */
static inline void
update_window(struct stack *s, struct tcb *c, const struct tcp_rx *r)
{
	uint32_t wnd = (uint32_t)r->h.window << (r->syn ? 0 : c->snd_wscale);
	bool opened;

	if (!seq_gt(r->h.ack, c->snd_una) &&
		(r->h.ack != c->snd_una || seq_gt(c->snd_wl1, r->h.seq)))
		return;
	c->snd_wl1 = r->h.seq;
	/* Who answers probes may keep it shut for ever (RFC 9293, 3.8.6.1). */
	if (unlikely(!wnd && c->tries > BACKOFF_SHUT))
		c->tries = BACKOFF_SHUT;
	if (likely(c->snd_wnd == wnd))
		return;
	opened = !c->snd_wnd || c->rexmit == REXMIT_PERSIST;
	c->snd_wnd = wnd;
	if (wnd > c->max_wnd)
		c->max_wnd = wnd;
	if (unlikely(opened && wnd))
		shut_opened(s, c);
	/* What is acknowledged lets it go on anyhow. */
	if (r->h.ack == c->snd_una && out_more(c))
		out_ready(s, c);
}

/* --- all of it ------------------------------------------------------------*/

/* No block and no echo, and nothing that either could be about. */
static inline bool
is_plain(const struct tcb *c, const struct tcp_rx *r)
{
	return !(r->h.sacks | (r->h.flags & WIRE_TCP_ECE) |
		       (c->flags & TROUBLE)) &&
		(likely(!(c->flags & TCB_ODD)) ||
			!(c->odd.sacked | c->odd.lost | c->dupacks));
}

void
plain_ack(struct stack *s, struct tcb *c, const struct tcp_rx *r)
{
	uint32_t ack = r->h.ack, wnd = c->snd_wnd;
	bool dsack = unlikely(r->h.sacks) && dsack_in(s, c, r);
	struct progress p;

	update_window(s, c, r);
	if (unlikely(seq_lt(ack, c->snd_una)))
		return; /* of old */
	if (unlikely(!is_plain(c, r)) ||
		(ack == c->snd_una ? !(c->flags & TCB_SACK)
				   : !progress_take(
					     s, c, ack, SEG_SYN | SEG_FIN, &p)))
		ack_in(s, c, r, dsack, wnd);
	else if (ack != c->snd_una)
		progress_made(s, c, ack, &p);
}
