/* meta.c - the meta commands, but for ms (meta_set.c). */
#include "apps/memcached/meta.h"

#include <string.h>

void
meta_complain(struct text *t, enum meta_wrong wrong)
{
	static const enum answer_text texts[] = {
		[META_KEY_LONG] = ANSWER_FORMAT,
		[META_KEY_CODE] = ANSWER_KEY_CODE,
		[META_FLAGS_LONG] = ANSWER_FLAGS_LONG,
		[META_DUPLICATE] = ANSWER_DUPLICATE,
		[META_INVALID] = ANSWER_FLAG,
		[META_BAD_NUMBER] = ANSWER_TOKEN,
		[META_BAD_FLAGS] = ANSWER_FORMAT,
		[META_BAD_DELTA] = ANSWER_META_DELTA,
		[META_BAD_INITIAL] = ANSWER_META_INITIAL,
		[META_MODE_LENGTH] = ANSWER_MODE_LENGTH,
	};

	answer_fixed(&t->c->out, texts[wrong]);
}

void
meta_say(struct proto *c, const char *code, const struct meta_about *a)
{
	char *to = answer_reserve(&c->out, META_ROOM), *at = to;

	memcpy(at, code, 2);
	at = meta_flags_put(at + 2, a);
	*at++ = '\r';
	*at++ = '\n';
	answer_commit(&c->out, (size_t)(at - to));
}

static char *
put_told(char *to, const struct store_told *told)
{
	const bool said[] = {told->sent, told->stale, told->won};

	for (unsigned i = 0; i < 3; i++) {
		if (!said[i])
			continue;
		*to++ = ' ';
		*to++ = "ZXW"[i];
	}
	return to;
}

/* VA <len> <flags>\r\n; the data follow. */
static void
say_value(struct proto *c, uint64_t len, const struct meta_about *a,
	const struct store_told *told)
{
	char *to = answer_reserve(&c->out, META_ROOM), *at = to;

	memcpy(at, "VA ", 3);
	at += 3 + number_put(at + 3, len);
	at = meta_flags_put(at, a);
	if (told)
		at = put_told(at, told);
	*at++ = '\r';
	*at++ = '\n';
	answer_commit(&c->out, (size_t)(at - to));
}

static void
say_found(struct proto *c, const struct meta_about *a,
	const struct store_told *told)
{
	char *to = answer_reserve(&c->out, META_ROOM), *at = to;

	memcpy(at, "HD", 2);
	at = meta_flags_put(at + 2, a);
	at = put_told(at, told);
	*at++ = '\r';
	*at++ = '\n';
	answer_commit(&c->out, (size_t)(at - to));
}

/* Of what a miss makes: the later one of N and T counts. */
static int32_t
vivify_time(const struct meta_request *r)
{
	return meta_has(r, 'T') && meta_before(r, 'N', 'T') ? r->exptime
							    : r->vivify;
}

static struct item *
ask(struct store *s, const struct meta_request *r, struct store_told *told,
	enum store_result *why)
{
	return store_meta_get(s, r->key, r->key_len,
		&(struct store_ask){
			.no_bump = meta_has(r, 'u'),
			.touch = meta_has(r, 'T'),
			.touch_first = meta_before(r, 'T', 'R'),
			.vivify = meta_has(r, 'N'),
			.recache = meta_has(r, 'R'),
			.binary = meta_has(r, 'b'),
			.exptime = r->exptime,
			.vivify_time = vivify_time(r),
			.recache_ttl = r->recache,
		},
		told, why);
}

/* memcached sees it when it makes the answer, and a plain get is then done. */
static void
opaque_long(struct text *t, const struct meta_request *r)
{
	const uint64_t later = meta_bit('N') | meta_bit('T') | meta_bit('R') |
		meta_bit('l') | meta_bit('h') | meta_bit('u');
	struct store *s = t->c->core->store;
	struct item *it = NULL;

	if (!(r->seen & later))
		it = store_find(s, r->key, r->key_len);
	if (it)
		store_release(s, it);
	answer_fixed(&t->c->out, ANSWER_OPAQUE_LONG);
}

static void
get_missed(struct text *t, const struct meta_request *r, enum store_result why)
{
	if (why == STORE_NO_MEMORY)
		answer_fixed(&t->c->out, ANSWER_NO_MEMORY);
	else if (!meta_has(r, 'q'))
		meta_say(t->c, "EN",
			&(struct meta_about){
				.r = r, .binary = meta_has(r, 'b')});
}

