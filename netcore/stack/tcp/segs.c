/* segs.c - the scoreboard's nodes and their rings. */
#include "netcore/stack/tcp/segs.h"
#include "netcore/stack/tcp/seq.h"

/* How far a search for a place in a ring goes. */
#define NEAR 64

/* --- rings ----------------------------------------------------------------*/

/* Of a fresh one: none. */
static uint32_t *
ring_of(struct segs_odd *o, uint32_t flags)
{
	if (flags & SEG_SACKED)
		return &o->runs;
	if ((flags & (SEG_LOST | SEG_RESENT)) == SEG_LOST)
		return &o->missing;
	return flags & SEG_RETRANS ? &o->again : NULL;
}

/* Before `at`; at 0: it is the only one. Before the first is behind the last.
 */
static void
ring_put(struct slab *s, uint32_t *ring, uint32_t at, uint32_t i)
{
	struct seg *g = segs_at(s, i);

	if (!at) {
		*ring = g->after = g->before = i;
		return;
	}
	g->after = at;
	g->before = segs_at(s, at)->before;
	segs_at(s, g->before)->after = i;
	segs_at(s, at)->before = i;
}

static void
ring_take(struct slab *s, uint32_t *ring, uint32_t i)
{
	const struct seg *g = segs_at(s, i);

	if (!ring)
		return;
	segs_at(s, g->after)->before = g->before;
	segs_at(s, g->before)->after = g->after;
	if (*ring == i)
		*ring = g->after == i ? 0 : g->after;
}

/* By sequence number, from whichever end is nearer. What is lost for the first
 * time belongs behind all others, as a rule, and what is lost again before. */
static void
put_ordered(struct slab *s, uint32_t *ring, uint32_t i)
{
	uint32_t at = *ring, seq = segs_at(s, i)->seq, last, n;

	if (!at || seq_lt(seq, segs_at(s, at)->seq)) {
		ring_put(s, ring, at, i);
		*ring = i;
		return;
	}
	last = segs_at(s, at)->before;
	if (seq_lt(seq, segs_at(s, last)->seq) &&
		seq - segs_at(s, at)->seq < segs_at(s, last)->seq - seq) {
		for (n = 0; n < NEAR && seq_gt(seq, segs_at(s, at)->seq); n++)
			at = segs_at(s, at)->after;
	} else {
		for (n = 0; n < NEAR && seq_lt(seq, segs_at(s, last)->seq); n++)
			last = segs_at(s, last)->before;
		at = segs_at(s, last)->after;
	}
	ring_put(s, ring, at, i);
}

/* --- sending and acknowledging --------------------------------------------*/

static void
append(struct slab *s, struct segs *q, uint32_t i)
{
	if (q->tail)
		segs_at(s, q->tail)->next = i;
	else
		q->head = i;
	q->tail = i;
}

void
segs_settle_lone(struct slab *s, struct segs *q, uint32_t seq, uint32_t len)
{
	uint32_t i = slab_redeem(s);

	*segs_at(s, i) = (struct seg){
		.seq = seq,
		.len = len,
		.sent_us = q->lone_us,
		.flags = segs_lone_flags(q),
	};
	q->tail = 0;
	append(s, q, i);
}

bool
segs_add_node(struct slab *s, struct segs *q, uint32_t seq, uint32_t len,
	uint32_t now_us, uint32_t flags)
{
	uint32_t i = slab_get_next(s, q->head);

	if (unlikely(!i))
		return false;
	*segs_at(s, i) = (struct seg){
		.seq = seq,
		.len = len,
		.sent_us = now_us,
		.flags = flags,
	};
	append(s, q, i);
	return true;
}

/* Takes a segment's part in the counts away, before it changes. */
static void
uncount(struct segs_odd *o, const struct seg *g, uint32_t len)
{
	if (g->flags & SEG_SACKED)
		o->sacked -= len;
	if (g->flags & SEG_LOST)
		o->lost -= len;
	if (g->flags & SEG_RESENT)
		o->resent -= len;
}

