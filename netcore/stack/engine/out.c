/* out.c - tx step 2 of 4: what a connection has to send, a frame a call. What
 * is wanted is decided without touching anything; then it is made, once. */
#include <string.h>

#include "netcore/stack/engine/ecn.h"
#include "netcore/stack/engine/window.h"

/* --- headers --------------------------------------------------------------*/

static void
fill_sacks(struct stack *s, struct tcb *c, struct wire_tcp *t, uint32_t room)
{
	struct ooo_range r[WIRE_TCP_SACKS];
	unsigned max = c->flags & TCB_TS ? 3 : 4, n = 0, k;

	/* Options count against what a segment holds (RFC 6691, 2). */
	if (room < 4 + 8 * max)
		max = room < 12 ? 0 : (room - 4) / 8;
	if (!max)
		return;
	if (c->flags & TCB_DSACK) {
		t->sack[n++] =
			(struct wire_tcp_sack){c->dsack_from, c->dsack_to};
		c->flags &= ~(uint32_t)TCB_DSACK;
	}
	k = ooo_ranges(&s->ooo, &c->ooo, r, max - n);
	for (unsigned i = 0; i < k; i++)
		t->sack[n++] = (struct wire_tcp_sack){r[i].from, r[i].to};
	if (!n)
		return;
	t->opts |= WIRE_TCP_SACK;
	t->sacks = (uint8_t)n;
}

static bool
has_sacks(const struct tcb *c)
{
	return unlikely(c->flags & (TCB_ODD | TCB_DSACK)) &&
		(c->flags & TCB_SACK) &&
		(c->ooo.head || (c->flags & TCB_DSACK));
}

/* What every segment of an established connection says, in front of f's pieces.
 * bits: beside ACK; tos: as ip_out_tcp() has it. */
static void
headers(struct stack *s, struct tcb *c, const uint8_t *mac, uint32_t seq,
	uint8_t bits, struct stack_tx_frame *f, uint8_t tos)
{
	struct wire_tcp t;

	if (likely(!has_sacks(c))) {
		if (likely(!(c->flags & TCB_IP6)))
			out4_segment(s, c, mac, seq, bits, f, tos);
		else
			out6_segment(s, c, mac, seq, bits, f, tos);
		return;
	}
	t.dport = c->key.remote_port;
	t.sport = c->key.local_port;
	t.seq = seq;
	t.ack = c->rcv_nxt;
	t.flags = bits | ecn_echo_bit(c) | WIRE_TCP_ACK;
	t.window = window_tell(s, c);
	t.urgent = 0;
	t.cksum = 0;
	t.opts = 0;
	t.sacks = 0;
	if (c->flags & TCB_TS) {
		t.opts = WIRE_TCP_TS;
		t.ts_val = s->tick + c->ts_offset;
		t.ts_ecr = c->ts_recent;
	}
	if (has_sacks(c))
		fill_sacks(s, c, &t, f->len < c->mss ? c->mss - f->len : 0);
	ip_out_tcp(s, &c->key, mac, &t, f, tos);
}

static void
start_frame(struct stack_tx_frame *f, const struct tcb *c)
{
	f->header_len = f->l3 = f->l4 = f->mss = f->flags = f->pieces = 0;
	f->len = 0;
	f->conn = c ? c->handle : 0;
	f->buf = NULL;
}

/* --- what goes out --------------------------------------------------------*/

/* [seq, seq + len) of the queue, as far as pieces go; FIN counts as one. */
static uint32_t
fill_data(struct stack *s, struct tcb *c, struct stack_tx_frame *f,
	uint32_t seq, uint32_t len)
{
	struct sendq_piece *piece = (struct sendq_piece *)(void *)f->piece;
	unsigned n;

	f->len = sendq_find(&s->sg, &c->sendq, &c->last, seq - c->snd_una, len,
		piece, STACK_PIECES, &n);
	f->pieces = (uint16_t)n;
	return f->len;
}

static void
sent(struct stack *s, struct tcb *c, uint32_t len)
{
	c->t_sent = s->tick;
	if (c->flags & TCB_RECOVERY)
		c->prr_out += len;
	timer_sent(s, c);
}

/* The next hop is being asked for its address; so are we, in a while. */
static void
await_neighbour(struct stack *s, struct tcb *c)
{
	if (c->rexmit != REXMIT_NONE)
		return;
	c->rexmit = REXMIT_NEIGHBOUR;
	c->t_rexmit = timer_in(s, 1000);
	timer_arm(s, c);
}

/* No node for what is to go out: it is tried again when something of c is
 * acknowledged, or else in a while. */
static void
await_room(struct stack *s, struct tcb *c)
{
	s->count.segs_full++;
	if (c->rexmit != REXMIT_NONE)
		return;
	c->rexmit = REXMIT_ROOM;
	c->t_rexmit = timer_in(s, ROOM_MS);
	timer_arm(s, c);
}

