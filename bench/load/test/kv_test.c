/* kv_test - popularity and sizes next to what is published, and answers of a
 * memcached at every cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <math.h>
#include <cmocka.h>

#include "bench/load/kv_ask.h"
#include "bench/load/rnd.h"

#define KEYS 200000

static void *
memory(void *w, size_t bytes)
{
	void **m = w;

	return *m = malloc(bytes);
}

static const struct wire heap = {.memory = memory};

/* --- popularity, sizes ----------------------------------------------------*/

/* 400,000 draws: a rank that has 1 % of them is right within 1.6 % (one
 * deviation); five times that is let pass. */
static void
ranks_follow_zipf(void **state)
{
	static const double s[] = {.5, .99, 1, 1.3};
	const unsigned n = 1000, draws = 400000;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		static unsigned count[1000];
		struct zipf z;
		uint64_t rnd = 5;
		double sum = 0;

		memset(count, 0, sizeof(count));
		zipf_init(&z, n, s[i]);
		for (unsigned k = 1; k <= n; k++)
			sum += pow(k, -s[i]);
		for (unsigned k = 0; k < draws; k++) {
			uint32_t r = zipf_next(&z, &rnd);

			assert_true(r < n);
			count[r]++;
		}
		for (unsigned r = 1; r <= n; r *= 3) {
			double want = draws * pow(r, -s[i]) / sum;

			if (fabs(count[r - 1] - want) > 5 * sqrt(want) + 1)
				fail_msg("s %g rank %u: %u, not %g", s[i], r,
					count[r - 1], want);
		}
	}
}

static void
usr_is_small(void **state)
{
	struct kv_data d;
	unsigned long_ones = 0;

	(void)state;
	assert_int_equal(kv_data_init(&d, KEYS, KV_USR), 0);
	for (uint32_t i = 0; i < KEYS; i++) {
		assert_int_equal(d.value_len[i], 2);
		assert_true(d.key_len[i] == 16 || d.key_len[i] == 21);
		long_ones += d.key_len[i] == 21;
	}
	assert_in_range(long_ones, KEYS * 49 / 100, KEYS * 51 / 100);
	kv_data_fini(&d);
}

/* The mean of the key's distribution is mu + sigma (gamma(1 - k) - 1) / k; of
 * the values the table is looked at, and the median of those above. */
static void
etc_is_as_published(void **state)
{
	double mean = 30.7984 + 8.20449 * (tgamma(1 - .078688) - 1) / .078688;
	double above = pow(1 + .348238 * 14.5 / 214.476, -1 / .348238);
	double median = 214.476 / .348238 * (pow(above / 2, -.348238) - 1);
	unsigned two = 0, eleven = 0, big = 0, below = 0;
	struct kv_data d;
	double keys = 0;

	(void)state;
	assert_int_equal(kv_data_init(&d, KEYS, KV_ETC), 0);
	for (uint32_t i = 0; i < KEYS; i++) {
		keys += d.key_len[i];
		assert_in_range(d.key_len[i], KV_KEY_MIN, KV_KEY_MAX);
		assert_true(d.value_len[i] <= KV_VALUE_MAX);
		two += d.value_len[i] == 2;
		eleven += d.value_len[i] == 11;
		big += d.value_len[i] > 14;
		below += d.value_len[i] > 14 && d.value_len[i] < median;
	}
	assert_true(fabs(keys / KEYS / mean - 1) < .01);
	assert_in_range(two, (unsigned)(.175 * KEYS), (unsigned)(.181 * KEYS));
	assert_in_range(
		eleven, (unsigned)(.087 * KEYS), (unsigned)(.093 * KEYS));
	assert_in_range(below, (unsigned)(.49 * big), (unsigned)(.51 * big));
	kv_data_fini(&d);
}

static void
keys_are_distinct_and_plain(void **state)
{
	struct kv_data d;
	char a[KV_KEY_MAX], b[KV_KEY_MAX];

	(void)state;
	assert_int_equal(kv_data_init(&d, 1000, KV_ETC), 0);
	for (uint32_t i = 0; i < 1000; i++) {
		size_t n = kv_data_key(&d, i, a);

		for (size_t k = 0; k < n; k++)
			assert_true(a[k] > ' ' && a[k] < 127);
		kv_data_key(&d, (i + 1) % 1000, b);
		assert_memory_not_equal(a, b, KV_KEY_MIN);
	}
	kv_data_fini(&d);
}

/* --- answers --------------------------------------------------------------*/

