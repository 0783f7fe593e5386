/* text.c - the classic text commands, but for gets (text_line.c) and storing
 * (text_set.c). A command's answer is left out if the line ends in noreply. */
#include "apps/memcached/text.h"

#include <string.h>

#include "apps/memcached/meta.h"
#include "apps/memcached/shard.h"

void
text_say(struct text *t, enum answer_text text)
{
	if (!t->quiet)
		answer_fixed(&t->c->out, text);
}

static void
say_result(struct text *t, enum store_result r, enum answer_text good)
{
	static const enum answer_text texts[] = {
		[STORE_NOT_STORED] = ANSWER_NOT_STORED,
		[STORE_EXISTS] = ANSWER_EXISTS,
		[STORE_NOT_FOUND] = ANSWER_NOT_FOUND,
		[STORE_TOO_LARGE] = ANSWER_TOO_LARGE,
		[STORE_NO_MEMORY] = ANSWER_SUM_MEMORY,
		[STORE_NOT_A_NUMBER] = ANSWER_NUMBER,
		[STORE_INVALID] = ANSWER_FORMAT,
	};

	text_say(t, r == STORE_OK ? good : texts[r]);
}

static bool
key_fits(struct text *t)
{
	if (t->token[1].len <= ITEM_KEY_MAX)
		return true;
	text_say(t, ANSWER_FORMAT);
	return false;
}

static void delete (struct text *t)
{
	const struct token *k = &t->token[1];

	bool zero = t->tokens > 2 && token_is(&t->token[2], "0");

	/* An end in the future was once allowed here. */
	if ((t->tokens == 3 && !zero && !t->quiet) ||
		(t->tokens == 4 && !(zero && t->quiet))) {
		text_say(t, ANSWER_DELETE_USAGE);
		return;
	}
	if (key_fits(t))
		say_result(t, store_delete(t->c->core->store, k->p, k->len, 0),
			ANSWER_DELETED);
}

static void
sum(struct text *t, bool decr)
{
	const struct token *k = &t->token[1];
	struct store_sum how = {.decr = decr};
	enum store_result r;
	uint64_t value;
	char number[24];
	size_t n;

	if (!key_fits(t))
		return;
	if (!number_u64(t->token[2].p, t->token[2].len, &how.delta)) {
		text_say(t, ANSWER_DELTA);
		return;
	}
	r = store_add(t->c->core->store, k->p, k->len, &how, &value, NULL);
	if (r != STORE_OK || t->quiet) {
		say_result(t, r, ANSWER_NONE);
		return;
	}
	n = number_put(number, value);
	number[n++] = '\r';
	number[n++] = '\n';
	answer_copy(&t->c->out, number, n);
}

static void
incr(struct text *t)
{
	sum(t, false);
}

static void
decr(struct text *t)
{
	sum(t, true);
}

static void
touch(struct text *t)
{
	const struct token *k = &t->token[1];
	int32_t exptime;

	if (!key_fits(t))
		return;
	if (!token_i32(t->token[2].p, t->token[2].len, &exptime)) {
		text_say(t, ANSWER_EXPTIME);
		return;
	}
	say_result(t, store_touch(t->c->core->store, k->p, k->len, exptime),
		ANSWER_TOUCHED);
}

static void
verbosity(struct text *t)
{
	uint32_t level;

	if (token_u32(t->token[1].p, t->token[1].len, &level))
		text_say(t, ANSWER_OK);
	else
		text_say(t, ANSWER_FORMAT);
}

static void
version(struct text *t)
{
	answer_fixed(&t->c->out, ANSWER_VERSION);
}

static void
flush_all(struct text *t)
{
	int32_t when = 0;

	if (t->c->core->set->no_flush) {
		text_say(t, ANSWER_NO_FLUSH);
		return;
	}
	if (t->tokens > (t->quiet ? 2u : 1u) &&
		!token_i32(t->token[1].p, t->token[1].len, &when)) {
		text_say(t, ANSWER_EXPTIME);
		return;
	}
	store_flush(t->c->core->store, when);
	text_say(t, ANSWER_OK);
}

static void
quit(struct text *t)
{
	t->c->closing = true;
}

static void
shut_down(struct text *t)
{
	if (!t->c->core->set->shutdown) {
		answer_fixed(&t->c->out, ANSWER_NO_SHUTDOWN);
	} else if (t->tokens == 1 || token_is(&t->token[1], "graceful")) {
		t->c->core->shutdown = true;
		t->c->closing = true;
	} else {
		answer_fixed(&t->c->out, ANSWER_SHUTDOWN_MODE);
	}
}