/* Sends a segment of the scoreboard again, all of it or its beginning. */
static bool
send_again(struct stack *s, struct tcb *c, const uint8_t *mac, uint32_t i,
	struct stack_tx_frame *f)
{
	struct seg *g = segs_at(&s->seg, i);
	uint32_t fin = !!(g->flags & SEG_FIN), got;
	uint32_t len = g->len - fin, want = len < c->mss ? len : c->mss;

	if (unlikely(g->flags & SEG_PROBE)) {
		g->flags &= ~(uint32_t)SEG_PROBE;
		pmtu_probe_lost(s, c);
	}
	start_frame(f, c);
	got = want ? fill_data(s, c, f, g->seq, want) : 0;
	if (got < len) { /* too large, or more pieces than a frame holds */
		if (!got)
			return false;
		fin = 0;
		/* Without a node the acknowledgement will cut it. */
		if (!segs_split(&s->seg, &c->segs, &c->odd, i, got))
			s->count.segs_full++;
	}
	s->count.retransmits++;
	c->resent++;
	segs_resent(&s->seg, &c->odd, i, s->us);
	dsack_resent(c, g->seq, got + fin);
	headers(s, c, mac, g->seq,
		(uint8_t)(WIRE_TCP_PSH | (fin ? WIRE_TCP_FIN : 0)), f, 0);
	sent(s, c, got + fin);
	return true;
}

/* How much of the queue may go out now as new data: by the peer's window, by
 * ours, by the size of segments, and not by crumbs (RFC 9293, 3.8.6.2.1). */
static uint32_t
new_bytes(const struct stack *s, struct tcb *c)
{
	uint32_t sent_bytes =
		c->snd_nxt - c->snd_una - !!(c->flags & TCB_FIN_SENT);
	uint32_t unsent = c->sendq.bytes - sent_bytes, len = unsent;
	uint32_t edge = c->snd_una + c->snd_wnd, pipe, most;

	if (!unsent || (c->flags & TCB_FIN_SENT))
		return 0;
	most = seq_gt(edge, c->snd_nxt) ? edge - c->snd_nxt : 0;
	if (len > most)
		len = most;
	pipe = segs_pipe(&c->odd, tcb_out(c));
	most = c->cc.cwnd;
	/* Limited transmit (RFC 3042), where there is no SACK to count. */
	if (!(c->flags & (TCB_SACK | TCB_RECOVERY)) && c->dupacks)
		most += (c->dupacks < 3 ? c->dupacks : 2u) * c->mss;
	most = most > pipe ? most - pipe : 0;
	if (len > most) {
		len = most;
		c->flags |= TCB_CWND_FULL;
	}
	/* What devices make of CWR when they cut a segment differs. What one
	 * cuts may be less than a segment of a large MTU. */
	most = c->mss;
	if (s->cfg.tso > c->mss && likely(!ecn_cwr_due(c)))
		most = s->cfg.tso / c->mss * c->mss;
	if (len > most)
		len = most;
	if (len >= c->mss)
		return len - len % c->mss;
	if (len == unsent &&
		(!(c->flags & TCB_NAGLE) || c->snd_nxt == c->snd_una))
		return len;
	return len && len >= c->max_wnd / 2 ? len : 0;
}

static bool
fin_due(const struct tcb *c)
{
	return (c->flags & (TCB_FIN_QUEUED | TCB_FIN_SENT)) == TCB_FIN_QUEUED &&
		c->sendq.bytes == c->snd_nxt - c->snd_una;
}

/* flags: SEG_PROBE, or 0. */
static bool
send_new(struct stack *s, struct tcb *c, const uint8_t *mac, uint32_t len,
	uint32_t flags, struct stack_tx_frame *f)
{
	uint32_t seq = c->snd_nxt, got;
	uint8_t bits = 0, tos;

	start_frame(f, c);
	got = len ? fill_data(s, c, f, seq, len) : 0;
	c->snd_nxt += got;
	if (got && c->snd_nxt - c->snd_una == c->sendq.bytes)
		bits |= WIRE_TCP_PSH;
	if (fin_due(c)) {
		flags |= SEG_FIN;
		bits |= WIRE_TCP_FIN;
	}
	if (!segs_add(&s->seg, &c->segs, c->snd_una, seq,
		    got + !!(flags & SEG_FIN), s->us, flags)) {
		c->snd_nxt = seq;
		await_room(s, c);
		return false;
	}
	if (flags & SEG_FIN) {
		c->snd_nxt++;
		c->flags |= TCB_FIN_SENT;
	}
	if (s->cfg.tso && got > c->mss && !(flags & SEG_PROBE)) {
		f->mss = c->mss;
		f->flags = STACK_TX_TSO;
	}
	tos = ecn_data_out(c, seq, got, &bits);
	headers(s, c, mac, seq, bits, f, tos);
	sent(s, c, got);
	return true;
}

