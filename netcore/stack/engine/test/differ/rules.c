/* rules.c - the rules; docs/tcp_linux.md has the same table for people. */
#include "netcore/stack/engine/test/differ/rules.h"

const char *const differ_name[DIFFER_KINDS] = {"state", "end", "reset",
	"reset numbers", "syn", "answer", "acknowledged", "delivered", "eof",
	"result", "sent"};

unsigned
rules_compare(bool segment, const struct side_seen *a,
	const struct side_seen *a_was, const struct side_seen *b,
	const struct side_seen *b_was)
{
	unsigned d = 0;

	d |= a->state != b->state ? DIFFER_STATE : 0;
	d |= a->why != b->why ? DIFFER_WHY : 0;
	d |= !a->resets != !b->resets ? DIFFER_RESET : 0;
	if (a->resets && b->resets &&
		(a->reset_seq != b->reset_seq || a->reset_ack != b->reset_ack ||
			a->reset_acks != b->reset_acks))
		d |= DIFFER_NUMBERS;
	d |= !a->syns != !b->syns ? DIFFER_SYN : 0;
	d |= a->acked != b->acked ? DIFFER_ACKED : 0;
	/* Data and FINs carry answers along; calls tell of windows. */
	if (segment && a->acked == a_was->acked && b->acked == b_was->acked &&
		!(a->data | b->data | a->fins | b->fins | a->syns | b->syns) &&
		!a->acks != !b->acks)
		d |= DIFFER_ANSWER;
	d |= a->delivered != b->delivered ? DIFFER_DELIVERED : 0;
	d |= a->eof != b->eof ? DIFFER_EOF : 0;
	d |= a->result != b->result ? DIFFER_RESULT : 0;
	d |= a->top != b->top && a->state && b->state ? DIFFER_SENT : 0;
	return d;
}

/* --- what a segment was ---------------------------------------------------*/

static bool
is_segment(const struct differ_case *c, unsigned with, unsigned without)
{
	return c->step->kind == STEP_SEG && (c->step->flags & with) == with &&
		!(c->step->flags & without);
}

static bool
only(const struct differ_case *c, unsigned what)
{
	return !(c->what & ~what);
}

static bool
was(const struct differ_case *c, enum side_state from, enum side_state to)
{
	return c->engine_was.state >= from && c->engine_was.state <= to;
}

/* RFC 9293, 3.10.7.4, first: the table; and a bare acknowledgement from the
 * right edge. */
static bool
acceptable(const struct differ_case *c)
{
	const struct side_segment *g = &c->engine->given;
	uint32_t nxt = c->engine_was.rcv_nxt, wnd = c->engine_was.rcv_wnd;

	if (g->seq == g->end)
		return g->seq - nxt <
			wnd + (!wnd || !(c->step->flags & WIRE_TCP_RST));
	return wnd && (int32_t)(g->seq - nxt - wnd) < 0 &&
		(int32_t)(g->end - nxt) > 0;
}

/* By how much its timestamp is older than the last; 0: it is not. */
static uint32_t
older_by(const struct differ_case *c)
{
	uint32_t by = c->engine_was.ts_recent - c->engine->given.ts;

	return c->engine_was.ts && (c->step->opts & WIRE_TCP_TS) &&
			(int32_t)by > 0
		? by
		: 0;
}

/* --- the rules ------------------------------------------------------------*/

static bool
sent(const struct differ_case *c)
{
	return c->what == DIFFER_SENT;
}

static bool
after_close(const struct differ_case *c)
{
	return c->what == DIFFER_NUMBERS && c->engine->gone &&
		!c->engine->seen.state &&
		c->kernel->seen.reset_seq == c->kernel->given.ack &&
		!c->kernel->seen.reset_acks && c->engine->seen.reset_acks;
}

/* It may be the last time that was seen, when somebody comes again. */
static bool
time_wait_time(const struct differ_case *c)
{
	return was(c, SIDE_TIME_WAIT, SIDE_TIME_WAIT) && c->engine_was.ts &&
		is_segment(c, 0, WIRE_TCP_SYN | WIRE_TCP_RST) &&
		acceptable(c) && (c->step->opts & WIRE_TCP_TS) &&
		(int32_t)c->step->ts > 0;
}

