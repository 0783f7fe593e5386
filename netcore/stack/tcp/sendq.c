#include "netcore/stack/tcp/sendq.h"

/* The node that holds the offset, from the cursor on if it is not beyond. */
static uint32_t
seek(const struct slab *s, const struct sendq *q, uint32_t offset, int64_t *at)
{
	uint32_t i = q->cur;

	*at = q->cur_at;
	if (!i || *at > (int64_t)offset) {
		i = q->head;
		*at = -(int64_t)q->skip;
	}
	while (i && *at + sendq_at(s, i)->len <= (int64_t)offset) {
		*at += sendq_at(s, i)->len;
		i = sendq_at(s, i)->next;
	}
	return i;
}

uint32_t
sendq_find_far(const struct slab *s, struct sendq *q, uint32_t offset,
	uint32_t len, struct sendq_piece *piece, unsigned max, unsigned *n)
{
	uint32_t found = 0;
	int64_t at;
	uint32_t i = seek(s, q, offset, &at);

	*n = 0;
	while (i && found < len && *n < max) {
		const struct sendq_node *p = sendq_at(s, i);
		uint32_t from = (uint32_t)((int64_t)offset + found - at);
		uint32_t k = p->len - from;

		if (k > len - found)
			k = len - found;
		piece[(*n)++] = (struct sendq_piece){p->ptr + from, k};
		found += k;
		q->cur = i;
		q->cur_at = (int32_t)at;
		at += p->len;
		i = p->next;
	}
	return found;
}

void
sendq_clear(struct slab *s, struct sendq *q)
{
	while (q->head) {
		uint32_t next = slab_next(s, q->head);

		slab_put(s, q->head);
		q->head = next;
	}
	*q = (struct sendq){0};
}