struct store {
	struct kv_data data;
	struct kv_asker asker;
	void *memory;
	uint32_t id; /* a key with a value of some bytes */
	char good[512];
	size_t len;
};

static void
store_make(struct store *s)
{
	char key[KV_KEY_MAX + 1];

	memset(s, 0, sizeof(*s));
	assert_int_equal(kv_data_init(&s->data, 1000, KV_ETC), 0);
	assert_int_equal(
		kv_asker_init(&s->asker, &s->data, 1, &heap, &s->memory), 0);
	while (s->data.value_len[s->id] < 20 || s->data.value_len[s->id] > 99)
		s->id++;
	key[kv_data_key(&s->data, s->id, key)] = '\0';
	s->len = (size_t)snprintf(s->good, sizeof(s->good),
		"VALUE %s 0 %u\r\n%.*s\r\nEND\r\n", key,
		s->data.value_len[s->id], (int)s->data.value_len[s->id],
		(const char *)s->asker.pattern + kv_data_shift(s->id));
}

static void
store_end(struct store *s)
{
	free(s->memory);
	kv_data_fini(&s->data);
}

/* In two pieces, each in memory of its own. */
static enum proto_eat
eat_cut(struct store *s, uint32_t tag, const char *text, size_t len, size_t cut,
	size_t *used, enum tally_kind *kind)
{
	void *state = calloc(1, kv_proto.state);
	enum proto_eat e = PROTO_MORE;
	size_t at = 0;

	*used = 0;
	*kind = TALLY_OK;
	for (unsigned i = 0; i < 2 && e == PROTO_MORE; i++) {
		size_t n = i ? len - cut : cut, ate = 0;
		uint8_t *p = malloc(n + !n);

		memcpy(p, text + at, n);
		e = kv_proto.eat(&s->asker, state, tag, p, n, &ate, kind);
		*used += ate;
		at += n;
		free(p);
	}
	free(state);
	return e;
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
	store_make(&s);
	for (unsigned i = 0; i < sizeof(all) / sizeof(*all); i++) {
		const char *text = all[i].text ? all[i].text : s.good;
		size_t len = strlen(text);

		for (size_t cut = 0; cut <= len; cut++) {
			assert_int_equal(eat_cut(&s, s.id | all[i].tag, text,
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
	store_make(&s);
	n = s.data.value_len[s.id];
	value = s.len - 7 - n;
	for (size_t i = 0; i < n; i++)
		for (size_t cut = value; cut <= s.len; cut += 3) {
			char bad[512];

			memcpy(bad, s.good, s.len);
			bad[value + i] = '~';
			s.asker.wrong.is = false;
			assert_int_equal(eat_cut(&s, s.id, bad, s.len, cut,
						 &used, &kind),
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
	eat_cut(&s, s.id, s.good, s.len, 0, &used, &kind);
	assert_int_equal(kind, TALLY_WRONG);
	store_end(&s);
}

static void
filling_sets_each_key_once(void **state)
{
	struct store s;
	uint8_t seen[1000] = {0}, cell[512];

	(void)state;
	store_make(&s);
	for (uint32_t i = 0; i < 3; i++) {
		struct wire_piece piece[WIRE_PIECES];
		uint32_t tag;
		unsigned n;

		s.asker.fill = true;
		s.asker.next = i;
		s.asker.step = 3;
		while ((n = kv_proto.ask(&s.asker, cell, piece, &tag))) {
			uint32_t id = tag & 0x7fffffff;

			assert_int_equal(seen[id]++, 0);
			assert_true(tag >> 31);
			assert_memory_equal(cell, "set ", 4);
			assert_true(piece[0].len <= kv_proto.cell);
			if (n == 3)
				assert_int_equal(
					piece[1].len, s.data.value_len[id]);
			assert_memory_equal(piece[n - 1].ptr, "\r\n", 2);
			if (id % 7)
				continue;
			kv_proto.unask(&s.asker); /* it comes again */
			assert_true(kv_proto.ask(&s.asker, cell, piece, &tag));
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
		cmocka_unit_test(ranks_follow_zipf),
		cmocka_unit_test(usr_is_small),
		cmocka_unit_test(etc_is_as_published),
		cmocka_unit_test(keys_are_distinct_and_plain),
		cmocka_unit_test(cut_anywhere_it_is_the_same),
		cmocka_unit_test(a_wrong_byte_is_told),
		cmocka_unit_test(filling_sets_each_key_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
