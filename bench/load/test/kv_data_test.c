/* kv_data_test - popularity and sizes next to what is published. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <math.h>
#include <cmocka.h>

#include "bench/load/kv_data.h"
#include "bench/load/rnd.h"
#include "bench/load/zipf.h"

#define KEYS 200000

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
		assert_int_equal(d.size[i].value, 2);
		assert_true(d.size[i].key == 16 || d.size[i].key == 21);
		long_ones += d.size[i].key == 21;
	}
	assert_in_range(long_ones, KEYS * 49 / 100, KEYS * 51 / 100);
	kv_data_fini(&d);
}

/* By what is published, without the generator: the distributions' own functions
 * summed up over whole numbers of bytes, to 65,536. */
static const struct at {
	uint32_t bytes;
	double upto; /* the part of all that has so many, or less */
} key_at[] = {{18, .00724}, {23, .08087}, {28, .26515}, {34, .52630},
	{43, .79292}, {57, .94634}, {76, .99019}},
  value_at[] = {{0, .00536}, {1, .00583}, {2, .18403}, {3, .27642}, {4, .27660},
	  {5, .30400}, {6, .30465}, {7, .31071}, {8, .31094}, {9, .31931},
	  {10, .32768}, {11, .41757}, {12, .41849}, {13, .42175}, {14, .44155},
	  {100, .61631}, {500, .89492}, {2000, .99109}, {5000, .99901}};

#define KEY_MEAN   36.2230
#define VALUE_MEAN 194.137
#define VALUE_SD   468.3

/* Within five deviations of what so many draws have. */
static void
parts_are(const char *what, const struct at *at, unsigned n,
	const uint32_t *upto, uint32_t most)
{
	for (unsigned i = 0; i < n; i++) {
		double p = at[i].upto, want = p * KEYS;
		double got = upto[at[i].bytes < most ? at[i].bytes : most - 1];

		if (fabs(got - want) > 5 * sqrt(want * (1 - p)) + 1)
			fail_msg("%s of %u bytes at most: %.0f, not %.0f", what,
				at[i].bytes, got, want);
	}
}

static void
etc_is_as_published(void **state)
{
	static uint32_t key[KV_KEY_MAX + 1], value[KV_VALUE_MAX + 1];
	double keys = 0, values = 0;
	struct kv_data d;

	(void)state;
	memset(key, 0, sizeof(key));
	memset(value, 0, sizeof(value));
	assert_int_equal(kv_data_init(&d, KEYS, KV_ETC), 0);
	for (uint32_t i = 0; i < KEYS; i++) {
		assert_in_range(d.size[i].key, KV_KEY_MIN, KV_KEY_MAX);
		assert_true(d.size[i].value <= KV_VALUE_MAX);
		key[d.size[i].key]++;
		value[d.size[i].value]++;
		keys += d.size[i].key;
		values += d.size[i].value;
	}
	for (unsigned i = 1; i <= KV_KEY_MAX; i++)
		key[i] += key[i - 1];
	for (unsigned i = 1; i <= KV_VALUE_MAX; i++)
		value[i] += value[i - 1];
	parts_are("keys", key_at, sizeof(key_at) / sizeof(*key_at), key,
		KV_KEY_MAX + 1);
	parts_are("values", value_at, sizeof(value_at) / sizeof(*value_at),
		value, KV_VALUE_MAX + 1);
	assert_true(fabs(keys / KEYS - KEY_MEAN) < .13);
	assert_true(
		fabs(values / KEYS - VALUE_MEAN) < 5 * VALUE_SD / sqrt(KEYS));
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranks_follow_zipf),
		cmocka_unit_test(usr_is_small),
		cmocka_unit_test(etc_is_as_published),
		cmocka_unit_test(keys_are_distinct_and_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