/* Another standing: lost, or sent again. */
static void
change(struct slab *s, struct segs_odd *o, uint32_t i, uint32_t flags)
{
	struct seg *g = segs_at(s, i);
	uint32_t *ring = ring_of(o, flags);

	ring_take(s, ring_of(o, g->flags), i);
	uncount(o, g, g->len);
	g->flags = flags;
	o->lost += flags & SEG_LOST ? g->len : 0;
	o->resent += flags & SEG_RESENT ? g->len : 0;
	if (ring == &o->missing)
		put_ordered(s, ring, i);
	else
		ring_put(s, ring, *ring, i);
}

/* A segment arrived: what can be learned from it (RFC 8985, 6.2, steps 2 and
 * 3). No RTT from an acknowledgement of one that was sent twice (RFC 6298,
 * 3), nor of others beside it: without SACK they may have waited for it.
 *
 * Reordering is judged by what was sacked before this acknowledgement: several
 * segments of one are in no order that we know. */
static void
learn(const struct segs_odd *o, const struct seg *g, struct segs_news *news)
{
	uint32_t end = g->seq + g->len;

	if (!news->any) {
		news->was_sacked = o->sacked;
		news->was_high = o->high_sacked;
	}
	if (!news->any || seq_gt(g->sent_us, news->newest_us) ||
		(g->sent_us == news->newest_us &&
			seq_gt(end, news->newest_end))) {
		news->any = true;
		news->newest_us = g->sent_us;
		news->newest_end = end;
		news->newest_retrans = g->flags & SEG_RETRANS;
	}
	if (g->flags & SEG_RETRANS) {
		news->retrans = true;
		news->rtt = false;
		return;
	}
	if (!news->retrans) {
		if (!news->rtt || seq_gt(g->sent_us, news->rtt_from_us))
			news->rtt_from_us = g->sent_us;
		news->rtt = true;
	}
	if (news->was_sacked && seq_lt(end, news->was_high))
		news->reordered = true;
}

/* Node i goes; what came to stand there goes on at `at`. */
static void
forget(struct segs_odd *o, uint32_t i, uint32_t at)
{
	if (o->stopped == i)
		o->stopped = at;
	if (o->fresh == i)
		o->fresh = at;
}

static void
ack_below(struct slab *s, struct segs *q, struct segs_odd *o, uint32_t ack,
	struct segs_news *news)
{
	while (q->head) {
		struct seg *g = segs_at(s, q->head);
		uint32_t next = g->next;

		if (seq_ge(g->seq, ack))
			return;
		if (seq_gt(g->seq + g->len, ack)) { /* a part of it */
			uint32_t cut = ack - g->seq;

			uncount(o, g, cut);
			news->bytes += cut;
			news->flags |= g->flags & ~(uint32_t)SEG_FIN;
			g->flags &= ~(uint32_t)SEG_SYN;
			g->seq = ack;
			g->len -= cut;
			if (g->flags & SEG_RESENT)
				change(s, o, q->head,
					g->flags & ~(uint32_t)SEG_RESENT);
			return;
		}
		if (!(g->flags & SEG_SACKED))
			learn(o, g, news);
		uncount(o, g, g->len);
		news->bytes += g->len;
		news->flags |= g->flags;
		ring_take(s, ring_of(o, g->flags), q->head);
		forget(o, q->head, 0);
		slab_put(s, q->head);
		q->head = next;
		if (!next)
			q->tail = 0;
	}
}

void
segs_ack(struct slab *s, struct segs *q, struct segs_odd *o, uint32_t ack,
	struct segs_news *news)
{
	ack_below(s, q, o, ack, news);
	/* From here on others may take the node it stands at. */
	if (!(o->sacked | o->lost))
		o->fresh = 0;
}

