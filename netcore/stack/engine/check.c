/* check.c - what must hold between two calls, whatever came from the wire: for
 * the simulator and the fuzzers, which ask after every step. Walks everything.
 */
#include "netcore/stack/engine/ecn.h"

#define MUST(s, c, what)                      \
	do {                                  \
		if (!(what)) {                \
			(void)(s), (void)(c); \
			return #what;         \
		}                             \
	} while (0)

struct sums {
	uint32_t sg, seg, ooo, ready, half_open, taken, linger;
	uint32_t more_sg, more_segs; /* without the first of each */
};

enum ring {
	FRESH,
	MISSING,
	AGAIN,
	RUNS,
};

static enum ring
ring(uint32_t flags)
{
	if (flags & SEG_SACKED)
		return RUNS;
	if ((flags & (SEG_LOST | SEG_RESENT)) == SEG_LOST)
		return MISSING;
	return flags & SEG_RETRANS ? AGAIN : FRESH;
}

/* How many are in it; none, if one does not belong there or is not in its
 * place. */
static uint32_t
in_ring(const struct stack *s, uint32_t first, enum ring which)
{
	uint32_t n = 0, i = first;

	if (!i)
		return 0;
	do {
		const struct seg *g = segs_at(&s->seg, i);
		const struct seg *next = segs_at(&s->seg, g->after);

		if (ring(g->flags) != which || next->before != i ||
			++n > s->seg.used)
			return 0;
		if (g->after != first &&
			(which == AGAIN ? seq_gt(g->sent_us, next->sent_us)
					: which == RUNS &&
						seq_ge(g->seq, next->seq)))
			return 0;
		i = g->after;
	} while (i != first);
	return n;
}

static const char *
check_segs(const struct stack *s, const struct tcb *c, struct sums *sum)
{
	struct segs_odd n = {0};
	uint32_t seq = c->snd_una, rings[4] = {0};
	bool was_sacked = false;

	if (segs_is_lone(&c->segs)) {
		sum->seg++;
		MUST(s, c, tcb_out(c));
		MUST(s, c, !(c->odd.sacked | c->odd.lost | c->odd.resent));
		MUST(s, c, !(c->odd.missing | c->odd.again | c->odd.runs));
		MUST(s, c, !(c->odd.fresh | c->odd.stopped));
		return NULL;
	}
	for (uint32_t i = c->segs.head; i; i = segs_at(&s->seg, i)->next) {
		const struct seg *g = segs_at(&s->seg, i);

		MUST(s, c, g->seq == seq && g->len);
		MUST(s, c,
			!((g->flags & SEG_SACKED) &&
				(g->flags & (SEG_LOST | SEG_RESENT))));
		MUST(s, c, (g->flags & SEG_LOST) || !(g->flags & SEG_RESENT));
		seq += g->len;
		n.sacked += g->flags & SEG_SACKED ? g->len : 0;
		n.lost += g->flags & SEG_LOST ? g->len : 0;
		n.resent += g->flags & SEG_RESENT ? g->len : 0;
		rings[ring(g->flags)]++;
		/* Neighbours that are sacked are one. */
		MUST(s, c, !(g->flags & SEG_SACKED) || !was_sacked);
		was_sacked = g->flags & SEG_SACKED;
		sum->seg++;
		sum->more_segs += !!g->next;
		MUST(s, c, g->next || c->segs.tail == i);
	}
	MUST(s, c, seq == c->snd_nxt);
	MUST(s, c, n.sacked == c->odd.sacked && n.lost == c->odd.lost);
	MUST(s, c, n.resent == c->odd.resent);
	MUST(s, c, in_ring(s, c->odd.missing, MISSING) == rings[MISSING]);
	MUST(s, c, in_ring(s, c->odd.again, AGAIN) == rings[AGAIN]);
	MUST(s, c, in_ring(s, c->odd.runs, RUNS) == rings[RUNS]);
	/* The plain case frees nodes without a look at these. */
	MUST(s, c, !c->odd.fresh || c->odd.sacked || c->odd.lost);
	MUST(s, c, !c->odd.stopped || (c->flags & TCB_FAR));
	return NULL;
}

static const char *
check_queues(const struct stack *s, const struct tcb *c, struct sums *sum)
{
	const struct sendq_node *head;
	uint64_t bytes = 0;
	uint32_t skip;

	if (c->sendq.head == SENDQ_LONE) {
		sum->sg++;
		MUST(s, c, c->sendq.bytes && !(c->last.cur | c->last.old));
		return NULL;
	}
	MUST(s, c, c->sendq.head || !(c->last.cur | c->last.old));
	head = slab_at(&s->sg, c->sendq.head);
	skip = c->sendq.head ? c->sendq.acked - head->at : 0;
	for (uint32_t i = c->sendq.head; i; i = slab_next(&s->sg, i)) {
		const struct sendq_node *n = slab_at(&s->sg, i);

		bytes += n->len;
		sum->sg++;
		sum->more_sg += !!n->next;
	}
	MUST(s, c, bytes == (uint64_t)c->sendq.bytes + skip);
	return NULL;
}

/* What came early lies in order within the window, and what touches is a run.
 */
