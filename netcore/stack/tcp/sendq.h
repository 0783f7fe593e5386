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
};

struct sendq {
	uint32_t head, tail;
	uint32_t skip;	/* of the head node: acknowledged already */
	uint32_t bytes; /* referenced and not acknowledged */
	uint32_t cur;	/* the node that was sent from last, or 0 */
	int32_t cur_at; /* the offset at which it begins */
};

struct sendq_piece {
	const uint8_t *ptr;
	uint32_t len;
};

/* len > 0. False when there are no nodes left, or when more than 2^31 - 1
 * bytes would wait: nothing was added. */
bool sendq_add(struct slab *s, struct sendq *q, const void *ptr, uint32_t len);

/* The first n bytes are acknowledged; n <= q->bytes. */
void sendq_ack(struct slab *s, struct sendq *q, uint32_t n);

/* Finds up to len bytes at an offset, in up to max pieces. Returns how many
 * bytes the pieces hold; *n says how many pieces. */
uint32_t sendq_find(const struct slab *s, struct sendq *q, uint32_t offset,
	uint32_t len, struct sendq_piece *piece, unsigned max, unsigned *n);

void sendq_clear(struct slab *s, struct sendq *q);

#endif