static void
get(struct text *t)
{
	struct store *s = t->c->core->store;
	struct meta_request r;
	struct store_told told = {0};
	enum store_result why;
	enum meta_wrong wrong = meta_parse(&r, t->token, 2, t->tokens);
	struct item *it;

	if (wrong) {
		meta_complain(t, wrong);
		return;
	}
	if (r.opaque_long) {
		opaque_long(t, &r);
		return;
	}
	it = ask(s, &r, &told, &why);
	if (!it) {
		get_missed(t, &r, why);
		return;
	}
	struct meta_about about = {
		.r = &r,
		.it = it,
		.which = "cfhlst",
		.cas = it->cas,
		.was_hit = told.hit,
		.binary = it->state & ITEM_BINARY,
		.idle = told.idle,
		.now = store_now(s),
		.before = told.before,
		.touched = store_exptime(s, r.exptime),
		.vivified = told.made ? store_exptime(s, r.vivify) : 0,
	};
	if (!meta_has(&r, 'v')) {
		say_found(t->c, &about, &told);
		store_release(s, it);
		return;
	}
	say_value(t->c, it->len, &about, &told);
	answer_item(&t->c->out, it, item_data(it), (size_t)it->len + 2, true);
}

const char *
meta_code(enum store_result r)
{
	switch (r) {
	case STORE_OK:
		return "HD";
	case STORE_EXISTS:
		return "EX";
	case STORE_NOT_FOUND:
		return "NF";
	default: /* also if there is no room for a longer one */
		return "NS";
	}
}

/* What a wrong md or ma hears. */
static void
complain_briefly(struct text *t, enum meta_wrong wrong)
{
	if (wrong == META_KEY_LONG)
		answer_fixed(&t->c->out, ANSWER_FORMAT);
	else if (wrong == META_FLAGS_LONG)
		answer_fixed(&t->c->out, ANSWER_SET_FLAGS_LONG);
	else
		answer_fixed(&t->c->out, ANSWER_FLAG_OR_DUPLICATE);
}

static void delete (struct text *t)
{
	struct store *s = t->c->core->store;
	struct meta_request r;
	enum meta_wrong wrong = meta_parse(&r, t->token, 2, t->tokens);
	enum store_result got;

	if (wrong) {
		complain_briefly(t, wrong);
		return;
	}
	if (r.opaque_long) {
		answer_fixed(&t->c->out, ANSWER_OPAQUE_LONG);
		return;
	}
	if (meta_has(&r, 'C') && !r.cas)
		r.cas = META_NO_CAS;
	if (meta_has(&r, 'I'))
		got = store_invalidate(s, r.key, r.key_len,
			&(struct store_invalid){
				.cas = r.cas,
				.touch = meta_has(&r, 'T'),
				.exptime = r.exptime,
			});
	else
		got = store_delete(s, r.key, r.key_len, r.cas);
	if (got != STORE_OK || !meta_has(&r, 'q'))
		meta_say(t->c, meta_code(got),
			&(struct meta_about){
				.r = &r, .binary = meta_has(&r, 'b')});
}

/* A sum, of which `about` knows the ends; `made`: it was not there. */
static void
sum_answer(struct text *t, struct meta_about *about, bool made, uint64_t value)
{
	const struct meta_request *r = about->r;
	struct store *s = t->c->core->store;
	struct proto *c = t->c;
	char digits[24];
	size_t n;

	if (r->opaque_long) {
		answer_fixed(&c->out, ANSWER_OPAQUE_LONG);
		return;
	}
	if (meta_has(r, 'q') && !made)
		return;
	about->which = "ct";
	about->cas = about->it->cas;
	about->now = store_now(s);
	about->touched = store_exptime(s, r->exptime);
	about->vivified = made ? store_exptime(s, r->vivify) : 0;
	if (!meta_has(r, 'v')) {
		meta_say(c, "HD", about);
		return;
	}
	n = number_put(digits, value);
	say_value(c, n, about, NULL);
	digits[n++] = '\r';
	digits[n++] = '\n';
	answer_copy(&c->out, digits, n);
}

static void
sum_failed(
	struct text *t, const struct meta_about *about, enum store_result got)
{
	struct answer *out = &t->c->out;

	if (got == STORE_NOT_A_NUMBER)
		answer_fixed(out, ANSWER_NUMBER);
	else if (got == STORE_NO_MEMORY || got == STORE_TOO_LARGE)
		answer_fixed(out, ANSWER_SUM_MEMORY);
	else if (about->r->opaque_long)
		answer_fixed(out, ANSWER_OPAQUE_LONG);
	else
		meta_say(t->c, meta_code(got), about);
}

