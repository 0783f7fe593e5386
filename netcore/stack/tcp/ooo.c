#include "netcore/stack/tcp/ooo.h"
#include "netcore/stack/tcp/seq.h"

static struct ooo_node *
node(const struct slab *s, uint32_t i)
{
	return slab_at(s, i);
}

static uint32_t
end_of(const struct ooo_node *n)
{
	return n->seq + n->len;
}

/* The first range counts, and what continues it in the next nodes. */
static void
note_dup(struct ooo_range *dup, uint32_t from, uint32_t to)
{
	if (dup->from == dup->to)
		*dup = (struct ooo_range){from, to};
	else if (dup->to == from)
		dup->to = to;
}

/* The last node that begins at or before seq, or 0. */
static uint32_t
before(const struct slab *s, const struct ooo *q, uint32_t seq)
{
	uint32_t prev = 0;

	for (uint32_t i = q->head; i && seq_le(node(s, i)->seq, seq);
		i = node(s, i)->next)
		prev = i;
	return prev;
}

enum ooo_result
ooo_insert(struct slab *s, struct ooo *q, uint32_t seq, const uint8_t *ptr,
	uint32_t len, void *buf, uint32_t stamp, struct ooo_range *dup)
{
	uint32_t end = seq + len, prev = before(s, q, seq), next, i;

	*dup = (struct ooo_range){seq, seq};
	/* Step over what is there, up to the first gap. */
	while (prev && seq_gt(end_of(node(s, prev)), seq)) {
		uint32_t have = end_of(node(s, prev));

		note_dup(dup, seq, seq_min(have, end));
		if (seq_ge(have, end)) {
			node(s, prev)->stamp = stamp;
			return OOO_DUPLICATE;
		}
		ptr += have - seq;
		seq = have;
		next = node(s, prev)->next;
		if (!next || seq_gt(node(s, next)->seq, seq))
			break;
		prev = next;
	}
	next = prev ? node(s, prev)->next : q->head;
	for (i = next; i && seq_lt(node(s, i)->seq, end); i = node(s, i)->next)
		note_dup(
			dup, node(s, i)->seq, seq_min(end, end_of(node(s, i))));
	if (next)
		end = seq_min(end, node(s, next)->seq);
	i = q->nodes < s->cap - s->used ? slab_get(s) : 0;
	if (!i)
		return OOO_FULL;
	*node(s, i) = (struct ooo_node){
		.next = next,
		.seq = seq,
		.len = end - seq,
		.stamp = stamp,
		.ptr = ptr,
		.buf = buf,
	};
	if (prev)
		node(s, prev)->next = i;
	else
		q->head = i;
	q->nodes++;
	q->bytes += end - seq;
	return OOO_KEPT;
}

bool
ooo_take(struct slab *s, struct ooo *q, uint32_t rcv_nxt, struct ooo_node *out)
{
	uint32_t i = q->head, cut;

	if (!i || seq_gt(node(s, i)->seq, rcv_nxt))
		return false;
	*out = *node(s, i);
	q->head = out->next;
	q->nodes--;
	q->bytes -= out->len;
	slab_put(s, i);
	cut = rcv_nxt - out->seq;
	if (cut > out->len)
		cut = out->len;
	out->seq += cut;
	out->ptr += cut;
	out->len -= cut;
	return true;
}

/* Puts a range among the `n` newest found so far; `stamp` is kept sorted
 * beside them. */
static unsigned
rank(struct ooo_range *out, uint32_t *stamps, unsigned n, unsigned max,
	struct ooo_range r, uint32_t stamp)
{
	unsigned i;

	if (n == max && seq_le(stamp, stamps[max - 1]))
		return n;
	for (i = n < max ? n : max - 1; i && seq_lt(stamps[i - 1], stamp);
		i--) {
		out[i] = out[i - 1];
		stamps[i] = stamps[i - 1];
	}
	out[i] = r;
	stamps[i] = stamp;
	return n < max ? n + 1 : max;
}

unsigned
ooo_ranges(const struct slab *s, const struct ooo *q, struct ooo_range *out,
	unsigned max)
{
	uint32_t stamps[OOO_RANGES], i = q->head;
	unsigned n = 0;

	if (max > OOO_RANGES)
		max = OOO_RANGES;
	while (i && max) {
		struct ooo_range r = {node(s, i)->seq, end_of(node(s, i))};
		uint32_t stamp = node(s, i)->stamp;

		for (i = node(s, i)->next; i && node(s, i)->seq == r.to;
			i = node(s, i)->next) {
			r.to = end_of(node(s, i));
			stamp = seq_max(stamp, node(s, i)->stamp);
		}
		n = rank(out, stamps, n, max, r, stamp);
	}
	return n;
}
