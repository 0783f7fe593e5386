/* ooo.h - what arrived ahead of its turn: references into receive buffers, by
 * sequence number, without overlaps. Bounded: by the receive window, which
 * admits nothing beyond it, and by the nodes of the stack, of which a queue may
 * have as many as it leaves to others: one alone gets half of them, of two each
 * a third. So there is always something left, and no queue starves another.
 *
 * Segments that touch are a run, as the peer hears of them by SACK. The first
 * node of a run stands for it, and the runs are in two rings: by sequence
 * number and by when something last came for them. So a segment at the end of a
 * run, or at the front of it, costs the same however many are held; only
 * finding its run may be work, and that is bounded.
 */
#ifndef NETCORE_STACK_TCP_OOO_H
#define NETCORE_STACK_TCP_OOO_H

#include "netcore/stack/tcp/slab.h"

struct ooo_node {
	uint32_t next; /* by sequence number, beyond the end of a run, too */
	uint32_t seq;
	uint32_t len;
	/* Of the first of a run only: */
	uint32_t last;	 /* node of it */
	uint32_t before; /* the run before this one; of the first, the last */
	uint32_t newer, older; /* runs; of the newest, the oldest is newer */
	const uint8_t *ptr;
	void *buf; /* the receive buffer; its only reference */
};

struct ooo {
	uint32_t head;	 /* the first node, and so the first run */
	uint32_t newest; /* run */
	uint32_t nodes;
};

struct ooo_range {
	uint32_t from, to;
};

enum ooo_result {
	OOO_KEPT,      /* the buffer is ours now */
	OOO_DUPLICATE, /* all of it was there; news->dup says what was */
	OOO_FULL,      /* no node left for this queue */
	OOO_FAR,       /* among so many runs that its place was not found */
};

struct ooo_news {
	/* The first contiguous range of the segment that was there already (RFC
	 * 2883, 4); from == to: none, or not known because it is far. */
	struct ooo_range dup;
	uint32_t gone;	 /* for ooo_gone() */
	uint32_t visits; /* runs that the search looked at */
};

/* Keeps what of [seq, seq + len) is not there yet, in one piece: where it fills
 * several gaps, it takes the place of what lies between them. So nothing that
 * is new is lost, and a buffer still has one reference. len > 0.
 *
 * A search for its place begins at the first run, the last, or one of those to
 * which something came last, whichever is nearest. That is one step for a peer
 * that fills gaps in some order, at a few places by turns; others get
 * OOO_VISITS steps. */
#define OOO_NEWEST 4
#define OOO_VISITS 512
enum ooo_result ooo_insert(struct slab *s, struct ooo *q, uint32_t seq,
	const uint8_t *ptr, uint32_t len, void *buf, struct ooo_news *news);

/* After every ooo_insert(), until it is false: a buffer that is not needed any
 * more. */
bool ooo_gone(struct slab *s, struct ooo_news *news, void **buf);

/* Takes the first node if it begins at or before rcv_nxt: it is copied to
 * *out, cut at the front to begin there (its length may become 0), and
 * freed. */
bool ooo_take(
	struct slab *s, struct ooo *q, uint32_t rcv_nxt, struct ooo_node *out);

/* The contiguous ranges, the newest first (RFC 2018, 4), up to max. */
unsigned ooo_ranges(const struct slab *s, const struct ooo *q,
	struct ooo_range *out, unsigned max);

#endif
