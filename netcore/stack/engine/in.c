/* in.c - rx step 4 of 8: a segment arrives (RFC 9293, 3.10.7). One phase a
 * function, in the RFC's order; each says whether the segment goes on.
 * Security and precedence (the third phase) are not spoken. */
#include "netcore/stack/engine/ecn.h"
#include "netcore/stack/engine/share.h"

/* --- answers -------------------------------------------------------------*/

static void
ack_now(struct stack *s, struct tcb *c)
{
	c->flags |= TCB_ACK_NOW;
	out_ready(s, c);
}

/* Half a second apart at least on each connection: who aims at it cannot make
 * it talk, and there is no shared count for others to observe (RFC 5961, 7). */
static void
challenge(struct stack *s, struct tcb *c)
{
	if (c->t_challenge && s->tick - c->t_challenge < 500)
		return;
	c->t_challenge = timer_in(s, 0);
	s->count.challenge_acks++;
	ack_now(s, c);
}

static void
report_dsack(struct tcb *c, uint32_t from, uint32_t to)
{
	if (!(c->flags & TCB_SACK))
		return;
	c->flags |= TCB_DSACK;
	c->dsack_from = from;
	c->dsack_to = to;
}

/* --- first: the sequence number (3.10.7.4; RFC 7323, 5.3) ------------------*/

/* Older than what we have seen, by the sender's own clock; which means nothing
 * when it was silent for 24 days (RFC 7323, 5.5). */
static bool
paws_rejects(const struct stack *s, const struct tcb *c, const struct tcp_rx *r)
{
	return (c->flags & TCB_TS) && (r->h.opts & WIRE_TCP_TS) &&
		seq_lt(r->h.ts_val, c->ts_recent) &&
		(uint8_t)(tcb_age(s->tick) - c->t_ts_recent) < TCB_AGE_OLD;
}

static uint32_t
seg_len(const struct tcp_rx *r)
{
	return r->len + !!(r->h.flags & WIRE_TCP_FIN) +
		!!(r->h.flags & WIRE_TCP_SYN);
}

/* Who has filled our window acknowledges from its right edge, and is heard
 * there, as BSD and Linux do it: by the letter of 3.10.7.4 two who have, and
 * whose data was lost, would answer each other until one sends it again. */
static bool
in_window(const struct tcb *c, const struct tcp_rx *r)
{
	uint32_t wnd = c->rcv_adv - c->rcv_nxt, len = seg_len(r);

	if (!len) /* a RST is not */
		return seq_in(r->h.seq, c->rcv_nxt,
			wnd + !(r->h.flags & WIRE_TCP_RST));
	return wnd && seq_lt(r->h.seq, c->rcv_adv) &&
		seq_gt(r->h.seq + len, c->rcv_nxt);
}

/* An acknowledgement that is news, on a segment that is not. Who has sent a FIN
 * or a probe beyond the other's window acknowledges from below it; were that
 * not taken, two of that kind would answer each other for ever. So who has done
 * it himself takes it; else an old segment only gets an answer (3.10.7.4,
 * first). */
static bool
is_late_ack(const struct stack *s, const struct tcb *c, const struct tcp_rx *r)
{
	return c->state >= TCP_ESTABLISHED &&
		seq_gt(c->snd_nxt, c->snd_una + c->snd_wnd) &&
		(r->h.flags & WIRE_TCP_ACK) && seq_gt(r->h.ack, c->snd_una) &&
		seq_le(r->h.seq + seg_len(r), c->rcv_nxt) &&
		c->rcv_nxt - r->h.seq <= s->cfg.rcv_window;
}

/* Data comes again because our acknowledgement is late, or was lost: each side
 * would wait for the other's, until a timeout. What ends before our last word
 * is older than that. */
static bool
comes_again(const struct tcb *c, const struct tcp_rx *r)
{
	uint32_t len = seg_len(r), end = r->h.seq + len;

	return len && c->state >= TCP_ESTABLISHED && seq_le(end, c->rcv_nxt) &&
		seq_ge(end, c->last_ack_sent) && seq_gt(r->h.ack, c->snd_una);
}

/* Nothing of it is new, or wanted: it is answered. The acknowledgement in a
 * probe of our shut window counts all the same (3.10.7.4, first). */
