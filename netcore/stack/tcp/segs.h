/* segs.h - the scoreboard: what was sent and is not acknowledged, a node for
 * each segment, in order of sequence numbers (RFC 6675, 8985).
 *
 * Those that something happened to are in rings, too, by their standing, so
 * that what an ACK costs is what it changes, however many segments there are:
 *
 *	missing	lost and not sent again since, the lowest first
 *	again	under way, but not for the first time, in the order of sending
 *	runs	sacked, by sequence number; neighbours become one node, which
 *		has the sending time of the first, and all their other flags
 *
 * All others are fresh: sent once, so in the order of sending by themselves.
 *
 * One that is alone under way, and was sent once, lies in the scoreboard, as
 * most do: the node that it would need is promised to it, and made of it by
 * segs_settle(), which comes before all that looks at nodes. It is all that is
 * under way, so where it lies and how long it is the caller knows.
 *
 * Counts are kept so that nothing needs a walk in the common case:
 *
 *	pipe = out - sacked - lost + resent
 *
 * out: bytes sent and not cumulatively acknowledged, which the caller knows as
 * well; sacked: of these, those that the peer has; lost: those deemed lost;
 * resent: of the lost ones, those sent again since.
 */
#ifndef NETCORE_STACK_TCP_SEGS_H
#define NETCORE_STACK_TCP_SEGS_H

#include "netcore/stack/tcp/slab.h"

enum seg_flag {
	SEG_SACKED = 1,
	SEG_LOST = 2,
	SEG_RESENT = 4,	 /* sent again since it was deemed lost */
	SEG_RETRANS = 8, /* was ever sent again: no RTT sample (Karn) */
	SEG_SYN = 16,	 /* its first sequence number is no byte */
	SEG_FIN = 32,	 /* its last one */
	SEG_PROBE = 64,	 /* larger than others, to see whether it arrives */
};

struct seg {
	uint32_t next;
	uint32_t seq;
	uint32_t len;	  /* sequence numbers */
	uint32_t sent_us; /* low 32 bits of the time it was last sent */
	uint32_t flags;
	uint32_t after, before; /* in its ring */
};

#define SEGS_LONE 0xffffff00u /* no index is above; with seg_flags */

struct segs {
	uint32_t head; /* from SEGS_LONE on: one that is alone */
	union {
		uint32_t tail;
		uint32_t lone_us; /* when it was sent */
	};
};

/* What is needed of it only when something was lost or sacked; else 0, but for
 * high_sacked. */
struct segs_odd {
	uint32_t sacked, lost, resent;
	uint32_t high_sacked;	       /* end of the highest sacked segment */
	uint32_t missing, again, runs; /* the first of each ring */
	uint32_t fresh;	  /* none before it is fresh; 0: it is the head */
	uint32_t stopped; /* where a search became too long; or 0 */
};

static inline struct seg *
segs_at(const struct slab *s, uint32_t i)
{
	return (struct seg *)(void *)s->base + i;
}

static inline uint32_t
segs_pipe(const struct segs_odd *o, uint32_t out)
{
	return out - o->sacked - o->lost + o->resent;
}

static inline bool
segs_is_lone(const struct segs *q)
{
	return q->head >= SEGS_LONE;
}

static inline uint32_t
segs_lone_flags(const struct segs *q)
{
	return q->head - SEGS_LONE;
}

void segs_settle_lone(
	struct slab *s, struct segs *q, uint32_t seq, uint32_t len);

/* From here on head and tail are of nodes. [seq, seq + len) is under way. */
static inline void
segs_settle(struct slab *s, struct segs *q, uint32_t seq, uint32_t len)
{
	if (segs_is_lone(q))
		segs_settle_lone(s, q, seq, len);
}

bool segs_add_node(struct slab *s, struct segs *q, uint32_t seq, uint32_t len,
	uint32_t now_us, uint32_t flags);

/* A segment goes out behind all others, which begin at una. False: no node
 * left, or none but the slab's reserve, which is for those that have nothing
 * under way. */
static inline bool
segs_add(struct slab *s, struct segs *q, uint32_t una, uint32_t seq,
	uint32_t len, uint32_t now_us, uint32_t flags)
{
	if (q->head) {
		segs_settle(s, q, una, seq - una);
		return segs_add_node(s, q, seq, len, now_us, flags);
	}
	if (unlikely(!slab_promise(s)))
		return false;
	q->head = SEGS_LONE + flags;
	q->lone_us = now_us;
	return true;
}

/* The lone one is acknowledged. */
static inline void
segs_ack_lone(struct slab *s, struct segs *q)
{
	q->head = q->tail = 0;
	slab_waive(s);
}

/* What an acknowledgement newly covered: {0} but for `part`, then handed to
 * segs_ack() and to segs_sack() for each of its ranges, in any order. */
struct segs_news {
	/* in: what a device cuts segments into, which the peer may have some
	 * of; 0: it has all of one, or nothing */
	uint32_t part;
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
	uint32_t visits;      /* nodes that segs_sack() looked at */
	bool cut;	      /* they were too many: some of it was ignored */
};

/* All below `ack` is acknowledged: nodes go, one that is cut stays. What stays
 * of one that was sent again counts as not sent again: the peer did not get it,
 * or it was not sent as a whole. */
void segs_ack(struct slab *s, struct segs *q, struct segs_odd *o, uint32_t ack,
	struct segs_news *news);

/* [from, to) is sacked: of a segment whole parts, if there is a node for what
 * is left; or all of it, or nothing. A peer whose ranges lie so that finding
 * them is work gets SEGS_VISITS nodes of it for each segs_news; the search goes
 * on from there when the range comes again. While o->stopped is set, nodes must
 * not be taken but by segs_ack(). */
#define SEGS_VISITS 512
void segs_sack(struct slab *s, struct segs *q, struct segs_odd *o,
	uint32_t from, uint32_t to, struct segs_news *news);

/* Marks segment i lost (again). */
void segs_lose(struct slab *s, struct segs_odd *o, uint32_t i);

/* All that is not sacked is lost: after a timeout. The peer may have thrown
 * away what it sacked: with `forget` those count as lost, too. */
void segs_lose_all(
	struct slab *s, const struct segs *q, struct segs_odd *o, bool forget);

/* The first segment that is lost and not sent again since, or 0. (Among more
 * than a few that were lost more than once, nearly the first.) */
static inline uint32_t
segs_next_lost(const struct segs_odd *o)
{
	return o->missing;
}

/* The first segment that is fresh, or 0; what comes behind it was sent later.
 */
uint32_t segs_fresh(
	const struct slab *s, const struct segs *q, struct segs_odd *o);

/* Segment i was sent again now. */
void segs_resent(
	struct slab *s, struct segs_odd *o, uint32_t i, uint32_t now_us);

/* Cuts segment i, which is not sacked, after `len` sequence numbers, fewer than
 * it has and more than none. False: no node left. */
bool segs_split(struct slab *s, struct segs *q, struct segs_odd *o, uint32_t i,
	uint32_t len);

void segs_clear(struct slab *s, struct segs *q, struct segs_odd *o);

#endif
