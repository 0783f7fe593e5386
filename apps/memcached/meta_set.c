/* meta_set.c - ms, whose value goes into an item. */
#include <string.h>

#include "apps/memcached/meta.h"

/* With what the request said, and the cas where it asked for it. */
static void
say(struct proto *c, const char *code, uint64_t cas)
{
	const struct proto_set *set = &c->set;
	char *to = answer_reserve(&c->out, PROTO_ECHO + 32), *at = to;
	size_t before = set->want_cas ? set->echo_cas : set->echo_len;

	memcpy(at, code, 2);
	at += 2;
	memcpy(at, set->echo, before);
	at += before;
	if (set->want_cas) {
		*at++ = ' ';
		*at++ = 'c';
		at += number_put(at, cas);
	}
	memcpy(at, set->echo + before, set->echo_len - before);
	at += set->echo_len - before;
	*at++ = '\r';
	*at++ = '\n';
	answer_commit(&c->out, (size_t)(at - to));
}

static void
stored(struct proto *c, bool good)
{
	enum store_result r;
	uint64_t cas = 0;

	if (!good) {
		answer_fixed(&c->out, ANSWER_BAD_CHUNK);
		return;
	}
	r = store_put(c->core->store, c->set.item, &c->set.how, &cas);
	if (r != STORE_OK || !c->set.quiet)
		say(c, meta_code(r), cas);
}

/* The request is gone when its data are there. */
static void
remember(struct proto_set *set, const struct meta_request *r)
{
	char *at = set->echo;

	set->want_cas = false;
	for (unsigned i = 0; i < r->flags; i++) {
		const struct token *f = &r->flag[i];

		if (*f->p == 'O') {
			*at++ = ' ';
			memcpy(at, f->p, f->len);
			at += f->len;
		} else if (*f->p == 'k') {
			*at++ = ' ';
			*at++ = 'k';
			if (meta_has(r, 'b')) {
				at += base64_encode(at, r->key, r->key_len);
				memcpy(at, " b", 2);
				at += 2;
			} else {
				memcpy(at, r->key, r->key_len);
				at += r->key_len;
			}
		} else if (*f->p == 'c') {
			set->want_cas = true;
			set->echo_cas = (uint16_t)(at - set->echo);
		}
	}
	set->echo_len = (uint16_t)(at - set->echo);
}

static bool
mode(struct store_how *how, const struct meta_request *r)
{
	switch (r->mode) {
	case 0:
	case 'S':
		how->mode = STORE_SET;
		break;
	case 'E':
		how->mode = STORE_ADD;
		break;
	case 'A':
		how->mode = STORE_APPEND;
		break;
	case 'P':
		how->mode = STORE_PREPEND;
		break;
	case 'R':
		how->mode = STORE_REPLACE;
		break;
	default:
		return false;
	}
	how->cas = r->cas;
	if (meta_has(r, 'C') &&
		(how->mode == STORE_SET || how->mode == STORE_REPLACE)) {
		/* There must be something to compare it with. */
		how->mode = STORE_CAS;
		how->cas = r->cas ? r->cas : META_NO_CAS;
		how->stale = meta_has(r, 'I') && r->cas;
	}
	return true;
}

/* Says what is wrong with the flags, if anything is. */
static bool
complains(struct text *t, struct meta_request *r, struct store_how *how)
{
	enum meta_wrong wrong = meta_parse(r, t->token, 3, t->tokens);
	struct answer *out = &t->c->out;

	if (wrong)
		meta_complain(t, wrong);
	else if (!mode(how, r))
		answer_fixed(out, ANSWER_MS_MODE);
	else if (r->opaque_long)
		answer_fixed(out, ANSWER_OPAQUE_LONG);
	else
		return false;
	return true;
}

bool
meta_set_len(const struct text *t, uint32_t *len)
{
	int32_t n;

	if (t->tokens >= META_TOKENS || t->token[1].len > ITEM_KEY_MAX ||
		!token_i32(t->token[2].p, t->token[2].len, &n) || n < 0 ||
		n > INT32_MAX - 2)
		return false;
	*len = (uint32_t)n;
	return true;
}

void
meta_set(struct text *t)
{
	struct proto *c = t->c;
	struct store *s = c->core->store;
	struct meta_request r;
	enum store_result got;
	struct item *it;
	uint32_t len;

	if (!meta_set_len(t, &len)) {
		answer_fixed(&c->out,
			t->tokens >= META_TOKENS &&
					t->token[1].len <= ITEM_KEY_MAX
				? ANSWER_SET_FLAGS_LONG
				: ANSWER_FORMAT);
		return;
	}
	/* From here on the data are known to follow. */
	c->set.how = (struct store_how){0};
	if (complains(t, &r, &c->set.how)) {
		proto_skip(c, (uint64_t)len + 2);
		return;
	}
	c->set.quiet = meta_has(&r, 'q');
	c->set.done = stored;
	remember(&c->set, &r);
	got = store_alloc(s, &it, r.key, r.key_len, r.client_flags, r.exptime,
		(size_t)len);
	if (got != STORE_OK) {
		store_discard(s, r.key, r.key_len);
		answer_fixed(&c->out,
			got == STORE_TOO_LARGE ? ANSWER_TOO_LARGE
					       : ANSWER_NO_MEMORY);
		proto_skip(c, (uint64_t)len + 2);
		return;
	}
	if (meta_has(&r, 'b'))
		store_set_binary(it);
	proto_data(c, it);
}