static bool
outside(struct stack *s, struct tcb *c, struct tcp_rx *r)
{
	uint32_t len = seg_len(r);

	/* What else a RST has does not need room. */
	if (r->h.flags & WIRE_TCP_RST) {
		s->count.drop_out_of_window += r->h.seq != c->rcv_nxt;
		return r->h.seq == c->rcv_nxt;
	}
	s->count.drop_out_of_window++;
	if (len && seq_le(r->h.seq + len, c->rcv_nxt)) {
		s->count.duplicate_segments++;
		if (r->len)
			report_dsack(c, r->h.seq, r->h.seq + r->len);
	}
	if (c->state == TCP_TIME_WAIT && (r->h.flags & WIRE_TCP_FIN))
		end_time_wait(s, c); /* begins anew (3.10.7.4, eighth) */
	ack_now(s, c);
	if ((r->h.flags & WIRE_TCP_SYN) ||
		!(is_late_ack(s, c, r) || comes_again(c, r) ||
			(c->rcv_adv == c->rcv_nxt && r->h.seq == c->rcv_nxt)))
		return false;
	r->h.seq = c->rcv_nxt;
	r->len = 0;
	r->h.flags &= (uint8_t)~WIRE_TCP_FIN;
	r->h.opts &= (uint8_t)~WIRE_TCP_TS; /* its time is not taken */
	return true;
}

/* What lies before the window was received already; what lies beyond was not
 * allowed. */
static void
trim(struct stack *s, struct tcb *c, struct tcp_rx *r)
{
	uint32_t old = c->rcv_nxt - r->h.seq, end;

	if (seq_lt(r->h.seq, c->rcv_nxt)) {
		if (r->h.flags & WIRE_TCP_SYN) {
			r->h.flags &= (uint8_t)~WIRE_TCP_SYN;
			r->h.seq++;
			old--;
		}
		if (old) {
			report_dsack(c, r->h.seq, c->rcv_nxt);
			s->count.duplicate_segments++;
			ack_now(s, c);
		}
		if (old > r->len)
			old = r->len;
		r->data += old;
		r->len -= old;
		r->h.seq = c->rcv_nxt;
	}
	end = r->h.seq + r->len;
	if (seq_gt(end, c->rcv_adv)) {
		r->len -= end - c->rcv_adv;
		r->h.flags &= (uint8_t)~WIRE_TCP_FIN;
		ack_now(s, c);
	}
}

/* It was overtaken, and is dropped. Always answered, or a half-open connection
 * would stay one (RFC 7323, 5.3, R1); a bare acknowledgement seldom, for two
 * peers could keep at it. But it alone may tell of what came twice, and data
 * alone may be that. */
static void
old_timestamp(struct stack *s, struct tcb *c, const struct tcp_rx *r)
{
	s->count.drop_old_timestamp++;
	if (seg_len(r)) {
		/* Not of a connection that these ends had before. */
		if (r->len && seq_le(r->h.seq + r->len, c->rcv_nxt) &&
			seq_gt(r->h.seq, c->irs))
			report_dsack(c, r->h.seq, r->h.seq + r->len);
		ack_now(s, c);
		return;
	}
	if (r->h.sacks && c->state >= TCP_ESTABLISHED)
		dsack_in(s, c, r);
	challenge(s, c);
}

static bool
check_sequence(struct stack *s, struct tcb *c, struct tcp_rx *r)
{
	if (unlikely(paws_rejects(s, c, r) && !(r->h.flags & WIRE_TCP_RST))) {
		old_timestamp(s, c, r);
		return false;
	}
	if (unlikely(!in_window(c, r)))
		return outside(s, c, r);
	return true;
}

/* RFC 7323, 4.3. Only of what was found good: one segment of somebody who
 * guesses, with a time far ahead, would make the peer's look old. */
static void
take_timestamp(const struct stack *s, struct tcb *c, const struct tcp_rx *r)
{
	if (!(c->flags & TCB_TS) || !(r->h.opts & WIRE_TCP_TS) ||
		!seq_le(r->h.seq, c->last_ack_sent))
		return;
	c->ts_recent = r->h.ts_val;
	c->t_ts_recent = tcb_age(s->tick);
}

/* --- second: RST (RFC 5961, 3.2) ------------------------------------------*/

static bool
check_rst(struct stack *s, struct tcb *c, const struct tcp_rx *r)
{
	if (likely(!(r->h.flags & WIRE_TCP_RST)))
		return true;
	if (r->h.seq != c->rcv_nxt) {
		challenge(s, c);
		return false;
	}
	s->count.resets_received++;
	/* Both sides had ended it already: that is no reset to tell of. */
	end_now(s, c, c->state >= TCP_CLOSING ? STACK_CLOSED : STACK_RESET);
	return false;
}

/* --- fourth: SYN (RFC 5961, 4.2) -----------------------------------------*/

