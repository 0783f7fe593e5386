/* span_test - runs of pages against a plain array that says whose each is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>

#include "mem/span.h"

#define PAGES 70000 /* three levels of bitmaps, none of them full */

static struct spans spans;
static uint32_t owner[PAGES]; /* the span's first page + 1; 0 is free */

static void
impossible_lengths_are_refused(void **state)
{
	(void)state;
	assert_int_equal(span_init(&spans, 0), -EINVAL);
	assert_int_equal(span_init(&spans, SPAN_MAX + 1), -EINVAL);
	assert_int_equal(span_init(&spans, 100), 0);
	assert_int_equal(span_alloc(&spans, 0), SPAN_NONE);
	assert_int_equal(span_alloc(&spans, 101), SPAN_NONE);
	assert_int_equal(span_alloc(&spans, UINT32_MAX), SPAN_NONE);
	assert_int_equal(span_alloc(&spans, 100), 0);
	assert_int_equal(span_alloc(&spans, 1), SPAN_NONE);
	span_free(&spans, 0);
	assert_true(span_check(&spans));
	span_fini(&spans);
}

/* The whole is one span again after any order of giving it back. */
static void
every_total_can_be_had_in_one(void **state)
{
	uint32_t first[50];

	(void)state;
	for (uint32_t pages = 1; pages < 3000; pages += 1 + pages / 7) {
		uint32_t n = pages < 50 ? pages : 50, each = pages / n;

		assert_int_equal(span_init(&spans, pages), 0);
		for (uint32_t i = 0; i < n; i++) {
			first[i] = span_alloc(&spans, each);
			assert_int_equal(first[i], i * each);
		}
		for (uint32_t i = 0; i < n; i++) {
			span_free(&spans,
				first[i * 7 % n * (n % 7 != 0) +
					i * (n % 7 == 0)]);
			assert_true(span_check(&spans));
		}
		assert_int_equal(span_alloc(&spans, pages), 0);
		span_fini(&spans);
	}
}

/* 32 and 33 pages share a bin; the first in it may be too short. */
static void
a_bin_is_searched_for_the_right_length(void **state)
{
	(void)state;
	assert_int_equal(span_init(&spans, 67), 0);
	assert_int_equal(span_alloc(&spans, 33), 0);
	assert_int_equal(span_alloc(&spans, 1), 33);
	assert_int_equal(span_alloc(&spans, 32), 34);
	assert_int_equal(span_alloc(&spans, 1), 66);
	span_free(&spans, 0);
	span_free(&spans, 34);
	assert_int_equal(span_alloc(&spans, 33), 0);
	assert_int_equal(span_alloc(&spans, 33), SPAN_NONE);
	assert_int_equal(span_alloc(&spans, 32), 34);
	assert_int_equal(spans.free, 0);
	assert_true(span_check(&spans));
	span_fini(&spans);
}

static void
take(uint32_t n)
{
	uint32_t page = span_alloc(&spans, n);

	if (page == SPAN_NONE)
		return;
	assert_true(page < PAGES && n <= PAGES - page);
	for (uint32_t i = page; i < page + n; i++) {
		assert_int_equal(owner[i], 0);
		owner[i] = page + 1;
	}
}

static void
give(uint32_t page)
{
	uint32_t mine = owner[page];

	span_free(&spans, mine - 1);
	for (uint32_t i = mine - 1; i < PAGES && owner[i] == mine; i++)
		owner[i] = 0;
}

static void
random_spans_never_overlap(void **state)
{
	uint32_t first, n, page, r;
	bool live;

	(void)state;
	srandom(1);
	assert_int_equal(span_init(&spans, PAGES), 0);
	for (unsigned k = 0; k < 20000; k++) {
		page = (uint32_t)random() % PAGES;
		r = (uint32_t)random();
		n = span_at(&spans, page, &first, &live);
		assert_true(first <= page && page - first < n);
		assert_int_equal(live ? first + 1 : 0, owner[page]);
		if (live)
			give(page);
		else
			take(1 + (r >> 8) % (r % 8 ? 64 : 4096));
		if (k % 500 == 0)
			assert_true(span_check(&spans));
	}
	for (page = 0; page < PAGES; page++)
		if (owner[page])
			give(page);
	assert_true(span_check(&spans));
	assert_int_equal(span_alloc(&spans, PAGES), 0);
	span_fini(&spans);
}

static void
the_check_sees_damage(void **state)
{
	(void)state;
	assert_int_equal(span_init(&spans, 200), 0);
	assert_int_equal(span_alloc(&spans, 70), 0);
	spans.free++;
	assert_false(span_check(&spans));
	spans.free--;
	spans.starts[0][0] |= 2;
	assert_false(span_check(&spans));
	spans.starts[0][0] &= ~2ull;
	spans.starts[1][0] = 1;
	assert_false(span_check(&spans));
	spans.starts[1][0] = 3;
	spans.filled[0] |= 1;
	assert_false(span_check(&spans));
	spans.filled[0] &= ~1ull;
	assert_true(span_check(&spans));
	span_fini(&spans);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(impossible_lengths_are_refused),
		cmocka_unit_test(every_total_can_be_had_in_one),
		cmocka_unit_test(a_bin_is_searched_for_the_right_length),
		cmocka_unit_test(random_spans_never_overlap),
		cmocka_unit_test(the_check_sees_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
