/* text_line.c - where the commands of a text connection begin, and gets, which
 * need no whole line: their keys are taken one by one, so that a line of any
 * length needs no memory, and an answer of any length can wait for its reader.
 */
#include <string.h>

#include "apps/memcached/shard.h"
#include "apps/memcached/text.h"

#define KEYS_AHEAD 16

static proto_step keys, rest_of_line;

/* --- the keys of a get ----------------------------------------------------*/

static void
fail(struct proto *c, enum answer_text why)
{
	answer_fixed(&c->out, why);
	c->held = 0;
	c->step = rest_of_line;
}

static size_t
rest_of_line(struct proto *c, const char *p, size_t len)
{
	const char *end = memchr(p, '\n', len);

	if (!end)
		return len;
	c->step = text_line;
	return (size_t)(end - p) + 1;
}

/* VALUE <key> <flags> <len> <cas>\r\n and the data. */
static void
value_with_cas(struct answer *out, struct item *it, bool end)
{
	size_t head = (size_t)it->head_len + it->key_len - 2;
	char *to = answer_reserve(out, head + 24);

	memcpy(to, it->text, head);
	to[head++] = ' ';
	head += number_put(to + head, it->cas);
	to[head++] = '\r';
	to[head++] = '\n';
	answer_commit(out, head);
	answer_item(out, it, item_data(it),
		it->len + (size_t)(end ? ITEM_TAIL : 2), true);
}

/* Returns whether the END goes with it. */
static bool
get(struct proto *c, const char *key, size_t len, bool end)
{
	struct store *s = c->core->store;
	struct item *it;

	if (c->core->shard && shard_get(c, key, len, end))
		return end;
	if (__builtin_expect(c->keys.touch, 0))
		it = store_find_touch(s, key, len, c->keys.exptime);
	else
		it = store_find(s, key, len);
	if (!it)
		return false;
	if (c->keys.with_cas)
		value_with_cas(&c->out, it, end);
	else
		answer_item(
			&c->out, it, it->text, item_text_len(it, end), true);
	return end;
}

void
text_get(struct proto *c, const char *key, size_t len)
{
	get(c, key, len, false);
}

/* A word of a get; `end`: the last one. */
static void
word(struct proto *c, const char *p, size_t len, bool end)
{
	bool ended = false;

	if (len > ITEM_KEY_MAX) {
		fail(c, ANSWER_FORMAT);
		return;
	}
	if (!len) {
	} else if (c->keys.awaited) {
		c->keys.awaited = false;
		c->keys.any = true;
		if (!token_i32(p, len, &c->keys.exptime)) {
			fail(c, ANSWER_EXPTIME);
			return;
		}
	} else {
		c->keys.any = true;
		ended = get(c, p, len, end);
	}
	if (!end)
		return;
	if (!ended)
		answer_fixed(&c->out, c->keys.any ? ANSWER_END : ANSWER_ERROR);
	c->step = text_line;
}

/* A word that is cut is gathered; one byte too many says that it is none. */
static size_t
gather(struct proto *c, const char *p, size_t len)
{
	size_t room = ITEM_KEY_MAX + 2 - c->held;
	size_t n = len < room ? len : room;

	memcpy(c->buf + c->held, p, n);
	c->held += (uint32_t)n;
	if (c->held == ITEM_KEY_MAX + 2)
		fail(c, ANSWER_FORMAT);
	return n;
}

static void
ahead(struct proto *c, const char *key, size_t len)
{
	if (len - 1 < ITEM_KEY_MAX)
		store_ahead(c->core->store, key, len);
}

/* Of the keys that follow, as far as they are there: what is to be looked at
 * comes while those before are answered. */
static void
look_ahead(struct proto *c, const char *p, size_t len)
{
	unsigned n = 0;

	for (; n < KEYS_AHEAD; n++) {
		const char *end = word_end(p, len);
		size_t key = (size_t)(end - p);

		if (key == len)
			break;
		if (*end != ' ') {
			ahead(c, p,
				key -
					(*end == '\n' && key &&
						p[key - 1] == '\r'));
			break;
		}
		ahead(c, p, key);
		p += key + 1;
		len -= key + 1;
	}
	c->keys.ahead = (uint8_t)n;
}

