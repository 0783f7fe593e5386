/* plain_out.c - tx step 2 of 4, the plain case: all that waits fits into one
 * segment, and may go. */
#include "netcore/stack/engine/ecn.h"
#include "netcore/stack/engine/plain.h"
#include "netcore/stack/engine/put4.h"
#include "netcore/stack/engine/rtt.h"

#define ROW_BYTES 32768

/* As timer_rexmit() has it for the first that is under way. */
static inline void
start_timer(struct stack *s, struct tcb *c)
{
	uint32_t probe, rto;

	if (unlikely(c->rexmit != REXMIT_NONE || c->backoff ||
		    !(c->flags & TCB_RTT) || !(c->flags & TCB_SACK))) {
		timer_sent(s, c);
		return;
	}
	probe = rtt_probe_us(c);
	rto = rtt_rto_us(s, c);
	c->rexmit = probe < rto ? REXMIT_TLP : REXMIT_RTO;
	c->t_rexmit = timer_in(s, (probe < rto ? probe : rto) / 1000 + 1);
	timer_by(s, c, c->t_rexmit);
}

/* How much waits on a connection, if it fits into one segment and may go; 0: it
 * is not plain. The congestion window, which lies in another line, has room for
 * a segment that is alone at any time but in a recovery. */
static inline uint32_t
waits(const struct tcb *c, uint32_t flight)
{
	uint32_t len = c->sendq.bytes - flight;
	uint32_t odd = (c->flags & (PLAIN_TROUBLE | TCB_PROBE | TCB_NAGLE)) |
		(c->state ^ TCP_ESTABLISHED);

	if (odd || len > c->mss || flight + len > c->snd_wnd ||
		(unlikely(flight) && flight + len > c->cc.cwnd))
		return 0;
	return len;
}

/* True: f is made, of all that waits. False: it is for out_frame(). */
static inline bool
plain(struct stack *s, struct tcb *c, struct stack_tx_frame *f)
{
	uint32_t flight = c->snd_nxt - c->snd_una, len = waits(c, flight);
	const uint8_t *mac;
	unsigned n;

	if (unlikely(!len))
		return false;
	mac = neigh_of(s, c);
	if (unlikely(!mac ||
		    sendq_find(&s->sg, &c->sendq, &c->last, flight, len,
			    (struct sendq_piece *)(void *)f->piece,
			    STACK_PIECES, &n) != len ||
		    !segs_add(&s->seg, &c->segs, c->snd_una, c->snd_nxt, len,
			    s->us, 0)))
		return false;
	f->pieces = (uint16_t)n;
	f->len = len;
	f->mss = f->flags = 0;
	f->conn = c->handle;
	f->buf = NULL;
	if (unlikely(c->flags & TCB_IP6))
		out6_segment(
			s, c, mac, c->snd_nxt, WIRE_TCP_PSH, f, ecn_tos(c));
	else if (likely(c->flags & TCB_TS))
		put_segment(s, c, mac, c->snd_nxt, WIRE_TCP_PSH, f, ecn_tos(c),
			true, false);
	else
		out4_segment(
			s, c, mac, c->snd_nxt, WIRE_TCP_PSH, f, ecn_tos(c));
	c->snd_nxt += len;
	c->t_sent = s->tick;
	start_timer(s, c);
	return true;
}

/* Some segments in a row, about as TSO would have them, for whoever receives
 * them is woken once then, and reads them at once. More than that is for later,
 * so that who has much to send does not make others wait. */
static unsigned
in_a_row(struct stack *s, struct tcb *c, struct stack_tx_frame *f, unsigned max)
{
	uint32_t bytes = 0;
	unsigned n = 0;

	while (n < max && out_frame(s, c, &f[n])) {
		bytes += f[n++].len;
		if (!out_more(c))
			break;
		if (n == max || bytes >= ROW_BYTES) {
			out_ready(s, c);
			break;
		}
	}
	return n;
}

unsigned
plain_out(struct stack *s, struct stack_tx_frame *f, unsigned max)
{
	unsigned n = 0;

	while (n < max && s->ready_tail != s->ready_head) {
		uint32_t i = s->ready[s->ready_tail++ & s->ready_mask];
		struct tcb *c = &s->tcb[i];

		c->flags &= ~(uint32_t)TCB_READY;
		if (likely(plain(s, c, &f[n])))
			n++;
		else if (c->state != TCP_CLOSED)
			n += in_a_row(s, c, f + n, max - n);
	}
	return n;
}
