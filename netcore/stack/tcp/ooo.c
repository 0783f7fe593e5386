/* ooo.c - runs of early segments, found by place and by age. */
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

/* --- runs -----------------------------------------------------------------*/

static struct ooo_range
range_of(const struct slab *s, uint32_t run)
{
	const struct ooo_node *n = node(s, run);

	return (struct ooo_range){n->seq, end_of(node(s, n->last))};
}

/* The run behind this one; of none, the first; or 0. */
static uint32_t
behind(const struct slab *s, const struct ooo *q, uint32_t run)
{
	return run ? node(s, node(s, run)->last)->next : q->head;
}

static void
link_age(struct slab *s, struct ooo *q, uint32_t run)
{
	struct ooo_node *n = node(s, run);

	n->older = q->newest ? q->newest : run;
	n->newer = q->newest ? node(s, q->newest)->newer : run;
	node(s, n->newer)->older = run;
	node(s, n->older)->newer = run;
	q->newest = run;
}

static void
unlink_age(struct slab *s, struct ooo *q, uint32_t run)
{
	const struct ooo_node *n = node(s, run);

	node(s, n->newer)->older = n->older;
	node(s, n->older)->newer = n->newer;
	if (q->newest == run)
		q->newest = n->older == run ? 0 : n->older;
}

/* Something came for it. */
static void
renew(struct slab *s, struct ooo *q, uint32_t run)
{
	if (q->newest == run)
		return;
	unlink_age(s, q, run);
	link_age(s, q, run);
}

/* Node i is a run, behind run `prev` or in front of all. */
static void
run_put(struct slab *s, struct ooo *q, uint32_t prev, uint32_t i)
{
	uint32_t next = behind(s, q, prev);
	struct ooo_node *n = node(s, i);

	n->last = i;
	n->next = next;
	if (prev)
		node(s, node(s, prev)->last)->next = i;
	else
		q->head = i;
	n->before = prev ? prev : next ? node(s, next)->before : i;
	node(s, next ? next : q->head)->before = i;
	link_age(s, q, i);
}

static void
run_take(struct slab *s, struct ooo *q, uint32_t i)
{
	uint32_t before = node(s, i)->before, next = behind(s, q, i);

	unlink_age(s, q, i);
	if (i == q->head)
		q->head = next;
	else
		node(s, node(s, before)->last)->next = next;
	if (q->head)
		node(s, next ? next : q->head)->before = before;
}

/* The run behind this one becomes a part of it. */
static void
join(struct slab *s, struct ooo *q, uint32_t run)
{
	uint32_t other = behind(s, q, run), next;

	unlink_age(s, q, other);
	node(s, run)->last = node(s, other)->last;
	next = behind(s, q, run);
	node(s, next ? next : q->head)->before = run;
}

/* --- arriving -------------------------------------------------------------*/

/* A run may be long: to where it ends, when it begins before. */
static uint32_t
distance(const struct slab *s, uint32_t run, uint32_t seq)
{
	struct ooo_range r = range_of(s, run);

	if (seq_lt(seq, r.from))
		return r.from - seq;
	return seq_gt(seq, r.to) ? seq - r.to : 0;
}

/* Of the runs that are at hand, the one that is nearest. */
static uint32_t
nearest(const struct slab *s, const struct ooo *q, uint32_t seq)
{
	uint32_t best = q->head, at = node(s, best)->before;

	for (unsigned i = 0; i <= OOO_NEWEST; i++) {
		if (distance(s, at, seq) < distance(s, best, seq))
			best = at;
		at = i ? node(s, at)->older : q->newest;
	}
	return best;
}

/* The last run that begins at or before seq, or 0. False: it is far. */
static bool
find(const struct slab *s, const struct ooo *q, uint32_t seq, uint32_t *run,
	uint32_t *visits)
{
	uint32_t at, next;

	*run = 0;
	if (!q->head || seq_lt(seq, node(s, q->head)->seq))
		return true;
	at = nearest(s, q, seq);
	for (; seq_gt(node(s, at)->seq, seq); at = node(s, at)->before)
		if (++*visits > OOO_VISITS)
			return false;
	while ((next = behind(s, q, at)) && seq_le(node(s, next)->seq, seq)) {
		if (++*visits > OOO_VISITS)
			return false;
		at = next;
	}
	*run = at;
	return true;
}

