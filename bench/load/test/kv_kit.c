/* kv_kit.c - what is read beyond a piece, the sanitizer sees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bench/load/test/kv_kit.h"

static void *
memory(void *w, size_t bytes)
{
	void **m = w;

	return *m = malloc(bytes);
}

static const struct wire heap = {.memory = memory};

void
store_make(struct store *s)
{
	memset(s, 0, sizeof(*s));
	assert_int_equal(kv_data_init(&s->data, STORE_KEYS, KV_ETC), 0);
	assert_int_equal(
		kv_asker_init(&s->asker, &s->data, 1, &heap, &s->memory), 0);
	while (s->data.size[s->id].value < 20 || s->data.size[s->id].value > 99)
		s->id++;
	s->key[kv_data_key(&s->data, s->id, s->key)] = '\0';
	s->value_len = s->data.size[s->id].value;
	s->value = (const char *)s->asker.pattern + kv_data_shift(s->id);
}

void
store_end(struct store *s)
{
	free(s->memory);
	kv_data_fini(&s->data);
}

enum proto_eat
eat_cut(const struct proto *proto, struct store *s, uint32_t tag,
	const char *text, size_t len, size_t cut, size_t *used,
	enum tally_kind *kind)
{
	void *state = calloc(1, proto->state);
	enum proto_eat e = PROTO_MORE;
	size_t at = 0;

	*used = 0;
	*kind = TALLY_OK;
	for (unsigned i = 0; i < 2 && e == PROTO_MORE; i++) {
		size_t n = i ? len - cut : cut, ate = 0;
		uint8_t *p = malloc(n + !n);

		memcpy(p, text + at, n);
		e = proto->eat(&s->asker, state, tag, p, n, &ate, kind);
		*used += ate;
		at += n;
		free(p);
	}
	free(state);
	return e;
}