static void
send_ack(struct stack *s, struct tcb *c, const uint8_t *mac,
	struct stack_tx_frame *f)
{
	uint32_t edge = c->snd_una + c->snd_wnd;
	/* A number beyond the window, by a probe, would not be accepted. */
	uint32_t seq = seq_gt(c->snd_nxt, edge) ? edge : c->snd_nxt;

	/* A number that was acknowledged must be answered (RFC 9293, 3.8.4). */
	if (unlikely(c->flags & TCB_ALIVE_DUE))
		seq--;
	start_frame(f, c);
	headers(s, c, mac, seq, 0, f, 0);
}

/* With what of the options was offered, if it is the answer. */
static void
syn_headers(struct stack *s, struct tcb *c, const uint8_t *mac, uint8_t bits,
	uint16_t wnd, struct stack_tx_frame *f)
{
	const uint32_t all = TCB_TS | TCB_SACK | TCB_WSCALE;
	bool answer = bits & WIRE_TCP_ACK;
	struct wire_tcp t;

	if (likely(flow_key_is4(&c->key) && (c->flags & all) == all)) {
		out4_syn(s, c, mac, bits, wnd, f);
		return;
	}
	t = (struct wire_tcp){
		.dport = c->key.remote_port,
		.sport = c->key.local_port,
		.seq = c->iss,
		.ack = answer ? c->rcv_nxt : 0,
		.flags = bits,
		.window = wnd,
		.opts = WIRE_TCP_MSS,
		.mss = open_mss(s, &c->key),
		.wscale = c->rcv_wscale,
		.ts_val = s->tick + c->ts_offset,
		.ts_ecr = answer ? c->ts_recent : 0,
	};
	if (c->flags & TCB_TS)
		t.opts |= WIRE_TCP_TS;
	if (c->flags & TCB_SACK)
		t.opts |= WIRE_TCP_SACK_OK;
	if (c->flags & TCB_WSCALE)
		t.opts |= WIRE_TCP_WSCALE;
	ip_out_tcp(s, &c->key, mac, &t, f, 0);
}

static bool
send_syn(struct stack *s, struct tcb *c, const uint8_t *mac,
	struct stack_tx_frame *f)
{
	uint32_t wnd = c->rcv_space < 0xffff ? c->rcv_space : 0xffff;
	uint8_t bits = WIRE_TCP_SYN;

	if (c->state == TCP_SYN_RECEIVED)
		bits |= WIRE_TCP_ACK;
	bits |= ecn_syn(s, c);
	start_frame(f, c);
	if (c->segs.head) {
		s->count.retransmits++;
		c->resent++;
		tcb_settle(s, c);
		segs_resent(&s->seg, &c->odd, c->segs.head, s->us);
	} else if (segs_add(&s->seg, &c->segs, c->iss, c->iss, 1, s->us,
			   SEG_SYN)) {
		c->snd_nxt = c->iss + 1;
	} else {
		await_room(s, c); /* nobody would send it again */
		return false;
	}
	c->rcv_adv = c->rcv_nxt + wnd;
	c->last_ack_sent = c->rcv_nxt;
	c->flags &= ~(uint32_t)(TCB_SYN_DUE | TCB_ACK_NOW);
	syn_headers(s, c, mac, bits, (uint16_t)wnd, f);
	if (c->rexmit == REXMIT_NEIGHBOUR)
		c->backoff = 0;
	if (c->rexmit != REXMIT_RTO)
		timer_rexmit(s, c);
	return true;
}

/* A probe: of a window that is shut, by a byte of what waits, or the one that
 * is out already; of a tail, by new data or by the last segment again. */
static bool
send_probe(struct stack *s, struct tcb *c, const uint8_t *mac,
	struct stack_tx_frame *f)
{
	c->flags &= ~(uint32_t)TCB_PROBE;
	if (timer_stuck(c))
		return send_new(s, c, mac, c->snd_wnd ? c->snd_wnd : 1, 0, f);
	if (!(c->flags & TCB_TLP_OUT) || !c->segs.head)
		return false;
	if (new_bytes(s, c))
		return false; /* it goes out anyhow, and is the probe */
	tcb_settle(s, c);
	if (segs_at(&s->seg, c->segs.tail)->flags & SEG_SACKED)
		return false; /* the tail has arrived meanwhile */
	c->tlp_again = true;
	return send_again(s, c, mac, c->segs.tail, f);
}

static bool
may_send_data(const struct tcb *c)
{
	return c->state >= TCP_ESTABLISHED && c->state != TCP_FIN_WAIT_2 &&
		c->state != TCP_TIME_WAIT;
}

