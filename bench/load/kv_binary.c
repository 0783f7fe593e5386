/* kv_binary.c - the binary protocol: heads of 24 bytes, big end first, and what
 * they announce. A question's tag goes out as its opaque field and has to come
 * back; of a value's answer the extras are its flags, which are 0.
 *
 * A quiet get is not answered where there is nothing: a no-op after it is, in
 * the same piece, so that each question has an end.
 *
 *	     0	     1	     2	     4	     5	     6	     8	    12	    16
 *	magic  opcode	 key  extras	type  status   body  opaque	cas */
#include <stdio.h>
#include <string.h>

#include "bench/load/kv_ask.h"

#define HEAD	   24
#define FLAG_BYTES 4
#define REQUEST	   0x80
#define RESPONSE   0x81
#define NOT_FOUND  1	/* a status; 0 is a success */
#define SAY_MAX	   4096 /* bytes of text that may come with a refusal */
/* Head, extras, the longest key, and a no-op. */
#define CELL (HEAD + 8 + KV_KEY_MAX + HEAD)

enum { OP_GET = 0, OP_SET = 1, OP_GETQ = 9, OP_NOOP = 10 };
enum phase { FIRST, FLAGS, VALUE, SKIP, LAST };

struct answer {
	uint8_t phase;
	uint8_t head_len; /* so far */
	bool refused;
	uint32_t at;   /* bytes of the value */
	uint32_t skip; /* bytes that are of no interest */
	uint8_t head[HEAD + FLAG_BYTES];
};

/* --- questions ------------------------------------------------------------*/

static void
put32(uint8_t *to, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		to[i] = (uint8_t)(v >> (24 - 8 * i));
}

static uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
		(uint32_t)p[2] << 8 | p[3];
}

static size_t
head(uint8_t *to, uint8_t op, size_t key, size_t extras, uint32_t value,
	uint32_t opaque)
{
	memset(to, 0, HEAD);
	to[0] = REQUEST;
	to[1] = op;
	to[3] = (uint8_t)key; /* 250 at most */
	to[4] = (uint8_t)extras;
	put32(to + 8, (uint32_t)(key + extras) + value);
	put32(to + 12, opaque);
	return HEAD;
}

static unsigned
ask(void *arg, void *cell, struct wire_piece *piece, uint32_t *tag)
{
	struct kv_asker *a = arg;
	uint8_t *c = cell;
	uint32_t id, len;
	size_t n = HEAD, key;

	if (!kv_next(a, tag))
		return 0;
	id = *tag & ~KV_SET;
	if (!(*tag & KV_SET)) {
		key = kv_data_key(a->data, id, (char *)c + n);
		head(c, a->quiet ? OP_GETQ : OP_GET, key, 0, 0, *tag);
		n += key;
		if (a->quiet)
			n += head(c + n, OP_NOOP, 0, 0, 0, *tag);
		*piece = (struct wire_piece){c, n};
		return 1;
	}
	len = a->data->size[id].value;
	memset(c + n, 0, 8); /* flags, and that it never expires */
	n += 8;
	key = kv_data_key(a->data, id, (char *)c + n);
	head(c, OP_SET, key, 8, len, *tag);
	piece[0] = (struct wire_piece){c, n + key};
	piece[1] = (struct wire_piece){a->pattern + kv_data_shift(id), len};
	return len ? 2 : 1;
}

/* --- answers --------------------------------------------------------------*/

/* What has come is over: that was it, or a no-op has yet to come. */
static enum proto_eat
over(const struct kv_asker *a, struct answer *s, uint32_t tag,
	enum tally_kind *kind)
{
	bool last = s->phase == LAST || !a->quiet || tag & KV_SET;

	s->head_len = 0;
	s->phase = last ? FIRST : LAST;
	if (!last)
		return PROTO_MORE;
	if (s->refused)
		*kind = TALLY_STATUS;
	s->refused = false;
	return PROTO_DONE;
}

/* Not found is no failure of a get; a quiet one does not say it. */
static enum proto_eat
refused(struct kv_asker *a, struct answer *s, uint32_t tag,
	enum tally_kind *kind)
{
	const uint8_t *h = s->head;

	s->skip = get32(h + 8);
	if (h[4] || s->skip > SAY_MAX)
		return PROTO_BAD;
	if (tag & KV_SET || h[6] || h[7] != NOT_FOUND)
		s->refused = true;
	else if (a->quiet)
		return PROTO_BAD;
	else
		a->missed++;
	s->phase = SKIP;
	return s->skip ? PROTO_MORE : over(a, s, tag, kind);
}

