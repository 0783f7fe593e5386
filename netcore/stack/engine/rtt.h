/* rtt.h - how far away the peer is, and how long to wait for it (RFC 6298, in
 * the scaled form of its section 2). */
#ifndef NETCORE_STACK_ENGINE_RTT_H
#define NETCORE_STACK_ENGINE_RTT_H

#include "netcore/stack/engine/engine.h"

#define RTT_RTO_MAX_US 119999000u

/* What a tail probe waits longer for a segment that is alone: its
 * acknowledgement may be delayed. */
#define RTT_PROBE_ALONE_US 200000u

static inline void
rtt_sample(struct tcb *c, uint32_t us)
{
	uint32_t d;

	if (unlikely(!us))
		us = 1;
	if (unlikely(!(c->flags & TCB_RTT))) {
		c->flags |= TCB_RTT;
		c->srtt_us = us;
		c->rttvar_us = us / 2;
		c->min_rtt_us = us;
	} else {
		d = us > c->srtt_us ? us - c->srtt_us : c->srtt_us - us;
		c->rttvar_us += d / 4 - c->rttvar_us / 4;
		c->srtt_us += us / 8 - c->srtt_us / 8;
		if (unlikely(!c->srtt_us))
			c->srtt_us = 1;
		/* It is of use to RACK only, and not worth a line of the cache
		 * to those who have one segment under way at a time. */
		if (c->segs.head && us < c->min_rtt_us)
			c->min_rtt_us = us;
	}
}

/* Of c there is a sample. The variance has a floor, so that a smooth path's
 * timer does not stand right behind the acknowledgement that is awaited. */
static inline uint32_t
rtt_rto_us(const struct stack *s, const struct tcb *c)
{
	uint32_t var = 4 * c->rttvar_us, us;

	us = c->srtt_us + (var < s->min_rto_us ? s->min_rto_us : var);
	return us < RTT_RTO_MAX_US ? us : RTT_RTO_MAX_US;
}

static inline uint32_t
rtt_rto_ms(const struct stack *s, const struct tcb *c)
{
	if (unlikely(!(c->flags & TCB_RTT)))
		return c->rto_first_ms;
	return rtt_rto_us(s, c) / 1000 + 1;
}

/* For a tail probe, of all that is under way (RFC 8985, 7.2). */
static inline uint32_t
rtt_probe_us(const struct tcb *c)
{
	uint32_t us = 2 * c->srtt_us + 1000;

	return us + (tcb_out(c) <= c->mss ? RTT_PROBE_ALONE_US : 0);
}

#endif
