/* shard_route.c - which core a request is for, and whether data may follow. */
#include <string.h>

#include "apps/memcached/binary.h"
#include "apps/memcached/meta.h"
#include "apps/memcached/shard.h"

enum kind {
	HERE,
	BRIEF, /* for a key, and ends with its line */
	DATA,  /* for a key, and data may follow */
	ALL,   /* for all cores */
	CRAWLER,
	STATS,
};

/* Words that it has at least: with fewer it is an error, wherever it is run. */
static const struct {
	const char *name;
	enum kind kind;
	unsigned least;
} kinds[] = {
	{"set", DATA, 5},
	{"add", DATA, 5},
	{"replace", DATA, 5},
	{"append", DATA, 5},
	{"prepend", DATA, 5},
	{"cas", DATA, 6},
	{"incr", BRIEF, 3},
	{"decr", BRIEF, 3},
	{"delete", BRIEF, 2},
	{"touch", BRIEF, 3},
	{"mg", BRIEF, 2},
	{"md", BRIEF, 2},
	{"ma", BRIEF, 2},
	{"me", BRIEF, 2},
	{"ms", DATA, 3},
	{"flush_all", ALL, 1},
	{"lru_crawler", CRAWLER, 3},
	{"stats", STATS, 1},
};

static enum kind
kind_of(const struct text *t)
{
	const struct token *name = &t->token[0];

	if (t->tokens > TOKENS_MAX)
		return HERE;
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strlen(kinds[i].name) == name->len &&
			!memcmp(kinds[i].name, name->p, name->len))
			return t->tokens < kinds[i].least ? HERE
							  : kinds[i].kind;
	return HERE;
}

/* Statistics of the store are of all cores; the others are known here. */
static bool
is_tour(enum shard_job *job, const char *what, size_t len)
{
	if (len == 5 && !memcmp(what, "reset", 5))
		*job = SHARD_RESET;
	else if (!len ||
		(len == 5 &&
			(!memcmp(what, "items", 5) ||
				!memcmp(what, "slabs", 5))))
		*job = SHARD_COUNT;
	else
		return false;
	return true;
}

/* The key as it is stored, at most ITEM_KEY_MAX bytes; a meta command may say
 * it in base64. Returns its length, 0: it is none, and the answer an error. */
static size_t
key_of(const struct text *t, char *to)
{
	const struct token *k = &t->token[1];
	bool meta = t->token[0].len == 2;
	char name = t->token[0].p[1];
	struct meta_request r;
	int n;

	if (meta && name != 'e') {
		if (meta_parse(&r, t->token, name == 's' ? 3 : 2, t->tokens))
			return 0;
		memcpy(to, r.key, r.key_len);
		return r.key_len;
	}
	if (meta && t->tokens > 2 && token_is(&t->token[2], "b")) {
		n = base64_decode(to, ITEM_KEY_MAX, k->p, k->len);
		return n > 0 ? (size_t)n : 0;
	}
	if (k->len > ITEM_KEY_MAX)
		return 0;
	memcpy(to, k->p, k->len);
	return k->len;
}

bool
shard_get(struct proto *c, const char *key, size_t len, bool end)
{
	unsigned core = shard_of(c->core->shard, key, len);

	if (c->guest || core == c->core->shard->is.self)
		return false;
	shard_key(c, core, key, len, end);
	return true;
}

/* Whether a set lies there whole, and is small enough to go along. */
static bool
is_whole(const struct proto *c, size_t len, size_t data)
{
	return data <= c->rest.len && len + data <= SHARD_SAID;
}

/* A set: with its data, or without. */
static void
store(struct proto *c, unsigned core, enum shard_job job, const char *text,
	size_t len, size_t data)
{
	if (is_whole(c, len, data))
		shard_brief(c, core, job, text, len, data);
	else
		shard_data(c, core, job, text, len);
}

/* Bytes that follow the line, if it is right, the end of the data included;
 * SIZE_MAX: who reads it is to say. */
static size_t
data_of(const struct text *t)
{
	uint32_t len;
	bool good = t->token[0].len == 2 ? meta_set_len(t, &len)
					 : text_set_len(t, &len);

	return good ? (size_t)len + 2 : SIZE_MAX;
}

bool
shard_line(struct text *t, const char *line, size_t len)
{
	struct proto *c = t->c;
	struct shard *s = c->core->shard;
	enum kind kind = HERE;
	enum shard_job job = SHARD_LINE;
	char key[ITEM_KEY_MAX];
	unsigned core;
	size_t n;

	if (!c->guest && !c->toured)
		kind = kind_of(t);
	switch (kind) {
	case HERE:
		return false;
	case STATS:
		if (t->tokens == 1)
			job = SHARD_COUNT;
		else if (!is_tour(&job, t->token[1].p, t->token[1].len))
			return false;
		shard_tour(c, job, line, len);
		return true;
	case CRAWLER: /* a list asks them one by one */
		if (!token_is(&t->token[1], "crawl"))
			return false;
		shard_tour(c, job, line, len);
		return true;
	case ALL:
		shard_tour(c, job, line, len);
		return true;
	default:
		break;
	}
	n = key_of(t, key);
	core = n ? shard_of(s, key, n) : s->is.self;
	if (core == s->is.self)
		return false;
	if (kind == DATA)
		store(c, core, job, line, len, data_of(t));
	else
		shard_brief(c, core, job, line, len, 0);
	return true;
}

bool
shard_binary(
	const struct binary *b, const char *whole, bool has_key, bool has_value)
{
	struct proto *c = b->c;
	struct shard *s = c->core->shard;
	size_t len = (size_t)BINARY_HEAD + b->ext_len + b->key_len;
	enum shard_job job = SHARD_BINARY;
	unsigned core;

	if (c->guest || c->toured)
		return false;
	if (b->op == OP_FLUSH ||
		(b->op == OP_STAT && is_tour(&job, b->key, b->key_len))) {
		shard_tour(c, job, whole, len);
		return true;
	}
	core = has_key ? shard_of(s, b->key, b->key_len) : s->is.self;
	if (core == s->is.self)
		return false;
	if (has_value)
		store(c, core, job, whole, len, b->value_len);
	else
		shard_brief(c, core, job, whole, len, 0);
	return true;
}
