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
	if (set->want_cas && cas) {
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
	uint64_t cas = 0;

	if (!good) {
		answer_fixed(&c->out, ANSWER_BAD_CHUNK);
		return;
	}
	switch (store_put(c->core->store, c->set.item, &c->set.how, &cas)) {
	case STORE_OK:
		if (!c->set.quiet)
			say(c, "HD", cas);
		break;
	case STORE_EXISTS:
		say(c, "EX", 0);
		break;
	case STORE_NOT_FOUND:
		say(c, "NF", 0);
		break;
	case STORE_TOO_LARGE:
		answer_fixed(&c->out, ANSWER_TOO_LARGE);
		break;
	case STORE_NO_MEMORY:
		answer_fixed(&c->out, ANSWER_NO_MEMORY);
		break;
	default:
		say(c, "NS", 0);
		break;
	}
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
	case 's':
		/* With a cas there must be something to compare it with. */
		how->mode = meta_has(r, 'C') ? STORE_CAS : STORE_SET;
		return true;
	case 'E':
	case 'e':
		how->mode = STORE_ADD;
		return true;
	case 'A':
	case 'a':
		how->mode = STORE_APPEND;
		return true;
	case 'P':
	case 'p':
		how->mode = STORE_PREPEND;
		return true;
	case 'R':
	case 'r':
		how->mode = STORE_REPLACE;
		return true;
	default:
		return false;
	}
}

void
meta_set(struct text *t)
{
	struct proto *c = t->c;
	struct store *s = c->core->store;
	struct meta_request r;
	enum meta_wrong wrong;
	enum store_result got;
	struct item *it;
	uint32_t len;

	if (t->token[1].len > ITEM_KEY_MAX ||
		!token_u32(t->token[2].p, t->token[2].len, &len) ||
		len > INT32_MAX - 2) {
		answer_fixed(&c->out, ANSWER_FORMAT);
		return;
	}
	/* From here on the data are known to follow. */
	c->set.how = (struct store_how){0};
	wrong = meta_parse(&r, t->token, 3, t->tokens);
	if (wrong || !mode(&c->set.how, &r)) {
		if (wrong)
			meta_complain(t, wrong);
		else
			answer_fixed(&c->out, ANSWER_MS_MODE);
		proto_skip(c, (uint64_t)len + 2);
		return;
	}
	c->set.how.cas = r.cas;
	c->set.how.stale = meta_has(&r, 'I');
	c->set.quiet = meta_has(&r, 'q');
	c->set.done = stored;
	remember(&c->set, &r);
	got = store_alloc(
		s, &it, r.key, r.key_len, r.client_flags, r.exptime, len);
	if (got != STORE_OK) {
		if (c->set.how.mode == STORE_SET)
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
