/* kv_binary_test - questions of the binary protocol, and its answers at every
 * cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "bench/load/test/kv_kit.h"

#define HEAD 24

enum { GET, SET, GETQ = 9, NOOP };

/* Appends a head to s->good; fields that are seldom not 0 are set by hand. */
static uint8_t *
head(struct store *s, uint8_t op, uint16_t status, uint8_t extras,
	uint32_t body, uint32_t opaque)
{
	uint8_t *h = (uint8_t *)s->good + s->len;

	memset(h, 0, HEAD);
	h[0] = 0x81;
	h[1] = op;
	h[4] = extras;
	h[6] = (uint8_t)(status >> 8);
	h[7] = (uint8_t)status;
	for (unsigned i = 0; i < 4; i++) {
		h[8 + i] = (uint8_t)(body >> (24 - 8 * i));
		h[12 + i] = (uint8_t)(opaque >> (24 - 8 * i));
	}
	h[23] = 7; /* a CAS unique */
	s->len += HEAD;
	return h;
}

static void
text(struct store *s, const char *p, size_t len)
{
	memcpy(s->good + s->len, p, len);
	s->len += len;
}

static void
value(struct store *s, uint8_t op)
{
	head(s, op, 0, 4, 4 + s->value_len, s->id);
	text(s, "\0\0\0", 4);
	text(s, s->value, s->value_len);
}

/* What is in s->good comes to this, wherever it is cut. */
static void
comes_to(struct store *s, uint32_t tag, enum proto_eat e, enum tally_kind kind,
	unsigned missed)
{
	enum tally_kind got;
	size_t used;

	for (size_t cut = 0; cut <= s->len; cut++) {
		s->asker.missed = 0;
		assert_int_equal(eat_cut(&kv_binary, s, tag, s->good, s->len,
					 cut, &used, &got),
			e);
		assert_int_equal(got, kind);
		assert_int_equal(s->asker.missed, missed);
		if (e == PROTO_DONE)
			assert_int_equal(used, s->len);
	}
	s->len = 0;
}

static void
gets_are_answered(void **state)
{
	struct store s;

	(void)state;
	store_make(&s);
	value(&s, GET);
	comes_to(&s, s.id, PROTO_DONE, TALLY_OK, 0);
	head(&s, GET, 1, 0, 9, s.id);
	text(&s, "Not found", 9);
	comes_to(&s, s.id, PROTO_DONE, TALLY_OK, 1);
	head(&s, GET, 1, 0, 0, s.id);
	comes_to(&s, s.id, PROTO_DONE, TALLY_OK, 1);
	head(&s, GET, 0x85, 0, 4, s.id);
	text(&s, "busy", 4);
	comes_to(&s, s.id, PROTO_DONE, TALLY_STATUS, 0);
	assert_false(s.asker.wrong.is);
	store_end(&s);
}

static void
sets_are_answered(void **state)
{
	struct store s;
	uint32_t tag;

	(void)state;
	store_make(&s);
	tag = s.id | KV_SET;
	head(&s, SET, 0, 0, 0, tag);
	comes_to(&s, tag, PROTO_DONE, TALLY_OK, 0);
	head(&s, SET, 0x82, 0, 13, tag);
	text(&s, "Out of memory", 13);
	comes_to(&s, tag, PROTO_DONE, TALLY_STATUS, 0);
	head(&s, SET, 1, 0, 0, tag); /* a set finds nothing? It failed */
	comes_to(&s, tag, PROTO_DONE, TALLY_STATUS, 0);
	store_end(&s);
}

static void
quiet_gets_end_with_the_no_op(void **state)
{
	struct store s;

	(void)state;
	store_make(&s);
	s.asker.quiet = true;
	value(&s, GETQ);
	head(&s, NOOP, 0, 0, 0, s.id);
	comes_to(&s, s.id, PROTO_DONE, TALLY_OK, 0);
	head(&s, NOOP, 0, 0, 0, s.id);
	comes_to(&s, s.id, PROTO_DONE, TALLY_OK, 1);
	head(&s, GETQ, 0x82, 0, 3, s.id);
	text(&s, "no.", 3);
	head(&s, NOOP, 0, 0, 0, s.id);
	comes_to(&s, s.id, PROTO_DONE, TALLY_STATUS, 0);
	value(&s, GETQ); /* and the next question's answer at once */
	value(&s, GETQ);
	comes_to(&s, s.id, PROTO_BAD, TALLY_OK, 0);
	head(&s, GETQ, 1, 0, 0, s.id); /* not found is not said */
	comes_to(&s, s.id, PROTO_BAD, TALLY_OK, 0);
	head(&s, NOOP, 0, 0, 1, s.id);
	comes_to(&s, s.id, PROTO_BAD, TALLY_OK, 0);
	head(&s, SET, 0, 0, 0, s.id | KV_SET); /* sets are not quiet */
	comes_to(&s, s.id | KV_SET, PROTO_DONE, TALLY_OK, 0);
	store_end(&s);
}

