/* echo_test - an echo at every cut, and one that is another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bench/load/echo_ask.h"

#define SIZE 100u

static void *
memory(void *w, size_t bytes)
{
	void **m = w;

	return *m = malloc(bytes);
}

static const struct wire heap = {.memory = memory};

/* In two pieces, each in memory of its own. */
static enum proto_eat
eat_cut(struct echo_asker *a, uint32_t tag, const uint8_t *text, size_t len,
	size_t cut, size_t *used, enum tally_kind *kind)
{
	void *state = calloc(1, echo_proto.state);
	enum proto_eat e = PROTO_MORE;
	size_t at = 0;

	*used = 0;
	*kind = TALLY_OK;
	for (unsigned i = 0; i < 2 && e == PROTO_MORE; i++) {
		size_t n = i ? len - cut : cut, ate = 0;
		uint8_t *p = malloc(n + !n);

		memcpy(p, text + at, n);
		e = echo_proto.eat(a, state, tag, p, n, &ate, kind);
		*used += ate;
		at += n;
		free(p);
	}
	free(state);
	return e;
}

static void
an_echo_ends_where_the_message_did(void **state)
{
	uint8_t text[SIZE + 9];
	struct wire_piece piece[WIRE_PIECES];
	struct echo_asker a;
	enum tally_kind kind;
	size_t used;
	uint32_t tag;
	void *m;

	(void)state;
	assert_int_equal(echo_asker_init(&a, SIZE, &heap, &m), 0);
	assert_int_equal(echo_proto.ask(&a, NULL, piece, &tag), 1);
	assert_int_equal(piece->len, SIZE);
	memcpy(text, piece->ptr, SIZE);
	memset(text + SIZE, 0, 9);
	for (size_t cut = 0; cut <= SIZE; cut++) {
		assert_int_equal(
			eat_cut(&a, tag, text, sizeof(text), cut, &used, &kind),
			PROTO_DONE);
		assert_int_equal(used, SIZE);
		assert_int_equal(kind, TALLY_OK);
	}
	assert_int_equal(
		eat_cut(&a, tag, text, SIZE - 1, 50, &used, &kind), PROTO_MORE);
	assert_false(a.wrong);
	free(m);
}

static void
each_byte_counts(void **state)
{
	uint8_t text[SIZE];
	struct wire_piece piece[WIRE_PIECES];
	struct echo_asker a;
	enum tally_kind kind;
	size_t used;
	uint32_t tag;
	void *m;

	(void)state;
	assert_int_equal(echo_asker_init(&a, SIZE, &heap, &m), 0);
	assert_int_equal(echo_proto.ask(&a, NULL, piece, &tag), 1);
	memcpy(text, piece->ptr, SIZE);
	for (size_t i = 0; i < SIZE; i++) {
		text[i] ^= 1;
		a.wrong = false;
		assert_int_equal(eat_cut(&a, tag, text, SIZE, 50, &used, &kind),
			PROTO_BAD);
		assert_int_equal(kind, TALLY_WRONG);
		assert_true(a.wrong);
		assert_int_equal(a.at, i);
		assert_int_equal(a.got, text[i]);
		assert_int_equal(a.expected, text[i] ^ 1);
		text[i] ^= 1;
	}
	/* The echo of another message is none of this. */
	assert_int_equal(echo_proto.ask(&a, NULL, piece, &tag), 1);
	assert_int_equal(
		eat_cut(&a, tag, text, SIZE, 0, &used, &kind), PROTO_BAD);
	free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_echo_ends_where_the_message_did),
		cmocka_unit_test(each_byte_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
