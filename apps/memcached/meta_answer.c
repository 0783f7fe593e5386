/* meta_answer.c - the flags of an answer, as they were asked for. */
#include <string.h>

#include "apps/memcached/meta.h"

static char *
key_put(char *to, const struct meta_about *a)
{
	const struct meta_request *r = a->r;

	if (!a->binary) {
		memcpy(to, r->key, r->key_len);
		return to + r->key_len;
	}
	to += base64_encode(to, r->key, r->key_len);
	*to++ = ' ';
	*to++ = 'b';
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

static char *
told(char *to, const struct meta_about *a, char f, uint32_t end)
{
	const struct item *it = a->it;

	*to++ = ' ';
	*to++ = f;
	switch (f) {
	case 'c':
		return to + number_put(to, a->cas);
	case 'f':
		return to + number_put(to, it->flags);
	case 'h':
		*to++ = a->was_hit ? '1' : '0';
		return to;
	case 'l':
		return to + number_put(to, a->idle);
	case 's':
		return to + number_put(to, it->len);
	default: /* t */
		if (end)
			return to +
				number_put(to, end > a->now ? end - a->now : 0);
		*to++ = '-';
		*to++ = '1';
		return to;
	}
}

char *
meta_flags_put(char *to, const struct meta_about *a)
{
	uint32_t end = a->before;

	for (unsigned i = 0; i < a->r->flags; i++) {
		const struct token *f = &a->r->flag[i];

		if (*f->p == 'O' || *f->p == 'k')
			to = said(to, a, f);
		else if (*f->p == 'T')
			end = a->touched;
		else if (*f->p == 'N' && a->vivified)
			end = a->vivified;
		else if (a->it && strchr(a->which, *f->p))
			to = told(to, a, *f->p, end);
	}
	return to;
}