/* One segment of new data that may be too large for the path; c->mss bytes may
 * go in any case. */
static bool
send_larger(struct stack *s, struct tcb *c, const uint8_t *mac,
	struct stack_tx_frame *f)
{
	uint32_t flight = c->snd_nxt - c->snd_una, ready = c->sendq.bytes;
	uint32_t len;

	if (ready > c->snd_wnd)
		ready = c->snd_wnd;
	if (ready > c->cc.cwnd) /* nothing is lost: all of the flight counts */
		ready = c->cc.cwnd;
	len = ready > flight ? pmtu_probe(s, c, ready - flight) : 0;
	if (!len || !send_new(s, c, mac, len, SEG_PROBE, f))
		return false;
	/* More pieces than a frame holds make it shorter. */
	pmtu_probe_sent(c, f->len);
	return true;
}

static bool
send_data(struct stack *s, struct tcb *c, const uint8_t *mac,
	struct stack_tx_frame *f)
{
	uint32_t i = 0, len;

	if (unlikely(c->flags & TCB_ODD))
		i = segs_next_lost(&c->odd);
	if (unlikely(i)) {
		uint32_t pipe = segs_pipe(&c->odd, tcb_out(c));

		len = segs_at(&s->seg, i)->len;
		if (len > c->mss)
			len = c->mss;
		/* Into a shut window one at a time. */
		if (!pipe || (c->snd_wnd && pipe + len <= c->cc.cwnd))
			return send_again(s, c, mac, i, f);
		return false;
	}
	if (unlikely(c->flags & TCB_PROBE) && send_probe(s, c, mac, f))
		return true;
	len = c->sendq.bytes ? new_bytes(s, c) : 0;
	if (len >= c->mss && unlikely(c->t_pmtu) && send_larger(s, c, mac, f))
		return true;
	if (len || fin_due(c))
		return send_new(s, c, mac, len, 0, f);
	return false;
}

bool
out_frame(struct stack *s, struct tcb *c, struct stack_tx_frame *f)
{
	const uint8_t *mac = neigh_of(s, c);

	if (unlikely(!mac)) {
		await_neighbour(s, c);
		/* plain_in.c leaves it to us. */
		if (c->state >= TCP_ESTABLISHED && tcb_unacked(c))
			timer_delay_ack(s, c);
		return false; /* neigh.c makes it ready when it knows */
	}
	if (unlikely(c->flags & TCB_SYN_DUE)) {
		return send_syn(s, c, mac, f);
	}
	/* By itself, for a full segment has no room for blocks. */
	if (unlikely(c->state >= TCP_ESTABLISHED && (c->flags & TCB_ACK_NOW) &&
		    has_sacks(c))) {
		send_ack(s, c, mac, f);
		return true;
	}
	if (may_send_data(c) && send_data(s, c, mac, f))
		return true;
	if ((c->state >= TCP_SYN_RECEIVED && (c->flags & TCB_ACK_NOW)) ||
		(c->state >= TCP_ESTABLISHED && window_due(s, c))) {
		send_ack(s, c, mac, f);
		return true;
	}
	if (c->state >= TCP_ESTABLISHED && tcb_unacked(c))
		timer_delay_ack(s, c);
	/* The window was shut between the call and this. */
	if (unlikely(c->rexmit == REXMIT_NONE && timer_stuck(c)))
		timer_rexmit(s, c);
	return false;
}

/* --- frames without a connection ------------------------------------------*/

/* A segment to where r came from; t has all but ports and checksum. */
void
out_reply_tcp(struct stack *s, const struct tcp_rx *r, struct wire_tcp *t)
{
	struct stack_tx_frame f = {0};
	const uint8_t *mac;
	struct reply *p;

	if (neigh_reply(s, key_remote(&r->key), &p, &mac))
		return;
	t->dport = r->h.sport;
	t->sport = r->h.dport;
	f.headers = p->bytes;
	ip_out_tcp(s, &r->key, mac, t, &f, 0);
	p->len = f.header_len;
	p->l3 = f.l3;
	p->l4 = f.l4;
	p->flags = f.flags;
}

/* RFC 9293, 3.10.7.1: never in answer to another one. */
void
out_reset(struct stack *s, const struct tcp_rx *r)
{
	struct wire_tcp t = {.flags = WIRE_TCP_RST};

	if (r->h.flags & WIRE_TCP_RST)
		return;
	if (r->h.flags & WIRE_TCP_ACK) {
		t.seq = r->h.ack;
	} else {
		t.flags |= WIRE_TCP_ACK;
		t.ack = r->h.seq + r->len + !!(r->h.flags & WIRE_TCP_SYN) +
			!!(r->h.flags & WIRE_TCP_FIN);
	}
	s->count.resets_sent++;
	out_reply_tcp(s, r, &t);
}
