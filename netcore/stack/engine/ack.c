/* ack.c - what an acknowledgement means: what is free, how far away the peer
 * is (RFC 6298), what was lost (RFC 8985), and how much may be under way (RFC
 * 5681, 6937 by way of cc.h). */
#include "netcore/stack/engine/engine.h"
#include "netcore/stack/engine/rtt.h"

#define DUPTHRESH 3

/* --- the windows ----------------------------------------------------------*/

static void
update_window(struct stack *s, struct tcb *c, const struct tcp_rx *r)
{
	uint32_t wnd = (uint32_t)r->h.window << (r->syn ? 0 : c->snd_wscale);

	if (seq_gt(c->snd_wl1, r->h.seq) ||
		(c->snd_wl1 == r->h.seq && seq_gt(c->snd_wl2, r->h.ack)))
		return;
	c->snd_wl1 = r->h.seq;
	c->snd_wl2 = r->h.ack;
	/* Who answers probes may keep it shut for ever (RFC 9293, 3.8.6.1). */
	if (unlikely(!wnd && c->backoff > BACKOFF_SHUT))
		c->backoff = BACKOFF_SHUT;
	if (likely(c->snd_wnd == wnd))
		return;
	c->snd_wnd = wnd;
	if (wnd > c->max_wnd)
		c->max_wnd = wnd;
	if (wnd && c->rexmit == REXMIT_PERSIST) {
		c->rexmit = REXMIT_NONE;
		c->backoff = 0;
		timer_rexmit(s, c);
	}
	out_ready(s, c);
}

/* --- selective acknowledgements (RFC 2018, 2883) --------------------------*/

/* The first block tells of a duplicate if it lies below the acknowledgement,
 * or within the second. */
static bool
is_dsack(const struct tcp_rx *r)
{
	const struct wire_tcp_sack *b = r->h.sack;

	if (seq_le(b[0].right, r->h.ack))
		return true;
	return r->h.sacks > 1 && seq_ge(b[0].left, b[1].left) &&
		seq_le(b[0].right, b[1].right);
}

/* Returns whether there was a D-SACK. Blocks of what was never sent, or the
 * wrong way round, are no blocks. */
static bool
take_sacks(struct stack *s, struct tcb *c, const struct tcp_rx *r,
	struct segs_news *news)
{
	bool dsack = r->h.sacks && is_dsack(r);

	for (unsigned i = dsack; i < r->h.sacks; i++) {
		uint32_t from = r->h.sack[i].left, to = r->h.sack[i].right;

		if (seq_lt(from, to) && seq_le(to, c->snd_nxt) &&
			seq_ge(from, c->snd_una))
			segs_sack(&s->seg, &c->segs, from, to, news);
	}
	return dsack;
}

/* --- RACK (RFC 8985, 6.2) -------------------------------------------------*/

static void
rack_update(struct stack *s, struct tcb *c, const struct segs_news *n)
{
	uint32_t rtt = s->us - n->newest_us;

	if (!n->any)
		return;
	/* Of one that was sent twice it may be the first that came. */
	if (n->newest_retrans && rtt < c->min_rtt_us)
		return;
	if (seq_lt(n->newest_us, c->rack_us) ||
		(n->newest_us == c->rack_us &&
			!seq_gt(n->newest_end, c->rack_end)))
		return;
	c->rack_us = n->newest_us;
	c->rack_end = n->newest_end;
	c->rack_rtt_us = rtt + !rtt;
}

static uint32_t
reo_window(const struct tcb *c)
{
	uint32_t w;

	if (!(c->flags & TCB_REORDERING) &&
		((c->flags & (TCB_RECOVERY | TCB_LOSS)) ||
			c->segs.sacked >= DUPTHRESH * (uint32_t)c->mss))
		return 0;
	w = c->min_rtt_us / 4 * (c->reo_mult + 1u);
	return w < c->srtt_us ? w : c->srtt_us;
}

static bool
sent_before(const struct seg *g, uint32_t us, uint32_t end)
{
	return seq_lt(g->sent_us, us) ||
		(g->sent_us == us && seq_lt(g->seq + g->len, end));
}

/* Marks lost what was sent long enough before something that arrived. Returns
 * the microseconds after which another look may find more; 0: none. */
static uint32_t
rack_detect(struct stack *s, struct tcb *c)
{
	uint32_t wnd = reo_window(c), wait = 0;

	for (uint32_t i = c->segs.head; i; i = segs_at(&s->seg, i)->next) {
		struct seg *g = segs_at(&s->seg, i);
		int32_t left;

		if ((g->flags & SEG_SACKED) ||
			(g->flags & (SEG_LOST | SEG_RESENT)) == SEG_LOST ||
			!sent_before(g, c->rack_us, c->rack_end))
			continue;
		left = (int32_t)(g->sent_us + c->rack_rtt_us + wnd - s->us);
		if (left <= 0)
			segs_lose(&c->segs, g);
		else if ((uint32_t)left > wait)
			wait = (uint32_t)left;
	}
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
	c->cc.ops->reduce(&c->cc, c->segs.out);
}

/* Proportional rate reduction (RFC 6937): as much goes out as brings the
 * flight to ssthresh by the end of the recovery. */
