/* shard_bundle.c - the connection's side of what a turn has for another core:
 * its bundle is begun, filled, sent; and its answers come back. */
#include <assert.h>
#include <string.h>

#include "apps/memcached/shard.h"

static void
begin(struct shard *s, unsigned core)
{
	struct shard_bundle *b = (struct shard_bundle *)s->free_bundle;

	assert(b); /* shard_may_read() has seen it */
	s->free_bundle = b->post.next;
	b->post.from = (uint16_t)s->is.self;
	b->post.to = (uint16_t)core;
	b->n = 0;
	b->used = b->owes = 0;
	s->open[core] = b;
	s->opened++;
}

void
shard_send(struct shard *s, unsigned core)
{
	struct shard_bundle *b = s->open[core];

	if (!b)
		return;
	s->open[core] = NULL;
	s->opened--;
	s->bundled++;
	shard_tell(s, &b->post, SHARD_ASKS);
}

void
shard_turn(struct shard *s)
{
	for (unsigned i = 0; s->opened && i < s->is.cores; i++)
		shard_send(s, i);
}

/* A request that is not filled in yet; there is room for `bytes` of text. */
static inline struct shard_request *
request(struct proto *c, unsigned core, size_t bytes, uint32_t owes)
{
	struct shard *s = c->core->shard;
	struct shard_bundle *b = s->open[core];
	struct shard_request *r;

	assert(bytes <= SHARD_SAID);
	if (b &&
		(b->n == SHARD_BUNDLE || b->used + bytes > SHARD_SAID ||
			b->owes + owes > SHARD_TEXT)) {
		shard_send(s, core);
		b = NULL;
	}
	if (!b) {
		begin(s, core);
		b = s->open[core];
	}
	b->owes += owes;
	b->wait[b->n].c = c;
	answer_dig(&c->out, &b->wait[b->n].hole);
	r = &b->request[b->n++];
	r->at = (uint16_t)b->used;
	b->used += (uint32_t)bytes;
	s->asked++;
	s->briefs++;
	r->binary = c->binary;
	/* Each of them takes one chunk at most when it comes back. */
	r->copy = s->is.command->pool->left > s->briefs;
	return r;
}

static inline char *
said(struct shard *s, unsigned core, const struct shard_request *r)
{
	return s->open[core]->said + r->at;
}

void
shard_key(struct proto *c, unsigned core, const char *key, size_t len, bool end)
{
	struct shard_request *r =
		request(c, core, len, c->keys.with_cas ? SHARD_LONG : 0);

	memcpy(said(c->core->shard, core, r), key, len);
	r->len = (uint16_t)len;
	r->data = 0;
	r->job = SHARD_GET;
	r->end = end;
	r->keys = c->keys;
}

void
shard_brief(struct proto *c, unsigned core, enum shard_job job,
	const char *text, size_t len, size_t data)
{
	struct shard_request *r = request(c, core, len + data, SHARD_LONG);
	char *to = said(c->core->shard, core, r);

	memcpy(to, text, len);
	if (data)
		memcpy(to + len, c->rest.p, data);
	c->rest.taken = data;
	r->len = (uint16_t)len;
	r->data = (uint16_t)data;
	r->job = (uint8_t)job;
	r->end = false;
	r->keys = c->keys;
}

/* --- what comes back ------------------------------------------------------*/

static void
fetch(const void *p, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += 64)
		__builtin_prefetch((const char *)p + i);
}

static void
fill(struct shard *s, struct shard_bundle *b)
{
	const struct answer_piece *p = b->piece;

	for (unsigned i = 0; i < b->n; i++) {
		struct shard_wait *w = &b->wait[i];
		const struct shard_reply *r = &b->reply[i];

		if (w->hole.answer) {
			answer_fill(
				&w->hole, p, r->pieces, r->broken, b->post.to);
		} else {
			answer_refuse(
				s->is.command->pool, p, r->pieces, b->post.to);
			w->c = NULL;
		}
		p += r->pieces;
	}
}

void
shard_replied(struct shard *s, struct shard_bundle *b)
{
	fetch(b->reply, b->n * sizeof(*b->reply));
	fetch(b->piece, b->pieces * sizeof(*b->piece));
	fetch(b->text, b->text_used);
	s->briefs -= b->n;
	fill(s, b);
	/* Each of them once, with all that came; who asks several times stands
	 * there several times in a row. */
	for (unsigned i = 0; i < b->n; i++) {
		struct proto *c = b->wait[i].c;

		if (c && (i + 1 == b->n || b->wait[i + 1].c != c))
			s->is.resume(s->is.arg, c);
	}
	b->post.next = s->free_bundle;
	s->free_bundle = &b->post;
}
