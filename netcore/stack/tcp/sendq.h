/* sendq.h - what a connection has to send: references to the caller's memory,
 * in order, kept until they are acknowledged. No byte is copied.
 *
 * Offsets count from the oldest unacknowledged byte.
 *
 * A piece that is alone, as most are, lies in the queue itself: the node that
 * it would need is promised to it, and made of it when a second one comes.
 */
#ifndef NETCORE_STACK_TCP_SENDQ_H
#define NETCORE_STACK_TCP_SENDQ_H

#include "netcore/stack/tcp/slab.h"

struct sendq_node {
	uint32_t next;
	uint32_t len;
	const uint8_t *ptr;
	uint32_t at; /* bytes that were queued before it, modulo 2^32 */
};

#define SENDQ_LONE UINT32_MAX

struct sendq {
	uint32_t head;	/* SENDQ_LONE: a piece that is alone, of `bytes` */
	uint32_t bytes; /* referenced and not acknowledged */
	union {
		struct {
			uint32_t tail;
			/* Bytes, modulo 2^32: where offsets begin. */
			uint32_t acked;
		};
		const uint8_t *lone; /* what of it is not acknowledged */
	};
};

/* Nodes that were sent from last, or 0: new data goes on at the one while old
 * data goes again at the other. Apart, for a piece that is alone has none. */
struct sendq_last {
	uint32_t cur, old;
};

struct sendq_piece {
	const uint8_t *ptr;
	uint32_t len;
};

static inline struct sendq_node *
sendq_at(const struct slab *s, uint32_t i)
{
	return (struct sendq_node *)(void *)s->base + i;
}

bool sendq_add_more(
	struct slab *s, struct sendq *q, const void *ptr, uint32_t len);

/* len > 0. False when there are no nodes left - for a queue that holds some,
 * when there are none but the slab's reserve -, or when more than 2^31 - 1
 * bytes would wait (one piece of memory can be queued many times over): nothing
 * was added. */
static inline bool
sendq_add(struct slab *s, struct sendq *q, const void *ptr, uint32_t len)
{
	if (unlikely(len > INT32_MAX - q->bytes))
		return false;
	if (q->head)
		return sendq_add_more(s, q, ptr, len);
	if (unlikely(!slab_promise(s)))
		return false;
	q->head = SENDQ_LONE;
	q->lone = ptr;
	q->bytes = len;
	return true;
}

/* Of more than one. */
void sendq_ack_nodes(
	struct slab *s, struct sendq *q, struct sendq_last *l, uint32_t n);

/* The first n bytes are acknowledged; n <= q->bytes. */
static inline void
sendq_ack(struct slab *s, struct sendq *q, struct sendq_last *l, uint32_t n)
{
	if (q->head != SENDQ_LONE) {
		sendq_ack_nodes(s, q, l, n);
		return;
	}
	q->bytes -= n;
	q->lone += n;
	if (likely(!q->bytes)) {
		q->head = 0;
		slab_waive(s);
	}
}

uint32_t sendq_find_far(const struct slab *s, const struct sendq *q,
	struct sendq_last *l, uint32_t offset, uint32_t len,
	struct sendq_piece *piece, unsigned max, unsigned *n);

/* Finds up to len bytes at an offset, in up to max pieces. Returns how many
 * bytes the pieces hold; *n says how many pieces. */
static inline uint32_t
sendq_find(const struct slab *s, const struct sendq *q, struct sendq_last *l,
	uint32_t offset, uint32_t len, struct sendq_piece *piece, unsigned max,
	unsigned *n)
{
	if (unlikely(q->head != SENDQ_LONE || !len || !max ||
		    (uint64_t)offset + len > q->bytes))
		return sendq_find_far(s, q, l, offset, len, piece, max, n);
	piece[0] = (struct sendq_piece){q->lone + offset, len};
	*n = 1;
	return len;
}

void sendq_clear(struct slab *s, struct sendq *q, struct sendq_last *l);

#endif
