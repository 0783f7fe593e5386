/* ack.c - what an acknowledgement means: what is free, how far away the peer
 * is (RFC 6298), what was lost (RFC 8985), and how much may be under way (RFC
 * 5681, 9937 by way of cc.h). */
#include "netcore/stack/engine/account.h"
#include "netcore/stack/engine/ecn.h"
#include "netcore/stack/engine/rtt.h"

#define DUPTHRESH 3

/* --- round trip time ------------------------------------------------------*/

/* Karn's algorithm (RFC 6298, 3): an RTO that was backed off stays so until a
 * sample that is beyond doubt. That is one of a segment that was sent once - or
 * of the peer's echo of our clock, which tells the transmissions of one apart
 * (RFC 7323, 4.3); in milliseconds, so one more is assumed. After a SYN that
 * was sent twice there is another rule (RFC 6298, 5.7). */
static void
measure(struct stack *s, struct tcb *c, const struct tcp_rx *r,
	const struct segs_news *n)
{
	uint32_t us, ms = s->tick + c->ts_offset - r->h.ts_ecr;

	if (n->rtt) {
		us = s->us - n->rtt_from_us;
	} else {
		if (!(c->flags & TCB_TS) || !(r->h.opts & WIRE_TCP_TS) ||
			!n->bytes || (n->flags & SEG_SYN) || ms >= RTO_MAX_MS)
			return;
		us = (ms + 1) * 1000;
	}
	rtt_sample(c, us);
	if (c->snd_wnd) /* or probes would never come further apart */
		c->backoff = 0;
}

/* --- selective acknowledgements (RFC 2018, 2883) --------------------------*/

/* Blocks of what was never sent, or the wrong way round, are no blocks. */
static void
take_sacks(struct stack *s, struct tcb *c, const struct tcp_rx *r, bool dsack,
	struct segs_news *news)
{
	for (unsigned i = dsack; i < r->h.sacks; i++) {
		uint32_t from = r->h.sack[i].left, to = r->h.sack[i].right;

		if (seq_lt(from, to) && seq_le(to, c->snd_nxt) &&
			seq_ge(from, c->snd_una))
			segs_sack(&s->seg, &c->segs, &c->odd, from, to, news);
	}
	s->count.sacks_limited += news->cut;
	if (news->cut)
		c->flags |= TCB_FAR;
}

/* --- RACK (RFC 8985, 6.2) -------------------------------------------------*/

/* A time that lies ahead is of more than half an hour ago. */
static inline bool
rack_is_old(const struct stack *s, const struct tcb *c)
{
	return seq_gt(c->rack_us, s->us);
}

static void
rack_update(struct stack *s, struct tcb *c, const struct segs_news *n)
{
	uint32_t rtt = s->us - n->newest_us;

	if (!n->any)
		return;
	/* Of one that was sent twice it may be the first that came. */
	if (n->newest_retrans && rtt < c->min_rtt_us)
		return;
	if (!rack_is_old(s, c) &&
		(seq_lt(n->newest_us, c->rack_us) ||
			(n->newest_us == c->rack_us &&
				!seq_gt(n->newest_end, c->rack_end))))
		return;
	c->rack_us = n->newest_us;
	c->rack_end = n->newest_end;
	c->rack_rtt_us = rtt + !rtt;
}

static uint32_t
reo_window(const struct tcb *c)
{
	uint32_t w;

	if (!c->reordering &&
		((c->flags & (TCB_RECOVERY | TCB_LOSS)) ||
			c->odd.sacked >= DUPTHRESH * (uint32_t)c->mss))
		return 0;
	w = c->min_rtt_us / 4 * (c->reo_mult + 1u);
	return w < c->srtt_us ? w : c->srtt_us;
}

/* All of a burst have one time. Those that are new went out in the order of
 * their numbers; one that was sent again may have been the last of them. */
static bool
sent_before(const struct seg *g, uint32_t us, uint32_t end)
{
	return seq_lt(g->sent_us, us) ||
		(g->sent_us == us && !(g->flags & SEG_RETRANS) &&
			seq_lt(g->seq + g->len, end));
}