static bool
reset_held(const struct differ_case *c)
{
	return is_segment(c, WIRE_TCP_RST, 0) &&
		was(c, SIDE_ESTAB, SIDE_FIN_WAIT2) && acceptable(c) &&
		c->engine->given.seq == c->engine->text_end &&
		c->engine->seen.acks && !c->kernel->seen.state;
}

static bool
time_wait_text(const struct differ_case *c)
{
	return c->what == DIFFER_ANSWER &&
		was(c, SIDE_TIME_WAIT, SIDE_TIME_WAIT) &&
		is_segment(c, 0, WIRE_TCP_SYN | WIRE_TCP_RST) &&
		acceptable(c) && c->kernel->seen.acks;
}

static bool
time_wait_abort(const struct differ_case *c)
{
	return c->what == DIFFER_STATE && c->step->kind == STEP_ABORT &&
		was(c, SIDE_TIME_WAIT, SIDE_TIME_WAIT) &&
		!c->engine->seen.state;
}

static bool
text_after_fin(const struct differ_case *c)
{
	return c->kernel->seen.resets && !c->kernel->seen.state &&
		c->engine->seen.state == c->engine_was.state &&
		(was(c, SIDE_CLOSE_WAIT, SIDE_CLOSE_WAIT) ||
			was(c, SIDE_CLOSING, SIDE_LAST_ACK)) &&
		c->engine->given.len &&
		(int32_t)(c->engine->given.seq - c->engine_was.rcv_nxt) < 0;
}

/* The acknowledgement is of something before our SYN. */
static bool
ghost_ack(const struct differ_case *c)
{
	return is_segment(c, WIRE_TCP_ACK, 0) &&
		was(c, SIDE_ESTAB, SIDE_LAST_ACK) &&
		(int32_t)c->engine->given.ack <= 0 &&
		c->kernel->seen.acked == c->kernel_was.acked;
}

static bool
fin_shut(const struct differ_case *c)
{
	return is_segment(c, WIRE_TCP_FIN, 0) && !c->engine_was.rcv_wnd &&
		c->engine->seen.acked + 1 == c->kernel->seen.acked;
}

static bool
syn_received_syn(const struct differ_case *c)
{
	return c->what == DIFFER_RESET && is_segment(c, WIRE_TCP_SYN, 0) &&
		was(c, SIDE_SYN_RCVD, SIDE_SYN_RCVD) &&
		c->kernel->seen.resets && acceptable(c);
}

static bool
syn_received_order(const struct differ_case *c)
{
	return is_segment(c, WIRE_TCP_ACK, WIRE_TCP_RST) &&
		was(c, SIDE_SYN_RCVD, SIDE_SYN_RCVD) && !c->plan->active &&
		only(c,
			DIFFER_RESET | DIFFER_ANSWER | DIFFER_STATE |
				DIFFER_SYN) &&
		c->kernel->seen.resets && c->kernel->given.ack != 1 &&
		c->kernel->seen.reset_seq == c->kernel->given.ack &&
		(!acceptable(c) || older_by(c) ||
			(c->step->flags & WIRE_TCP_SYN));
}

static bool
syn_fin(const struct differ_case *c)
{
	return is_segment(c, WIRE_TCP_SYN | WIRE_TCP_FIN,
		       WIRE_TCP_ACK | WIRE_TCP_RST) &&
		c->engine->seen.state == SIDE_SYN_RCVD &&
		!c->kernel->seen.state;
}

static bool
syn_sent_text(const struct differ_case *c)
{
	return is_segment(c, WIRE_TCP_SYN | WIRE_TCP_ACK, WIRE_TCP_RST) &&
		was(c, SIDE_SYN_SENT, SIDE_SYN_SENT) &&
		c->kernel->seen.state == SIDE_ESTAB &&
		c->engine->given.end - c->engine->given.seq > 1 &&
		only(c, DIFFER_STATE | DIFFER_ACKED);
}

static bool
syn_sent_echo(const struct differ_case *c)
{
	return is_segment(c, WIRE_TCP_ACK, WIRE_TCP_RST) &&
		was(c, SIDE_SYN_SENT, SIDE_SYN_SENT) &&
		(c->step->opts & WIRE_TCP_TS) && c->step->echo == ECHO_FUTURE &&
		c->kernel->seen.resets &&
		c->kernel->seen.state == SIDE_SYN_SENT;
}