static size_t
keys(struct proto *c, const char *p, size_t len)
{
	const char *end = word_end(p, len);
	size_t n = (size_t)(end - p), used = n + 1;
	bool last;

	if (n == len)
		return gather(c, p, len);
	last = *end != ' ';
	if (c->keys.ahead)
		c->keys.ahead--;
	else if (*end == ' ' && !c->core->shard)
		look_ahead(c, end + 1, len - used);
	if (c->held) {
		n = gather(c, p, n);
		if (c->step != keys) /* the line goes on where it was cut */
			return n;
		p = c->buf;
		n = c->held;
		c->held = 0;
	}
	if (*end == '\n' && n && p[n - 1] == '\r')
		n--;
	word(c, p, n, last);
	if (*end == '\n')
		c->step = text_line;
	else if (last) /* a NUL */
		c->step = rest_of_line;
	return used;
}

/* --- lines ----------------------------------------------------------------*/

static bool
begins_get(struct proto *c, const char *p, size_t len)
{
	c->keys = (struct proto_keys){0};
	if (len >= 4 && !memcmp(p, "get ", 4)) {
	} else if (len >= 5 && !memcmp(p, "bget ", 5)) { /* an old name */
	} else if (len >= 5 && !memcmp(p, "gets ", 5)) {
		c->keys.with_cas = true;
	} else if (len >= 4 && !memcmp(p, "gat ", 4)) {
		c->keys.touch = c->keys.awaited = true;
	} else if (len >= 5 && !memcmp(p, "gats ", 5)) {
		c->keys.touch = c->keys.awaited = true;
		c->keys.with_cas = true;
	} else {
		return false;
	}
	c->step = keys;
	return true;
}

/* `end` is that of the line, and `rest` bytes are there from it on. Returns how
 * many of them it is done with: none, if a list has not ended yet; more than
 * the line feed, if data that follow it went along. */
static size_t
whole_line(struct proto *c, const char *p, size_t len, const char *end,
	size_t rest)
{
	size_t taken = 1;

	if (len && p[len - 1] == '\r')
		len--;
	if (c->core->shard)
		c->rest = (struct proto_rest){end + 1, rest - 1, 0};
	text_command(c, p, len);
	if (c->core->shard) {
		taken += c->rest.taken;
		c->rest = (struct proto_rest){0};
	}
	return c->step == text_dump ? 0 : taken;
}

static size_t
too_long(struct proto *c, size_t len)
{
	c->core->n.line_long++;
	c->closing = true;
	return len;
}

/* The beginning is in buf. What may still be a get is taken byte by byte. */
static size_t
line_goes_on(struct proto *c, const char *p, size_t len)
{
	size_t all_len = len, n;
	const char *end;

	if (c->held < 5)
		len = 1;
	end = memchr(p, '\n', len);
	n = end ? (size_t)(end - p) + 1 : len;
	if (c->held + n > PROTO_LINE)
		return too_long(c, len);
	memcpy(c->buf + c->held, p, n);
	c->held += (uint32_t)n;
	if (end) {
		size_t all = c->held - 1;

		c->held = 0;
		n += whole_line(c, c->buf, all, end, all_len - n + 1) - 1;
	} else if (c->held <= 5 && p[n - 1] == ' ' &&
		begins_get(c, c->buf, c->held)) {
		c->held = 0;
	}
	return n;
}

static size_t
any_line(struct proto *c, const char *p, size_t len)
{
	const char *end;
	size_t n;

	if (c->held)
		return line_goes_on(c, p, len);
	if (*p == ' ') {
		for (n = 1; n < len && p[n] == ' ';)
			n++;
		c->blank += (uint32_t)n;
		return c->blank > PROTO_LINE ? too_long(c, len) : n;
	}
	c->blank = 0;
	if ((*p == 'g' || *p == 'b') && len >= 5 && begins_get(c, p, len)) {
		n = c->keys.with_cas || *p == 'b' ? 5 : 4;
		return n + (n < len ? keys(c, p + n, len - n) : 0);
	}
	end = memchr(p, '\n', len < PROTO_LINE ? len : PROTO_LINE);
	if (end) {
		n = (size_t)(end - p);
		return n + whole_line(c, p, n, end, len - n);
	}
	if (len > PROTO_LINE)
		return too_long(c, len);
	n = *p == 'g' || *p == 'b' ? 1 : len;
	memcpy(c->buf, p, n);
	c->held = (uint32_t)n;
	return n;
}

size_t
text_line(struct proto *c, const char *p, size_t len)
{
	size_t n = 0;

	if (!c->held && *p == 'g')
		n = text_gets(c, p, len);
	if (!n)
		return any_line(c, p, len);
	c->blank = 0;
	return n;
}