/* Whether it was sent long enough before something that arrived; if not yet,
 * *left are the microseconds until then, or 0: it was not sent before. */
static bool
rack_lost(const struct stack *s, const struct tcb *c, uint32_t i, uint32_t wnd,
	uint32_t *left)
{
	const struct seg *g = segs_at(&s->seg, i);
	int32_t d = (int32_t)(g->sent_us + c->rack_rtt_us + wnd - s->us);

	*left = 0;
	if (rack_is_old(s, c) || !sent_before(g, c->rack_us, c->rack_end))
		return false;
	if (d > 0)
		*left = (uint32_t)d;
	return d <= 0;
}

/* A probe that was too large is no sign of congestion (RFC 8899, 3, (7)). */
static void
lose(struct stack *s, struct tcb *c, uint32_t i)
{
	bool probe = segs_at(&s->seg, i)->flags & SEG_PROBE;

	segs_lose(&s->seg, &c->odd, i);
	if (unlikely(probe) && !(c->flags & (TCB_RECOVERY | TCB_LOSS))) {
		c->flags |= TCB_RESIZE;
		c->recover = c->snd_nxt;
	}
}

/* Marks lost what was sent long enough before something that arrived, in the
 * order of sending, so that the first that is not ends it. Returns the
 * microseconds after which another look may find more; 0: none. */
static uint32_t
rack_detect(struct stack *s, struct tcb *c)
{
	uint32_t wnd = reo_window(c), wait = 0, left, i;

	while ((i = segs_fresh(&s->seg, &c->segs, &c->odd)) &&
		rack_lost(s, c, i, wnd, &wait))
		lose(s, c, i);
	while ((i = c->odd.again) && rack_lost(s, c, i, wnd, &left))
		segs_lose(&s->seg, &c->odd, i);
	if (i && left && (!wait || left < wait))
		wait = left;
	return wait;
}

/* --- recovery -------------------------------------------------------------*/

static void
enter_recovery(struct stack *s, struct tcb *c)
{
	s->count.recoveries++;
	c->flags |= TCB_RECOVERY;
	c->recover = c->snd_nxt;
	c->prr_flight = c->snd_nxt - c->snd_una;
	c->prr_delivered = c->prr_out = 0;
	if (!ecn_window_was_reduced(c)) {
		c->cc.ops->reduce(&c->cc, tcb_flight(c));
		dsack_begin(c);
		ecn_window_reduced(c);
	}
	timer_rexmit(s, c); /* no tail probe within */
}

/* Proportional rate reduction (RFC 9937, 6): as much goes out as brings the
 * flight to ssthresh by the end of the recovery. Below that it grows only while
 * all goes well (`safe`): else what arrives is what is sent, or a queue that
 * overflowed would go on to. */
static void
prr(struct tcb *c, uint32_t delivered, bool partial, bool safe)
{
	uint32_t pipe = segs_pipe(&c->odd, tcb_out(c)), send;

	c->prr_delivered += delivered;
	if (pipe > c->cc.ssthresh) {
		uint64_t due = ((uint64_t)c->prr_delivered * c->cc.ssthresh +
				       c->prr_flight - 1) /
			c->prr_flight;

		send = due > c->prr_out ? (uint32_t)due - c->prr_out : 0;
	} else {
		uint32_t room = c->cc.ssthresh - pipe;
		uint32_t limit = c->prr_delivered > c->prr_out
			? c->prr_delivered - c->prr_out
			: 0;

		if (limit < delivered)
			limit = delivered;
		if (safe)
			limit += c->mss;
		send = room < limit ? room : limit;
	}
	/* The first retransmission goes at once, and so does each that a
	 * partial acknowledgement asks for without SACK (RFC 6582, 3.2, 3). */
	if (send < c->mss && (!c->prr_out || partial))
		send = c->mss;
	c->cc.cwnd = pipe + send;
}

static void
leave_recovery(struct tcb *c)
{
	if (c->flags & TCB_RECOVERY)
		c->cc.cwnd = c->cc.ssthresh;
	c->flags &= ~(uint32_t)(TCB_RECOVERY | TCB_LOSS | TCB_RESIZE);
	c->dupacks = 0;
}

