/* kv_text.c - the text protocol: a line, perhaps a value, perhaps a last line.
 * The value is compared where it lies, piece by piece. */
#include <stdio.h>
#include <string.h>

#include "bench/load/kv_ask.h"

#define CELL 320 /* bytes of the longest line that we write, and more */
#define LINE 320 /* of the longest that we read */

enum phase { FIRST, VALUE, VALUE_END, LAST };

struct answer {
	uint8_t phase;
	uint16_t len; /* of the line so far */
	uint32_t at;  /* bytes of the value */
	char line[LINE];
};

/* --- questions ------------------------------------------------------------*/

static unsigned
ask(void *arg, void *cell, struct wire_piece *piece, uint32_t *tag)
{
	struct kv_asker *a = arg;
	char *c = cell;
	uint32_t id;
	bool set;
	size_t n = 4;

	if (!kv_next(a, tag))
		return 0;
	id = *tag & ~KV_SET;
	set = *tag & KV_SET;
	memcpy(c, set ? "set " : "get ", 4);
	n += kv_data_key(a->data, id, c + n);
	if (set) {
		n += (size_t)snprintf(c + n, CELL - n, " 0 0 %u\r\n",
			a->data->size[id].value);
		piece[1] = (struct wire_piece){a->pattern + kv_data_shift(id),
			a->data->size[id].value};
		piece[2] = (struct wire_piece){a->pattern + KV_PATTERN, 2};
		if (!piece[1].len)
			piece[1] = piece[2];
	} else {
		memcpy(c + n, "\r\n", 2);
		n += 2;
	}
	piece[0] = (struct wire_piece){c, n};
	return !set ? 1 : a->data->size[id].value ? 3 : 2;
}

static size_t
put_number(char *to, uint32_t v)
{
	char digit[10];
	size_t n = 0, at = 0;

	do
		digit[n++] = (char)('0' + v % 10);
	while (v /= 10);
	while (n)
		to[at++] = digit[--n];
	return at;
}

/* "VALUE KEY 0 LENGTH" */
static size_t
put_value_line(char *to, const struct kv_data *d, uint32_t id)
{
	size_t n = 6;

	memcpy(to, "VALUE ", 6);
	n += kv_data_key(d, id, to + n);
	memcpy(to + n, " 0 ", 3);
	n += 3;
	return n + put_number(to + n, d->size[id].value);
}

/* --- answers --------------------------------------------------------------*/

/* "VALUE key flags length": all of it follows from what was asked. */
static enum proto_eat
value_line(struct kv_asker *a, struct answer *s, uint32_t id,
	enum tally_kind *kind)
{
	char want[LINE];
	size_t n = put_value_line(want, a->data, id);
	size_t key = 6 + a->data->size[id].key;

	if (s->len < key || memcmp(s->line, want, key))
		return PROTO_BAD; /* another key */
	if (s->len != n || memcmp(s->line, want, n))
		return kv_wrong(a, id, 0, (uint8_t *)s->line, s->len, kind);
	s->at = 0;
	s->phase = a->data->size[id].value ? VALUE : VALUE_END;
	s->len = 0;
	return PROTO_MORE;
}

static bool
is(const struct answer *s, const char *word)
{
	return s->len == strlen(word) && !memcmp(s->line, word, s->len);
}

static bool
begins(const struct answer *s, const char *word)
{
	return s->len >= strlen(word) && !memcmp(s->line, word, strlen(word));
}

static enum proto_eat
first_line(struct kv_asker *a, struct answer *s, uint32_t tag,
	enum tally_kind *kind)
{
	bool set = tag & KV_SET;

	if (!set && begins(s, "VALUE "))
		return value_line(a, s, tag & ~KV_SET, kind);
	if (!set && is(s, "END"))
		a->missed++;
	else if (begins(s, "SERVER_ERROR") || (set && is(s, "NOT_STORED")))
		*kind = TALLY_STATUS;
	else if (!set || !is(s, "STORED"))
		return PROTO_BAD;
	s->len = 0;
	return PROTO_DONE;
}

static enum proto_eat
line(struct kv_asker *a, struct answer *s, uint32_t tag, enum tally_kind *kind)
{
	if (!s->len || s->line[s->len - 1] != '\r')
		return PROTO_BAD;
	s->len--;
	if (s->phase == FIRST)
		return first_line(a, s, tag, kind);
	if (s->phase == VALUE_END) {
		if (s->len)
			return PROTO_BAD;
		s->phase = LAST;
		return PROTO_MORE;
	}
	if (!is(s, "END"))
		return PROTO_BAD;
	s->phase = FIRST;
	s->len = 0;
	return PROTO_DONE;
}

/* Most values come in one piece, which needs no states. Its length; 0: this is
 * not just what it should be. */
static size_t
as_wanted(const struct kv_asker *a, uint32_t id, const uint8_t *p, size_t len)
{
	static const char end[] = "\r\nEND\r\n";
	const uint8_t *value = a->pattern + kv_data_shift(id);
	size_t size = a->data->size[id].value, n;
	char want[LINE];

	n = put_value_line(want, a->data, id);
	memcpy(want + n, "\r\n", 2);
	n += 2;
	if (len < n + size + 7 || memcmp(p, want, n) ||
		memcmp(p + n, value, size) || memcmp(p + n + size, end, 7))
		return 0;
	return n + size + 7;
}

static enum proto_eat
eat(void *arg, void *state, uint32_t tag, const uint8_t *p, size_t len,
	size_t *used, enum tally_kind *kind)
{
	struct kv_asker *a = arg;
	struct answer *s = state;
	uint32_t id = tag & ~KV_SET;
	enum proto_eat e = PROTO_MORE;
	size_t at = 0;

	if (s->phase == FIRST && !s->len && !(tag & KV_SET)) {
		*used = as_wanted(a, id, p, len);
		if (*used)
			return PROTO_DONE;
	}
	while (at < len && e == PROTO_MORE) {
		size_t n = len - at;

		if (s->phase == VALUE) {
			size_t left = a->data->size[id].value - s->at, i = 0;
			const uint8_t *want =
				a->pattern + kv_data_shift(id) + s->at;

			if (n > left)
				n = left;
			if (memcmp(p + at, want, n)) {
				while (p[at + i] == want[i])
					i++;
				return kv_wrong(a, id, s->at + i, p + at + i,
					n - i, kind);
			}
			at += n;
			s->at += (uint32_t)n;
			if (n == left)
				s->phase = VALUE_END;
			continue;
		}
		if (p[at] == '\n')
			e = line(a, s, tag, kind);
		else if (s->len == LINE)
			e = PROTO_BAD;
		else
			s->line[s->len++] = (char)p[at];
		at++;
	}
	*used = at;
	return e;
}

const struct proto kv_text = {
	.state = sizeof(struct answer),
	.cell = CELL,
	.ask = ask,
	.unask = kv_unask,
	.eat = eat,
};
