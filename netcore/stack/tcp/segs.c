#include "netcore/stack/tcp/segs.h"
#include "netcore/stack/tcp/seq.h"

/* Takes a segment's part in the counts away, before it changes. */
static void
uncount(struct segs *q, const struct seg *g, uint32_t len)
{
	if (g->flags & SEG_SACKED)
		q->sacked -= len;
	if (g->flags & SEG_LOST)
		q->lost -= len;
	if (g->flags & SEG_RESENT)
		q->resent -= len;
}

/* A segment arrived: what can be learned from it (RFC 8985, 6.2, steps 2 and
 * 3). No RTT from an acknowledgement of one that was sent twice (RFC 6298,
 * 3), nor of others beside it: without SACK they may have waited for it.
 *
 * Reordering is judged by what was sacked before this acknowledgement: several
 * segments of one are in no order that we know. */
static void
learn(const struct segs *q, const struct seg *g, struct segs_news *news)
{
	uint32_t end = g->seq + g->len;

	if (!news->any) {
		news->was_sacked = q->sacked;
		news->was_high = q->high_sacked;
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

void
segs_ack(struct slab *s, struct segs *q, uint32_t ack, struct segs_news *news)
{
	while (q->head) {
		struct seg *g = segs_at(s, q->head);
		uint32_t next = g->next;

		if (seq_ge(g->seq, ack))
			return;
		if (seq_gt(g->seq + g->len, ack)) { /* a part of it */
			uint32_t cut = ack - g->seq;

			uncount(q, g, cut);
			q->out -= cut;
			news->bytes += cut;
			news->flags |= g->flags & ~(uint32_t)SEG_FIN;
			g->flags &= ~(uint32_t)SEG_SYN;
			g->seq = ack;
			g->len -= cut;
			return;
		}
		if (!(g->flags & SEG_SACKED))
			learn(q, g, news);
		uncount(q, g, g->len);
		q->out -= g->len;
		news->bytes += g->len;
		news->flags |= g->flags;
		slab_put(s, q->head);
		q->head = next;
		if (!next)
			q->tail = 0;
	}
}

static void
mark_sacked(struct segs *q, struct seg *g, struct segs_news *news)
{
	learn(q, g, news);
	uncount(q, g, g->len);
	g->flags &= ~(uint32_t)(SEG_LOST | SEG_RESENT);
	g->flags |= SEG_SACKED;
	news->sacked += g->len;
	if (!q->sacked || seq_gt(g->seq + g->len, q->high_sacked))
		q->high_sacked = g->seq + g->len;
	q->sacked += g->len;
}

/* Only whole segments: the peer sacks what it received, and received what we
 * sent, unless a middlebox cut it; then the rest of it is sent twice. */
void
segs_sack(struct slab *s, struct segs *q, uint32_t from, uint32_t to,
	struct segs_news *news)
{
	for (uint32_t i = q->head; i; i = segs_at(s, i)->next) {
		struct seg *g = segs_at(s, i);

		if (seq_ge(g->seq, to))
			return;
		if (!(g->flags & SEG_SACKED) && seq_ge(g->seq, from) &&
			seq_le(g->seq + g->len, to))
			mark_sacked(q, g, news);
	}
}

void
segs_lose(struct segs *q, struct seg *g)
{
	uncount(q, g, g->len);
	g->flags &= ~(uint32_t)(SEG_RESENT | SEG_SACKED);
	g->flags |= SEG_LOST;
	q->lost += g->len;
}

void
segs_lose_all(struct slab *s, struct segs *q, bool forget)
{
	for (uint32_t i = q->head; i; i = segs_at(s, i)->next) {
		struct seg *g = segs_at(s, i);

		if (forget || !(g->flags & SEG_SACKED))
			segs_lose(q, g);
	}
}

uint32_t
segs_next_lost(const struct slab *s, const struct segs *q)
{
	if (q->lost == q->resent)
		return 0;
	for (uint32_t i = q->head; i; i = segs_at(s, i)->next) {
		uint32_t f = segs_at(s, i)->flags;

		if ((f & SEG_LOST) && !(f & SEG_RESENT))
			return i;
	}
	return 0;
}

void
segs_resent(struct segs *q, struct seg *g, uint32_t now_us)
{
	if ((g->flags & SEG_LOST) && !(g->flags & SEG_RESENT)) {
		g->flags |= SEG_RESENT;
		q->resent += g->len;
	}
	g->flags |= SEG_RETRANS;
	g->sent_us = now_us;
}

bool
segs_split(struct slab *s, struct segs *q, uint32_t i, uint32_t len)
{
	struct seg *g = segs_at(s, i), *rest;
	uint32_t j = slab_get(s);

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
	return true;
}

void
segs_clear(struct slab *s, struct segs *q)
{
	while (q->head) {
		uint32_t next = slab_next(s, q->head);

		slab_put(s, q->head);
		q->head = next;
	}
	*q = (struct segs){0};
}