static bool
check_syn(struct stack *s, struct tcb *c, const struct tcp_rx *r)
{
	if (likely(!(r->h.flags & WIRE_TCP_SYN)))
		return true;
	/* Back to LISTEN: nobody was told of it (3.10.7.4, fourth). */
	if (c->state == TCP_SYN_RECEIVED && (c->flags & TCB_PASSIVE)) {
		end_now(s, c, STACK_CLOSED);
		return false;
	}
	challenge(s, c);
	return false;
}

/* --- fifth: ACK ----------------------------------------------------------*/

/* RFC 5961, 5.2: neither too old nor of what was never sent. */
static bool
check_ack(struct stack *s, struct tcb *c, struct tcp_rx *r)
{
	uint32_t handle = c->handle;

	if (unlikely(!(r->h.flags & WIRE_TCP_ACK))) {
		s->count.drop_no_ack_flag++;
		return false;
	}
	if (unlikely(c->state == TCP_SYN_RECEIVED)) {
		if (!seq_gt(r->h.ack, c->snd_una) ||
			!seq_le(r->h.ack, c->snd_nxt)) {
			s->count.drop_bad_ack++;
			out_reset(s, r);
			return false;
		}
		c->snd_wl1 = r->h.seq - 1;
		open_established(s, c);
		if (c->handle != handle) /* the program closed it at once */
			return false;
	}
	if (unlikely(!seq_le(r->h.ack, c->snd_nxt) ||
		    !seq_ge(r->h.ack, c->snd_una - c->max_wnd))) {
		s->count.drop_bad_ack++;
		challenge(s, c);
		return false;
	}
	return true;
}

/* --- seventh: the text ----------------------------------------------------*/

static void
hand_up(struct stack *s, struct tcb *c, const uint8_t *ptr, uint32_t len,
	void *buf)
{
	c->rcv_nxt += len;
	c->rcv_space -= len;
	s->ops->data(s->arg, c->handle, c->user, ptr, len, buf);
}

/* What had come too early and is next now. */
static void
hand_up_early(struct stack *s, struct tcb *c)
{
	uint32_t handle = c->handle;
	struct ooo_node n;

	while (ooo_take(&s->ooo, &c->ooo, c->rcv_nxt, &n)) {
		tcb_see_odd(c);
		if (!n.len) {
			s->ops->release(s->arg, n.buf);
			continue;
		}
		if (c->flags & TCB_ORPHAN) { /* since the one before */
			s->ops->release(s->arg, n.buf);
			s->count.drop_after_close++;
			end_reset(s, c, STACK_ABORTED);
			return;
		}
		hand_up(s, c, n.ptr, n.len, n.buf);
		if (c->handle != handle)
			return;
	}
}

static void
keep_early(struct stack *s, struct tcb *c, const struct tcp_rx *r)
{
	struct ooo_news news;
	enum ooo_result got;
	void *buf;

	s->count.ooo_segments++;
	got = ooo_insert(&s->ooo, &c->ooo, r->h.seq, r->data, r->len,
		r->frame->buf, &news);
	tcb_see_odd(c);
	while (ooo_gone(&s->ooo, &news, &buf))
		s->ops->release(s->arg, buf);
	if (news.dup.from != news.dup.to)
		report_dsack(c, news.dup.from, news.dup.to);
	if (got == OOO_KEPT)
		r->frame->kept = true;
	s->count.drop_ooo_full += got == OOO_FULL;
	s->count.drop_ooo_far += got == OOO_FAR;
	ack_now(s, c); /* at once: RFC 5681, 4.2 */
}

/* Every second full segment at once, others within DELACK_MS (RFC 9293,
 * 3.8.6.3), unless something to send takes the acknowledgement along. */
static void
delay_ack(struct stack *s, struct tcb *c)
{
	if (tcb_unacked(c) >= 2u * c->peer_mss)
		ack_now(s, c);
	else
		timer_delay_ack(s, c);
}

