/* plain_ack.c - rx step 4 of 8, what an acknowledgement means, the plain case:
 * of all that it is about nothing was lost, sent twice, or cut. */
#include "netcore/stack/engine/plain.h"
#include "netcore/stack/engine/rtt.h"

/* An acknowledgement of that is not only about what was sent once. */
#define TROUBLE \
	(TCB_RECOVERY | TCB_LOSS | TCB_RESIZE | TCB_TLP_OUT | TCB_FAR | TCB_ECN)

/* --- the windows ----------------------------------------------------------*/

/* By RFC 9293, 3.10.7.4, what was sent later by its number counts. So does what
 * acknowledges more, be it old data that is sent again: the window that was
 * known counts from another edge, and would reach too far from the new one. */
static inline void
update_window(struct stack *s, struct tcb *c, const struct tcp_rx *r)
{
	uint32_t wnd = (uint32_t)r->h.window << (r->syn ? 0 : c->snd_wscale);
	bool opened;

	if (!seq_gt(r->h.ack, c->snd_una) &&
		(r->h.ack != c->snd_una || seq_gt(c->snd_wl1, r->h.seq) ||
			(c->snd_wl1 == r->h.seq &&
				seq_gt(c->snd_wl2, r->h.ack))))
		return;
	c->snd_wl1 = r->h.seq;
	c->snd_wl2 = r->h.ack;
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
	if (out_more(c))
		out_ready(s, c);
}

/* --- what is acknowledged -------------------------------------------------*/

/* What is gone with an acknowledgement. */
struct gone {
	uint32_t flags; /* of all segments, OR */
	uint32_t us;	/* when the last of them was sent */
};

/* Those from the first on that end at `ack`. False, and nothing happens: they
 * are not of the plain kind. What is under way covers all that may be
 * acknowledged, so there is one at least. Those that stay must be younger than
 * all that RACK knows of (RFC 8985, 6.2): then it finds nothing lost. */
static inline bool
take_segs(struct stack *s, struct tcb *c, uint32_t ack, struct gone *gone)
{
	uint32_t i = c->segs.head, flags = 0, n = 0, end, last;
	const struct seg *g;

	do {
		g = segs_at(&s->seg, i);
		end = g->seq + g->len;
		flags |= g->flags;
		last = i;
		i = g->next;
		n++;
	} while (i && seq_lt(end, ack));
	if (unlikely(end != ack || (flags & ~(uint32_t)(SEG_SYN | SEG_FIN)) ||
		    (i && (c->odd.again || seq_lt(g->sent_us, c->rack_us)))))
		return false;
	gone->flags = flags;
	gone->us = g->sent_us;
	slab_put_chain(&s->seg, c->segs.head, last, n);
	c->segs.out -= ack - c->snd_una;
	c->segs.head = i;
	if (likely(!i))
		c->segs.tail = 0;
	return true;
}

/* As note_rack() of plain_in.c. */
static inline void
note_rack(struct stack *s, struct tcb *c, uint32_t us)
{
	uint32_t rtt = s->us - us;

	if (likely(!c->segs.head))
		return;
	c->rack_us = us;
	c->rack_end = c->snd_una;
	c->rack_rtt_us = rtt + !rtt;
}

/* What it means for what is sent next. */
static inline void
go_on(struct stack *s, struct tcb *c, uint32_t got, const struct gone *gone)
{
	rtt_sample(c, s->us - gone->us, s->min_rto_us);
	if (likely(c->snd_wnd)) /* as measure() of ack.c */
		c->backoff = 0;
	c->tries = 0;
	note_rack(s, c, gone->us);
	if (likely(!c->segs.head && !timer_stuck(c))) {
		c->rexmit = REXMIT_NONE;
		c->t_rexmit = 0;
	} else {
		timer_rexmit(s, c);
	}
	if (unlikely(c->flags & TCB_CWND_FULL)) {
		c->cc.ops->acked(&c->cc, got, s->now / 1000, c->srtt_us);
		c->flags &= ~(uint32_t)TCB_CWND_FULL;
	}
}

/* No block and no echo, and nothing that either could be about. */
static inline bool
is_plain(const struct tcb *c, const struct tcp_rx *r)
{
	return !(r->h.sacks | (r->h.flags & WIRE_TCP_ECE) |
		(c->flags & TROUBLE) | c->segs.sacked | c->segs.lost |
		c->dupacks);
}

/* New data of c is acknowledged, and c may be gone; or false, and nothing
 * happens. */
static inline bool
progress(struct stack *s, struct tcb *c, uint32_t ack)
{
	uint32_t got = ack - c->snd_una, bytes, handle = c->handle;
	bool last = c->state == TCP_LAST_ACK;
	struct gone gone;

	if (unlikely(!take_segs(s, c, ack, &gone)))
		return false;
	c->snd_una = ack;
	last &= !!(gone.flags & SEG_FIN);
	if (!last) /* or nothing comes after it */
		go_on(s, c, got, &gone);
	bytes = got - !!(gone.flags & SEG_SYN) - !!(gone.flags & SEG_FIN);
	if (bytes)
		sendq_ack(&s->sg, &c->sendq, bytes);
	if (!last && out_more(c))
		out_ready(s, c);
	if (bytes && !(c->flags & TCB_ORPHAN))
		s->ops->acked(s->arg, handle, c->user, bytes);
	if ((gone.flags & SEG_FIN) && c->handle == handle)
		end_fin_acked(s, c);
	return true;
}

void
plain_ack(struct stack *s, struct tcb *c, const struct tcp_rx *r)
{
	uint32_t ack = r->h.ack, wnd = c->snd_wnd;
	bool dsack = unlikely(r->h.sacks) && dsack_in(s, c, r);

	update_window(s, c, r);
	if (unlikely(seq_lt(ack, c->snd_una)))
		return; /* of old */
	if (likely(is_plain(c, r)) &&
		(ack == c->snd_una ? !!(c->flags & TCB_SACK)
				   : progress(s, c, ack)))
		return;
	ack_in(s, c, r, dsack, wnd);
}
