/* meta_flag.c - the words of a meta command, and what is wrong with them. */
#include "apps/memcached/meta_flag.h"

/* All letters lie in 64..127, so that a bit each fits a word. */
static const char known[] = "bcfhklqstuvCDFIJLMNOPRT";

static enum meta_wrong
decode_key(struct meta_request *r, const struct token *k)
{
	int n = base64_decode(r->key, sizeof(r->key), k->p, k->len);

	r->key_len = n > 0 ? (size_t)n : 0;
	return n > 0 ? META_GOOD : META_KEY_CODE;
}

static enum meta_wrong
value(struct meta_request *r, const struct token *t, const struct token *k)
{
	const char *p = t->p + 1;
	size_t n = t->len - 1;

	switch (*t->p) {
	case 'b':
		return decode_key(r, k);
	case 'T':
		return token_i32(p, n, &r->exptime) ? META_GOOD
						    : META_BAD_NUMBER;
	case 'N':
		return token_i32(p, n, &r->vivify) ? META_GOOD
						   : META_BAD_NUMBER;
	case 'R':
		return token_i32(p, n, &r->recache) ? META_GOOD
						    : META_BAD_NUMBER;
	case 'C':
		return number_u64(p, n, &r->cas) ? META_GOOD : META_BAD_NUMBER;
	case 'D':
		return number_u64(p, n, &r->delta) ? META_GOOD : META_BAD_DELTA;
	case 'J':
		return number_u64(p, n, &r->initial) ? META_GOOD
						     : META_BAD_INITIAL;
	case 'F':
		return token_u32(p, n, &r->client_flags) ? META_GOOD
							 : META_BAD_FLAGS;
	case 'M':
		if (n != 1)
			return META_MODE_LENGTH;
		r->mode = *p;
		return META_GOOD;
	case 'O':
		r->opaque_long = t->len > META_OPAQUE;
		return META_GOOD;
	default:
		return META_GOOD;
	}
}

/* The faults of letters end it at once. */
static enum meta_wrong
letters(struct meta_request *r)
{
	for (unsigned i = 0; i < r->flags; i++) {
		unsigned char f = (unsigned char)*r->flag[i].p;

		if (f >= 127)
			return META_DUPLICATE;
		if (r->seen & meta_bit((char)f) && strchr(known, f))
			return META_DUPLICATE;
		if (!strchr(known, f))
			return META_INVALID;
		r->seen |= meta_bit((char)f);
	}
	return META_GOOD;
}

bool
meta_before(const struct meta_request *r, char a, char b)
{
	for (unsigned i = 0; i < r->flags; i++) {
		if (*r->flag[i].p == a)
			return true;
		if (*r->flag[i].p == b)
			return false;
	}
	return false;
}

enum meta_wrong
meta_parse(struct meta_request *r, const struct token *t, unsigned from,
	unsigned n)
{
	enum meta_wrong wrong;

	r->seen = 0;
	r->mode = 0;
	r->client_flags = 0;
	r->exptime = r->vivify = r->recache = 0;
	r->cas = r->initial = 0;
	r->delta = 1;
	r->flags = n > from ? n - from : 0;
	r->flag = t + from;
	r->opaque_long = false;
	if (t[1].len > ITEM_KEY_MAX)
		return META_KEY_LONG;
	if (n >= META_TOKENS)
		return META_FLAGS_LONG;
	wrong = letters(r);
	if (wrong)
		return wrong;
	memcpy(r->key, t[1].p, t[1].len);
	r->key_len = t[1].len;
	for (unsigned i = 0; i < r->flags; i++) {
		enum meta_wrong one = value(r, &r->flag[i], &t[1]);

		/* F says nothing of its own. */
		if (one && !(wrong && one == META_BAD_FLAGS))
			wrong = one;
	}
	return wrong;
}