static void
text(struct stack *s, struct tcb *c, const struct tcp_rx *r)
{
	bool filled = c->ooo.head;
	uint32_t handle = c->handle;

	if (c->state != TCP_ESTABLISHED && c->state != TCP_FIN_WAIT_1 &&
		c->state != TCP_FIN_WAIT_2)
		return;
	if (c->flags & TCB_ORPHAN) {
		/* Nobody will ever read it (RFC 9293, 3.10.7, by RFC 1122,
		 * 4.2.2.13). */
		s->count.drop_after_close++;
		end_reset(s, c, STACK_ABORTED);
		return;
	}
	if (unlikely(c->flags & TCB_HELD)) {
		s->count.drop_held++;
		return;
	}
	if (r->h.seq != c->rcv_nxt) {
		keep_early(s, c, r);
		return;
	}
	r->frame->kept = true;
	hand_up(s, c, r->data, r->len, r->frame->buf);
	if (c->handle != handle)
		return;
	if (r->h.flags & WIRE_TCP_FIN)
		return; /* nothing comes after it */
	if (filled) {
		hand_up_early(s, c);
		if (c->handle == handle)
			ack_now(s, c); /* a gap is filled: RFC 5681, 4.2 */
	} else {
		delay_ack(s, c);
	}
}

/* --- eighth: FIN ----------------------------------------------------------*/

/* What is before it is missing: it is held until that came, as early data is
 * (3.10.7.4, at its beginning), for the peer would have to send it again by a
 * timeout. And it is answered at once: RFC 5681, 4.2. */
static void
early_fin(struct stack *s, struct tcb *c, uint32_t at)
{
	if (seq_lt(at, c->rcv_nxt))
		return;
	if (!(c->flags & TCB_FIN_EARLY) || seq_gt(at, c->early_fin))
		c->early_fin = at;
	c->flags |= TCB_FIN_EARLY;
	ack_now(s, c);
}

void
tcp_in_fin(struct stack *s, struct tcb *c, uint32_t at)
{
	if (c->flags & TCB_MOVED)
		return;
	if (at != c->rcv_nxt) {
		early_fin(s, c, at);
		return;
	}
	c->rcv_nxt++;
	c->rcv_adv = seq_max(c->rcv_adv, c->rcv_nxt); /* it needs no room */
	c->flags |= TCB_MOVED;
	c->flags &= ~(uint32_t)TCB_FIN_EARLY;
	if (unlikely(c->ooo.head)) /* of a peer that contradicts itself */
		end_release_ooo(s, c);
	ack_now(s, c);
	switch (c->state) {
	case TCP_ESTABLISHED:
		c->state = TCP_CLOSE_WAIT;
		break;
	case TCP_FIN_WAIT_1: /* ours is not acknowledged, or it were 2 */
		c->state = TCP_CLOSING;
		break;
	case TCP_FIN_WAIT_2:
		end_time_wait(s, c);
		break;
	default:
		return;
	}
	if (!(c->flags & TCB_ORPHAN))
		s->ops->remote_closed(s->arg, c->handle, c->user);
}

/* All before an early one came - or more than that, and then it was none. */
static void
late_fin(struct stack *s, struct tcb *c)
{
	c->flags &= ~(uint32_t)TCB_FIN_EARLY;
	if (c->rcv_nxt == c->early_fin)
		tcp_in_fin(s, c, c->early_fin);
}

/* --- all of it ------------------------------------------------------------*/

/* The next one, wholly within the window, not older than the one before it, and
 * with no flag but ACK, PSH, FIN and ECE: all that the phases up to the fourth
 * look for is not there. */
static bool
is_next(const struct tcb *c, const struct tcp_rx *r)
{
	uint8_t ack = WIRE_TCP_ACK,
		odd = WIRE_TCP_SYN | WIRE_TCP_RST | WIRE_TCP_URG | WIRE_TCP_CWR;
	uint32_t bad = (r->h.seq ^ c->rcv_nxt) | r->ce |
		((r->h.flags ^ ack) & (odd | ack)) | (c->flags & TCB_ALIVE_OUT);

	return !bad && seg_len(r) <= c->rcv_adv - c->rcv_nxt &&
		(!(c->flags & r->h.opts & TCB_TS) ||
			!seq_lt(r->h.ts_val, c->ts_recent));
}
_Static_assert((int)TCB_TS == (int)WIRE_TCP_TS, "is_next() uses both as one");

/* What of it is not in order has been dealt with, or cut away; false: all. */
static __attribute__((noinline)) bool
put_in_order(struct stack *s, struct tcb *c, struct tcp_rx *r)
{
	if (!check_sequence(s, c, r) || !check_rst(s, c, r) ||
		!check_syn(s, c, r) || !check_ack(s, c, r))
		return false;
	if (unlikely(c->flags & TCB_ALIVE_OUT))
		alive_heard(s, c);
	take_timestamp(s, c, r);
	if (unlikely(r->ce || (r->h.flags & WIRE_TCP_CWR)))
		ecn_data_in(s, c, r);
	trim(s, c, r);
	return true;
}