/* Each byte of a head that matters. */
static void
other_heads_are_garbage(void **state)
{
	static const struct {
		unsigned at;
		uint8_t is;
	} bad[] = {{0, 0x80}, {0, 'E'}, {1, SET}, {1, NOOP}, {1, GETQ}, {2, 1},
		{3, 1}, {4, 0}, {4, 5}, {5, 1}, {12, 0x80}, {14, 0xff}};
	struct store s;

	(void)state;
	store_make(&s);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		value(&s, GET);
		s.good[bad[i].at] = (char)bad[i].is;
		comes_to(&s, s.id, PROTO_BAD, TALLY_OK, 0);
	}
	head(&s, GET, 0, 4, 3, s.id); /* shorter than its extras */
	comes_to(&s, s.id, PROTO_BAD, TALLY_OK, 0);
	head(&s, GET, 1, 0, 4097, s.id); /* a very long way to say no */
	comes_to(&s, s.id, PROTO_BAD, TALLY_OK, 0);
	head(&s, GET, 1, 4, 4, s.id);
	comes_to(&s, s.id, PROTO_BAD, TALLY_OK, 0);
	head(&s, SET, 0, 0, 1, s.id | KV_SET);
	comes_to(&s, s.id | KV_SET, PROTO_BAD, TALLY_OK, 0);
	head(&s, SET, 0, 4, 0, s.id | KV_SET);
	comes_to(&s, s.id | KV_SET, PROTO_BAD, TALLY_OK, 0);
	assert_false(s.asker.wrong.is);
	store_end(&s);
}

static void
a_wrong_byte_is_told(void **state)
{
	struct store s;
	struct kv_wrong *w = &s.asker.wrong;
	size_t used;
	enum tally_kind kind;

	(void)state;
	store_make(&s);
	value(&s, GET);
	for (size_t i = 0; i < s.value_len; i++)
		for (size_t cut = HEAD; cut <= s.len; cut += 3) {
			char *p = s.good + HEAD + 4 + i, keep = *p;

			*p = '~';
			w->is = false;
			assert_int_equal(eat_cut(&kv_binary, &s, s.id, s.good,
						 s.len, cut, &used, &kind),
				PROTO_BAD);
			*p = keep;
			assert_int_equal(kind, TALLY_WRONG);
			assert_true(w->is);
			assert_int_equal(w->id, s.id);
			assert_int_equal(w->at, i);
			assert_int_equal(w->got[0], '~');
			assert_int_equal(w->expected[0], keep);
		}
	w->is = false;
	s.good[11]++; /* the length */
	eat_cut(&kv_binary, &s, s.id, s.good, s.len, 0, &used, &kind);
	assert_int_equal(kind, TALLY_WRONG);
	assert_non_null(strstr(w->got, "flags 0, "));
	s.good[11]--;
	w->is = false;
	s.good[HEAD + 3]++;
	eat_cut(&kv_binary, &s, s.id, s.good, s.len, 0, &used, &kind);
	assert_int_equal(kind, TALLY_WRONG);
	assert_non_null(strstr(w->got, "flags 1, "));
	store_end(&s);
}

/* Of a key of its own: heads byte by byte. */
static void
questions_are_of_the_protocol(void **state)
{
	struct wire_piece piece[WIRE_PIECES];
	uint8_t cell[512], want[HEAD] = {0x80};
	struct store s;
	uint32_t tag;
	size_t key;

	(void)state;
	store_make(&s);
	s.asker.fill = true;
	s.asker.next = s.id;
	assert_int_equal(kv_binary.ask(&s.asker, cell, piece, &tag), 2);
	assert_int_equal(tag, s.id | KV_SET);
	key = strlen(s.key);
	want[1] = SET;
	want[3] = (uint8_t)key;
	want[4] = 8;
	want[11] = (uint8_t)(8 + key + s.value_len);
	want[12] = 0x80;
	want[15] = (uint8_t)s.id;
	assert_true(s.id < 256 && 8 + key + s.value_len < 256);
	assert_memory_equal(cell, want, HEAD);
	assert_memory_equal(cell + HEAD, "\0\0\0\0\0\0\0", 8);
	assert_memory_equal(cell + HEAD + 8, s.key, key);
	assert_int_equal(piece[0].len, HEAD + 8 + key);
	assert_int_equal(piece[1].len, s.value_len);
	assert_memory_equal(piece[1].ptr, s.value, s.value_len);
	s.asker.fill = false;
	for (unsigned quiet = 0; quiet < 2; quiet++) {
		s.asker.quiet = quiet;
		assert_int_equal(kv_binary.ask(&s.asker, cell, piece, &tag), 1);
		key = s.data.size[tag].key;
		assert_int_equal(cell[1], quiet ? GETQ : GET);
		assert_int_equal(cell[11], key);
		assert_int_equal(piece[0].len, HEAD + key + (quiet ? HEAD : 0));
		assert_true(piece[0].len <= kv_binary.cell);
		if (quiet)
			assert_int_equal(cell[HEAD + key + 1], NOOP);
	}
	store_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gets_are_answered),
		cmocka_unit_test(sets_are_answered),
		cmocka_unit_test(quiet_gets_end_with_the_no_op),
		cmocka_unit_test(other_heads_are_garbage),
		cmocka_unit_test(a_wrong_byte_is_told),
		cmocka_unit_test(questions_are_of_the_protocol),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
