/* plain.c - rx step 4 of 8, the plain case: a connection in good health gets
 * what it expects next (header prediction). Nothing is done here that in.c and
 * ack.c would not do to the same segment; what is not plain is left to them.
 */
#include "netcore/stack/engine/engine.h"
#include "netcore/stack/engine/rtt.h"

/* Whoever has one of these needs a closer look. */
#define TROUBLE                                                             \
	(TCB_SYN_DUE | TCB_RECOVERY | TCB_LOSS | TCB_RESIZE | TCB_TLP_OUT | \
		TCB_DSACK | TCB_FIN_QUEUED | TCB_ORPHAN)

_Static_assert((int)TCB_TS == (int)WIRE_TCP_TS, "compared as they are");

bool
plain_is(const struct tcb *c, const struct tcp_rx *r)
{
	uint32_t flight = c->snd_nxt - c->snd_una;

	/* The next bytes, within the window; or a new acknowledgement. */
	return c->state == TCP_ESTABLISHED && !(c->flags & TROUBLE) &&
		(r->h.flags & ~WIRE_TCP_PSH) == WIRE_TCP_ACK &&
		r->h.opts == (c->flags & TCB_TS) && r->h.seq == c->rcv_nxt &&
		r->len <= c->rcv_adv - c->rcv_nxt &&
		r->h.ack - c->snd_una <= flight &&
		(r->len || r->h.ack != c->snd_una) &&
		(!r->h.opts || seq_ge(r->h.ts_val, c->ts_recent)) &&
		r->h.window && !c->ooo.head && !c->segs.sacked &&
		!c->segs.lost && c->rexmit != REXMIT_PERSIST;
}

/* The timer of what is still under way begins anew (RFC 6298, 5.2, 5.3). */
static inline void
restart_timer(struct stack *s, struct tcb *c)
{
	if (likely(!c->segs.head && !timer_stuck(c))) {
		c->rexmit = REXMIT_NONE;
		c->t_rexmit = 0;
	} else {
		timer_rexmit(s, c);
	}
}

/* What RACK remembers is of no use when nothing is under way: all that will be
 * is younger. */
static inline void
rack_note(struct stack *s, struct tcb *c, uint32_t us)
{
	if (!c->segs.head || seq_lt(us, c->rack_us))
		return;
	c->rack_us = us;
	c->rack_end = c->snd_una;
	c->rack_rtt_us = s->us - us;
	c->rack_rtt_us += !c->rack_rtt_us;
}

/* Segments that were sent once, and wholly arrived. */
static bool
acknowledge(struct stack *s, struct tcb *c, uint32_t ack)
{
	uint32_t handle = c->handle, bytes = 0, us = 0, n;

	while ((n = segs_ack_plain(&s->seg, &c->segs, ack, &us)))
		bytes += n;
	if (unlikely(!bytes))
		return true;
	c->snd_una += bytes;
	c->dupacks = c->backoff = 0;
	rtt_sample(c, s->us - us, s->min_rto_us);
	rack_note(s, c, us);
	restart_timer(s, c);
	if (c->flags & TCB_CWND_FULL) {
		c->cc.ops->acked(&c->cc, bytes, s->now / 1000, c->srtt_us);
		c->flags &= ~(uint32_t)TCB_CWND_FULL;
	}
	sendq_ack(&s->sg, &c->sendq, bytes);
	if (c->sendq.bytes != c->snd_nxt - c->snd_una)
		out_ready(s, c);
	s->ops->acked(s->arg, handle, c->user, bytes);
	return c->handle == handle;
}

/* An acknowledgement that something else takes along costs no timer: what is
 * ready asks for one if it does not send (out.c). */
static inline void
want_ack(struct stack *s, struct tcb *c)
{
	if (c->unacked >= 2u * c->peer_mss) {
		c->flags |= TCB_ACK_NOW;
		out_ready(s, c);
	} else if (!(c->flags & TCB_READY)) {
		timer_delay_ack(s, c);
	}
}

void
plain_in(struct stack *s, struct tcb *c, const struct tcp_rx *r)
{
	uint32_t handle = c->handle,
		 wnd = (uint32_t)r->h.window << c->snd_wscale;

	if (c->last_ack_sent == c->rcv_nxt) {
		c->ts_recent = r->h.opts ? r->h.ts_val : c->ts_recent;
		c->t_ts_recent = s->tick;
	}
	c->snd_wl1 = r->h.seq;
	c->snd_wl2 = r->h.ack;
	if (c->snd_wnd != wnd) {
		c->snd_wnd = wnd;
		if (wnd > c->max_wnd)
			c->max_wnd = wnd;
		out_ready(s, c);
	}
	if (r->h.ack != c->snd_una) {
		if (!acknowledge(s, c, r->h.ack))
			return;
		if (unlikely(c->snd_una != r->h.ack)) {
			ack_in(s, c, r);
			if (c->handle != handle)
				return;
		}
	}
	if (!r->len)
		return;
	if (unlikely(c->flags & TCB_ORPHAN || c->state != TCP_ESTABLISHED)) {
		in_text(s, c, r); /* the program has closed it just now */
		return;
	}
	r->frame->kept = true;
	c->rcv_nxt += r->len;
	c->unacked += r->len;
	c->rcv_space -= r->len;
	s->ops->data(s->arg, handle, c->user, r->data, r->len, r->frame->buf);
	if (likely(c->handle == handle))
		want_ack(s, c);
}
