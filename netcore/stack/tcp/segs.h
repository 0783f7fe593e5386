/* segs.h - the scoreboard: what was sent and is not acknowledged, a node for
 * each segment, in order of sequence numbers (RFC 6675, 8985).
 *
 * Counts are kept so that nothing needs a walk in the common case:
 *
 *	pipe = out - sacked - lost + resent
 *
 * out: bytes sent and not cumulatively acknowledged; sacked: of these, those
 * that the peer has; lost: those deemed lost; resent: of the lost ones, those
 * sent again since.
 */
#ifndef NETCORE_STACK_TCP_SEGS_H
#define NETCORE_STACK_TCP_SEGS_H

#include "netcore/stack/tcp/slab.h"

enum seg_flag {
	SEG_SACKED = 1,
	SEG_LOST = 2,
	SEG_RESENT = 4,	  /* sent again since it was deemed lost */
	SEG_RETRANS = 8,  /* was ever sent again: no RTT sample (Karn) */
	SEG_SYN = 16,	  /* its first sequence number is no byte */
	SEG_FIN = 32,	  /* its last one */
	SEG_LIMITED = 64, /* was sent while the window was not the limit */
};

struct seg {
	uint32_t next;
	uint32_t seq;
	uint32_t len;	  /* sequence numbers */
	uint32_t sent_us; /* low 32 bits of the time it was last sent */
	uint32_t flags;
};

struct segs {
	uint32_t head, tail;
	uint32_t out, sacked, lost, resent;
	uint32_t high_sacked; /* end of the highest sacked segment */
};

static inline struct seg *
segs_at(const struct slab *s, uint32_t i)
{
	return (struct seg *)(void *)s->base + i;
}

static inline uint32_t
segs_pipe(const struct segs *q)
{
	return q->out - q->sacked - q->lost + q->resent;
}

/* A segment goes out behind all others. False: no node left. */
static inline bool
segs_add(struct slab *s, struct segs *q, uint32_t seq, uint32_t len,
	uint32_t now_us, uint32_t flags)
{
	uint32_t i = slab_get(s);

	if (unlikely(!i))
		return false;
	*segs_at(s, i) = (struct seg){
		.seq = seq,
		.len = len,
		.sent_us = now_us,
		.flags = flags,
	};
	if (q->tail)
		segs_at(s, q->tail)->next = i;
	else
		q->head = i;
	q->tail = i;
	q->out += len;
	return true;
}

/* The oldest segment, if nothing was ever special about it and all of it is
 * below `ack`: it goes, and *sent_us says when it was sent. Returns its length,
 * or 0. */
static inline uint32_t
segs_ack_plain(struct slab *s, struct segs *q, uint32_t ack, uint32_t *sent_us)
{
	struct seg *g = segs_at(s, q->head);
	uint32_t i = q->head, len = g->len;

	if (!i || unlikely(g->flags) || (int32_t)(ack - g->seq - len) < 0)
		return 0;
	*sent_us = g->sent_us;
	q->out -= len;
	q->head = g->next;
	if (!q->head)
		q->tail = 0;
	slab_put(s, i);
	return len;
}

/* What an acknowledgement newly covered: {0}, then handed to segs_ack() and to
 * segs_sack() for each of its ranges, in any order. */
struct segs_news {
	uint32_t bytes;	      /* cumulatively acknowledged */
	uint32_t sacked;      /* newly sacked */
	uint32_t newest_us;   /* the latest sending time among them ... */
	uint32_t newest_end;  /* ... and the end of that segment */
	bool any;	      /* whether the two above are set */
	bool newest_retrans;  /* that segment had been sent again */
	bool retrans;	      /* at least one of them had been */
	bool rtt;	      /* none of them had been: an RTT sample ... */
	uint32_t rtt_from_us; /* ... is the time since this one was sent */
	uint32_t flags;	      /* of all that were cumulatively covered, OR */
	bool was_sacked;      /* something was before, up to ... */
	uint32_t was_high;    /* ... this high_sacked */
	bool reordered;	      /* one below that came, and was sent once */
};

/* All below `ack` is acknowledged: nodes go, one that is cut stays. */
void segs_ack(
	struct slab *s, struct segs *q, uint32_t ack, struct segs_news *news);

/* [from, to) is sacked. */
void segs_sack(struct slab *s, struct segs *q, uint32_t from, uint32_t to,
	struct segs_news *news);

/* Marks one lost (again). */
void segs_lose(struct segs *q, struct seg *g);

/* All that is not sacked is lost: after a timeout. The peer may have thrown
 * away what it sacked: with `forget` those count as lost, too. */
void segs_lose_all(struct slab *s, struct segs *q, bool forget);

/* The first segment that is lost and not sent again since, or 0. */
uint32_t segs_next_lost(const struct slab *s, const struct segs *q);

/* It was sent again now. */
void segs_resent(struct segs *q, struct seg *g, uint32_t now_us);

/* Cuts segment i after `len` sequence numbers, fewer than it has and more
 * than none. False: no node left. */
bool segs_split(struct slab *s, struct segs *q, uint32_t i, uint32_t len);

void segs_clear(struct slab *s, struct segs *q);

#endif