/* --- selective acknowledgement --------------------------------------------*/

static bool
enough(struct segs_news *news)
{
	if (news->visits == SEGS_VISITS) {
		news->cut = true;
		return true;
	}
	news->visits++;
	return false;
}

/* The last run that begins at or before seq, or 0; from whichever end is
 * nearer: it is the newest data that is sacked as a rule, or the oldest. */
static uint32_t
run_before(const struct slab *s, const struct segs_odd *o, uint32_t seq,
	struct segs_news *news)
{
	uint32_t first = o->runs, i;

	if (!first || seq_lt(seq, segs_at(s, first)->seq))
		return 0;
	i = segs_at(s, first)->before;
	if (seq_ge(seq, segs_at(s, i)->seq))
		return i;
	if (segs_at(s, i)->seq - seq < seq - segs_at(s, first)->seq) {
		while (!enough(news) && seq_lt(seq, segs_at(s, i)->seq))
			i = segs_at(s, i)->before;
		return i;
	}
	for (i = first; !enough(news); i = segs_at(s, i)->after)
		if (seq_lt(seq, segs_at(s, segs_at(s, i)->after)->seq))
			break;
	return i;
}

/* The node behind run i becomes a part of it. */
static void
absorb(struct slab *s, struct segs *q, struct segs_odd *o, uint32_t i)
{
	struct seg *g = segs_at(s, i);
	uint32_t j = g->next;
	const struct seg *other = segs_at(s, j);

	g->len += other->len;
	g->flags |= other->flags;
	g->next = other->next;
	if (q->tail == j)
		q->tail = i;
	forget(o, j, i);
	slab_put(s, j);
}

/* Segment i is sacked; `run` is the last run before it, or 0. Returns the run
 * that it is a part of now. */
static uint32_t
mark_sacked(struct slab *s, struct segs *q, struct segs_odd *o, uint32_t run,
	uint32_t i, struct segs_news *news)
{
	struct seg *g = segs_at(s, i);
	uint32_t next;

	learn(o, g, news);
	ring_take(s, ring_of(o, g->flags), i);
	uncount(o, g, g->len);
	g->flags &= ~(uint32_t)(SEG_LOST | SEG_RESENT);
	g->flags |= SEG_SACKED;
	news->sacked += g->len;
	if (!o->sacked || seq_gt(g->seq + g->len, o->high_sacked))
		o->high_sacked = g->seq + g->len;
	o->sacked += g->len;
	if (run && segs_at(s, run)->next == i) {
		absorb(s, q, o, run);
		i = run;
	} else if (run) {
		ring_put(s, &o->runs, segs_at(s, run)->after, i);
	} else {
		ring_put(s, &o->runs, o->runs, i);
		o->runs = i;
	}
	next = segs_at(s, i)->next;
	if (next && segs_at(s, next)->flags & SEG_SACKED) {
		ring_take(s, &o->runs, next);
		absorb(s, q, o, i);
	}
	return i;
}

/* Of segment i, which a device has cut, the peer may have a part: that becomes
 * a segment by itself, with what is before or behind it another one. Borders
 * are where the device has cut, so nobody can have more of them made. */
static void
take_apart(struct slab *s, struct segs *q, struct segs_odd *o, uint32_t i,
	uint32_t from, uint32_t to, uint32_t part)
{
	const struct seg *g = segs_at(s, i);
	uint32_t len;

	if (seq_lt(g->seq, from)) {
		len = from - g->seq + part - 1;
		len -= len % part;
	} else {
		len = to - g->seq;
		len -= len % part;
	}
	if (len && len < g->len)
		segs_split(s, q, o, i, len);
}

/* Only whole segments: the peer sacks what it received, and received what we
 * sent, unless a middlebox cut it; then the rest of it is sent twice. */