void
ack_detect_loss(struct stack *s, struct tcb *c)
{
	uint32_t wait = 0;

	tcb_settle(s, c);
	if (c->flags & TCB_SACK)
		wait = rack_detect(s, c);
	tcb_see_odd(c);
	if (c->odd.lost > c->odd.resent &&
		!(c->flags & (TCB_RECOVERY | TCB_LOSS | TCB_RESIZE)))
		enter_recovery(s, c);
	if (wait) {
		c->rexmit = REXMIT_REO;
		c->t_rexmit = timer_in(s, wait / 1000 + 1);
		timer_arm(s, c);
	}
}

/* A timeout: everything is sent again, slowly (RFC 6298, 5.4-5.7; 5681, 3.1;
 * 8985, 6.3). */
void
ack_enter_loss(struct stack *s, struct tcb *c)
{
	if (!(c->flags & TCB_LOSS) || seq_ge(c->snd_una, c->recover)) {
		c->cc.ops->reduce(&c->cc, tcb_flight(c));
		dsack_begin(c);
	}
	cc_timeout(&c->cc);
	ecn_window_reduced(c);
	tcb_settle(s, c);
	segs_lose_all(&s->seg, &c->segs, &c->odd, c->tries > 1);
	c->flags &= ~(uint32_t)(TCB_RECOVERY | TCB_RESIZE | TCB_TLP_OUT);
	c->flags |= TCB_LOSS;
	c->recover = c->snd_nxt;
	c->dupacks = 0;
	tcb_see_odd(c);
}

/* The path takes less than we sent: what is larger cannot have arrived, and is
 * sent again in pieces. That was no congestion (RFC 1191, 6.5): the window
 * stays, and no recovery begins for what is under way. */
void
ack_lower_mss(struct stack *s, struct tcb *c, uint16_t mss)
{
	bool any = false;

	c->mss = mss;
	cc_set_mss(&c->cc, mss);
	tcb_settle(s, c);
	for (uint32_t i = c->segs.head; i; i = segs_at(&s->seg, i)->next) {
		struct seg *g = segs_at(&s->seg, i);

		if ((g->flags & SEG_SACKED) ||
			g->len - !!(g->flags & SEG_FIN) <= mss)
			continue;
		segs_lose(&s->seg, &c->odd, i);
		any = true;
	}
	if (!any)
		return;
	tcb_see_odd(c);
	if (!(c->flags & (TCB_RECOVERY | TCB_LOSS))) {
		c->flags |= TCB_RESIZE;
		c->recover = c->snd_nxt;
	}
	c->flags &= ~(uint32_t)(TCB_TLP_OUT | TCB_PROBE);
	c->tlp_again = false;
	timer_rexmit(s, c);
	out_ready(s, c);
}

/* Without SACK there is only counting (RFC 5681, 3.2; RFC 6582). Returns how
 * much has arrived by that (RFC 6937, 3): a segment for each duplicate, which
 * an acknowledgement does not bring again. */
static uint32_t
count_duplicates(struct stack *s, struct tcb *c, bool duplicate, uint32_t acked)
{
	uint32_t had = (uint32_t)c->dupacks * c->mss;
	const struct seg *first =
		c->segs.head ? segs_at(&s->seg, c->segs.head) : NULL;

	if (acked) {
		bool partial = c->flags & TCB_RECOVERY && acked < had;

		c->dupacks = partial ? (uint8_t)((had - acked) / c->mss) : 0;
		/* A partial one: the next is missing, too. */
		if (first && (c->flags & TCB_RECOVERY) &&
			seq_lt(c->snd_una, c->recover))
			segs_lose(&s->seg, &c->odd, c->segs.head);
		return acked > had ? acked - had : 0;
	}
	if (!duplicate || !first || c->dupacks == 255)
		return 0;
	if (++c->dupacks == DUPTHRESH && !(first->flags & SEG_LOST))
		segs_lose(&s->seg, &c->odd, c->segs.head);
	return c->mss;
}

/* --- the tail probe's answer (RFC 8985, 7.4) ------------------------------*/

