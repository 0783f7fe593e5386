/* meta_flag.c - the words of a meta command, and what is wrong with them. */
#include "apps/memcached/meta_flag.h"

/* All letters lie in 64..127, so that a bit each fits a word. */
static const char known[] = "bcfhklqstuvCDFIJLMNOPRT";

static enum meta_wrong
key(struct meta_request *r, const struct token *k)
{
	int n;

	if (!k->len || k->len > ITEM_KEY_MAX)
		return META_KEY_LONG;
	if (!meta_has(r, 'b')) {
		memcpy(r->key, k->p, k->len);
		r->key_len = k->len;
		return META_GOOD;
	}
	n = base64_decode(r->key, sizeof(r->key), k->p, k->len);
	if (n <= 0)
		return META_KEY_CODE;
	r->key_len = (size_t)n;
	return META_GOOD;
}

static enum meta_wrong
value(struct meta_request *r, const struct token *t)
{
	const char *p = t->p + 1;
	size_t n = t->len - 1;
	bool good = true;

	switch (*t->p) {
	case 'T':
		good = token_i64(p, n, &r->exptime);
		break;
	case 'N':
		good = token_i64(p, n, &r->vivify);
		break;
	case 'R':
		good = token_i64(p, n, &r->recache);
		break;
	case 'C':
		good = token_u64(p, n, &r->cas);
		break;
	case 'D':
		good = token_u64(p, n, &r->delta);
		break;
	case 'J':
		good = token_u64(p, n, &r->initial);
		break;
	case 'F':
		if (!token_u32(p, n, &r->client_flags))
			return META_BAD_FLAGS;
		break;
	case 'M':
		if (n != 1)
			return META_MODE_LENGTH;
		r->mode = *p;
		break;
	case 'O':
		if (t->len > META_OPAQUE)
			return META_OPAQUE_LONG;
		break;
	default:
		break;
	}
	return good ? META_GOOD : META_BAD_NUMBER;
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
	r->flags = 0;
	if (t[1].len > ITEM_KEY_MAX)
		return META_KEY_LONG;
	if (n > from + META_FLAGS)
		return META_FLAGS_LONG;
	r->flag = t + from;
	r->flags = n > from ? n - from : 0;
	for (unsigned i = 0; i < r->flags; i++) {
		char f = *r->flag[i].p;

		if (!f || !strchr(known, f))
			return META_INVALID;
		if (r->seen & meta_bit(f))
			return META_DUPLICATE;
		r->seen |= meta_bit(f);
	}
	wrong = key(r, &t[1]);
	for (unsigned i = 0; i < r->flags && !wrong; i++)
		wrong = value(r, &r->flag[i]);
	return wrong;
}
