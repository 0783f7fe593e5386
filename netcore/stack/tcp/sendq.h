/* sendq.h - what a connection has to send: references to the caller's memory,
 * in order, kept until they are acknowledged. No byte is copied.
 *
 * Offsets count from the oldest unacknowledged byte.
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

struct sendq {
	uint32_t head, tail;
	uint32_t acked; /* bytes, modulo 2^32: where offsets begin */
	uint32_t bytes; /* referenced and not acknowledged */
	/* Nodes that were sent from last, or 0: new data goes on at the one
	 * while old data goes again at the other. */
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

/* len > 0. False when there are no nodes left - for a queue that holds some,
 * when there are none but the slab's reserve -, or when more than 2^31 - 1
 * bytes would wait (one piece of memory can be queued many times over): nothing
 * was added. */
static inline bool
sendq_add(struct slab *s, struct sendq *q, const void *ptr, uint32_t len)
{
	uint32_t i;

	if (unlikely(len > INT32_MAX - q->bytes))
		return false;
	i = slab_get_next(s, q->head);
	if (unlikely(!i))
		return false;
	*sendq_at(s, i) = (struct sendq_node){
		.len = len, .ptr = ptr, .at = q->acked + q->bytes};
	if (q->tail)
		sendq_at(s, q->tail)->next = i;
	else
		q->head = i;
	q->tail = i;
	q->bytes += len;
	return true;
}

/* The first n bytes are acknowledged; n <= q->bytes. */
static inline void
sendq_ack(struct slab *s, struct sendq *q, uint32_t n)
{
	q->bytes -= n;
	q->acked += n;
	while (q->head) {
		struct sendq_node *h = sendq_at(s, q->head);
		uint32_t next = h->next;

		if (q->acked - h->at < h->len)
			break;
		if (q->cur == q->head)
			q->cur = 0;
		if (q->old == q->head)
			q->old = 0;
		slab_put(s, q->head);
		q->head = next;
	}
	if (!q->head)
		q->tail = 0;
}

uint32_t sendq_find_far(const struct slab *s, struct sendq *q, uint32_t offset,
	uint32_t len, struct sendq_piece *piece, unsigned max, unsigned *n);

/* Finds up to len bytes at an offset, in up to max pieces. Returns how many
 * bytes the pieces hold; *n says how many pieces. */
static inline uint32_t
sendq_find(const struct slab *s, struct sendq *q, uint32_t offset, uint32_t len,
	struct sendq_piece *piece, unsigned max, unsigned *n)
{
	const struct sendq_node *h = sendq_at(s, q->head);
	uint64_t from = (uint64_t)offset + (q->acked - h->at);

	/* Most often the oldest piece has it all. */
	if (unlikely(!q->head || !len || !max || from + len > h->len))
		return sendq_find_far(s, q, offset, len, piece, max, n);
	piece[0] = (struct sendq_piece){h->ptr + from, len};
	*n = 1;
	return len;
}

void sendq_clear(struct slab *s, struct sendq *q);

#endif
