/* meta_answer.c - the flags of an answer, as they were asked for. */
#include <string.h>

#include "apps/memcached/meta.h"

static char *
number(char *to, int64_t n)
{
	if (n < 0) {
		*to++ = '-';
		n = -n;
	}
	return to + number_put(to, (uint64_t)n);
}

static char *
key_put(char *to, const struct meta_about *a)
{
	const struct meta_request *r = a->r;
	bool binary = a->it ? a->it->state & ITEM_BINARY : meta_has(r, 'b');

	if (!binary) {
		memcpy(to, r->key, r->key_len);
		return to + r->key_len;
	}
	to += base64_encode(to, r->key, r->key_len);
	if (a->it) {
		*to++ = ' ';
		*to++ = 'b';
	}
	return to;
}

/* What is known without an item. */
static char *
said(char *to, const struct meta_about *a, const struct token *f)
{
	*to++ = ' ';
	if (*f->p == 'O') {
		memcpy(to, f->p, f->len);
		return to + f->len;
	}
	*to++ = 'k';
	return key_put(to, a);
}

char *
meta_flags_put(char *to, const struct meta_about *a)
{
	const struct item *it = a->it;

	for (unsigned i = 0; i < a->r->flags; i++) {
		const struct token *f = &a->r->flag[i];

		if (*f->p == 'O' || *f->p == 'k')
			to = said(to, a, f);
		if (!it || !strchr("cfhlst", *f->p))
			continue;
		*to++ = ' ';
		*to++ = *f->p;
		switch (*f->p) {
		case 'c':
			to += number_put(to, a->cas);
			break;
		case 'f':
			to += number_put(to, it->flags);
			break;
		case 'h':
			*to++ = a->was_hit ? '1' : '0';
			break;
		case 'l':
			to += number_put(to, a->idle);
			break;
		case 's':
			to += number_put(to, it->len);
			break;
		case 't':
			to = number(to, item_ttl(it, a->now));
			break;
		}
	}
	return to;
}
