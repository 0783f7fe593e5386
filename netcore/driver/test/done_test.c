/* done_test - frames that are let go of in any order. */
#include "netcore/driver/done.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define SLOTS 64u

static struct mate alone; /* without mates */

/* What DPDK does when a piece goes. */
static void
piece_goes(struct rte_mbuf_ext_shared_info *info)
{
	if (!rte_mbuf_ext_refcnt_update(info, -1))
		info->free_cb(NULL, info->fcb_opaque);
}

static void
test_in_order(void **state)
{
	struct rte_mbuf_ext_shared_info *info;
	struct done d;

	(void)state;
	assert_int_equal(done_init(&d, SLOTS, &alone), 0);
	for (uint64_t i = 1; i <= 10 * SLOTS; i++) {
		assert_int_equal(done_room(&d), SLOTS);
		info = done_begin(&d, NULL, 3);
		assert_int_equal(d.sent, i);
		assert_int_equal(done_room(&d), SLOTS - 1);
		piece_goes(info);
		piece_goes(info);
		assert_int_equal(d.upto, i - 1);
		piece_goes(info);
		assert_int_equal(d.upto, i);
	}
	done_fini(&d);
}

/* The first goes last: nothing is told until it does. */
static void
test_first_last(void **state)
{
	struct rte_mbuf_ext_shared_info *info[SLOTS];
	struct done d;

	(void)state;
	assert_int_equal(done_init(&d, SLOTS, &alone), 0);
	for (unsigned i = 0; i < SLOTS; i++)
		info[i] = done_begin(&d, NULL, 1);
	assert_int_equal(done_room(&d), 0);
	for (unsigned i = SLOTS; i-- > 1;) {
		piece_goes(info[i]);
		assert_int_equal(d.upto, 0);
	}
	piece_goes(info[0]);
	assert_int_equal(d.upto, SLOTS);
	assert_int_equal(done_room(&d), SLOTS);
	done_fini(&d);
}

/* Frames without pieces under way, behind one that has some. */
static void
test_at_once(void **state)
{
	struct rte_mbuf_ext_shared_info *info;
	struct done d;

	(void)state;
	assert_int_equal(done_init(&d, SLOTS, &alone), 0);
	done_at_once(&d);
	assert_int_equal(d.upto, 1);
	info = done_begin(&d, NULL, 1);
	done_at_once(&d);
	done_at_once(&d);
	assert_int_equal(d.sent, 4);
	assert_int_equal(d.upto, 1);
	piece_goes(info);
	assert_int_equal(d.upto, 4);
	done_fini(&d);
}

/* The device is known to be done before DPDK lets go. */
static void
test_told_ahead(void **state)
{
	struct rte_mbuf_ext_shared_info *info[3];
	struct done d;

	(void)state;
	assert_int_equal(done_init(&d, SLOTS, &alone), 0);
	info[0] = done_begin(&d, NULL, 1);
	info[1] = done_begin(&d, NULL, 1);
	assert_int_equal(d.told, 0);
	done_all_sent(&d);
	info[2] = done_begin(&d, NULL, 1);
	assert_int_equal(d.told, 2);
	assert_int_equal(done_room(&d), SLOTS - 3);
	piece_goes(info[0]);
	assert_int_equal(d.upto, 1);
	assert_int_equal(d.told, 2);
	piece_goes(info[1]);
	piece_goes(info[2]);
	assert_int_equal(d.told, 3);
	assert_int_equal(done_room(&d), SLOTS);
	done_fini(&d);
}

/* Any order, against the plain truth: all below what is told are gone, and the
 * next is not. */
static void
test_any_order(void **state)
{
	struct rte_mbuf_ext_shared_info *info[SLOTS];
	uint64_t serial[SLOTS], least;
	unsigned n = 0, left[SLOTS];
	struct done d;

	(void)state;
	srand(7);
	assert_int_equal(done_init(&d, SLOTS, &alone), 0);
	for (unsigned round = 0; round < 200000; round++) {
		if (n < SLOTS && done_room(&d) && rand() % 2) {
			left[n] = 1 + (unsigned)rand() % 18;
			info[n] = done_begin(&d, NULL, (uint16_t)left[n]);
			serial[n++] = d.sent;
		} else if (n) {
			unsigned i = (unsigned)rand() % n;

			piece_goes(info[i]);
			if (!--left[i]) {
				n--;
				info[i] = info[n];
				left[i] = left[n];
				serial[i] = serial[n];
			}
		}
		least = d.sent + 1;
		for (unsigned i = 0; i < n; i++)
			least = serial[i] < least ? serial[i] : least;
		if (d.upto + 1 != least)
			fail_msg("round %u: %llu told, %llu is the first open",
				round, (unsigned long long)d.upto,
				(unsigned long long)least);
	}
	assert_true(d.sent > 5000);
	done_fini(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_order),
		cmocka_unit_test(test_first_last),
		cmocka_unit_test(test_at_once),
		cmocka_unit_test(test_told_ahead),
		cmocka_unit_test(test_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
