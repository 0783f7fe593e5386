/* text_get.c - plain gets that lie whole in what came, several at a time: a get
 * is two misses of the cache, of its bucket and of its item, and those of all
 * are waited for at once. What is not as plain as that is left to text_line.c.
 * Those for keys of other cores are asked there, in their places.
 */
#include "apps/memcached/shard.h"
#include "apps/memcached/text.h"

#define TOGETHER 8 /* gets; a step of a parser may add more pieces */

_Static_assert(TOGETHER *ANSWER_HOLE <= ANSWER_STEP, "of a step");

struct ahead {
	const char *key, *end; /* behind the line */
	uint32_t len, hash;
	unsigned core; /* that has the key, where that is said */
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

/* Items are of any size: they are answered until it is enough, as if each had
 * come alone. */
static inline bool
may_go_on(const struct proto *c, const struct shard *shard)
{
	return answer_has_room(&c->out) && (!shard || shard_may_ask(shard));
}

static inline bool
is_here(const struct ahead *g, const struct shard *shard)
{
	return !shard || g->core == shard->is.self;
}

__attribute__((always_inline)) static inline size_t
together(struct proto *c, const char *p, size_t len, struct shard *shard)
{
	struct ahead g[TOGETHER];
	struct store *s = c->core->store;
	size_t used = 0;
	unsigned n = 0;

	for (; n < TOGETHER && plain(p + used, len - used, &g[n]); n++) {
		used = (size_t)(g[n].end - p);
		if (shard)
			g[n].core = shard_of(shard, g[n].key, g[n].len);
		if (is_here(&g[n], shard))
			g[n].hash = g[n].key == c->ahead.key
				? c->ahead.hash
				: store_ahead(s, g[n].key, g[n].len);
	}
	for (unsigned i = 0; i < n; i++)
		if (is_here(&g[i], shard))
			store_near(s, g[i].hash);
	for (unsigned i = 0; i < n; i++) {
		if (i && !may_go_on(c, shard))
			return (size_t)(g[i - 1].end - p);
		if (is_here(&g[i], shard))
			answer(c, &g[i]);
		else
			shard_key(c, g[i].core, g[i].key, g[i].len, true);
	}
	return used;
}

bool
proto_ahead(struct proto *c, const char *p, size_t len)
{
	struct ahead g;

	if (c->step != text_line || c->held || c->blank || c->core->shard ||
		!answer_has_room(&c->out) || !plain(p, len, &g) ||
		g.end != p + len)
		return false;
	c->ahead.key = g.key;
	c->ahead.hash = store_ahead(c->core->store, g.key, g.len);
	return true;
}

size_t
text_gets(struct proto *c, const char *p, size_t len)
{
	/* Two functions, for the compiler knows the last argument. */
	if (c->core->shard) {
		c->keys = (struct proto_keys){0};
		return together(c, p, len, c->core->shard);
	}
	return together(c, p, len, NULL);
}
