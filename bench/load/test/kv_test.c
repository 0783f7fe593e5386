/* kv_test - questions of the text protocol, and its answers at every cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "bench/load/test/kv_kit.h"

/* What a get of a key with a value of some bytes is answered. */
static void
text_store(struct store *s)
{
	store_make(s);
	s->len = (size_t)snprintf(s->good, sizeof(s->good),
		"VALUE %s 0 %u\r\n%.*s\r\nEND\r\n", s->key, s->value_len,
		(int)s->value_len, s->value);
}

static void
cut_anywhere_it_is_the_same(void **state)
{
	const uint32_t set = 0x80000000u;
	struct store s;
	size_t used;
	enum tally_kind kind;
	struct {
		const char *text;
		uint32_t tag;
		enum proto_eat e;
		enum tally_kind kind;
	} all[] = {
		{NULL, 0, PROTO_DONE, TALLY_OK},
		{"END\r\n", 0, PROTO_DONE, TALLY_OK},
		{"STORED\r\n", set, PROTO_DONE, TALLY_OK},
		{"NOT_STORED\r\n", set, PROTO_DONE, TALLY_STATUS},
		{"SERVER_ERROR out of memory\r\n", set, PROTO_DONE,
			TALLY_STATUS},
		{"SERVER_ERROR busy\r\n", 0, PROTO_DONE, TALLY_STATUS},
		{"STORED\r\n", 0, PROTO_BAD, TALLY_OK},
		{"END\r\n", set, PROTO_BAD, TALLY_OK},
		{"ERROR\r\n", 0, PROTO_BAD, TALLY_OK},
		{"END\n", 0, PROTO_BAD, TALLY_OK},
		{"VALUE another 0 2\r\n", 0, PROTO_BAD, TALLY_OK},
	};

	(void)state;
	text_store(&s);
	for (unsigned i = 0; i < sizeof(all) / sizeof(*all); i++) {
		const char *text = all[i].text ? all[i].text : s.good;
		size_t len = strlen(text);

		for (size_t cut = 0; cut <= len; cut++) {
			assert_int_equal(
				eat_cut(&kv_text, &s, s.id | all[i].tag, text,
					len, cut, &used, &kind),
				all[i].e);
			assert_int_equal(kind, all[i].kind);
			if (all[i].e == PROTO_DONE)
				assert_int_equal(used, len);
		}
	}
	assert_false(s.asker.wrong.is);
	store_end(&s);
}

/* Each byte of value and length matters. */
static void
a_wrong_byte_is_told(void **state)
{
	struct store s;
	size_t used, value, n;
	enum tally_kind kind;

	(void)state;
	text_store(&s);
	n = s.data.size[s.id].value;
	value = s.len - 7 - n;
	for (size_t i = 0; i < n; i++)
		for (size_t cut = value; cut <= s.len; cut += 3) {
			char bad[512];

			memcpy(bad, s.good, s.len);
			bad[value + i] = '~';
			s.asker.wrong.is = false;
			assert_int_equal(eat_cut(&kv_text, &s, s.id, bad, s.len,
						 cut, &used, &kind),
				PROTO_BAD);
			assert_int_equal(kind, TALLY_WRONG);
			assert_true(s.asker.wrong.is);
			assert_int_equal(s.asker.wrong.id, s.id);
			assert_int_equal(s.asker.wrong.at, i);
			assert_int_equal(s.asker.wrong.got[0], '~');
			assert_int_equal(
				s.asker.wrong.expected[0], s.good[value + i]);
		}
	s.good[value - 3]++; /* the length's last digit */
	s.asker.wrong.is = false;
	eat_cut(&kv_text, &s, s.id, s.good, s.len, 0, &used, &kind);
	assert_int_equal(kind, TALLY_WRONG);
	store_end(&s);
}

static void
filling_sets_each_key_once(void **state)
{
	struct store s;
	uint8_t seen[1000] = {0}, cell[512];

	(void)state;
	text_store(&s);
	for (uint32_t i = 0; i < 3; i++) {
		struct wire_piece piece[WIRE_PIECES];
		uint32_t tag;
		unsigned n;

		s.asker.fill = true;
		s.asker.next = i;
		s.asker.step = 3;
		while ((n = kv_text.ask(&s.asker, cell, piece, &tag))) {
			uint32_t id = tag & 0x7fffffff;

			assert_int_equal(seen[id]++, 0);
			assert_true(tag >> 31);
			assert_memory_equal(cell, "set ", 4);
			assert_true(piece[0].len <= kv_text.cell);
			if (n == 3)
				assert_int_equal(
					piece[1].len, s.data.size[id].value);
			assert_memory_equal(piece[n - 1].ptr, "\r\n", 2);
			if (id % 7)
				continue;
			kv_text.unask(&s.asker); /* it comes again */
			assert_true(kv_text.ask(&s.asker, cell, piece, &tag));
			assert_int_equal(tag & 0x7fffffff, id);
		}
	}
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(seen[i], 1);
	store_end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_anywhere_it_is_the_same),
		cmocka_unit_test(a_wrong_byte_is_told),
		cmocka_unit_test(filling_sets_each_key_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
