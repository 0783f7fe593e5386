#include "netcore/stack/tcp/sendq.h"

static struct sendq_node *
node(const struct slab *s, uint32_t i)
{
	return slab_at(s, i);
}

bool
sendq_add(struct slab *s, struct sendq *q, const void *ptr, uint32_t len)
{
	uint32_t i;

	/* One piece of memory can be queued many times over. */
	if (len > INT32_MAX - q->bytes)
		return false;
	i = slab_get(s);
	if (!i)
		return false;
	*node(s, i) = (struct sendq_node){.len = len, .ptr = ptr};
	if (q->tail)
		node(s, q->tail)->next = i;
	else
		q->head = i;
	q->tail = i;
	q->bytes += len;
	return true;
}

void
sendq_ack(struct slab *s, struct sendq *q, uint32_t n)
{
	uint32_t acked = n;

	q->bytes -= n;
	n += q->skip;
	while (q->head) {
		struct sendq_node *h = node(s, q->head);
		uint32_t next = h->next;

		if (n < h->len)
			break;
		n -= h->len;
		if (q->cur == q->head)
			q->cur = 0;
		slab_put(s, q->head);
		q->head = next;
	}
	q->skip = n;
	if (q->cur)
		q->cur_at -= (int32_t)acked;
	if (!q->head)
		q->tail = q->skip = 0;
}

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
	while (i && *at + node(s, i)->len <= (int64_t)offset) {
		*at += node(s, i)->len;
		i = node(s, i)->next;
	}
	return i;
}

uint32_t
sendq_find(const struct slab *s, struct sendq *q, uint32_t offset, uint32_t len,
	struct sendq_piece *piece, unsigned max, unsigned *n)
{
	uint32_t found = 0;
	int64_t at;
	uint32_t i = seek(s, q, offset, &at);

	*n = 0;
	while (i && found < len && *n < max) {
		const struct sendq_node *p = node(s, i);
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