static bool
paws_window(const struct differ_case *c)
{
	return c->step->kind == STEP_SEG && older_by(c) == 1;
}

static bool
old_end(const struct differ_case *c)
{
	const struct side_segment *g = &c->engine->given;

	return c->step->kind == STEP_SEG && g->end != g->seq &&
		was(c, SIDE_SYN_RCVD, SIDE_LAST_ACK) &&
		g->end == c->engine_was.rcv_nxt &&
		(c->what || (c->step->ts && (c->step->opts & WIRE_TCP_TS)) ||
			(is_segment(c, WIRE_TCP_ACK, 0) &&
				g->ack != c->engine_was.una)) &&
		!(c->what & (DIFFER_ACKED | DIFFER_DELIVERED | DIFFER_SYN));
}

static bool
late_reset(const struct differ_case *c)
{
	if (!is_segment(c, WIRE_TCP_RST, 0) ||
		!was(c, SIDE_FIN_WAIT2, SIDE_TIME_WAIT))
		return false;
	if (!acceptable(c))
		return c->what == DIFFER_ANSWER && c->kernel->seen.acks;
	return c->engine->given.seq != c->engine_was.rcv_nxt &&
		c->engine->seen.acks && !c->kernel->seen.acks;
}

static bool
syn_again(const struct differ_case *c)
{
	return c->what == DIFFER_SYN && c->engine->seen.syns &&
		c->kernel->seen.acks &&
		is_segment(c, WIRE_TCP_SYN, WIRE_TCP_RST) &&
		was(c, SIDE_SYN_RCVD, SIDE_SYN_RCVD);
}

/* Within what the scale of a window cannot say; at the very edge both hear only
 * bare acknowledgements. */
static bool
edge(const struct differ_case *c)
{
	const struct side_segment *g = &c->engine->given;
	uint32_t rest = (1u << c->engine->wscale) - 1;
	uint32_t at = c->engine_was.rcv_nxt + c->engine_was.rcv_wnd;

	if (c->step->kind != STEP_SEG || !was(c, SIDE_SYN_RCVD, SIDE_TIME_WAIT))
		return false;
	if (c->what && c->step->seq_base == SEQ_EDGE &&
		(c->step->seq + 1 <= 2 ||
			c->engine_was.state == SIDE_SYN_RCVD) &&
		(g->seq != at || g->end != at ||
			(c->step->flags & WIRE_TCP_RST)))
		return true;
	return rest && c->engine_was.state >= SIDE_ESTAB &&
		(g->seq - at + rest <= 2 * rest ||
			g->end - at + rest <= 2 * rest ||
			(c->engine_was.rcv_wnd <= rest && c->engine_was.shut));
}

/* It begins within the window, and ends beyond. */
static bool
straddles(const struct differ_case *c)
{
	const struct side_segment *g = &c->engine->given;

	return c->step->kind == STEP_SEG && acceptable(c) &&
		was(c, SIDE_ESTAB, SIDE_TIME_WAIT) &&
		(int32_t)(g->end - c->engine_was.rcv_nxt -
			c->engine_was.rcv_wnd) > 0;
}

static bool
shut_until(const struct differ_case *c)
{
	return c->step->kind == STEP_SEG &&
		c->engine_was.shut != c->kernel_was.shut;
}

static bool
icmp_quote(const struct differ_case *c)
{
	return c->step->kind == STEP_ICMP && c->kernel->seen.why &&
		c->step->ack + c->engine->iss == c->engine->top;
}

static bool
icmp_syn_received(const struct differ_case *c)
{
	return c->what == DIFFER_STATE && c->step->kind == STEP_ICMP &&
		c->step->code >= 2 && was(c, SIDE_SYN_RCVD, SIDE_SYN_RCVD) &&
		!c->plan->active && !c->engine->seen.state;
}

static bool
reset_last(const struct differ_case *c)
{
	return c->what == DIFFER_WHY && is_segment(c, WIRE_TCP_RST, 0) &&
		was(c, SIDE_CLOSING, SIDE_LAST_ACK) &&
		c->engine->seen.why == SIDE_CLOSED;
}

