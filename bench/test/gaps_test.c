/* gaps_test - a queue with gaps, beside what can be counted by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "bench/gaps.h"
#include "dlibos/base/clock.h"

static struct gaps none, some;
static uint64_t room[GAPS_LATE];

static void
gap(uint64_t from, uint64_t to)
{
	some.gap[some.n++] = (struct gap){from, to};
}

static void
begin(uint64_t span)
{
	none.n = some.n = 0;
	none.span = some.span = span;
}

static void
without_gaps_it_takes_the_work(void **state)
{
	(void)state;
	begin(100000);
	assert_int_equal(gaps_late(&none, &none, 10, 8, 1000, room), 8);
	assert_int_equal(gaps_late(&none, &none, 10, 8, 0, room), 8);
}

/* A gap of 1000 keeps 100 waiting; a fifth of the time is left for them, so
 * that 500 are late, the first by the most. */
static void
a_server_catches_up_with_what_is_left(void **state)
{
	uint64_t late;

	(void)state;
	begin(100000);
	gap(50000, 51000);
	assert_int_equal(gaps_late(&none, &some, 10, 8, 1000, room), 1008);
	late = 0;
	for (unsigned i = 0; i < 10000; i++)
		late += room[i] > 8;
	assert_in_range(late, 495, 505);
	/* 5 % are late: at 99 % it is four fifths of the gap. */
	assert_in_range(gaps_late(&none, &some, 10, 8, 990, room), 780, 820);
	assert_int_equal(gaps_late(&none, &some, 10, 8, 940, room), 8);
}

/* What is asked late comes all at once. */
static void
a_client_keeps_the_server_waiting(void **state)
{
	(void)state;
	begin(100000);
	gap(50000, 51000);
	assert_int_equal(gaps_late(&some, &none, 10, 8, 1000, room), 1008);
	assert_int_equal(gaps_late(&some, &none, 10, 1, 1000, room), 1001);
}

/* Work goes on behind a gap, and one behind the other. */
static void
work_may_have_several_gaps(void **state)
{
	(void)state;
	begin(1000);
	gap(100, 110);
	gap(115, 120);
	gap(125, 200);
	assert_int_equal(gaps_late(&none, &some, 95, 20, 1000, room), 110);
}

static void
gaps_are_found(void **state)
{
	struct gaps *g = malloc(sizeof(*g));
	uint64_t span = clock_cycles_from_ns(2000000);

	(void)state;
	clock_hz();
	span = clock_cycles_from_ns(2000000);
	gaps_find(g, span, 1);
	assert_true(g->n > 0 && (g->n == GAPS_MAX || g->span >= span));
	for (unsigned i = 1; i < g->n; i++)
		assert_true(g->gap[i].from >= g->gap[i - 1].to);
	assert_true(gaps_part(g, 0) <= 1 && gaps_longest(g) > 0);
	gaps_find(g, span, span * 1000);
	assert_int_equal(g->n, 0);
	free(g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_gaps_it_takes_the_work),
		cmocka_unit_test(a_server_catches_up_with_what_is_left),
		cmocka_unit_test(a_client_keeps_the_server_waiting),
		cmocka_unit_test(work_may_have_several_gaps),
		cmocka_unit_test(gaps_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