static const char *
check_early(const struct stack *s, const struct tcb *c, struct sums *sum)
{
	uint32_t at = c->rcv_nxt, run = 0, prev = 0, nodes = 0, runs = 0;

	MUST(s, c, !c->ooo.head == !c->ooo.newest);
	for (uint32_t i = c->ooo.head; i; prev = i, i = slab_next(&s->ooo, i)) {
		const struct ooo_node *n = slab_at(&s->ooo, i);
		const struct ooo_node *r = slab_at(&s->ooo, run);

		MUST(s, c, seq_ge(n->seq, at) && n->len);
		if (!run || n->seq != at) {
			MUST(s, c,
				!run || (r->last == prev && n->before == run));
			run = i;
			runs++;
		}
		at = n->seq + n->len;
		nodes++;
	}
	MUST(s, c, nodes == c->ooo.nodes);
	MUST(s, c, !nodes || seq_le(at, c->rcv_adv));
	run = c->ooo.newest;
	for (uint32_t i = 0; i < runs; i++)
		run = ((struct ooo_node *)slab_at(&s->ooo, run))->older;
	MUST(s, c, run == c->ooo.newest);
	sum->ooo += nodes;
	return NULL;
}

/* Something is to be sent, or to be acknowledged. */
static bool
waits(const struct tcb *c)
{
	return c->state < TCP_ESTABLISHED || c->sendq.bytes ||
		c->snd_una != c->snd_nxt ||
		(c->flags & (TCB_FIN_QUEUED | TCB_FIN_SENT)) == TCB_FIN_QUEUED;
}

static const char *
check_tcb(const struct stack *s, const struct tcb *c, struct sums *sum)
{
	const char *bad;

	MUST(s, c, c->state > TCP_CLOSED && c->state < TCP_STATES);
	MUST(s, c,
		idpool_check(&s->ids, c->handle) == (int32_t)tcb_index(s, c));
	MUST(s, c, flow_find(&s->flow, &c->key, c->hash) == tcb_index(s, c));
	MUST(s, c,
		!(c->flags & TCB_ODD) ==
			!(c->odd.sacked | c->odd.lost | c->ooo.head |
				c->dupacks));
	MUST(s, c, !(c->flags & TCB_LIFE) == !c->t_life);
	MUST(s, c, !(c->flags & TCB_IP6) == flow_key_is4(&c->key));
	MUST(s, c, c->rcv_space <= s->cfg.rcv_window);
	MUST(s, c,
		c->state < TCP_ESTABLISHED ||
			seq_ge(c->rcv_adv + 1, c->rcv_nxt));
	MUST(s, c, !(c->flags & TCB_ECN) == !(c->ecn & ECN_BUSY));
	MUST(s, c, !(c->flags & TCB_ECT) || (c->ecn & ECN_AGREED));
	MUST(s, c, !(c->ecn & ECN_ECHO) || (c->ecn & ECN_AGREED));
	MUST(s, c,
		!(c->ecn & ECN_REDUCED) ||
			((c->flags & TCB_ECT) &&
				seq_le(c->ecn_at, c->snd_nxt)));
	MUST(s, c, !(c->flags & TCB_FIN_SENT) || (c->flags & TCB_FIN_QUEUED));
	/* plain_out.c counts on it. */
	MUST(s, c,
		c->state < TCP_ESTABLISHED || (c->flags & TCB_RECOVERY) ||
			c->cc.cwnd >= c->mss);
	/* What is under way has a timer, and a timer is in the wheel. */
	MUST(s, c, !c->segs.head || c->t_rexmit || (c->flags & TCB_READY));
	/* And so has what cannot go out now, or nobody would come back. */
	MUST(s, c,
		c->t_rexmit || (c->flags & TCB_READY) ||
			c->state == TCP_TIME_WAIT || !waits(c));
	MUST(s, c,
		!(c->t_rexmit || c->t_delack || c->t_life) ||
			wheel_is_set(&s->wheel, tcb_index(s, c)));
	sum->taken++;
	MUST(s, c, !(c->flags & TCB_OVER) || c->state == TCP_TIME_WAIT);
	sum->linger += !!(c->flags & TCB_OVER);
	sum->half_open +=
		c->state == TCP_SYN_RECEIVED && (c->flags & TCB_PASSIVE);
	bad = check_segs(s, c, sum);
	if (!bad)
		bad = check_queues(s, c, sum);
	return bad ? bad : check_early(s, c, sum);
}

/* The ring has all of them, and nobody else. */
static const char *
check_linger(const struct stack *s, uint32_t n)
{
	const struct linger_link *l = s->linger;
	uint32_t before = 0, i;

	for (i = l->next; i && n; i = l[i].next, n--) {
		const struct tcb *c = &s->tcb[i - 1];

		MUST(s, c, c->flags & TCB_OVER && l[i].prev == before);
		before = i;
	}
	MUST(s, NULL, !i && !n && l->prev == before);
	return NULL;
}

const char *
stack_check(const struct stack *s)
{
	struct sums sum = {0};
	const char *bad;

	for (uint32_t i = 0; i < s->ids.fresh; i++)
		sum.ready += !!(s->tcb[i].flags & TCB_READY);
	for (uint32_t i = 0; i < s->ids.fresh; i++) {
		bad = s->tcb[i].state == TCP_CLOSED
			? NULL
			: check_tcb(s, &s->tcb[i], &sum);
		if (bad)
			return bad;
	}
	MUST(s, NULL, sum.sg == s->sg.used && sum.seg == s->seg.used);
	MUST(s, NULL, sum.ooo == s->ooo.used);
	MUST(s, NULL, sum.ready == s->ready_head - s->ready_tail);
	/* None but the first of a connection is of the reserve. */
	MUST(s, NULL, sum.more_segs <= s->seg.cap - s->seg.reserve);
	MUST(s, NULL, sum.more_sg <= s->sg.cap - s->sg.reserve);
	MUST(s, NULL, sum.half_open == s->half_open);
	MUST(s, NULL, sum.taken == idpool_taken(&s->ids));
	bad = check_linger(s, sum.linger);
	return bad ? bad : neigh_check(s);
}