static bool
second_fin(const struct differ_case *c)
{
	return is_segment(c, WIRE_TCP_FIN, 0) && c->what == DIFFER_ACKED &&
		was(c, SIDE_CLOSE_WAIT, SIDE_CLOSE_WAIT) &&
		c->kernel->seen.acked == c->engine->seen.acked + 1 &&
		c->engine->seen.acked == c->engine_was.acked;
}

static bool
beyond_fin(const struct differ_case *c)
{
	const struct side *d = c->engine;

	return only(c, DIFFER_STATE | DIFFER_ACKED) && d->fin_given &&
		(int32_t)(d->text_end - d->fin_end) > 0;
}

static bool
simultaneous_refused(const struct differ_case *c)
{
	return c->what == DIFFER_WHY && is_segment(c, WIRE_TCP_RST, 0) &&
		was(c, SIDE_SYN_RCVD, SIDE_SYN_RCVD) && c->plan->active &&
		c->engine->seen.why == SIDE_REFUSED;
}

static bool
orphan_fin(const struct differ_case *c)
{
	return c->engine->gone && is_segment(c, WIRE_TCP_FIN, WIRE_TCP_RST) &&
		!c->engine->given.len && acceptable(c) &&
		c->engine->given.seq != c->engine_was.rcv_nxt &&
		(c->engine->seen.state == SIDE_FIN_WAIT1 ||
			c->engine->seen.state == SIDE_FIN_WAIT2) &&
		c->kernel->seen.resets;
}

static bool
orphan_syn(const struct differ_case *c)
{
	return c->engine->gone && is_segment(c, WIRE_TCP_SYN, WIRE_TCP_RST) &&
		c->engine->seen.state == SIDE_FIN_WAIT2 &&
		c->engine->seen.acks && c->kernel->seen.resets;
}

static bool
orphan_ack(const struct differ_case *c)
{
	return c->engine->gone && is_segment(c, WIRE_TCP_ACK, WIRE_TCP_RST) &&
		was(c, SIDE_FIN_WAIT2, SIDE_FIN_WAIT2) && acceptable(c) &&
		c->engine->given.ack != c->engine_was.una &&
		c->engine->seen.acks && c->kernel->seen.resets;
}

static bool
paws_zero(const struct differ_case *c)
{
	return c->step->kind == STEP_SEG && older_by(c) &&
		!c->engine_was.ts_recent;
}

static bool
paws_reset(const struct differ_case *c)
{
	return is_segment(c, WIRE_TCP_RST, 0) && older_by(c) &&
		c->kernel->seen.state == c->kernel_was.state &&
		was(c, SIDE_FIN_WAIT2, SIDE_TIME_WAIT);
}

static bool
old_ack_time(const struct differ_case *c)
{
	return is_segment(c, WIRE_TCP_ACK, 0) && c->engine_was.ts &&
		was(c, SIDE_ESTAB, SIDE_LAST_ACK) &&
		(c->step->opts & WIRE_TCP_TS) && (int32_t)c->step->ts > 0 &&
		(int32_t)(c->engine->given.ack - c->engine_was.una) < 0;
}

static bool
icmp_protocol(const struct differ_case *c)
{
	return c->what == DIFFER_WHY && c->step->kind == STEP_ICMP &&
		c->step->code == 2;
}

static bool
syn_received_close(const struct differ_case *c)
{
	return c->step->kind == STEP_CLOSE && c->plan->active &&
		was(c, SIDE_SYN_RCVD, SIDE_SYN_RCVD) &&
		c->engine->seen.state == SIDE_SYN_RCVD &&
		c->kernel->seen.state == SIDE_FIN_WAIT1;
}

static bool
no_ack_flag(const struct differ_case *c)
{
	return c->what == DIFFER_ANSWER && (!acceptable(c) || older_by(c)) &&
		is_segment(c, 0, WIRE_TCP_ACK | WIRE_TCP_RST | WIRE_TCP_SYN) &&
		c->engine->seen.acks;
}

