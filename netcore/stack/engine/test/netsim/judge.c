/* judge.c - whether a run went well. Looks into the engine. */
#include "netcore/stack/engine/test/netsim/world.h"

#include "netcore/stack/engine/engine.h"

uint32_t
judge_iss(const struct sim_node *n, stack_conn c)
{
	return n->stack->tcb[idpool_index(c)].iss;
}

uint32_t
judge_irs(const struct sim_node *n, stack_conn c)
{
	return n->stack->tcb[idpool_index(c)].irs;
}

static const char *
judge_memory(const struct sim_node *n)
{
	const struct stack *s = n->stack;

	if (n->buffers || n->rx_n)
		return "a buffer did not come back";
	if (idpool_taken(&s->ids) || s->half_open)
		return "a connection is left";
	if (s->sg.used || s->seg.used || s->ooo.used || s->frags.live)
		return "memory is left";
	if (s->ready_head != s->ready_tail || s->reply_head != s->reply_tail)
		return "something to send is left";
	return NULL;
}

/* --- connections ----------------------------------------------------------*/

static const char *
judge_sure(const struct conn *c)
{
	for (int i = 0; i < 2; i++) {
		const struct side *s = &c->side[i];

		if (!s->known)
			return "a connection was not made";
		if (s->why != STACK_CLOSED)
			return "a connection did not end well";
		if (s->got != c->side[!i].bytes)
			return "bytes did not arrive";
		if (s->sent != s->bytes)
			return "bytes were not sent";
		if (s->end == END_SHUT && s->acked != s->bytes)
			return "bytes were not acknowledged";
		if (s->end == END_SHUT && !s->eof)
			return "an end was not told";
	}
	return NULL;
}

/* Who leaves early ends it as he likes; the other side hears of it. */
static const char *
judge_unsure(const struct side *s)
{
	bool rude = s->end == END_EARLY || s->end == END_ABORT;

	switch (s->why) {
	case STACK_CLOSED:
	case STACK_RESET:
		return NULL;
	case STACK_ABORTED:
		return rude || s->closed ? NULL : "aborted by nobody";
	case STACK_REFUSED:
		return s->known ? "refused when it was open" : NULL;
	default:
		return "a connection has timed out";
	}
}

static const char *
judge_conn(const struct conn *c)
{
	for (int i = 0; i < 2; i++) {
		const struct side *s = &c->side[i];

		/* Begun by a node, or made known to one. */
		if (s->begun && !s->over)
			return "a connection did not end";
		if (!s->begun && !i)
			return "a connection was not begun";
	}
	if (c->kind == TO_NOBODY)
		return c->side[0].why == STACK_REFUSED && !c->side[1].begun
			? NULL
			: "nobody did not refuse";
	if (c->sure)
		return judge_sure(c);
	for (int i = 0; i < 2; i++) {
		const char *bad =
			c->side[i].begun ? judge_unsure(&c->side[i]) : NULL;

		if (bad)
			return bad;
	}
	return NULL;
}

/* Where nothing is lost, and nothing joined, each mark is seen (RFC 3168,
 * 6.1.3). */
static const char *
judge_marks(const struct world *w)
{
	uint64_t marked = 0, seen = 0;

	if (w->weather != CLEAR || !w->roomy)
		return NULL;
	for (unsigned i = 0; i < w->conns; i++)
		if (!w->conn[i].sure)
			return NULL;
	for (unsigned i = 0; i < w->s->nodes; i++) {
		const struct sim_node *n = &w->s->node[i];

		if (n->merged)
			return NULL;
		marked += n->marked;
		seen += stack_counters(n->stack)->ecn_ce;
	}
	return seen == marked ? NULL : "a mark was not seen";
}

/* Whoever sends much, and loses much of it, has to notice by what arrives (RFC
 * 8985), and not by waiting. */
static const char *
judge_recovery(const struct world *w)
{
	uint64_t lost = 0, frames = 0, timeouts = 0, recoveries = 0;

	for (unsigned i = 0; i < w->s->nodes; i++) {
		const struct sim_node *n = &w->s->node[i];

		lost += n->lost + n->missed;
		frames += n->frames;
		timeouts += stack_counters(n->stack)->timeouts;
		recoveries += stack_counters(n->stack)->recoveries;
	}
	if (!w->roomy || w->conns > 8 || frames < 2000 || lost < 40)
		return NULL;
	return timeouts <= 10 + 2 * recoveries ? NULL : "too many timeouts";
}

