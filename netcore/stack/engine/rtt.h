/* rtt.h - how far away the peer is, and how long to wait for it (RFC 6298, in
 * the scaled form of its section 2). */
#ifndef NETCORE_STACK_ENGINE_RTT_H
#define NETCORE_STACK_ENGINE_RTT_H

#include "netcore/stack/engine/tcb.h"

#define RTT_RTO_MAX_MS 120000u

/* The variance has a floor, so that a smooth path's timer does not stand right
 * behind the acknowledgement that is awaited. */
static inline void
rtt_sample(struct tcb *c, uint32_t us, uint32_t min_us)
{
	uint32_t var, d;

	us += !us;
	if (unlikely(!(c->flags & TCB_RTT))) {
		c->flags |= TCB_RTT;
		c->srtt_us = us;
		c->rttvar_us = us / 2;
		c->min_rtt_us = us;
	} else {
		d = us > c->srtt_us ? us - c->srtt_us : c->srtt_us - us;
		c->rttvar_us += d / 4 - c->rttvar_us / 4;
		c->srtt_us += us / 8 - c->srtt_us / 8;
		c->srtt_us += !c->srtt_us;
		/* It is of use to RACK only, and not worth a line of the cache
		 * to those who have one segment under way at a time. */
		if (c->segs.head && us < c->min_rtt_us)
			c->min_rtt_us = us;
	}
	var = 4 * c->rttvar_us;
	if (var < min_us)
		var = min_us;
	c->rto_ms = (c->srtt_us + var) / 1000 + 1;
	if (c->rto_ms > RTT_RTO_MAX_MS)
		c->rto_ms = RTT_RTO_MAX_MS;
}

#endif