static bool
shut_window(const struct differ_case *c)
{
	return is_segment(c, 0, 0) &&
		(c->step->flags & (WIRE_TCP_ACK | WIRE_TCP_RST)) &&
		c->engine_was.shut &&
		c->engine->given.seq == c->engine_was.rcv_nxt &&
		c->engine->given.len && only(c, DIFFER_STATE | DIFFER_WHY);
}

static bool
reset_before_fin(const struct differ_case *c)
{
	return is_segment(c, WIRE_TCP_RST, 0) &&
		(was(c, SIDE_CLOSE_WAIT, SIDE_CLOSE_WAIT) ||
			was(c, SIDE_CLOSING, SIDE_LAST_ACK)) &&
		c->engine->given.seq + 1 == c->engine_was.rcv_nxt &&
		!c->kernel->seen.state;
}

static bool
icmp_soft(const struct differ_case *c)
{
	return c->step->kind == STEP_ICMP && c->step->code <= 1 &&
		was(c, SIDE_SYN_SENT, SIDE_SYN_RCVD) && !c->kernel->seen.state;
}

static bool
paws_pure(const struct differ_case *c)
{
	return is_segment(c, WIRE_TCP_ACK, 0) && older_by(c) &&
		c->engine->given.seq == c->engine->given.end &&
		(int32_t)(c->engine->given.seq - c->engine_was.rcv_nxt) <= 0 &&
		c->what == DIFFER_ANSWER && c->engine->seen.acks;
}

static bool
ack_unsent(const struct differ_case *c)
{
	return is_segment(c, WIRE_TCP_ACK, WIRE_TCP_RST | WIRE_TCP_SYN) &&
		was(c, SIDE_ESTAB, SIDE_TIME_WAIT) && acceptable(c) &&
		c->engine->given.ack - c->engine_was.una >
		c->engine_was.top - c->engine_was.una &&
		c->what == DIFFER_ANSWER && c->engine->seen.acks;
}

static bool
old_ack_taken(const struct differ_case *c)
{
	return is_segment(c, WIRE_TCP_ACK, 0) &&
		was(c, SIDE_ESTAB, SIDE_ESTAB) && c->what == DIFFER_ACKED &&
		c->engine->given.ack - c->engine_was.una +
			c->engine_was.max_wnd >
		c->engine_was.max_wnd &&
		c->engine->seen.acked == c->engine_was.acked &&
		c->engine->seen.acks;
}

static bool
fin_beyond(const struct differ_case *c)
{
	return is_segment(c, WIRE_TCP_ACK, 0) &&
		c->engine_was.top > c->engine_was.una + c->engine_was.snd_wnd &&
		c->engine->given.end <= c->engine_was.rcv_nxt &&
		c->engine->given.ack > c->engine_was.una;
}

static bool
syn_received_reset(const struct differ_case *c)
{
	return is_segment(c, WIRE_TCP_RST, 0) &&
		was(c, SIDE_SYN_RCVD, SIDE_SYN_RCVD) && acceptable(c) &&
		(older_by(c) ? c->kernel->seen.state == SIDE_SYN_RCVD
			     : c->engine->given.seq != c->engine_was.rcv_nxt &&
					c->engine->seen.acks);
}

static bool
syn_received_text(const struct differ_case *c)
{
	return is_segment(c, WIRE_TCP_SYN | WIRE_TCP_ACK, WIRE_TCP_RST) &&
		was(c, SIDE_SYN_RCVD, SIDE_SYN_RCVD) &&
		c->engine->given.end - c->engine->given.seq > 1 &&
		c->kernel->seen.state == SIDE_SYN_RCVD && c->kernel->seen.acks;
}

static bool
syn_received_echo(const struct differ_case *c)
{
	return is_segment(c, WIRE_TCP_ACK, 0) &&
		was(c, SIDE_SYN_RCVD, SIDE_SYN_RCVD) && !c->plan->active &&
		(c->step->opts & WIRE_TCP_TS) && c->kernel->given.echo &&
		c->kernel->given.echo != c->kernel->syn_ts &&
		c->kernel->seen.state == SIDE_SYN_RCVD &&
		(c->kernel->seen.acks || (c->step->flags & WIRE_TCP_RST));
}

