/* segs_cost_test - what the scoreboard costs: nodes that are looked at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "netcore/stack/tcp/segs.h"

#define MANY 5000

static uint64_t slab_mem[(MANY + 2) * sizeof(struct seg) / 8 + 1];
static struct slab slab;
static struct segs q;
static struct segs_odd odd;

static void
begin_many(void)
{
	memset(&q, 0, sizeof(q));
	memset(&odd, 0, sizeof(odd));
	slab_init(&slab, slab_mem, MANY, sizeof(struct seg));
	for (unsigned i = 0; i < MANY; i++)
		assert_true(segs_add(&slab, &q, 0, 100 * i, 100, 1000 + i, 0));
}

/* The first of a window is lost, all others come, one an acknowledgement. */
static void
one_hole_costs_nothing(void **state)
{
	(void)state;
	begin_many();
	for (unsigned i = 1; i < MANY; i++) {
		struct segs_news n = {0};

		segs_sack(&slab, &q, &odd, 100, 100 * i + 100, &n);
		assert_int_equal(n.sacked, 100);
		assert_true(n.visits <= 3);
	}
	assert_int_equal(slab.used, 2);
	assert_int_equal(odd.sacked, 100 * (MANY - 1));
}

/* Every fourth is lost; an acknowledgement repeats the two ranges before (RFC
 * 2018, 4). Later they come, the lowest first, each between two ranges. */
static void
many_holes_cost_little(void **state)
{
	struct segs_news last = {0};

	(void)state;
	begin_many();
	for (unsigned i = 0; i < MANY; i++) {
		struct segs_news n = {0};
		uint32_t run = i / 4 * 400;

		if (i % 4 == 0)
			continue;
		segs_sack(&slab, &q, &odd, run + 100, 100 * i + 100, &n);
		for (uint32_t k = 1; k <= 2 && k * 400 <= run; k++)
			segs_sack(&slab, &q, &odd, run + 100 - k * 400,
				run + 400 - k * 400, &n);
		assert_int_equal(n.sacked, 100);
		assert_true(n.visits <= 12);
	}
	assert_int_equal(slab.used, MANY / 2);
	for (unsigned i = 4; i < MANY; i += 4) {
		struct segs_news n = {0};

		segs_sack(&slab, &q, &odd, 100, 100 * i + 400, &n);
		assert_int_equal(n.sacked, 100);
		assert_true(n.visits <= 4);
	}
	assert_int_equal(slab.used, 2);
	segs_ack(&slab, &q, &odd, 100 * MANY, &last);
	assert_int_equal(slab.used, 0);
}

/* What is lost is marked, found and sent again without a search. */
static void
losses_are_found_at_once(void **state)
{
	(void)state;
	begin_many();
	for (unsigned i = 0; i < MANY; i++) {
		uint32_t first = segs_fresh(&slab, &q, &odd);

		assert_int_equal(segs_at(&slab, first)->seq, 100 * i);
		segs_lose(&slab, &odd, first);
	}
	assert_int_equal(segs_fresh(&slab, &q, &odd), 0);
	for (unsigned i = 0; i < MANY; i++) {
		assert_int_equal(
			segs_at(&slab, segs_next_lost(&odd))->seq, 100 * i);
		segs_resent(&slab, &odd, segs_next_lost(&odd), 9000 + i);
		if (i % 3 == 2) { /* the oldest of these is lost again */
			uint32_t again = segs_at(&slab, odd.again)->seq;

			segs_lose(&slab, &odd, odd.again);
			assert_int_equal(
				segs_at(&slab, segs_next_lost(&odd))->seq,
				again);
			segs_resent(
				&slab, &odd, segs_next_lost(&odd), 9000 + i);
		}
	}
	assert_int_equal(segs_next_lost(&odd), 0);
}

/* A peer that acknowledges nothing but what is far away from all it has
 * acknowledged: there is an end to the work, and still it gets there. */
static void
far_ranges_cost_so_much_and_no_more(void **state)
{
	unsigned times = 0;
	struct segs_news n;

	(void)state;
	begin_many();
	do {
		n = (struct segs_news){0};
		segs_sack(&slab, &q, &odd, 480000, 480100, &n);
		segs_sack(&slab, &q, &odd, 440000, 440100, &n);
		assert_true(n.visits <= SEGS_VISITS);
		times++;
	} while (n.cut);
	assert_in_range(times, 8, 20);
	assert_true(odd.sacked >= 100);
	/* Ranges in the middle of segments change nothing, and cost no more. */
	for (uint32_t i = 0; i < 100; i++) {
		n = (struct segs_news){0};
		segs_sack(&slab, &q, &odd, 2150 * i + 10, 2150 * i + 20, &n);
		assert_true(n.visits <= SEGS_VISITS && !n.sacked);
	}
}

/* A third of all are sacked alone, and then ranges come in the middle. */
static void
far_runs_cost_so_much_and_no_more(void **state)
{
	unsigned cut = 0;

	(void)state;
	begin_many();
	for (unsigned i = 1; i < MANY; i += 3) {
		struct segs_news n = {0};

		segs_sack(&slab, &q, &odd, 100 * i, 100 * i + 100, &n);
		assert_true(n.visits <= 4);
	}
	for (unsigned i = 2; i < MANY; i += 3) {
		struct segs_news n = {0};
		unsigned at = i * 7 % MANY;

		segs_sack(&slab, &q, &odd, 100 * at, 100 * at + 100, &n);
		assert_true(n.visits <= SEGS_VISITS);
		cut += n.cut;
	}
	assert_true(cut > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_hole_costs_nothing),
		cmocka_unit_test(many_holes_cost_little),
		cmocka_unit_test(losses_are_found_at_once),
		cmocka_unit_test(far_ranges_cost_so_much_and_no_more),
		cmocka_unit_test(far_runs_cost_so_much_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