static void
tlp_acked(struct tcb *c, uint32_t ack, bool dsack)
{
	if (!(c->flags & TCB_TLP_OUT) || seq_lt(ack, c->tlp_end))
		return;
	/* What was sent again was needed: so something was lost, which
	 * nothing but the probe has told. */
	if (c->tlp_again && !dsack && !(c->flags & (TCB_RECOVERY | TCB_LOSS))) {
		c->cc.ops->reduce(&c->cc, tcb_out(c) + c->mss);
		c->cc.cwnd = c->cc.ssthresh;
		c->undo = false;
		ecn_window_reduced(c);
	}
	c->flags &= ~(uint32_t)TCB_TLP_OUT;
	c->tlp_again = false;
}

/* --- all of it ------------------------------------------------------------*/

/* `more` was found to be lost. */
static void
grow(struct stack *s, struct tcb *c, uint32_t bytes, uint32_t delivered,
	bool more)
{
	if (c->flags & TCB_RECOVERY) {
		prr(c, delivered, bytes && !(c->flags & TCB_SACK),
			bytes && !more);
	} else if (bytes && (c->flags & (TCB_CWND_FULL | TCB_LOSS))) {
		c->cc.ops->acked(&c->cc, bytes, s->now / 1000, c->srtt_us);
		c->flags &= ~(uint32_t)TCB_CWND_FULL;
	}
}

/* The bytes among the sequence numbers: SYN and FIN have one, but no byte. */
static uint32_t
bytes_of(const struct segs_news *n)
{
	return n->bytes - !!(n->flags & SEG_SYN) - !!(n->flags & SEG_FIN);
}

static void
acknowledged(struct stack *s, struct tcb *c, const struct segs_news *n)
{
	uint32_t bytes = bytes_of(n), handle = c->handle;

	account_ack(s, c, bytes);
	c->tries = 0;
	if (out_more(c))
		out_ready(s, c);
	if (bytes && !(c->flags & TCB_ORPHAN))
		s->ops->acked(s->arg, handle, c->user, bytes);
	if (c->handle == handle && (n->flags & SEG_FIN))
		end_fin_acked(s, c);
}

void
ack_in(struct stack *s, struct tcb *c, const struct tcp_rx *r, bool dsack,
	uint32_t wnd)
{
	struct segs_news n = {.part = s->cfg.tso ? c->mss : 0};
	uint32_t una = c->snd_una, sacked = c->odd.sacked, ack = r->h.ack;
	uint32_t delivered;

	tcb_settle(s, c);
	if (unlikely((r->h.flags & WIRE_TCP_ECE) || (c->flags & TCB_ECN)))
		ecn_ack_in(s, c, r);
	if (likely(ack != una)) {
		segs_ack(&s->seg, &c->segs, &c->odd, ack, &n);
		c->snd_una = ack;
	}
	if (unlikely(r->h.sacks))
		take_sacks(s, c, r, dsack, &n);
	if (unlikely(n.flags & SEG_PROBE))
		pmtu_probe_arrived(s, c);
	if (n.rtt || n.retrans)
		measure(s, c, r, &n);
	if (n.reordered)
		c->reordering = true;
	rack_update(s, c, &n);
	tlp_acked(c, ack, dsack);
	if ((c->flags & (TCB_RECOVERY | TCB_LOSS | TCB_RESIZE)) &&
		seq_ge(ack, c->recover))
		leave_recovery(c);
	delivered = ack - una + c->odd.sacked - sacked;
	if (!(c->flags & TCB_SACK))
		delivered = count_duplicates(
			s, c, !r->len && wnd == c->snd_wnd, ack - una);
	tcb_see_odd(c);
	if (n.bytes || n.sacked)
		timer_rexmit(s, c); /* on progress only: RFC 6298, 5.3 */
	if (n.bytes || n.sacked || c->odd.lost || c->dupacks) {
		uint32_t lost = c->odd.lost - c->odd.resent;

		ack_detect_loss(s, c);
		grow(s, c, n.bytes, delivered,
			c->odd.lost - c->odd.resent > lost);
		if (!n.bytes && out_more(c))
			out_ready(s, c);
	}
	if (!c->odd.stopped)
		c->flags &= ~(uint32_t)TCB_FAR;
	if (n.bytes)
		acknowledged(s, c, &n);
}