static const struct rule rules[] = {
	{"sent", "RFC 9293 3.7.1, 5681", false, sent},
	{"after_close", "RFC 9293 3.5.2", false, after_close},
	{"time_wait_time", "RFC 7323 4.3", true, time_wait_time},
	{"reset_held", "RFC 5961 3.2", false, reset_held},
	{"time_wait_text", "RFC 9293 3.10.7.4", false, time_wait_text},
	{"time_wait_abort", "RFC 9293 3.10.5", false, time_wait_abort},
	{"text_after_fin", "RFC 9293 3.10.7.4", false, text_after_fin},
	{"ghost_ack", "RFC 5961 5.2", true, ghost_ack},
	{"fin_shut", "RFC 9293 3.10.7.4", false, fin_shut},
	{"syn_received_syn", "RFC 9293 3.10.7.4", false, syn_received_syn},
	{"syn_received_order", "RFC 9293 3.10.7.4", false, syn_received_order},
	{"syn_fin", "RFC 9293 3.10.7.2", false, syn_fin},
	{"syn_sent_text", "RFC 9293 3.10.7.3", false, syn_sent_text},
	{"syn_sent_echo", "RFC 9293 3.10.7.3", false, syn_sent_echo},
	{"paws_window", "RFC 7323 5.3", true, paws_window},
	{"old_end", "RFC 9293 3.10.7.4", true, old_end},
	{"late_reset", "RFC 5961 3.2", false, late_reset},
	{"syn_again", "RFC 9293 3.8.1", false, syn_again},
	{"no_ack_flag", "RFC 9293 3.10.7.4", false, no_ack_flag},
	{"shut_window", "RFC 9293 3.10.7.4", false, shut_window},
	{"reset_before_fin", "RFC 5961 3.2", false, reset_before_fin},
	{"icmp_soft", "RFC 1122 4.2.3.9", false, icmp_soft},
	{"paws_pure", "RFC 7323 5.3", false, paws_pure},
	{"ack_unsent", "RFC 9293 3.10.7.4", false, ack_unsent},
	{"old_ack_taken", "RFC 5961 5.2", false, old_ack_taken},
	{"fin_beyond", "RFC 9293 3.10.7.4", false, fin_beyond},
	{"syn_received_reset", "RFC 5961 3.2", false, syn_received_reset},
	{"syn_received_text", "RFC 9293 3.5", false, syn_received_text},
	{"syn_received_echo", "RFC 7323 3.2", false, syn_received_echo},
	{"edge", "RFC 7323 2.3", true, edge},
	{"straddles", "RFC 9293 3.10.7.4", true, straddles},
	{"shut_until", "RFC 9293 3.8.6.2.2", true, shut_until},
	{"icmp_quote", "RFC 5927 4.1", false, icmp_quote},
	{"icmp_syn_received", "RFC 1122 4.2.3.9", false, icmp_syn_received},
	{"reset_last", "RFC 9293 3.10.7.4", false, reset_last},
	{"paws_zero", "RFC 7323 5.3", false, paws_zero},
	{"paws_reset", "RFC 7323 5.3", false, paws_reset},
	{"old_ack_time", "RFC 7323 4.3", true, old_ack_time},
	{"icmp_protocol", "RFC 1122 4.2.3.9", false, icmp_protocol},
	{"syn_received_close", "RFC 9293 3.10.4", false, syn_received_close},
	{"second_fin", "RFC 9293 3.10.7.4", false, second_fin},
	{"beyond_fin", "RFC 9293 3.10.7.4", false, beyond_fin},
	{"simultaneous_refused", "RFC 9293 3.10.7.4", false,
		simultaneous_refused},
	{"orphan_fin", "RFC 1122 4.2.2.13", false, orphan_fin},
	{"orphan_syn", "RFC 5961 4.2", false, orphan_syn},
	{"orphan_ack", "RFC 9293 3.10.7.4", false, orphan_ack},
	{NULL, NULL, false, NULL},
};

int
rules_find(const struct differ_case *c)
{
	for (int i = 0; rules[i].name; i++)
		if ((c->what || rules[i].hidden) && rules[i].explains(c))
			return i;
	return -1;
}

const struct rule *
rules_at(unsigned i)
{
	return rules[i].name ? &rules[i] : NULL;
}