/* The no-op after a quiet get: the get's answer, if nothing came before. */
static enum proto_eat
no_op(struct kv_asker *a, struct answer *s, uint32_t tag, enum tally_kind *kind)
{
	const uint8_t *h = s->head;

	if (h[4] || h[6] || h[7] || get32(h + 8))
		return PROTO_BAD;
	a->missed += s->phase == FIRST;
	s->phase = LAST;
	return over(a, s, tag, kind);
}

static enum proto_eat
head_came(struct kv_asker *a, struct answer *s, uint32_t tag,
	enum tally_kind *kind)
{
	const uint8_t *h = s->head;
	bool set = tag & KV_SET, quiet = a->quiet && !set;
	uint8_t op = set ? OP_SET : quiet ? OP_GETQ : OP_GET;
	uint32_t body = get32(h + 8);

	if (h[0] != RESPONSE || h[2] || h[3] || h[5] || get32(h + 12) != tag)
		return PROTO_BAD;
	if (quiet && h[1] == OP_NOOP)
		return no_op(a, s, tag, kind);
	if (h[1] != op || s->phase == LAST)
		return PROTO_BAD;
	if (h[6] || h[7])
		return refused(a, s, tag, kind);
	if (set)
		return h[4] || body ? PROTO_BAD : over(a, s, tag, kind);
	if (h[4] != FLAG_BYTES || body < FLAG_BYTES)
		return PROTO_BAD;
	s->phase = FLAGS;
	return PROTO_MORE;
}

/* Flags and length follow from what was asked. */
static enum proto_eat
flags_came(struct kv_asker *a, struct answer *s, uint32_t tag,
	enum tally_kind *kind)
{
	uint32_t len = get32(s->head + 8) - FLAG_BYTES;
	uint32_t flags = get32(s->head + HEAD);
	char text[KV_SHOW];
	int n;

	if (len == a->data->size[tag].value && !flags) {
		s->at = 0;
		s->phase = VALUE;
		return len ? PROTO_MORE : over(a, s, tag, kind);
	}
	n = snprintf(text, sizeof(text), "flags %u, %u bytes", flags, len);
	return kv_wrong(a, tag, 0, (uint8_t *)text, (size_t)n, kind);
}

static enum proto_eat
eat_head(struct kv_asker *a, struct answer *s, uint32_t tag, const uint8_t *p,
	size_t len, size_t *used, enum tally_kind *kind)
{
	size_t whole = s->phase == FLAGS ? HEAD + FLAG_BYTES : HEAD;
	size_t n = whole - s->head_len;

	if (n > len)
		n = len;
	memcpy(s->head + s->head_len, p, n);
	s->head_len = (uint8_t)(s->head_len + n);
	*used = n;
	if (s->head_len < whole)
		return PROTO_MORE;
	return s->phase == FLAGS ? flags_came(a, s, tag, kind)
				 : head_came(a, s, tag, kind);
}

static enum proto_eat
eat_value(struct kv_asker *a, struct answer *s, uint32_t id, const uint8_t *p,
	size_t len, size_t *used, enum tally_kind *kind)
{
	const uint8_t *want = a->pattern + kv_data_shift(id) + s->at;
	size_t left = a->data->size[id].value - s->at, i = 0;
	size_t n = len < left ? len : left;

	*used = n;
	if (memcmp(p, want, n)) {
		while (p[i] == want[i])
			i++;
		return kv_wrong(a, id, s->at + i, p + i, n - i, kind);
	}
	s->at += (uint32_t)n;
	return n < left ? PROTO_MORE : over(a, s, id, kind);
}

static enum proto_eat
eat(void *arg, void *state, uint32_t tag, const uint8_t *p, size_t len,
	size_t *used, enum tally_kind *kind)
{
	struct kv_asker *a = arg;
	struct answer *s = state;
	enum proto_eat e = PROTO_MORE;
	size_t at = 0, n;

	while (at < len && e == PROTO_MORE) {
		if (s->phase == VALUE) {
			e = eat_value(a, s, tag, p + at, len - at, &n, kind);
		} else if (s->phase == SKIP) {
			n = len - at < s->skip ? len - at : s->skip;
			s->skip -= (uint32_t)n;
			if (!s->skip)
				e = over(a, s, tag, kind);
		} else {
			e = eat_head(a, s, tag, p + at, len - at, &n, kind);
		}
		at += n;
	}
	*used = at;
	return e;
}

const struct proto kv_binary = {
	.state = sizeof(struct answer),
	.cell = CELL,
	.ask = ask,
	.unask = kv_unask,
	.eat = eat,
};