/* A run that something newer covers goes, with all its nodes. */
static void
drop_run(struct slab *s, struct ooo *q, uint32_t run, uint32_t *gone)
{
	uint32_t last = node(s, run)->last;

	run_take(s, q, run);
	for (uint32_t i = run; i != last; i = node(s, i)->next)
		q->nodes--;
	q->nodes--;
	node(s, last)->next = *gone;
	*gone = run;
}

enum ooo_result
ooo_insert(struct slab *s, struct ooo *q, uint32_t seq, const uint8_t *ptr,
	uint32_t len, void *buf, struct ooo_news *news)
{
	uint32_t end = seq + len, prev, next, i;
	struct ooo_range r = {seq, seq};

	*news = (struct ooo_news){.dup = r};
	if (!find(s, q, seq, &prev, &news->visits))
		return OOO_FAR;
	if (prev)
		r = range_of(s, prev);
	if (seq_gt(r.to, seq)) {
		news->dup = (struct ooo_range){seq, seq_min(r.to, end)};
		if (seq_ge(r.to, end)) {
			renew(s, q, prev);
			return OOO_DUPLICATE;
		}
		ptr += r.to - seq;
		seq = r.to;
	}
	next = behind(s, q, prev);
	if (next && news->dup.from == news->dup.to) {
		r = range_of(s, next);
		if (seq_lt(r.from, end))
			news->dup =
				(struct ooo_range){r.from, seq_min(r.to, end)};
	}
	i = q->nodes < s->cap - s->used ? slab_get(s) : 0;
	if (!i)
		return OOO_FULL;
	while (next && seq_lt(range_of(s, next).to, end)) {
		drop_run(s, q, next, &news->gone);
		next = behind(s, q, prev);
	}
	if (next)
		end = seq_min(end, node(s, next)->seq);
	*node(s, i) = (struct ooo_node){
		.seq = seq,
		.len = end - seq,
		.ptr = ptr,
		.buf = buf,
	};
	q->nodes++;
	run_put(s, q, prev, i);
	if (next && node(s, next)->seq == end)
		join(s, q, i);
	if (prev && range_of(s, prev).to == seq) {
		join(s, q, prev);
		renew(s, q, prev);
	}
	return OOO_KEPT;
}

bool
ooo_gone(struct slab *s, struct ooo_news *news, void **buf)
{
	uint32_t i = news->gone;

	if (likely(!i))
		return false;
	*buf = node(s, i)->buf;
	news->gone = node(s, i)->next;
	slab_put(s, i);
	return true;
}

/* --- leaving --------------------------------------------------------------*/

/* The second node of the first run stands for it, from here on. */
static void
behead(struct slab *s, struct ooo *q)
{
	uint32_t i = q->head, j = node(s, i)->next, next = behind(s, q, i);
	struct ooo_node *n = node(s, i), *second = node(s, j);

	second->last = n->last;
	second->before = n->before == i ? j : n->before;
	if (next)
		node(s, next)->before = j;
	second->newer = i;
	second->older = n->older;
	node(s, n->older)->newer = j;
	n->older = j;
	unlink_age(s, q, i);
	q->head = j;
}

bool
ooo_take(struct slab *s, struct ooo *q, uint32_t rcv_nxt, struct ooo_node *out)
{
	uint32_t i = q->head, cut;

	if (!i || seq_gt(node(s, i)->seq, rcv_nxt))
		return false;
	*out = *node(s, i);
	if (out->last == i)
		run_take(s, q, i);
	else
		behead(s, q);
	q->nodes--;
	slab_put(s, i);
	cut = rcv_nxt - out->seq;
	if (cut > out->len)
		cut = out->len;
	out->seq += cut;
	out->ptr += cut;
	out->len -= cut;
	return true;
}

unsigned
ooo_ranges(const struct slab *s, const struct ooo *q, struct ooo_range *out,
	unsigned max)
{
	uint32_t i = q->newest;
	unsigned n = 0;

	while (i && n < max) {
		out[n++] = range_of(s, i);
		i = node(s, i)->older;
		if (i == q->newest)
			break;
	}
	return n;
}