/* Where little is lost, most of it is within a stream, and what arrives tells
 * of it: a timeout is for what is at the ends, and for what is lost again. */
struct tally
judge_tally(const struct world *w)
{
	struct tally t = {0};

	if (w->weather != LIGHT || !w->roomy || !w->steady)
		return t;
	for (unsigned i = 0; i < w->s->nodes; i++) {
		const struct sim_node *n = &w->s->node[i];

		t.lost += n->lost + n->missed;
		t.timeouts += stack_counters(n->stack)->timeouts;
	}
	return t;
}

const char *
judge_all(const struct tally *t)
{
	return t->lost >= 100 && t->timeouts > t->lost / 8
		? "where little is lost, too many timeouts in all"
		: NULL;
}

static const char *
judge_light(const struct world *w)
{
	struct tally t = judge_tally(w);

	return t.timeouts > 4 + 2 * w->conns + t.lost / 8
		? "too many timeouts where little is lost"
		: NULL;
}

static uint64_t
way_ns(const struct sim_node *a, const struct sim_node *b)
{
	return a->out.delay_ns + b->in.delay_ns + b->dev.wait_ns;
}

static bool
is_plain(const struct side *s)
{
	return !s->deaf_ns && !s->idle_ns && !s->gulp;
}

/* Where nothing holds anybody up, a stream takes its round trips, in each of
 * which an acknowledgement may be delayed; and some in which the window
 * grows. Nagle takes two for what another sends in one, and with it one
 * segment's worth of pieces, of half a chunk each, may be all there is. */
static const char *
judge_speed(const struct world *w)
{
	if (w->weather != CLEAR || !w->steady || !w->roomy)
		return NULL;
	for (unsigned i = 0; i < 2 * w->conns; i++) {
		const struct conn *c = &w->conn[i / 2];
		const struct side *s = &c->side[i % 2], *r = &c->side[!(i % 2)];
		uint64_t rtt = way_ns(s->node, r->node) +
			way_ns(r->node, s->node) + 45000000;
		uint32_t most = s->ahead < 60000 ? s->ahead : 60000;

		if (!c->sure || c->kind == TO_NOBODY || !s->bytes ||
			!is_plain(s) || !is_plain(r))
			continue;
		if (most > s->chunk * (STACK_PIECES / 2))
			most = s->chunk * (STACK_PIECES / 2);
		if (r->t_got - r->t_open > (2ull * s->bytes / most + 10) * rtt)
			return "too slow";
	}
	return NULL;
}

/* Where nothing is lost nobody runs into a timeout; but for once in a while by
 * an acknowledgement that comes with data that is too late to be looked at. */
static const char *
judge_timeouts(const struct world *w)
{
	uint64_t timeouts = 0, frames = 0;

	for (unsigned i = 0; i < w->s->nodes; i++) {
		const struct sim_node *n = &w->s->node[i];

		timeouts += stack_counters(n->stack)->timeouts;
		frames += n->frames;
	}
	if (w->weather >= LIGHT || !w->steady || !w->roomy)
		return NULL;
	if (timeouts > (w->weather == MIXED ? 1 + frames / 1000 : 0))
		return "a timeout for nothing";
	return NULL;
}

const char *
judge(const struct world *w)
{
	const char *bad = w->bad ? w->bad : w->s->bad;

	for (unsigned i = 0; i < w->conns && !bad; i++)
		bad = judge_conn(&w->conn[i]);
	for (unsigned i = 0; i < w->s->nodes && !bad; i++)
		bad = judge_memory(&w->s->node[i]);
	if (!bad)
		bad = judge_marks(w);
	if (!bad)
		bad = judge_timeouts(w);
	if (!bad)
		bad = judge_recovery(w);
	if (!bad)
		bad = judge_light(w);
	if (!bad)
		bad = judge_speed(w);
	if (!bad && w->memory)
		bad = "memory that was sent did not come back";
	return bad;
}