static void
sum(struct text *t)
{
	struct store *s = t->c->core->store;
	struct meta_request r;
	struct meta_about about = {.r = &r};
	enum meta_wrong wrong = meta_parse(&r, t->token, 2, t->tokens);
	struct item *it = NULL;
	enum store_result got;
	uint64_t value;
	bool made = false;

	if (wrong) {
		complain_briefly(t, wrong);
		return;
	}
	if (r.mode && !strchr("I+D-", r.mode)) {
		answer_fixed(&t->c->out, ANSWER_MA_MODE);
		return;
	}
	about.binary = meta_has(&r, 'b');
	got = store_add(s, r.key, r.key_len,
		&(struct store_sum){
			.decr = r.mode == 'D' || r.mode == '-',
			.delta = r.delta,
			.cas = r.cas,
			.touch = meta_has(&r, 'T'),
			.exptime = r.exptime,
			.before = &about.before,
			.vivify = meta_has(&r, 'N'),
			.binary = meta_has(&r, 'b'),
			.initial = r.initial,
			.vivify_time = vivify_time(&r),
			.made = &made,
		},
		&value, &it);
	if (got != STORE_OK) {
		sum_failed(t, &about, got);
		return;
	}
	about.it = it;
	sum_answer(t, &about, made, value);
	store_release(s, it);
}

static char *
field(char *to, const char *name, int64_t n)
{
	size_t len = strlen(name);

	memcpy(to, name, len);
	to += len;
	if (n < 0) {
		*to++ = '-';
		n = -n;
	}
	return to + number_put(to, (uint64_t)n);
}

static void
debug(struct text *t)
{
	struct store *s = t->c->core->store;
	const struct token *k = &t->token[1];
	struct answer *out = &t->c->out;
	char key[ITEM_KEY_MAX], *to, *at;
	struct token name = {key, 0};
	struct item *it;
	int n = 0;

	if (k->len <= ITEM_KEY_MAX && t->tokens > 2 &&
		token_is(&t->token[2], "b")) {
		n = base64_decode(key, sizeof(key), k->p, k->len);
		name.len = n > 0 ? (size_t)n : 0;
	} else {
		name = *k;
	}
	if (n < 0) {
		answer_fixed(out, ANSWER_FORMAT);
		return;
	}
	if (name.len > ITEM_KEY_MAX) {
		answer_fixed(out, ANSWER_FORMAT);
		return;
	}
	it = store_peek(s, name.p, name.len);
	if (!it) {
		answer_fixed(out, ANSWER_EN);
		return;
	}
	to = at = answer_reserve(out, META_ROOM);
	memcpy(at, "ME ", 3);
	at += 3;
	if (it->state & ITEM_BINARY) {
		at += base64_encode(at, name.p, name.len);
	} else {
		memcpy(at, name.p, name.len);
		at += name.len;
	}
	at = field(at, " exp=",
		it->exptime ? (int32_t)(store_now(s) - it->exptime) : -1);
	at = field(at, " la=", store_now(s) - it->time);
	at = field(at, " cas=", (int64_t)it->cas);
	memcpy(at, it->state & ITEM_FETCHED ? " fetch=yes" : " fetch=no ", 10);
	at += it->state & ITEM_FETCHED ? 10 : 9;
	at = field(at, " cls=", it->where & (STORE_CLASSES - 1));
	at = field(
		at, " size=", (int64_t)(ITEM_HEADER + item_text_len(it, true)));
	memcpy(at, "\r\n", 2);
	answer_commit(out, (size_t)(at + 2 - to));
	store_release(s, it);
}

bool
meta_command(struct text *t)
{
	bool with_key = t->tokens > 1;

	switch (t->token[0].p[1]) {
	case 'n':
		answer_fixed(&t->c->out, ANSWER_MN);
		return true;
	case 'g':
		if (with_key)
			get(t);
		return with_key;
	case 's':
		if (t->tokens == 2)
			answer_fixed(&t->c->out, ANSWER_FORMAT);
		else if (with_key)
			meta_set(t);
		return with_key;
	case 'd':
		if (with_key)
			delete (t);
		return with_key;
	case 'a':
		if (with_key)
			sum(t);
		return with_key;
	case 'e':
		if (with_key)
			debug(t);
		else
			answer_fixed(&t->c->out, ANSWER_FORMAT);
		return true;
	default:
		return false;
	}
}
