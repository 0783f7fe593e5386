/* sendq.c - pieces that are to be sent, in order. */
#include "netcore/stack/tcp/sendq.h"

static void
append(struct slab *s, struct sendq *q, uint32_t i)
{
	if (q->tail)
		sendq_at(s, q->tail)->next = i;
	else
		q->head = i;
	q->tail = i;
}

/* A node is made of a lone piece, the one that it was promised. */
static void
settle(struct slab *s, struct sendq *q)
{
	uint32_t i = slab_redeem(s);

	*sendq_at(s, i) = (struct sendq_node){.len = q->bytes, .ptr = q->lone};
	q->tail = q->acked = 0;
	append(s, q, i);
}

bool
sendq_add_more(struct slab *s, struct sendq *q, const void *ptr, uint32_t len)
{
	uint32_t i;

	if (q->head == SENDQ_LONE)
		settle(s, q);
	i = slab_get_spare(s);
	if (unlikely(!i))
		return false;
	*sendq_at(s, i) = (struct sendq_node){
		.len = len, .ptr = ptr, .at = q->acked + q->bytes};
	append(s, q, i);
	q->bytes += len;
	return true;
}

void
sendq_ack_nodes(
	struct slab *s, struct sendq *q, struct sendq_last *l, uint32_t n)
{
	q->bytes -= n;
	q->acked += n;
	while (q->head) {
		struct sendq_node *h = sendq_at(s, q->head);
		uint32_t next = h->next;

		if (q->acked - h->at < h->len)
			break;
		if (l->cur == q->head)
			l->cur = 0;
		if (l->old == q->head)
			l->old = 0;
		slab_put(s, q->head);
		q->head = next;
	}
	if (!q->head)
		q->tail = 0;
}

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
seek(const struct slab *s, const struct sendq *q, const struct sendq_last *l,
	uint32_t offset)
{
	uint32_t i = q->head;

	if (l->old && begins(s, q, l->old) <= (int64_t)offset)
		i = l->old;
	if (l->cur && begins(s, q, l->cur) <= (int64_t)offset &&
		begins(s, q, l->cur) >= begins(s, q, i))
		i = l->cur;
	while (i && begins(s, q, i) + sendq_at(s, i)->len <= (int64_t)offset)
		i = sendq_at(s, i)->next;
	return i;
}

static void
remember(const struct slab *s, const struct sendq *q, struct sendq_last *l,
	uint32_t i)
{
	if (!l->cur || begins(s, q, i) >= begins(s, q, l->cur))
		l->cur = i;
	else
		l->old = i;
}

uint32_t
sendq_find_far(const struct slab *s, const struct sendq *q,
	struct sendq_last *l, uint32_t offset, uint32_t len,
	struct sendq_piece *piece, unsigned max, unsigned *n)
{
	uint32_t found = 0, i;

	*n = 0;
	if (!q->head || !max)
		return 0;
	if (q->head == SENDQ_LONE) {
		if (offset >= q->bytes || !len)
			return 0;
		if (len > q->bytes - offset)
			len = q->bytes - offset;
		piece[(*n)++] = (struct sendq_piece){q->lone + offset, len};
		return len;
	}
	i = seek(s, q, l, offset);
	while (i && found < len && *n < max) {
		const struct sendq_node *p = sendq_at(s, i);
		uint32_t from = offset + found - (p->at - q->acked);
		uint32_t k = p->len - from;

		if (k > len - found)
			k = len - found;
		piece[(*n)++] = (struct sendq_piece){p->ptr + from, k};
		found += k;
		remember(s, q, l, i);
		i = p->next;
	}
	return found;
}

void
sendq_clear(struct slab *s, struct sendq *q, struct sendq_last *l)
{
	if (q->head == SENDQ_LONE) {
		slab_waive(s);
		q->head = 0;
	}
	while (q->head) {
		uint32_t next = slab_next(s, q->head);

		slab_put(s, q->head);
		q->head = next;
	}
	*q = (struct sendq){0};
	*l = (struct sendq_last){0};
}
