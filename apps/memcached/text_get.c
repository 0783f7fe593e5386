/* text_get.c - plain gets that lie whole in what came, several at a time: a get
 * is two misses of the cache, of its bucket and of its item, and those of all
 * are waited for at once. What is not as plain as that is left to text_line.c.
 */
#include "apps/memcached/text.h"

#define TOGETHER 8 /* gets; a step of a parser may add more pieces */

_Static_assert(TOGETHER <= ANSWER_STEP, "a get is a piece");

struct ahead {
	const char *key, *end; /* behind the line */
	uint32_t len, hash;
};

/* "get KEY\r\n". Whether it is one. */
static inline bool
plain(const char *p, size_t len, struct ahead *g)
{
	const char *end;

	if (len < 5 || memcmp(p, "get ", 4) != 0)
		return false;
	g->key = p + 4;
	end = word_end(p + 4, len - 4);
	if (end == p + len || *end != '\n')
		return false;
	g->end = end + 1;
	if (end[-1] == '\r')
		end--;
	g->len = (uint32_t)(end - g->key);
	return g->len - 1 < ITEM_KEY_MAX;
}

static inline void
answer(struct proto *c, const struct ahead *g)
{
	struct item *it =
		store_find_ahead(c->core->store, g->key, g->len, g->hash);

	if (it)
		answer_item(
			&c->out, it, it->text, item_text_len(it, true), true);
	else
		answer_fixed(&c->out, ANSWER_END);
}

size_t
text_gets(struct proto *c, const char *p, size_t len)
{
	struct ahead g[TOGETHER];
	struct store *s = c->core->store;
	size_t used = 0;
	unsigned n = 0;

	while (n < TOGETHER && plain(p + used, len - used, &g[n])) {
		g[n].hash = store_ahead(s, g[n].key, g[n].len);
		used = (size_t)(g[n++].end - p);
	}
	for (unsigned i = 0; i < n; i++)
		store_near(s, g[i].hash);
	for (unsigned i = 0; i < n; i++) {
		/* Items are of any size: they are answered until it is enough,
		 * as if each had come alone. */
		if (i && !answer_has_room(&c->out))
			return (size_t)(g[i - 1].end - p);
		answer(c, &g[i]);
	}
	return used;
}
