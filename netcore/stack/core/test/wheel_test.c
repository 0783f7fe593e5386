/* wheel_test - the timing wheel against a list that is searched from end to
 * end, in 64-bit ticks that start just below the wrap of the wheel's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "netcore/stack/core/test/rand.h"
#include "netcore/stack/core/wheel.h"

#define START 0x1fffffff0ull

static struct wheel wheel;

static void
setup(uint32_t timers, uint64_t now)
{
	void *mem = calloc(1, wheel_bytes(timers));

	assert_non_null(mem);
	wheel_init(&wheel, mem, timers, (uint32_t)now);
	assert_true(wheel_check(&wheel));
}

static void
teardown(void)
{
	assert_true(wheel_check(&wheel));
	free(wheel.node);
}

static bool
is_late(uint64_t now)
{
	uint32_t next;

	return wheel_next(&wheel, &next) &&
		(int32_t)(next - (uint32_t)now) <= 0;
}

static void
a_timer_expires_at_its_tick(void **state)
{
	static const uint32_t ahead[] = {0, 1, 2, 255, 256, 257, 65535, 65536,
		65537, 1u << 24, (1u << 24) + 1, 0x12345678, WHEEL_REACH};
	static const uint64_t starts[] = {0, 1, 0xff, 0x100, 0xffff, 0x7fffffff,
		0x80000000, 0xffffff00, 0xfffffffe, START};
	uint32_t out[4], next;

	(void)state;
	for (unsigned s = 0; s < sizeof(starts) / sizeof(*starts); s++) {
		for (unsigned k = 0; k < sizeof(ahead) / sizeof(*ahead); k++) {
			uint32_t due = (uint32_t)starts[s] + ahead[k];

			setup(1, starts[s]);
			assert_false(wheel_next(&wheel, &next));
			wheel_set(&wheel, 0, due);
			assert_true(wheel_is_set(&wheel, 0));
			assert_int_equal(wheel_due(&wheel, 0), due);
			if (ahead[k])
				assert_int_equal(
					wheel_advance(&wheel, due - 1, 4, out),
					0);
			assert_true(wheel_check(&wheel));
			assert_true(wheel_next(&wheel, &next));
			assert_int_equal(next, due);
			assert_int_equal(wheel_advance(&wheel, due, 4, out), 1);
			assert_int_equal(out[0], 0);
			assert_false(wheel_is_set(&wheel, 0));
			assert_false(wheel_next(&wheel, &next));
			teardown();
		}
	}
}

static void
what_is_late_is_due_at_once(void **state)
{
	uint32_t out[4], now = 5;

	(void)state;
	setup(3, now);
	wheel_set(&wheel, 0, now - 1);
	wheel_set(&wheel, 1, now - WHEEL_REACH);
	wheel_set(&wheel, 2, now);
	assert_true(is_late(now));
	assert_true(wheel_check(&wheel));
	assert_int_equal(wheel_advance(&wheel, now, 4, out), 3);
	/* a clock that goes back changes nothing */
	wheel_set(&wheel, 0, now + 1);
	assert_int_equal(wheel_advance(&wheel, now - 4, 4, out), 0);
	assert_int_equal(wheel_advance(&wheel, now - 10, 4, out), 0);
	assert_true(wheel_check(&wheel));
	assert_int_equal(wheel_advance(&wheel, now + 1, 4, out), 1);
	teardown();
}

static void
putting_off_is_a_store(void **state)
{
	struct wheel_timer *t;
	uint32_t out[4], at, wakes = 0, next;

	(void)state;
	setup(2, START);
	wheel_set(&wheel, 0, (uint32_t)START + 200);
	wheel_set(&wheel, 1, (uint32_t)START + 200);
	t = &wheel.node[WHEEL_FIRST];
	at = t->at;
	for (unsigned k = 0; k < 1000; k++) {
		wheel_set(&wheel, 0, (uint32_t)START + 200 + k);
		assert_int_equal(t->at, at);
	}
	wheel_cancel(&wheel, 1);
	while (wheel_next(&wheel, &next)) {
		wakes++;
		if (wheel_advance(&wheel, next, 4, out))
			assert_int_equal(next, (uint32_t)START + 1199);
	}
	assert_in_range(wakes, 2, 4);
	wheel_set(&wheel, 0, next + 1000);
	wheel_set(&wheel, 0, next + 10);
	assert_int_equal(t->at, next + 10);
	assert_int_equal(wheel_advance(&wheel, next + 9, 4, out), 0);
	assert_int_equal(wheel_advance(&wheel, next + 10, 4, out), 1);
	teardown();
}

