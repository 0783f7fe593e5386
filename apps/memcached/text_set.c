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

static void
store(struct text *t, enum store_mode mode)
{
	const struct token *k = &t->token[1], *f = t->token + 2;
	struct proto *c = t->c;
	struct store *s = c->core->store;
	uint32_t flags;
	int32_t exptime, len;
	enum store_result r;
	struct item *it;

	c->set.how = (struct store_how){.mode = mode};
	c->set.quiet = t->quiet;
	c->set.done = stored;
	if (k->len > ITEM_KEY_MAX || !token_u32(f[0].p, f[0].len, &flags) ||
		!token_i32(f[1].p, f[1].len, &exptime) ||
		!token_i32(f[2].p, f[2].len, &len) || len < 0 ||
		len > INT32_MAX - 2 ||
		(mode == STORE_CAS &&
			!number_u64(f[3].p, f[3].len, &c->set.how.cas))) {
		text_say(t, ANSWER_FORMAT);
		return;
	}
	r = store_alloc(s, &it, k->p, k->len, flags, exptime, (size_t)len);
	if (r == STORE_OK) {
		proto_data(c, it);
		return;
	}
	/* The client believes that the old value is gone. */
	if (mode == STORE_SET)
		store_discard(s, k->p, k->len);
	text_say(t, r == STORE_TOO_LARGE ? ANSWER_TOO_LARGE : ANSWER_NO_MEMORY);
	proto_skip(c, (uint64_t)len + 2);
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
