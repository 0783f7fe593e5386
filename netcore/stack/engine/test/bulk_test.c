/* bulk_test - bulk transfers over bad paths: what is lost is sent again once,
 * and no timer has to run out for it (RFC 8985); what is only late stays so
 * cheaply (RFC 8985, 6.2; RFC 3708). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "netcore/stack/engine/test/bulk.h"

#define MS 1000000ull

static const unsigned delays_ms[] = {1, 10, 100};
static const unsigned percents[] = {1, 3, 10};

/* 100 Mbit/s; acknowledgements are late as the data are. */
static struct bulk_result
late(unsigned delay_ms, uint32_t reorder, uint64_t jitter_ns)
{
	struct bulk_job job = {
		.seed = 1,
		.there = {.delay_ns = delay_ms * MS,
			.reorder = reorder,
			.jitter_ns = jitter_ns,
			.bits_per_s = 100000000,
			.queue = 4000},
		.back = {.delay_ns = delay_ms * MS,
			.reorder = reorder,
			.jitter_ns = jitter_ns},
		.window = 4 << 20,
		.run_ns = 500 * MS + 30 * delay_ms * MS,
	};

	return bulk_run(&job);
}

/* Nothing is lost: a path is new to RACK once, and seldom again. */
static void
few_again(const struct bulk_result *r)
{
	assert_int_equal(r->lost, 0);
	assert_int_equal(r->sender.timeouts, 0);
	assert_true(r->sender.retransmits <= 20 + r->frames / 100);
}

static void
overtaken(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++)
		for (unsigned k = 0; k < 3; k++) {
			struct bulk_result r =
				late(delays_ms[i], percents[k] * 10000, 0);

			few_again(&r);
		}
}

static void
jittered(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++)
		for (unsigned k = 0; k < 3; k++) {
			struct bulk_result r = late(delays_ms[i], 0,
				percents[k] * delays_ms[i] * MS / 100);

			few_again(&r);
		}
}

/* Those that RACK took for lost were late, and D-SACK tells. */
static void
undone(void **state)
{
	struct bulk_result r = late(10, 10000, 0);

	(void)state;
	assert_true(r.sender.undone > 0);
}

static struct bulk_result
lossy(uint32_t ppm, unsigned rtt_ms, uint64_t seed)
{
	struct bulk_job job = {
		.seed = seed,
		.there = {.delay_ns = rtt_ms * MS / 2, .loss = ppm},
		.back = {.delay_ns = rtt_ms * MS / 2},
		.window = 2 << 20,
		.warm_ns = 100 * MS,
		.run_ns = 1000 * rtt_ms * MS,
	};

	return bulk_run(&job);
}

/* A segment lost is a segment sent again: not twice because of others that
 * left in the same microsecond, and those that are lost again are found by
 * what was sent after them (RFC 8985, 6.2). */
static void
once_each(void **state)
{
	static const uint32_t ppm[] = {1000, 10000, 30000};

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		for (unsigned rtt = 1; rtt <= 100; rtt *= 10)
			for (uint64_t seed = 1; seed <= 3; seed++) {
				struct bulk_result r = lossy(ppm[i], rtt, seed);
				uint64_t n = r.sender.retransmits;

				assert_true(r.lost > 10);
				assert_in_range(n, r.lost - r.lost / 20 - 2,
					r.lost + r.lost / 20 + 2);
				assert_int_equal(r.sender.timeouts, 0);
			}
}

/* A queue that overflowed does not go on to (RFC 9937, 6). */
static void
overflowed(void **state)
{
	struct bulk_job job = {
		.seed = 1,
		.there = {.delay_ns = MS,
			.jitter_ns = 100000,
			.bits_per_s = 100000000,
			.queue = 500},
		.back = {.delay_ns = MS, .jitter_ns = 100000},
		.window = 4 << 20,
		.run_ns = 2000 * MS,
	};
	struct bulk_result r = bulk_run(&job);

	(void)state;
	assert_true(r.lost > 0);
	assert_true(r.lost < 2000);
	assert_int_equal(r.sender.timeouts, 0);
	assert_true(r.bytes > 22000000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(overtaken),
		cmocka_unit_test(jittered),
		cmocka_unit_test(undone),
		cmocka_unit_test(once_each),
		cmocka_unit_test(overflowed),
	};

	return cmocka_run_group_tests_name("stack_bulk", tests, NULL, NULL);
}