static void
cancelling_during_expiry(void **state)
{
	uint32_t out[4], now = (uint32_t)START + 300, told = 0;

	(void)state;
	setup(8, START);
	for (uint32_t i = 0; i < 8; i++)
		wheel_set(&wheel, i, now);
	/* The slot of level 3 is half spread when the call is over. */
	assert_int_equal(wheel_advance(&wheel, now, 1, out), 0);
	assert_true(is_late(now));
	assert_true(wheel_check(&wheel));
	for (uint32_t i = 0; i < 6; i++)
		wheel_cancel(&wheel, i);
	wheel_cancel(&wheel, 0);
	wheel_set(&wheel, 6, now + 1);
	wheel_set(&wheel, 0, now);
	assert_true(wheel_check(&wheel));
	for (unsigned calls = 0; is_late(now); calls++) {
		assert_true(calls < 4);
		if (wheel_advance(&wheel, now, 1, out)) {
			wheel_cancel(&wheel, out[0]); /* it is not set */
			told |= 1u << out[0];
		}
	}
	assert_int_equal(told, 1u << 7 | 1u << 0);
	assert_int_equal(wheel_advance(&wheel, now + 1, 4, out), 1);
	assert_int_equal(out[0], 6);
	teardown();
}

static void
from_the_far_future_to_the_far_past(void **state)
{
	uint32_t out[4];

	(void)state;
	setup(1, START);
	wheel_set(&wheel, 0, (uint32_t)START + WHEEL_REACH);
	wheel_set(&wheel, 0, (uint32_t)START - WHEEL_REACH);
	assert_int_equal(wheel_advance(&wheel, (uint32_t)START, 4, out), 1);
	teardown();
}

#define CROWD 20000

/* All in one slot of level 2, or spread: no call looks at more than it may, all
 * are told once, in order. */
static void
a_call_is_bounded(void **state)
{
	static struct wheel_timer was[CROWD];
	static uint32_t out[64], calls, told, touched, max;
	const struct wheel_timer *t;
	uint32_t last, n;

	(void)state;
	for (unsigned spread = 0; spread < 2; spread++) {
		setup(CROWD, START);
		for (uint32_t i = 0; i < CROWD; i++)
			wheel_set(&wheel, i,
				(uint32_t)START + 70000 +
					(spread ? rand_below(1u << 25)
						: i % 50));
		last = (uint32_t)START;
		for (told = calls = 0; told < CROWD; calls++, told += n) {
			t = &wheel.node[WHEEL_FIRST];
			memcpy(was, t, sizeof(was));
			max = 1 + rand_below(64);
			n = wheel_advance(
				&wheel, (uint32_t)START + (1u << 26), max, out);
			assert_true(n <= max);
			touched = 0;
			for (uint32_t i = 0; i < CROWD; i++)
				touched += was[i].next &&
					t[i].next != was[i].next &&
					(!t[i].next ||
						t[i].prev != was[i].prev);
			assert_true(touched <= max * WHEEL_TOUCH);
			for (uint32_t i = 0; i < n; i++) {
				assert_true(was[out[i]].next != 0);
				assert_true(
					(int32_t)(was[out[i]].due - last) >= 0);
				last = was[out[i]].due;
			}
			assert_true(calls < CROWD);
		}
		assert_false(is_late(START + (1u << 26)));
		assert_true(wheel_check(&wheel));
		teardown();
	}
}

/* Sleeping exactly as long as it says: nothing is late, and wakes are few. */
static void
sleeping_by_wheel_next(void **state)
{
	uint64_t ns = 1234567890123, wait, due[100];
	uint32_t out[8], n, told = 0, wakes = 0;

	(void)state;
	setup(100, wheel_tick(ns));
	for (uint32_t i = 0; i < 100; i++) {
		due[i] = ns + (rand64() >> (14 + rand_below(36)));
		if (due[i] - ns > 20ull * 86400 * 1000000000)
			due[i] = ns;
		wheel_set(&wheel, i, wheel_tick_after(due[i]));
	}
	while ((wait = wheel_wait_ns(&wheel, ns)) != UINT64_MAX) {
		ns += wait;
		wakes += wait != 0;
		n = wheel_advance(&wheel, wheel_tick(ns), 8, out);
		for (uint32_t i = 0; i < n; i++)
			assert_true(ns - due[out[i]] < WHEEL_TICK_NS);
		told += n;
		for (uint32_t i = 0; i < 100; i++)
			if (wheel_is_set(&wheel, i) && n < 8)
				assert_true(due[i] + WHEEL_TICK_NS > ns);
	}
	assert_int_equal(told, 100);
	assert_true(wakes <= 400);
	assert_int_equal(wheel_tick_after(1), 1);
	assert_int_equal(wheel_tick_after(1000000), 1);
	assert_int_equal(wheel_tick(999999), 0);
	teardown();
}

#define TIMERS 400
#define STEPS  3000000

static struct {
	uint64_t now, due[TIMERS];
	bool set[TIMERS];
	bool drained;
} model;

static uint64_t
some_ticks(void)
{
	static const uint32_t most[] = {
		2, 10, 300, 300, 5000, 70000, 1u << 24, WHEEL_REACH};

	return rand_below(most[rand_below(8)]);
}

