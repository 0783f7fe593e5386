/* ooo.h - what arrived ahead of its turn: references into receive buffers, by
 * sequence number, without overlaps. Bounded: by the receive window, which
 * admits nothing beyond it, and by the nodes of the stack, of which a queue may
 * have as many as it leaves to others: one alone gets half of them, of two each
 * a third. So there is always something left, and no queue starves another.
 */
#ifndef NETCORE_STACK_TCP_OOO_H
#define NETCORE_STACK_TCP_OOO_H

#include "netcore/stack/tcp/slab.h"

struct ooo_node {
	uint32_t next;
	uint32_t seq;
	uint32_t len;
	uint32_t stamp; /* when it came: a count of insertions */
	const uint8_t *ptr;
	void *buf; /* the receive buffer; its only reference */
};

struct ooo {
	uint32_t head;
	uint32_t nodes;
	uint32_t bytes;
};

struct ooo_range {
	uint32_t from, to;
};

enum ooo_result {
	OOO_KEPT,      /* the buffer is ours now */
	OOO_DUPLICATE, /* all of it was there; *dup says what was */
	OOO_FULL,      /* no node left for this queue */
};

/* Keeps what of [seq, seq + len) is not there yet, as one piece: a segment
 * that fills more than one gap is cut to the first, the sender will send the
 * rest again. len > 0. dup: the first contiguous range of the segment that
 * was there already (RFC 2883, 4), from == to if none. `stamp` is any count
 * that grows. */
enum ooo_result ooo_insert(struct slab *s, struct ooo *q, uint32_t seq,
	const uint8_t *ptr, uint32_t len, void *buf, uint32_t stamp,
	struct ooo_range *dup);

/* Takes the first node if it begins at or before rcv_nxt: it is copied to
 * *out, cut at the front to begin there (its length may become 0), and
 * freed. */
bool ooo_take(
	struct slab *s, struct ooo *q, uint32_t rcv_nxt, struct ooo_node *out);

/* The contiguous ranges, the newest first (RFC 2018, 4), up to max, which is
 * OOO_RANGES at most. */
#define OOO_RANGES 8
unsigned ooo_ranges(const struct slab *s, const struct ooo *q,
	struct ooo_range *out, unsigned max);

#endif
