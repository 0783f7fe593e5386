/* ecn.c - explicit congestion notification (RFC 3168). */
#include "netcore/stack/engine/ecn.h"

#define SETUP (WIRE_TCP_ECE | WIRE_TCP_CWR)

static void
end(struct tcb *c, unsigned bit)
{
	c->ecn &= (uint8_t)~bit;
	if (!(c->ecn & ECN_BUSY))
		c->flags &= ~(uint32_t)TCB_ECN;
}

/* --- the handshake (6.1.1) ------------------------------------------------*/

/* An answer tells of what was agreed on. A SYN that got none goes without, for
 * there are paths that drop one that offers it (6.1.1.1); data is never marked
 * then, but who has seen the first one alone may mark his. */
uint8_t
ecn_syn(struct stack *s, struct tcb *c)
{
	if (c->state == TCP_SYN_RECEIVED)
		return c->ecn & ECN_AGREED ? WIRE_TCP_ECE : 0;
	if (!c->segs.head)
		return c->flags & TCB_ECT ? SETUP : 0;
	s->count.ecn_fallbacks += !!(c->flags & TCB_ECT);
	c->flags &= ~(uint32_t)TCB_ECT;
	return 0;
}

/* A SYN asks by both flags, its answer agrees by ECE alone: both are what a
 * host sends that returns the reserved bits as they came. */
void
ecn_take_syn(struct tcb *c, const struct tcp_rx *r)
{
	uint8_t want = r->h.flags & WIRE_TCP_ACK ? WIRE_TCP_ECE : SETUP;

	if ((r->h.flags & SETUP) == want)
		return;
	end(c, ECN_AGREED | ECN_BUSY);
	c->flags &= ~(uint32_t)TCB_ECT;
}

/* --- we receive (6.1.3) ---------------------------------------------------*/

/* Who has reduced his window may have to wait for each acknowledgement, and who
 * is to do so had better know soon: neither is delayed. A mark on what carries
 * no data does not count (6.1.4). */
void
ecn_data_in(struct stack *s, struct tcb *c, const struct tcp_rx *r)
{
	bool cwr = r->h.flags & WIRE_TCP_CWR;
	bool had = c->ecn & ECN_ECHO;

	if (!(c->ecn & ECN_AGREED) || !r->len)
		return;
	if (cwr)
		end(c, ECN_ECHO);
	if (r->ce) {
		s->count.ecn_ce++;
		c->ecn |= ECN_ECHO;
		c->flags |= TCB_ECN;
	}
	if (cwr || !had) {
		c->flags |= TCB_ACK_NOW;
		out_ready(s, c);
	}
}

/* --- we send (6.1.2) ------------------------------------------------------*/

/* The window shrinks at once, and nothing goes out until the flight fits: there
 * is nothing to repair that would have to go on meanwhile. An acknowledgement
 * with an echo does not let it grow either; but for slow start after a timeout,
 * whose retransmissions cannot carry the CWR that ends the echoes. A reduction
 * that an echo speaks for was not for nothing, whatever was sent twice. */
void
ecn_ack_in(struct stack *s, struct tcb *c, const struct tcp_rx *r)
{
	if ((c->ecn & ECN_REDUCED) && seq_gt(r->h.ack, c->ecn_at))
		end(c, ECN_REDUCED);
	if (!(r->h.flags & WIRE_TCP_ECE) || r->syn || !(c->flags & TCB_ECT))
		return;
	s->count.ecn_ece++;
	c->flags &= ~(uint32_t)TCB_CWND_FULL;
	c->undo = false;
	if ((c->ecn & ECN_REDUCED) || !tcb_out(c) ||
		(c->flags & (TCB_RECOVERY | TCB_LOSS)))
		return;
	s->count.ecn_reduced++;
	c->cc.ops->reduce(&c->cc, tcb_flight(c));
	if (c->cc.cwnd > c->cc.ssthresh)
		c->cc.cwnd = c->cc.ssthresh;
	ecn_window_reduced(c);
}

void
ecn_window_restored(struct tcb *c)
{
	end(c, ECN_REDUCED);
}

/* A probe of a shut window is not marked, and CWR waits for what comes after it
 * (6.1.6). */
uint8_t
ecn_data_out(struct tcb *c, uint32_t seq, uint32_t len, uint8_t *bits)
{
	if (!len || !(c->flags & TCB_ECT))
		return WIRE_ECN_NOT;
	if (unlikely((c->ecn & ECN_REDUCED) && seq == c->ecn_at)) {
		if (c->snd_wnd)
			*bits |= WIRE_TCP_CWR;
		else
			c->ecn_at += len;
	}
	return c->snd_wnd ? WIRE_ECN_ECT0 : WIRE_ECN_NOT;
}
