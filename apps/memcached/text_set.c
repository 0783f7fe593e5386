/* text_set.c - classic commands whose value goes into an item. */
#include "apps/memcached/text.h"

/* "noreply" hides everything but what breaks the order of the stream. */
static void
stored(struct proto *c, bool good)
{
	enum answer_text text = ANSWER_BAD_CHUNK;

	if (good) {
		switch (store_put(
			c->core->store, c->set.item, &c->set.how, NULL)) {
		case STORE_OK:
			text = ANSWER_STORED;
			break;
		case STORE_EXISTS:
			text = ANSWER_EXISTS;
			break;
		case STORE_NOT_FOUND:
			text = ANSWER_NOT_FOUND;
			break;
		default: /* also if there is no room for a longer one */
			text = ANSWER_NOT_STORED;
			break;
		}
	}
	if (!c->set.quiet)
		answer_fixed(&c->out, text);
}

/* What a line says, but for its key. */
struct said {
	uint32_t flags;
	int32_t exptime, len;
	uint64_t cas;
};

static bool
parse(const struct text *t, bool cas, struct said *to)
{
	const struct token *f = t->token + 2;

	return t->token[1].len <= ITEM_KEY_MAX &&
		token_u32(f[0].p, f[0].len, &to->flags) &&
		token_i32(f[1].p, f[1].len, &to->exptime) &&
		token_i32(f[2].p, f[2].len, &to->len) && to->len >= 0 &&
		to->len <= INT32_MAX - 2 &&
		(!cas || number_u64(f[3].p, f[3].len, &to->cas));
}

bool
text_set_len(const struct text *t, uint32_t *len)
{
	bool cas = token_is(&t->token[0], "cas");
	struct said said;

	/* Other lines have a wrong number of words, and are errors. */
	if (t->tokens < 5u + cas || t->tokens > 6u + cas ||
		!parse(t, cas, &said))
		return false;
	*len = (uint32_t)said.len;
	return true;
}

static void
store(struct text *t, enum store_mode mode)
{
	const struct token *k = &t->token[1];
	struct proto *c = t->c;
	struct store *s = c->core->store;
	struct said said = {0};
	enum store_result r;
	struct item *it;

	c->set.how = (struct store_how){.mode = mode};
	c->set.quiet = t->quiet;
	c->set.done = stored;
	if (!parse(t, mode == STORE_CAS, &said)) {
		text_say(t, ANSWER_FORMAT);
		return;
	}
	c->set.how.cas = said.cas;
	r = store_alloc(s, &it, k->p, k->len, said.flags, said.exptime,
		(size_t)said.len);
	if (r == STORE_OK) {
		proto_data(c, it);
		return;
	}
	/* The client believes that the old value is gone. */
	if (mode == STORE_SET)
		store_discard(s, k->p, k->len);
	text_say(t, r == STORE_TOO_LARGE ? ANSWER_TOO_LARGE : ANSWER_NO_MEMORY);
	proto_skip(c, (uint64_t)said.len + 2);
}

void
text_set(struct text *t)
{
	store(t, STORE_SET);
}

void
text_add(struct text *t)
{
	store(t, STORE_ADD);
}

void
text_replace(struct text *t)
{
	store(t, STORE_REPLACE);
}

void
text_append(struct text *t)
{
	store(t, STORE_APPEND);
}

void
text_prepend(struct text *t)
{
	store(t, STORE_PREPEND);
}

void
text_cas(struct text *t)
{
	store(t, STORE_CAS);
}
