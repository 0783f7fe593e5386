/* ooo_cost_test - steps, counted, for ten thousand segments that wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "netcore/stack/tcp/ooo.h"

#define MANY 10000u
#define BASE (0u - 5 * MANY) /* they wrap in the middle */

static uint64_t mem[(3 * MANY + 1) * sizeof(struct ooo_node) / 8];
static struct slab slab;
static struct ooo q;
static struct ooo_news news;

static enum ooo_result
put(uint32_t seq, uint32_t len)
{
	static const uint8_t data[1];
	enum ooo_result r = ooo_insert(&slab, &q, seq, data, len, NULL, &news);
	void *buf;

	while (ooo_gone(&slab, &news, &buf))
		;
	return r;
}

static void
empty(void)
{
	memset(&q, 0, sizeof(q));
	slab_init(&slab, mem, 3 * MANY, sizeof(struct ooo_node));
}

/* The k-th of a few orders in which MANY segments of ten bytes may come. */
static uint32_t
ascending(uint32_t k)
{
	return 10 * k;
}

static uint32_t
descending(uint32_t k)
{
	return 10 * (MANY - k);
}

static uint32_t
with_gaps(uint32_t k)
{
	return 20 * k;
}

static uint32_t
with_gaps_down(uint32_t k)
{
	return 20 * (MANY - k);
}

static uint32_t
every_second_first(uint32_t k)
{
	return k < MANY / 2 ? 20 * k : 20 * (k - MANY / 2) + 10;
}

static uint32_t
every_second_last(uint32_t k)
{
	return k < MANY / 2 ? 20 * k : 20 * (MANY - k) - 10;
}

/* New data, and what fills gaps far behind it, by turns. */
static uint32_t
both_ends(uint32_t k)
{
	return k % 2 ? 20 * (k / 2) : 10 * MANY + 20 * (k / 2);
}

static uint32_t
from_both_ends(uint32_t k)
{
	return k % 2 ? 20 * (k / 2) : 20 * (MANY - k / 2);
}

/* A place that moves on within all that is held, and three behind it. */
static uint32_t
by_turns(uint32_t k)
{
	uint32_t turn = k - MANY / 2;

	return turn < MANY && turn % 4 == 0 ? 10 * turn + 20 : 40 * k;
}

static uint32_t
repeated(uint32_t k)
{
	return 20 * (k % 100);
}

static void
orders_cost_a_step_each(void **state)
{
	static uint32_t (*const order[])(uint32_t) = {ascending, descending,
		with_gaps, with_gaps_down, every_second_first,
		every_second_last, both_ends, from_both_ends, by_turns,
		repeated};

	(void)state;
	for (unsigned o = 0; o < sizeof(order) / sizeof(order[0]); o++) {
		uint64_t visits = 0;

		empty();
		for (uint32_t k = 0; k < MANY; k++) {
			assert_int_not_equal(
				put(BASE + order[o](k), 10), OOO_FAR);
			visits += news.visits;
		}
		assert_true(visits <= 2 * MANY);
		assert_int_equal(q.nodes, order[o] == repeated ? 100 : MANY);
	}
}

/* A peer that jumps about in what it made to be many runs gets so many steps a
 * segment; what is far is not kept, and nothing of it is. */
static void
what_is_far_is_bounded(void **state)
{
	uint32_t far = 0, i, at;
	unsigned seed = 1;

	(void)state;
	empty();
	for (i = 0; i < MANY / 2; i++)
		assert_int_equal(put(20 * i, 10), OOO_KEPT);
	for (i = 0; i < MANY; i++) {
		uint32_t nodes = q.nodes, newest = q.newest;

		at = 20 * ((uint32_t)rand_r(&seed) % (MANY / 2)) + 5;
		if (put(at, 5) == OOO_FAR) {
			far++;
			assert_true(q.nodes == nodes && q.newest == newest);
			assert_true(slab.used == nodes);
			assert_true(news.dup.from == news.dup.to);
		}
		assert_true(news.visits <= OOO_VISITS + 1);
	}
	assert_true(far > MANY / 4);
	/* What is next, and what is new, has its place at once. */
	assert_int_equal(put(15, 5), OOO_KEPT);
	assert_true(news.visits <= 1);
	assert_int_equal(put(20 * MANY, 5), OOO_KEPT);
	assert_int_equal(news.visits, 0);
}

/* RFC 2018's three or four blocks cost as much, however many there are. Here
 * many runs are given back by one segment that covers them. */
static void
one_covers_all(void **state)
{
	struct ooo_range r;
	struct ooo_node n;

	(void)state;
	empty();
	for (uint32_t i = 0; i < MANY; i++)
		put(100 + 2 * i, 1);
	assert_int_equal(put(99, 2 * MANY + 20), OOO_KEPT);
	assert_int_equal(slab.used, 1);
	assert_int_equal(ooo_ranges(&slab, &q, &r, 1), 1);
	assert_int_equal(r.from, 99);
	assert_int_equal(r.to, 2 * MANY + 119);
	assert_true(ooo_take(&slab, &q, 100, &n));
	assert_int_equal(n.len, 2 * MANY + 19);
	assert_false(ooo_take(&slab, &q, n.seq + n.len, &n));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(orders_cost_a_step_each),
		cmocka_unit_test(what_is_far_is_bounded),
		cmocka_unit_test(one_covers_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
