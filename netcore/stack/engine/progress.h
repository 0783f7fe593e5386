/* progress.h - what is acknowledged, where of all that nothing was lost, sent
 * twice, or cut; and the bytes that are next. */
#ifndef NETCORE_STACK_ENGINE_PROGRESS_H
#define NETCORE_STACK_ENGINE_PROGRESS_H

#include "netcore/stack/engine/account.h"
#include "netcore/stack/engine/engine.h"
#include "netcore/stack/engine/rtt.h"

/* What goes with an acknowledgement. */
struct progress {
	uint32_t flags; /* of all segments, OR */
	uint32_t us;	/* when the last of them was sent */
};

/* Those that stay must be younger than all that RACK knows of (RFC 8985, 6.2):
 * then it finds nothing lost. */
static inline bool
progress_take_nodes(struct stack *s, struct tcb *c, uint32_t ack, uint32_t may,
	struct progress *p)
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
	if (unlikely(end != ack || (flags & ~may) ||
		    (i && (c->odd.again || seq_lt(g->sent_us, c->rack_us)))))
		return false;
	p->flags = flags;
	p->us = g->sent_us;
	slab_put_chain(&s->seg, c->segs.head, last, n);
	c->segs.head = i;
	if (likely(!i))
		c->segs.tail = 0;
	return true;
}

/* Those from the first on that end at `ack`. False, and nothing happens: they
 * are not of the plain kind. What is under way covers all that may be
 * acknowledged, so there is one at least. may: the flags that are allowed, a
 * constant. */
static inline bool
progress_take(struct stack *s, struct tcb *c, uint32_t ack, uint32_t may,
	struct progress *p)
{
	if (unlikely(!segs_is_lone(&c->segs)))
		return progress_take_nodes(s, c, ack, may, p);
	p->flags = segs_lone_flags(&c->segs);
	if (unlikely(ack != c->snd_nxt || (p->flags & ~may)))
		return false;
	p->us = c->segs.lone_us;
	segs_ack_lone(&s->seg, &c->segs);
	return true;
}

/* What RACK remembers is of no use when nothing is under way: all that will be
 * is younger. */
static inline void
progress_rack(struct stack *s, struct tcb *c, uint32_t us)
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
progress_go_on(
	struct stack *s, struct tcb *c, uint32_t got, const struct progress *p)
{
	rtt_sample(c, s->us - p->us);
	if (likely(c->snd_wnd)) /* as measure() of ack.c */
		c->backoff = 0;
	c->tries = 0;
	progress_rack(s, c, p->us);
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

/* These went, and their numbers are acknowledged. c may be gone then. */
static inline void
progress_made(
	struct stack *s, struct tcb *c, uint32_t ack, const struct progress *p)
{
	uint32_t got = ack - c->snd_una, bytes, handle = c->handle;
	bool fin = p->flags & SEG_FIN, last = fin && c->state == TCP_LAST_ACK;

	c->snd_una = ack;
	if (!last) /* or nothing comes after it */
		progress_go_on(s, c, got, p);
	bytes = got - fin - !!(p->flags & SEG_SYN);
	if (bytes)
		account_ack(s, c, bytes);
	if (!last && out_more(c))
		out_ready(s, c);
	if (bytes && !(c->flags & TCB_ORPHAN))
		s->ops->acked(s->arg, handle, c->user, bytes);
	if (fin && c->handle == handle)
		end_fin_acked(s, c);
}

/* The next bytes. An acknowledgement that something else takes along costs no
 * timer: who is ready asks for one if he does not send (out.c). */
static inline void
progress_data(struct stack *s, struct tcb *c, struct stack_rx_frame *f,
	const uint8_t *data, uint32_t len)
{
	uint32_t handle = c->handle;

	if (unlikely(c->flags & TCB_ORPHAN)) { /* as text() of in.c */
		s->count.drop_after_close++;
		end_reset(s, c, STACK_ABORTED);
		return;
	}
	f->kept = true;
	c->rcv_nxt += len;
	c->rcv_space -= len;
	s->ops->data(s->arg, handle, c->user, data, len, f->buf);
	if (unlikely(c->handle != handle))
		return;
	if (unlikely(tcb_unacked(c) >= 2u * c->peer_mss)) {
		c->flags |= TCB_ACK_NOW;
		out_ready(s, c);
	} else if (!(c->flags & TCB_READY)) {
		timer_delay_ack(s, c);
	}
}

#endif
