/* hist_test - percentiles next to those of a sorted array; sums of histograms.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bench/load/hist.h"
#include "bench/load/rnd.h"

#define N 20000

static int
order(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Numbers of all magnitudes up to 2^39. */
static uint64_t
some(uint64_t *rnd)
{
	uint64_t x = rnd_next(rnd);

	return x >> (25 + (x & 31));
}

static void
percentiles_are_those_of_a_sorted_array(void **state)
{
	static const double q[] = {0, .001, .1, .5, .9, .99, .999, .9999, 1};
	static struct hist h;
	static uint64_t v[N];
	uint64_t rnd = 1;

	(void)state;
	memset(&h, 0, sizeof(h));
	for (unsigned i = 0; i < N; i++)
		hist_add(&h, v[i] = some(&rnd));
	qsort(v, N, sizeof(*v), order);
	for (unsigned i = 0; i < sizeof(q) / sizeof(*q); i++) {
		double want = q[i] * N;
		unsigned at = want > 1 ? (unsigned)(want + .999999) - 1 : 0;
		double got = (double)hist_at(&h, q[i]), is = (double)v[at];

		if (got < is * (1 - 1. / 128) - 1 ||
			got > is * (1 + 1. / 128) + 1)
			fail_msg("%g: %g, not %g", q[i], got, is);
	}
	assert_int_equal(h.max, v[N - 1]);
	assert_int_equal(h.n, N);
}

static void
small_ones_and_huge_ones(void **state)
{
	static struct hist h;

	(void)state;
	memset(&h, 0, sizeof(h));
	assert_int_equal(hist_at(&h, .5), 0);
	for (uint64_t v = 0; v < 64; v++) {
		memset(&h, 0, sizeof(h));
		hist_add(&h, v);
		assert_int_equal(hist_at(&h, .5), v);
	}
	memset(&h, 0, sizeof(h));
	hist_add(&h, 1);
	hist_add(&h, UINT64_MAX / 4);
	hist_add(&h, 1ull << HIST_BITS);
	assert_int_equal(h.max, UINT64_MAX / 4);
	assert_true(hist_at(&h, 1) >= 1ull << (HIST_BITS - 1));
	assert_int_equal(hist_at(&h, .1), 1);
}

/* Each bucket's middle falls into that bucket: nothing is between two. */
static void
middles_are_their_own(void **state)
{
	(void)state;
	for (uint64_t v = 1; v < 1ull << 39; v += v / 50 + 1) {
		static struct hist h, again;

		memset(&h, 0, sizeof(h));
		memset(&again, 0, sizeof(again));
		hist_add(&h, v);
		h.max = UINT64_MAX; /* so that it is no bound */
		hist_add(&again, hist_at(&h, .5));
		assert_memory_equal(h.bucket, again.bucket, sizeof(h.bucket));
	}
}

static void
merged_is_as_if_it_were_one(void **state)
{
	static struct hist all, part[3];
	uint64_t rnd = 7;

	(void)state;
	memset(&all, 0, sizeof(all));
	memset(part, 0, sizeof(part));
	for (unsigned i = 0; i < N; i++) {
		uint64_t v = some(&rnd);

		hist_add(&all, v);
		hist_add(&part[i % 3], v);
	}
	hist_merge(&part[0], &part[1]);
	hist_merge(&part[0], &part[2]);
	assert_memory_equal(&all, &part[0], sizeof(all));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percentiles_are_those_of_a_sorted_array),
		cmocka_unit_test(small_ones_and_huge_ones),
		cmocka_unit_test(middles_are_their_own),
		cmocka_unit_test(merged_is_as_if_it_were_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