static void
model_advance(void)
{
	uint32_t out[40], n, max = 1 + rand_below(40), next;

	if (model.drained && !rand_below(50))
		model.now += rand_below(70000000);
	else if (model.drained)
		model.now += rand_below(rand_below(10) ? 20 : 2000);
	n = wheel_advance(&wheel, (uint32_t)model.now, max, out);
	assert_true(n <= max);
	for (uint32_t i = 0; i < n; i++) {
		assert_true(model.set[out[i]]);
		assert_true(model.due[out[i]] <= model.now);
		model.set[out[i]] = false;
	}
	model.drained = !is_late(model.now);
	if (!model.drained)
		return;
	if (!wheel_next(&wheel, &next))
		next = (uint32_t)model.now;
	for (uint32_t i = 0; i < TIMERS; i++) {
		assert_true(wheel_is_set(&wheel, i) == model.set[i]);
		if (model.set[i])
			assert_true(model.due[i] - model.now >=
					next - (uint32_t)model.now &&
				model.due[i] > model.now);
	}
}

static void
a_random_program_agrees_with_a_list(void **state)
{
	(void)state;
	print_message("seed %#lx\n", rand_state);
	model.now = START;
	model.drained = true;
	setup(TIMERS, model.now);
	for (uint32_t step = 0; step < STEPS; step++) {
		uint32_t i = rand_below(TIMERS), what = rand_below(16);

		if (what < 10) {
			model.due[i] = model.now + some_ticks();
			if (!rand_below(20))
				model.due[i] -= some_ticks() + 1;
			model.set[i] = true;
			wheel_set(&wheel, i, (uint32_t)model.due[i]);
		} else if (what < 13) {
			model.set[i] = false;
			wheel_cancel(&wheel, i);
		} else {
			model_advance();
		}
		if (step % 1000 == 0)
			assert_true(wheel_check(&wheel));
	}
	assert_true(model.now > START + (1ull << 33));
	teardown();
}

static void
a_million_timers(void **state)
{
	static uint32_t out[256];
	uint32_t n, told = 0, now = (uint32_t)START, next;

	(void)state;
	setup(1000000, START);
	for (uint32_t i = 0; i < 1000000; i++)
		wheel_set(&wheel, i, now + 1 + rand_below(200000));
	assert_true(wheel_check(&wheel));
	for (uint32_t i = 0; i < 1000000; i += 2)
		wheel_cancel(&wheel, i);
	while (wheel_next(&wheel, &next)) {
		if ((int32_t)(next - now) > 0)
			now = next;
		n = wheel_advance(&wheel, now, 256, out);
		for (uint32_t k = 0; k < n; k++)
			if (out[k] % 2 == 0 || wheel_due(&wheel, out[k]) != now)
				fail_msg("timer %u at %u", out[k], now);
		told += n;
	}
	assert_int_equal(told, 500000);
	teardown();
}

/* Nobody calls while nothing is set; then somebody sets something. */
static void
a_silence_of_weeks(void **state)
{
	uint32_t out[1], now = (uint32_t)START + (1u << 31) + 5000;

	(void)state;
	setup(2, START);
	wheel_rest(&wheel, now);
	wheel_set(&wheel, 1, now + 100);
	assert_true(wheel_check(&wheel));
	assert_int_equal(wheel_advance(&wheel, now + 99, 1, out), 0);
	assert_int_equal(wheel_advance(&wheel, now + 100, 1, out), 1);
	assert_int_equal(out[0], 1);
	/* while something is, it keeps its time */
	wheel_set(&wheel, 0, now + 200);
	wheel_rest(&wheel, now + 150);
	assert_int_equal(wheel.now, now + 100);
	teardown();
}

static void
the_check_sees_damage(void **state)
{
	(void)state;
	setup(4, 1000);
	for (uint32_t i = 0; i < 4; i++)
		wheel_set(&wheel, i, 1003);
	wheel.count--;
	assert_false(wheel_check(&wheel));
	wheel.count++;
	wheel.soon++;
	assert_false(wheel_check(&wheel));
	wheel.soon--;
	wheel.map[2][0] ^= 1;
	assert_false(wheel_check(&wheel));
	wheel.map[2][0] ^= 1;
	wheel.node[WHEEL_FIRST + 1].at++;
	assert_false(wheel_check(&wheel));
	wheel.node[WHEEL_FIRST + 1].at--;
	wheel.node[WHEEL_FIRST + 2].prev--;
	assert_false(wheel_check(&wheel));
	wheel.node[WHEEL_FIRST + 2].prev++;
	teardown();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_timer_expires_at_its_tick),
		cmocka_unit_test(what_is_late_is_due_at_once),
		cmocka_unit_test(putting_off_is_a_store),
		cmocka_unit_test(cancelling_during_expiry),
		cmocka_unit_test(from_the_far_future_to_the_far_past),
		cmocka_unit_test(a_call_is_bounded),
		cmocka_unit_test(sleeping_by_wheel_next),
		cmocka_unit_test(a_random_program_agrees_with_a_list),
		cmocka_unit_test(a_million_timers),
		cmocka_unit_test(a_silence_of_weeks),
		cmocka_unit_test(the_check_sees_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