void
segs_sack(struct slab *s, struct segs *q, struct segs_odd *o, uint32_t from,
	uint32_t to, struct segs_news *news)
{
	uint32_t run, i;

	run = run_before(s, o, from, news);
	i = run ? run : q->head;
	if (news->cut)
		return;
	if (o->stopped && seq_le(segs_at(s, o->stopped)->seq, from) &&
		seq_gt(segs_at(s, o->stopped)->seq, segs_at(s, i)->seq))
		i = o->stopped;
	while (i && seq_lt(segs_at(s, i)->seq, to)) {
		const struct seg *g = segs_at(s, i);

		if (enough(news)) {
			o->stopped = i;
			return;
		}
		if (unlikely(g->len > news->part && news->part) &&
			!(g->flags & SEG_SACKED))
			take_apart(s, q, o, i, from, to, news->part);
		if (g->flags & SEG_SACKED)
			run = i;
		else if (seq_ge(g->seq, from) && seq_le(g->seq + g->len, to))
			run = i = mark_sacked(s, q, o, run, i, news);
		i = segs_at(s, i)->next;
	}
}

/* --- loss -----------------------------------------------------------------*/

void
segs_lose(struct slab *s, struct segs_odd *o, uint32_t i)
{
	uint32_t flags = segs_at(s, i)->flags;

	flags &= ~(uint32_t)(SEG_RESENT | SEG_SACKED);
	change(s, o, i, flags | SEG_LOST);
}

void
segs_lose_all(struct slab *s, const struct segs *q, struct segs_odd *o,
	bool forget_sacked)
{
	o->again = o->missing = 0;
	if (forget_sacked)
		o->runs = o->sacked = 0;
	o->lost = o->resent = 0;
	for (uint32_t i = q->head; i; i = segs_at(s, i)->next) {
		struct seg *g = segs_at(s, i);

		if (!forget_sacked && g->flags & SEG_SACKED)
			continue;
		g->flags &= ~(uint32_t)(SEG_RESENT | SEG_SACKED);
		g->flags |= SEG_LOST;
		o->lost += g->len;
		ring_put(s, &o->missing, o->missing, i);
	}
}

uint32_t
segs_fresh(const struct slab *s, const struct segs *q, struct segs_odd *o)
{
	uint32_t i = o->fresh ? o->fresh : q->head;

	while (i && ring_of(o, segs_at(s, i)->flags))
		i = segs_at(s, i)->next;
	if (o->sacked | o->lost)
		o->fresh = i ? i : q->tail;
	return i;
}

void
segs_resent(struct slab *s, struct segs_odd *o, uint32_t i, uint32_t now_us)
{
	struct seg *g = segs_at(s, i);
	uint32_t flags = g->flags | SEG_RETRANS;

	if (flags & SEG_LOST)
		flags |= SEG_RESENT;
	change(s, o, i, flags);
	g->sent_us = now_us;
}

bool
segs_split(struct slab *s, struct segs *q, struct segs_odd *o, uint32_t i,
	uint32_t len)
{
	struct seg *g = segs_at(s, i), *rest;
	uint32_t j = slab_get_spare(s);

	if (!j)
		return false;
	rest = segs_at(s, j);
	*rest = *g;
	rest->seq += len;
	rest->len -= len;
	rest->flags &= ~(uint32_t)SEG_SYN;
	g->flags &= ~(uint32_t)SEG_FIN;
	g->len = len;
	g->next = j;
	if (q->tail == i)
		q->tail = j;
	if (ring_of(o, rest->flags))
		ring_put(s, ring_of(o, rest->flags), g->after, j);
	return true;
}

void
segs_clear(struct slab *s, struct segs *q, struct segs_odd *o)
{
	if (segs_is_lone(q))
		segs_ack_lone(s, q);
	while (q->head) {
		uint32_t next = slab_next(s, q->head);

		slab_put(s, q->head);
		q->head = next;
	}
	*q = (struct segs){0};
	*o = (struct segs_odd){0};
}
