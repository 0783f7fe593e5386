/* base_test - sizes, clock and fences do what their headers say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "dlibos/base/atomic.h"
#include "dlibos/base/bits.h"
#include "dlibos/base/clock.h"
#include "dlibos/base/cpu.h"

static void
sizes_round_up(void **state)
{
	(void)state;
	assert_true(is_pow2(1) && is_pow2(4096) && is_pow2(1ull << 63));
	assert_false(is_pow2(0) || is_pow2(12));
	assert_int_equal(log2_of(4096), 12);
	assert_int_equal(round_up(1, 64), 64);
	assert_int_equal(round_up(64, 64), 64);
	assert_int_equal(round_up(UINT64_MAX, 64), 0);
}

static void
cycles_agree_with_the_clock(void **state)
{
	uint64_t c = clock_cycles_from_ns(1000000);

	(void)state;
	assert_true(clock_hz() > 1000000);
	assert_in_range(clock_ns_from_cycles(c), 999990, 1000010);
}

static void
a_pair_goes_and_comes(void **state)
{
	pair128 slot = {0, 0}, v = {0x0123456789abcdef, 0xfedcba9876543210};

	(void)state;
	atomic_store_pair(&slot, v);
	v = atomic_load_pair(&slot);
	assert_true(v[0] == 0x0123456789abcdef && v[1] == 0xfedcba9876543210);
}

static void
a_thread_can_be_pinned(void **state)
{
	(void)state;
	assert_int_equal(cpu_pin(-1), -22);
	assert_int_equal(cpu_pin(1 << 20), -22);
	assert_true(cpu_count() >= 1);
	if (cpu_join_fences())
		cpu_heavy_fence();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_round_up),
		cmocka_unit_test(cycles_agree_with_the_clock),
		cmocka_unit_test(a_pair_goes_and_comes),
		cmocka_unit_test(a_thread_can_be_pinned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
