/* shard_serve.c - the key's core runs a bundle: all plain gets are looked up
 * together, whatever stands between them; and what is answered is written one
 * behind the other. */
#include <assert.h>
#include <string.h>

#include "apps/memcached/shard.h"

static void
fetch(const void *p, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += 64)
		__builtin_prefetch((const char *)p + i);
}

static inline bool
is_plain(const struct shard_request *r)
{
	return r->job == SHARD_GET && !r->keys.touch && !r->keys.with_cas;
}

/* --- an answer ------------------------------------------------------------*/

static inline void
piece(struct shard_bundle *b, const char *p, size_t len)
{
	b->piece[b->pieces++] =
		(struct answer_piece){.ptr = p, .len = (uint32_t)len};
}

/* Text that its connection's core is to copy. */
static inline void
text(struct shard_bundle *b, const char *p, size_t len)
{
	char *to = b->text + b->text_used;

	memcpy(to, p, len);
	b->text_used += (uint32_t)len;
	piece(b, to, len);
	b->piece[b->pieces - 1].owner = b;
}

/* So much may be copied, and there is room for those behind, too. */
static inline bool
may_copy(const struct shard_bundle *b, const struct shard_request *r,
	size_t bytes)
{
	return r->copy && bytes <= SHARD_COPY &&
		b->text_used + bytes + b->owes <= SHARD_TEXT;
}

/* --- gets -----------------------------------------------------------------*/

static inline void
get(struct shard *s, struct shard_bundle *b, const struct shard_request *r,
	uint32_t hash)
{
	struct store *store = s->is.command->store;
	struct item *it =
		store_find_ahead(store, b->said + r->at, r->len, hash);
	const struct answer_fixed *end;
	size_t len;

	if (it) {
		len = item_text_len(it, r->end);
		if (may_copy(b, r, len)) {
			text(b, it->text, len);
			store_release(store, it);
		} else {
			piece(b, it->text, len);
			b->piece[b->pieces - 1].owner = it;
			b->piece[b->pieces - 1].is_item = true;
			store_lend(store, it);
		}
	} else if (r->end) {
		end = &s->is.command->pool->fixed[ANSWER_END];
		piece(b, end->ptr, end->len);
	}
}

/* --- all else -------------------------------------------------------------*/

static void
run(struct proto *g, const struct shard_request *r, const char *said)
{
	size_t n = r->data, k;

	switch (r->job) {
	case SHARD_GET:
		text_get(g, said, r->len);
		if (r->end)
			answer_fixed(&g->out, ANSWER_END);
		break;
	case SHARD_LINE:
		text_command(g, said, r->len);
		break;
	default:
		binary_run(g, said);
		break;
	}
	/* Who asked has seen that so much follows, as this parser does. */
	for (said += r->len; n; said += k, n -= k) {
		assert(g->step != text_line && g->step != binary_request);
		k = g->step(g, said, n);
	}
}

static void
copy_all(struct shard_bundle *b, const struct answer *from, size_t bytes)
{
	char *to = b->text + b->text_used;

	for (unsigned i = 0; i < answer_unsent(from); i++) {
		memcpy(b->text + b->text_used, answer_at(from, i)->ptr,
			answer_at(from, i)->len);
		b->text_used += answer_at(from, i)->len;
	}
	piece(b, to, bytes);
	b->piece[b->pieces - 1].owner = b;
}

/* What the guest has said, in one piece if it is small. Returns whether there
 * is room for it, as there always is. */
static bool
take(struct shard_bundle *b, const struct shard_request *r, struct answer *from)
{
	unsigned n = answer_unsent(from);

	if (may_copy(b, r, from->bytes)) {
		if (from->bytes)
			copy_all(b, from, from->bytes);
		answer_end(from);
		return true;
	}
	for (unsigned i = 0; i < n; i++) {
		const struct answer_piece *p = answer_at(from, i);

		if (i == ANSWER_HOLE ||
			(p->owner && !p->is_item &&
				b->text_used + p->len > SHARD_TEXT)) {
			from->first = from->sent + i;
			answer_end(from);
			return false;
		}
		if (p->owner && !p->is_item)
			text(b, p->ptr, p->len);
		else
			b->piece[b->pieces++] = *p;
	}
	from->first = from->sent = from->end; /* its items go along */
	return true;
}

static bool
guest(struct shard *s, struct shard_bundle *b, const struct shard_request *r)
{
	struct proto *g = &s->guest;

	proto_begin(g, s->is.command);
	g->binary = r->binary;
	g->step = g->binary ? binary_request : text_line;
	g->keys = r->keys;
	g->guest = true;
	answer_begin_lone(&g->out, s->is.command->pool, &s->chunk);
	run(g, r, b->said + r->at);
	return take(b, r, &g->out) && !g->out.broken;
}

/* --- the bundle -----------------------------------------------------------*/

void
shard_serve(struct shard *s, struct shard_bundle *b)
{
	struct store *store = s->is.command->store;
	uint32_t hash[SHARD_BUNDLE];

	fetch(b->request, b->n * sizeof(*b->request));
	fetch(b->said, b->used);
	b->pieces = b->text_used = 0;
	for (unsigned i = 0; i < b->n; i++) {
		const struct shard_request *r = &b->request[i];

		if (is_plain(r))
			hash[i] = store_ahead(store, b->said + r->at, r->len);
	}
	for (unsigned i = 0; i < b->n; i++)
		if (is_plain(&b->request[i]))
			store_near(store, hash[i]);
	for (unsigned i = 0; i < b->n; i++) {
		const struct shard_request *r = &b->request[i];
		struct shard_reply *to = &b->reply[i];
		uint32_t before = b->pieces;

		b->owes -= shard_owes(r);
		to->broken = false;
		if (is_plain(r))
			get(s, b, r, hash[i]);
		else
			to->broken = !guest(s, b, r);
		to->pieces = (uint8_t)(b->pieces - before);
	}
	s->served += b->n;
}