static void
prr(struct tcb *c, uint32_t delivered)
{
	uint32_t pipe = segs_pipe(&c->segs), send;

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
		limit += c->mss;
		send = room < limit ? room : limit;
	}
	if (!c->prr_out && send < c->mss)
		send = c->mss; /* the first retransmission goes at once */
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

	if (c->flags & TCB_SACK)
		wait = rack_detect(s, c);
	if (c->segs.lost > c->segs.resent &&
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
	if (!(c->flags & TCB_LOSS) || seq_ge(c->snd_una, c->recover))
		c->cc.ops->reduce(&c->cc, c->segs.out);
	cc_timeout(&c->cc);
	segs_lose_all(&s->seg, &c->segs, c->backoff > 1);
	c->flags &= ~(uint32_t)(TCB_RECOVERY | TCB_RESIZE | TCB_TLP_OUT);
	c->flags |= TCB_LOSS;
	c->recover = c->snd_nxt;
	c->dupacks = 0;
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
	for (uint32_t i = c->segs.head; i; i = segs_at(&s->seg, i)->next) {
		struct seg *g = segs_at(&s->seg, i);

		if ((g->flags & SEG_SACKED) ||
			g->len - !!(g->flags & SEG_FIN) <= mss)
			continue;
		segs_lose(&c->segs, g);
		any = true;
	}
	if (!any)
		return;
	if (!(c->flags & (TCB_RECOVERY | TCB_LOSS))) {
		c->flags |= TCB_RESIZE;
		c->recover = c->snd_nxt;
	}
	c->flags &= ~(uint32_t)(TCB_TLP_OUT | TCB_TLP_RETRANS | TCB_PROBE);
	timer_rexmit(s, c);
	out_ready(s, c);
}

/* Without SACK there is only counting (RFC 5681, 3.2; RFC 6582). */
static void
count_duplicates(struct stack *s, struct tcb *c, bool duplicate, uint32_t acked)
{
	struct seg *first =
		c->segs.head ? segs_at(&s->seg, c->segs.head) : NULL;

	if (acked) {
		c->dupacks = 0;
		/* A partial one: the next is missing, too. */
		if (first && (c->flags & TCB_RECOVERY) &&
			seq_lt(c->snd_una, c->recover))
			segs_lose(&c->segs, first);
	} else if (duplicate && first && c->dupacks < 255 &&
		++c->dupacks == DUPTHRESH && !(first->flags & SEG_LOST)) {
		segs_lose(&c->segs, first);
	}
}

/* --- the tail probe's answer (RFC 8985, 7.4) ------------------------------*/

static void
tlp_acked(struct tcb *c, uint32_t ack, bool dsack)
{
	if (!(c->flags & TCB_TLP_OUT) || seq_lt(ack, c->tlp_end))
		return;
	/* What was sent again was needed: so something was lost, which
	 * nothing but the probe has told. */
	if ((c->flags & TCB_TLP_RETRANS) && !dsack &&
		!(c->flags & (TCB_RECOVERY | TCB_LOSS))) {
		c->cc.ops->reduce(&c->cc, c->segs.out + c->mss);
		c->cc.cwnd = c->cc.ssthresh;
	}
	c->flags &= ~(uint32_t)(TCB_TLP_OUT | TCB_TLP_RETRANS);
}

/* --- all of it ------------------------------------------------------------*/

static void
grow(struct stack *s, struct tcb *c, uint32_t bytes, uint32_t delivered)
{
	if (c->flags & TCB_RECOVERY) {
		prr(c, delivered);
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

	sendq_ack(&s->sg, &c->sendq, bytes);
	c->backoff = 0;
	out_ready(s, c);
	if (bytes && !(c->flags & TCB_ORPHAN))
		s->ops->acked(s->arg, handle, c->user, bytes);
	if (c->handle == handle && (n->flags & SEG_FIN))
		end_fin_acked(s, c);
}

void
ack_in(struct stack *s, struct tcb *c, const struct tcp_rx *r)
{
	struct segs_news n = {0};
	uint32_t una = c->snd_una, sacked = c->segs.sacked, ack = r->h.ack;
	uint32_t wnd = c->snd_wnd;
	bool dsack = false;

	update_window(s, c, r);
	if (unlikely(seq_lt(ack, una)))
		return; /* of old: only its window could be of use */
	if (likely(ack != una)) {
		segs_ack(&s->seg, &c->segs, ack, &n);
		c->snd_una = ack;
	}
	if (unlikely(r->h.sacks))
		dsack = take_sacks(s, c, r, &n);
	if (n.rtt)
		rtt_sample(c, s->us - n.rtt_from_us, s->min_rto_us);
	if (n.reordered)
		c->flags |= TCB_REORDERING;
	if (dsack && c->reo_mult < 16)
		c->reo_mult++;
	rack_update(s, c, &n);
	tlp_acked(c, ack, dsack);
	if ((c->flags & (TCB_RECOVERY | TCB_LOSS | TCB_RESIZE)) &&
		seq_ge(ack, c->recover))
		leave_recovery(c);
	if (!(c->flags & TCB_SACK))
		count_duplicates(s, c, !r->len && wnd == c->snd_wnd, ack - una);
	if (n.bytes || n.sacked || c->segs.lost || c->dupacks) {
		timer_rexmit(s, c);
		ack_detect_loss(s, c);
		grow(s, c, n.bytes, ack - una + c->segs.sacked - sacked);
		out_ready(s, c);
	}
	if (n.bytes)
		acknowledged(s, c, &n);
}