static void
synchronized(struct stack *s, struct tcb *c, struct tcp_rx *r)
{
	uint32_t handle = c->handle, end;

	if (likely(is_next(c, r))) {
		/* New or the last one again, of an established connection. */
		if (unlikely(r->h.ack - c->snd_una > c->snd_nxt - c->snd_una ||
			    c->state == TCP_SYN_RECEIVED) &&
			!check_ack(s, c, r))
			return;
		take_timestamp(s, c, r);
	} else if (!put_in_order(s, c, r)) {
		return;
	}
	end = r->h.seq + r->len;
	plain_ack(s, c, r);
	if (c->handle != handle)
		return;
	if (r->h.flags & WIRE_TCP_URG)
		s->count.urgent_ignored++; /* its bytes are bytes (RFC 6093) */
	if (r->len)
		text(s, c, r);
	if (c->handle != handle)
		return;
	if (r->h.flags & WIRE_TCP_FIN)
		tcp_in_fin(s, c, end);
	else if (unlikely(c->flags & TCB_FIN_EARLY) &&
		seq_ge(c->rcv_nxt, c->early_fin))
		late_fin(s, c);
}

/* RFC 6191 and RFC 9293, 3.6.1: who comes again with a later clock, or beyond
 * all that was, is let in. */
static bool
reuses_time_wait(struct stack *s, const struct tcb *c, const struct tcp_rx *r)
{
	if (c->state != TCP_TIME_WAIT ||
		(r->h.flags & (WIRE_TCP_SYN | WIRE_TCP_ACK | WIRE_TCP_RST)) !=
			WIRE_TCP_SYN ||
		!open_find_listener(s, &r->key))
		return false;
	if ((c->flags & TCB_TS) && (r->h.opts & WIRE_TCP_TS))
		return seq_gt(r->h.ts_val, c->ts_recent);
	return seq_gt(r->h.seq, c->rcv_nxt);
}

/* A SYN that comes again for a connection that is still being made: our answer
 * to it was lost, or both sides have opened. True: it goes on. */
static bool
syn_again(struct stack *s, struct tcb *c, struct tcp_rx *r)
{
	ecn_take_syn(c, r);
	if (!seq_gt(r->h.ack, c->iss) || !(r->h.flags & WIRE_TCP_ACK)) {
		c->flags |= TCB_SYN_DUE;
		out_ready(s, c);
		return false;
	}
	if (seq_le(r->h.ack, c->snd_nxt)) {
		open_take_syn_bit(r); /* both opened: it answers ours */
		ack_now(s, c);
	}
	return true;
}

/* Before or behind the states in which a SYN is but an intruder. True: the
 * segment goes on, as any. */
static __attribute__((noinline)) bool
young_or_old(struct stack *s, struct tcb *c, struct tcp_rx *r)
{
	uint32_t last = c->snd_nxt, i;

	if (c->state == TCP_SYN_SENT)
		return open_syn_sent(s, c, r);
	if (c->state == TCP_SYN_RECEIVED && r->h.seq == c->irs &&
		(r->h.flags & (WIRE_TCP_SYN | WIRE_TCP_RST)) == WIRE_TCP_SYN)
		return syn_again(s, c, r);
	if (likely(!reuses_time_wait(s, c, r)))
		return true;
	s->count.time_wait_reused++;
	end_now(s, c, STACK_CLOSED);
	open_segment(s, r);
	i = flow_find(&s->flow, &r->key, r->hash);
	if (i != FLOW_NONE) /* above all that was (3.6.1) */
		open_above(&s->tcb[i], last);
	return false;
}

/* The guess may be of before this burst, in which the connection has ended. */
static inline uint32_t
find(const struct stack *s, const struct tcp_rx *r)
{
	if (likely(r->guess != FLOW_NONE)) {
		const struct tcb *c = &s->tcb[r->guess];

		if (likely(c->state != TCP_CLOSED &&
			    flow_key_equal(&c->key, &r->key)))
			return r->guess;
	}
	return flow_find(&s->flow, &r->key, r->hash);
}

void
tcp_in(struct stack *s, struct tcp_rx *r)
{
	struct tcb *c;
	uint32_t i;

	if (unlikely(!r->hash))
		r->hash = flow_hash(&s->flow, &r->key);
	i = find(s, r);
	if (unlikely(i == FLOW_NONE)) {
		if (!share_drops(s, &r->key))
			open_segment(s, r);
		return;
	}
	c = &s->tcb[i];
	if (((r->h.flags & WIRE_TCP_SYN) || c->state == TCP_SYN_SENT) &&
		!young_or_old(s, c, r))
		return;
	synchronized(s, c, r);
}
