/* answer.c - the ring of pieces, and the memory that its texts lie in. */
#include "apps/memcached/answer.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((ANSWER_PIECES & (ANSWER_PIECES - 1)) == 0, "indices wrap");

static const struct answer_fixed texts[] = {
#define X(name, text) {text, sizeof(text) - 1},
	ANSWER_TEXTS(X)
#undef X
};

static size_t
texts_bytes(void)
{
	size_t n = 0;

	for (unsigned i = 0; i < ANSWER_TEXTS_END; i++)
		n += texts[i].len;
	return (n + 63) & ~(size_t)63;
}

size_t
answer_pool_bytes(unsigned chunks)
{
	return texts_bytes() + (size_t)chunks * ANSWER_CHUNK;
}

int
answer_pool_open(
	struct answer_pool *p, unsigned chunks, void *mem, struct store *store)
{
	char *at = mem;

	*p = (struct answer_pool){.store = store};
	p->chunks = calloc(chunks, sizeof(*p->chunks));
	if (!p->chunks)
		return -ENOMEM;
	for (unsigned i = 0; i < ANSWER_TEXTS_END; i++) {
		memcpy(at, texts[i].ptr, texts[i].len);
		p->fixed[i] = (struct answer_fixed){at, texts[i].len};
		at += texts[i].len;
	}
	at = (char *)mem + texts_bytes();
	for (unsigned i = chunks; i--;) {
		struct answer_chunk *c = &p->chunks[i];

		c->mem = at + (size_t)i * ANSWER_CHUNK;
		c->next = p->free;
		p->free = c;
	}
	p->left = chunks;
	return 0;
}

void
answer_pool_close(struct answer_pool *p)
{
	free(p->chunks);
	p->chunks = NULL;
}

void
answer_begin(struct answer *a, struct answer_pool *p)
{
	a->pool = p;
	a->chunk = NULL;
	a->first = a->sent = a->end = a->part = a->holes = 0;
	a->bytes = 0;
	a->broken = false;
}

static void
chunk_free(struct answer_pool *p, struct answer_chunk *c)
{
	c->used = 0;
	if (c->lone)
		return;
	c->next = p->free;
	p->free = c;
	p->left++;
}

static void
piece_done(struct answer *a, const struct answer_piece *p)
{
	struct answer_chunk *c = p->owner;

	if (!c)
		return;
	if (p->is_item) {
		if (p->store)
			a->pool->give_back(
				a->pool->arg, p->store - 1u, p->owner);
		else
			store_returned(a->pool->store, p->owner);
		return;
	}
	if (p->is_hole) {
		((struct answer_hole *)p->owner)->answer = NULL;
		return;
	}
	if (--c->pieces)
		return;
	if (c == a->chunk)
		c->used = 0;
	else
		chunk_free(a->pool, c);
}

static void
settle(struct answer *a)
{
	if (a->first != a->end || !a->chunk)
		return;
	chunk_free(a->pool, a->chunk);
	a->chunk = NULL;
}

void
answer_end(struct answer *a)
{
	for (; a->first != a->end; a->first++)
		piece_done(a, &a->ring[a->first & (ANSWER_PIECES - 1)]);
	settle(a);
	a->sent = a->end;
	a->bytes = 0;
}

static inline void
push(struct answer *a, const char *ptr, size_t len, void *owner, bool is_item)
{
	assert(a->end - a->first < ANSWER_PIECES);
	a->ring[a->end++ & (ANSWER_PIECES - 1)] =
		(struct answer_piece){.ptr = ptr,
			.owner = owner,
			.len = (uint32_t)len,
			.is_item = is_item};
	a->bytes += len;
}

/* The last piece, if it is text that may still grow. */
static struct answer_piece *
open_text(struct answer *a)
{
	struct answer_piece *p = &a->ring[(a->end - 1) & (ANSWER_PIECES - 1)];

	if (a->end == a->sent || !a->chunk || p->owner != a->chunk)
		return NULL;
	return p->ptr + p->len == a->chunk->mem + a->chunk->used ? p : NULL;
}

/* Behind text that is not sent yet a copy is cheaper than a piece. */
void
answer_fixed(struct answer *a, enum answer_text text)
{
	const struct answer_fixed *f = &a->pool->fixed[text];

	if (!f->len)
		return;
	if (open_text(a) && a->chunk->used + f->len <= ANSWER_CHUNK)
		answer_copy(a, f->ptr, f->len);
	else
		push(a, f->ptr, f->len, NULL, false);
}

char *
answer_reserve(struct answer *a, size_t n)
{
	struct answer_chunk *c = a->chunk;

	assert(n <= ANSWER_CHUNK);
	if (c && ANSWER_CHUNK - c->used >= n)
		return c->mem + c->used;
	if (c && c->lone) {
		a->broken = true;
		c->used = 0;
		return c->mem;
	}
	if (c && !c->pieces)
		chunk_free(a->pool, c);
	c = a->pool->free;
	a->chunk = c;
	if (!c) {
		a->pool->no_chunk += !a->broken;
		a->broken = true;
		return a->pool->trash;
	}
	a->pool->free = c->next;
	a->pool->left--;
	return c->mem;
}

void
answer_commit(struct answer *a, size_t n)
{
	struct answer_chunk *c = a->chunk;
	struct answer_piece *p;

	if (!c || !n)
		return;
	p = open_text(a);
	if (p) {
		p->len += (uint32_t)n;
		a->bytes += n;
	} else {
		push(a, c->mem + c->used, n, c, false);
		c->pieces++;
	}
	c->used += (uint32_t)n;
}

void
answer_copy(struct answer *a, const void *p, size_t n)
{
	memcpy(answer_reserve(a, n), p, n);
	answer_commit(a, n);
}

void
answer_item(
	struct answer *a, struct item *it, const char *p, size_t n, bool last)
{
	push(a, p, n, last ? it : NULL, last);
	if (last)
		store_lend(a->pool->store, it);
}

/* What an empty piece was is over at once, if nothing is before it. */
static void
drop_empty(struct answer *a)
{
	while (a->first != a->sent &&
		!a->ring[a->first & (ANSWER_PIECES - 1)].len)
		a->first++;
}

unsigned
answer_ready(struct answer *a, unsigned max)
{
	unsigned n = 0;

	while (answer_unsent(a) && !answer_at(a, 0)->len &&
		!answer_at(a, 0)->is_hole)
		a->sent++;
	drop_empty(a);
	if (max > answer_unsent(a))
		max = answer_unsent(a);
	while (n < max && answer_at(a, n)->len)
		n++;
	return n;
}

void
answer_acked(struct answer *a, size_t bytes)
{
	a->bytes -= bytes;
	while (bytes) {
		const struct answer_piece *p =
			&a->ring[a->first & (ANSWER_PIECES - 1)];
		size_t left = p->len - a->part;

		assert(a->first != a->sent);
		if (bytes < left) {
			a->part += (uint32_t)bytes;
			return;
		}
		bytes -= left;
		a->part = 0;
		piece_done(a, p);
		a->first++;
	}
	drop_empty(a);
	settle(a);
}
