/* answer_hole.c - answers that another core has made: they come as pieces, and
 * go to the place that was kept for them. */
#include <assert.h>
#include <string.h>

#include "apps/memcached/answer.h"

void
answer_begin_lone(
	struct answer *a, struct answer_pool *p, struct answer_chunk *c)
{
	answer_begin(a, p);
	c->used = c->pieces = 0;
	c->lone = true;
	a->chunk = c;
}

static struct answer_piece *
piece(struct answer *a, uint32_t i)
{
	return &a->ring[i & (ANSWER_PIECES - 1)];
}

void
answer_dig(struct answer *a, struct answer_hole *h)
{
	assert(a->end - a->first <= ANSWER_PIECES - ANSWER_HOLE);
	*h = (struct answer_hole){a, a->end};
	a->holes++;
	*piece(a, a->end++) =
		(struct answer_piece){.owner = h, .is_hole = true};
	/* Nobody comes to these before the hole is filled. */
	for (unsigned i = 1; i < ANSWER_HOLE; i++)
		*piece(a, a->end++) = (struct answer_piece){.len = 0};
}

/* A copy of a piece of another core's answer, as `a` may send it. */
static struct answer_piece
adopted(struct answer *a, const struct answer_piece *p, unsigned core)
{
	struct answer_piece mine = *p;
	char *to;

	if (p->is_item) {
		mine.store = (uint16_t)(core + 1);
	} else if (p->owner) {
		to = answer_reserve(a, p->len);
		memcpy(to, p->ptr, p->len);
		mine.ptr = to;
		mine.owner = a->chunk;
		if (a->chunk) {
			a->chunk->used += p->len;
			a->chunk->pieces++;
		}
	}
	return mine;
}

static void
forget(struct answer *from)
{
	from->first = from->sent = from->end = 0;
	from->bytes = 0;
}

void
answer_fill(struct answer_hole *h, const struct answer_piece *p, unsigned n,
	bool broken, unsigned core)
{
	struct answer *a = h->answer;

	assert(n <= ANSWER_HOLE);
	a->broken |= broken;
	*piece(a, h->at) = (struct answer_piece){.len = 0};
	for (unsigned i = 0; i < n; i++) {
		*piece(a, h->at + i) = adopted(a, &p[i], core);
		a->bytes += p[i].len;
	}
	h->answer = NULL;
	a->holes--;
}

void
answer_append(struct answer *a, struct answer *from, unsigned core)
{
	a->broken |= from->broken;
	for (; from->first != from->end; from->first++) {
		const struct answer_piece *p = piece(from, from->first);

		*piece(a, a->end++) = adopted(a, p, core);
		a->bytes += p->len;
	}
	forget(from);
}

void
answer_refuse(struct answer_pool *pool, const struct answer_piece *p,
	unsigned n, unsigned core)
{
	for (unsigned i = 0; i < n; i++)
		if (p[i].is_item)
			pool->give_back(pool->arg, core, p[i].owner);
}

void
answer_discard(struct answer_pool *p, struct answer *from, unsigned core)
{
	for (; from->first != from->end; from->first++)
		answer_refuse(p, piece(from, from->first), 1, core);
	forget(from);
}