static void
emit(void *to, const char *name, size_t name_len, const char *value,
	size_t value_len)
{
	struct answer *out = to;
	char *at = answer_reserve(out, name_len + value_len + 8);
	size_t n = 5;

	memcpy(at, "STAT ", 5);
	memcpy(at + n, name, name_len);
	n += name_len;
	at[n++] = ' ';
	memcpy(at + n, value, value_len);
	n += value_len;
	at[n++] = '\r';
	at[n++] = '\n';
	answer_commit(out, n);
}

/* What is more than a list of names and numbers; of what is not there the usage
 * is told alone. */
static bool
stats_more(struct text *t, const struct token *what)
{
	const struct token *how = &t->token[2];

	if (token_is(what, "detail") &&
		!(t->tokens > 2 &&
			(token_is(how, "on") || token_is(how, "off") ||
				token_is(how, "dump"))))
		answer_fixed(&t->c->out, ANSWER_STATS_USAGE);
	else if (token_is(what, "cachedump"))
		text_cachedump(t);
	else
		return false;
	return true;
}

static void
stats(struct text *t)
{
	struct token what = {"", 0};

	if (t->tokens > 1)
		what = t->token[1];
	if (stats_more(t, &what))
		return;
	switch (command_stats(t->c->core, what.p, what.len, emit, &t->c->out)) {
	case COMMAND_STATS:
		answer_fixed(&t->c->out, ANSWER_END);
		break;
	case COMMAND_STATS_RESET:
		answer_fixed(&t->c->out, ANSWER_RESET);
		break;
	case COMMAND_STATS_UNKNOWN:
		answer_fixed(&t->c->out, ANSWER_ERROR);
		break;
	}
}

static void
cache_memlimit(struct text *t)
{
	enum answer_text text = ANSWER_LIMIT_FIXED;
	uint32_t mib;

	/* The memory was had at the start: it neither grows nor shrinks. */
	if (!token_u32(t->token[1].p, t->token[1].len, &mib))
		text = ANSWER_ERROR;
	else if ((uint64_t)mib << 20 == t->c->core->set->limit)
		text = ANSWER_OK;
	else if (mib < 8)
		text = ANSWER_LIMIT_SMALL;
	else if (mib > 1000000000)
		text = ANSWER_LIMIT_LARGE;
	text_say(t, text);
}

#define ANY TOKENS_MAX

/* How many words a line has, at least and at most; else it is an ERROR. */
static const struct {
	const char *name;
	void (*run)(struct text *t);
	unsigned least, most;
} commands[] = {
	{"set", text_set, 5, 6},
	{"incr", incr, 3, 4},
	{"delete", delete, 2, 4},
	{"add", text_add, 5, 6},
	{"cas", text_cas, 6, 7},
	{"touch", touch, 3, 4},
	{"decr", decr, 3, 4},
	{"append", text_append, 5, 6},
	{"prepend", text_prepend, 5, 6},
	{"replace", text_replace, 5, 6},
	{"version", version, 1, ANY},
	{"stats", stats, 1, ANY},
	{"flush_all", flush_all, 1, 3},
	{"verbosity", verbosity, 2, 3},
	{"quit", quit, 1, ANY},
	{"shutdown", shut_down, 1, ANY},
	{"cache_memlimit", cache_memlimit, 2, 3},
	{"lru_crawler", text_lru_crawler, 3, 3},
};

/* A browser, or one who makes it talk to us, is not talked to. */
static void
unknown(struct text *t)
{
	const struct token *first = t->token, *last = first + t->tokens - 1;

	if (t->tokens && first->len > 1 && !strchr("acdgist", *first->p) &&
		!(*first->p == 'm' && first->len == 2) && last->len >= 5 &&
		!memcmp(last->p, "HTTP/", 5)) {
		t->c->core->n.http++;
		t->c->closing = true;
		return;
	}
	answer_fixed(&t->c->out, ANSWER_ERROR);
}

void
text_command(struct proto *c, const char *line, size_t len)
{
	struct token token[TOKENS_MAX];
	struct text t = {.c = c, .token = token};

	t.tokens = token_split(token, TOKENS_MAX, line, len);
	if (c->core->shard && t.tokens && shard_line(&t, line, len))
		return;
	if (t.tokens && token[0].len == 2 && *token[0].p == 'm' &&
		meta_command(&t))
		return;
	t.quiet = t.tokens > 1 && token_is(&token[t.tokens - 1], "noreply");
	for (unsigned i = 0;
		t.tokens && i < sizeof(commands) / sizeof(*commands); i++) {
		if (strlen(commands[i].name) != token[0].len ||
			memcmp(commands[i].name, token[0].p, token[0].len) != 0)
			continue;
		if (t.tokens < commands[i].least || t.tokens > commands[i].most)
			break;
		commands[i].run(&t);
		return;
	}
	unknown(&t);
}
