#include "netcore/stack/tcp/sendq.h"

/* The offset at which a node begins: below 0 where it is acknowledged in part.
 */
static int64_t
begins(const struct slab *s, const struct sendq *q, uint32_t i)
{
	return (int32_t)(sendq_at(s, i)->at - q->acked);
}

/* The node that holds the offset, from the nearest cursor that is not beyond.
 */
static uint32_t
seek(const struct slab *s, const struct sendq *q, uint32_t offset)
{
	uint32_t i = q->head;

	if (q->old && begins(s, q, q->old) <= (int64_t)offset)
		i = q->old;
	if (q->cur && begins(s, q, q->cur) <= (int64_t)offset &&
		begins(s, q, q->cur) >= begins(s, q, i))
		i = q->cur;
	while (i && begins(s, q, i) + sendq_at(s, i)->len <= (int64_t)offset)
		i = sendq_at(s, i)->next;
	return i;
}

static void
remember(const struct slab *s, struct sendq *q, uint32_t i)
{
	if (!q->cur || begins(s, q, i) >= begins(s, q, q->cur))
		q->cur = i;
	else
		q->old = i;
}

uint32_t
sendq_find_far(const struct slab *s, struct sendq *q, uint32_t offset,
	uint32_t len, struct sendq_piece *piece, unsigned max, unsigned *n)
{
	uint32_t found = 0, i = seek(s, q, offset);

	*n = 0;
	while (i && found < len && *n < max) {
		const struct sendq_node *p = sendq_at(s, i);
		uint32_t from = offset + found - (p->at - q->acked);
		uint32_t k = p->len - from;

		if (k > len - found)
			k = len - found;
		piece[(*n)++] = (struct sendq_piece){p->ptr + from, k};
		found += k;
		remember(s, q, i);
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
