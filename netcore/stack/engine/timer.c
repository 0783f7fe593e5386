/* timer.c - deadlines. A connection has one entry in the wheel, at the nearest
 * of its own; an entry that comes too early is set again. */
#include "netcore/stack/engine/rtt.h"

#define SYNS	   6   /* of ours that are sent again */
#define ANSWERS	   4   /* to one of the peer's: others wait for its place */
#define BLACK_HOLE 3   /* timeouts in a row */
#define NO_WAY	   120 /* seconds; at least 100 (RFC 1122, 4.2.3.5) */

static bool
due(const struct stack *s, uint32_t t)
{
	return t && (int32_t)(t - s->tick) <= 0;
}

static uint32_t
nearer(uint32_t a, uint32_t b)
{
	if (!a || !b)
		return a ? a : b;
	return (int32_t)(a - b) < 0 ? a : b;
}

void
timer_arm(struct stack *s, struct tcb *c)
{
	uint32_t t = nearer(c->t_rexmit, c->t_delack);

	if (unlikely(c->flags & TCB_LIFE))
		t = nearer(t, c->t_life);
	if (t)
		timer_by(s, c, t);
}

/* The time for a tail probe (RFC 8985, 7.2), if one makes sense; 0 if not. */
static inline uint32_t
probe_ms(const struct stack *s, const struct tcb *c)
{
	uint32_t us;

	if (!(c->flags & TCB_SACK) || !(c->flags & TCB_RTT) ||
		(c->flags & (TCB_RECOVERY | TCB_LOSS | TCB_TLP_OUT)) ||
		c->backoff || c->state < TCP_ESTABLISHED ||
		((c->flags & TCB_ODD) && c->odd.sacked))
		return 0;
	us = rtt_probe_us(c);
	return us < rtt_rto_us(s, c) ? us / 1000 + 1 : 0;
}

static uint32_t
backed_off_ms(const struct stack *s, const struct tcb *c)
{
	uint64_t ms = (uint64_t)rtt_rto_ms(s, c) << c->backoff;

	return ms < RTO_MAX_MS ? (uint32_t)ms : RTO_MAX_MS;
}

/* What waits for an acknowledgement: (re)starts its timer (RFC 6298, 5.1-5.3).
 * An RTO counts from the last progress. */
void
timer_rexmit(struct stack *s, struct tcb *c)
{
	uint32_t ms;

	if (!c->segs.head) {
		c->rexmit = REXMIT_NONE;
		c->t_rexmit = 0;
		if (timer_stuck(c)) {
			c->rexmit = REXMIT_PERSIST;
			c->t_rexmit = timer_in(s, backed_off_ms(s, c));
			timer_by(s, c, c->t_rexmit);
		}
		return;
	}
	ms = probe_ms(s, c);
	if (ms) {
		c->rexmit = REXMIT_TLP;
	} else {
		ms = backed_off_ms(s, c);
		c->rexmit = REXMIT_RTO;
	}
	c->t_rexmit = timer_in(s, ms);
	timer_by(s, c, c->t_rexmit);
}

/* Data was sent just now. A probe of the tail counts from the last of it; an
 * RTO does not begin anew. */
void
timer_sent(struct stack *s, struct tcb *c)
{
	if (c->rexmit != REXMIT_REO &&
		(c->rexmit != REXMIT_RTO || probe_ms(s, c)))
		timer_rexmit(s, c);
}

static void
enter_loss(struct stack *s, struct tcb *c)
{
	if (c->tries % BLACK_HOLE == 0)
		pmtu_black_hole(s, c);
	ack_enter_loss(s, c);
}

static void
rto(struct stack *s, struct tcb *c)
{
	uint32_t most = RETRIES;

	if (c->state < TCP_ESTABLISHED)
		most = c->flags & TCB_PASSIVE ? ANSWERS : SYNS;
	if (++c->tries > most) {
		s->count.give_ups++;
		end_now(s, c, STACK_TIMEOUT);
		return;
	}
	if (c->backoff < RETRIES)
		c->backoff++;
	if (c->state >= TCP_ESTABLISHED && !c->snd_wnd) {
		shut_probe(s, c);
	} else {
		s->count.timeouts++;
		if (c->state < TCP_ESTABLISHED)
			c->flags |= TCB_SYN_DUE;
		else
			enter_loss(s, c);
	}
	timer_rexmit(s, c);
	out_ready(s, c);
}

static void
rexmit(struct stack *s, struct tcb *c)
{
	c->t_rexmit = 0;
	switch ((enum tcb_rexmit)c->rexmit) {
	case REXMIT_RTO:
		rto(s, c);
		break;
	case REXMIT_TLP:
		s->count.tail_probes++;
		c->flags |= TCB_TLP_OUT;
		c->tlp_end = c->snd_nxt;
		timer_rexmit(s, c); /* the next is an RTO */
		c->flags |= TCB_PROBE;
		out_ready(s, c);
		break;
	case REXMIT_REO:
		timer_rexmit(s, c);
		ack_detect_loss(s, c);
		out_ready(s, c);
		break;
	case REXMIT_PERSIST:
		/* The one before never went: there is no neighbour. */
		if ((c->flags & TCB_PROBE) && ++c->tries > RETRIES) {
			s->count.give_ups++;
			end_now(s, c, STACK_UNREACHABLE);
			return;
		}
		s->count.zero_window_probes++;
		if (c->backoff < BACKOFF_SHUT)
			c->backoff++;
		c->flags |= TCB_PROBE;
		timer_rexmit(s, c);
		out_ready(s, c);
		break;
	case REXMIT_NEIGHBOUR:
		c->rexmit = REXMIT_NONE;
		if (c->state < TCP_ESTABLISHED ? ++c->backoff > 6
					       : ++c->tries > NO_WAY) {
			s->count.give_ups++;
			end_now(s, c, STACK_UNREACHABLE);
			return;
		}
		out_ready(s, c);
		break;
	case REXMIT_ROOM:
		c->rexmit = REXMIT_NONE;
		out_ready(s, c);
		break;
	case REXMIT_NONE:
		break;
	}
}

void
timer_expired(struct stack *s, uint32_t index)
{
	struct tcb *c = &s->tcb[index];
	uint32_t handle;

	if (unlikely(index == s->cfg.conns)) {
		neigh_timer(s);
		return;
	}
	handle = c->handle;
	if (c->state == TCP_CLOSED)
		return;
	c->t_wheel = 0;
	if (unlikely(c->flags & TCB_LIFE) && due(s, c->t_life)) {
		if (alive_owns_life(c))
			alive_due(s, c);
		else
			end_now(s, c, STACK_CLOSED);
		if (c->handle != handle)
			return;
	}
	if (due(s, c->t_delack)) {
		c->t_delack = 0;
		s->count.delayed_acks++;
		c->flags |= TCB_ACK_NOW;
		out_ready(s, c);
	}
	if (due(s, c->t_rexmit))
		rexmit(s, c);
	if (c->handle == handle)
		timer_arm(s, c);
}
