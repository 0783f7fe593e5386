/* faults_test - faults of a direction, without devices: shares, order, times,
 * seeds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "test/impair/faults.h"

#define FRAMES 100000u

struct seen {
	uint64_t frames, later_first, changed, hash, losses;
};

/* Sends FRAMES numbered IPv4 frames, a microsecond apart, and takes out what
 * is due. */
static struct seen
run(const struct faults_config *c)
{
	struct faults *f = faults_new(c);
	struct seen s = {0};
	uint32_t len, last = 0, number, expected = 0;
	const uint8_t *p;

	assert_non_null(f);
	for (uint64_t now = 0; now < 2ull * FRAMES * 1000; now += 1000) {
		uint8_t frame[64] = {[12] = 8};

		number = (uint32_t)(now / 1000);
		memcpy(frame, &number, sizeof(number));
		if (number < FRAMES)
			faults_in(f, frame, sizeof(frame), now);
		while ((p = faults_out(f, now, &len))) {
			memcpy(&number, p, sizeof(number));
			assert_int_equal(len, sizeof(frame));
			s.frames++;
			s.later_first += number < last;
			s.losses += number > expected;
			expected = number + 1;
			last = number;
			s.hash = (s.hash ^ number ^ now << 32) * 0x100000001b3;
			for (unsigned i = 14; i < len; i++)
				s.changed += p[i] != 0;
		}
	}
	assert_int_equal(faults_deadline(f), UINT64_MAX);
	assert_int_equal(faults_counts(f)->in, FRAMES);
	assert_int_equal(faults_counts(f)->out, s.frames);
	faults_free(f);
	return s;
}

static void
nothing_happens_unasked(void **state)
{
	struct seen s = run(&(struct faults_config){.seed = 1});

	(void)state;
	assert_int_equal(s.frames, FRAMES);
	assert_int_equal(s.later_first, 0);
	assert_int_equal(s.changed, 0);
}

static void
shares_are_as_asked(void **state)
{
	struct seen s;

	(void)state;
	s = run(&(struct faults_config){.seed = 2, .loss = 50000});
	assert_in_range(s.frames, FRAMES * 94 / 100, FRAMES * 96 / 100);
	s = run(&(struct faults_config){.seed = 3, .duplicate = 50000});
	assert_in_range(s.frames, FRAMES * 104 / 100, FRAMES * 106 / 100);
	s = run(&(struct faults_config){.seed = 4, .corrupt = 50000});
	assert_in_range(s.changed, FRAMES * 4 / 100, FRAMES * 6 / 100);
	s = run(&(struct faults_config){.seed = 5, .reorder = 50000});
	assert_int_equal(s.frames, FRAMES);
	assert_in_range(s.later_first, FRAMES * 4 / 100, FRAMES * 6 / 100);
	s = run(&(struct faults_config){.seed = 5, .loss = 1000000});
	assert_int_equal(s.frames, 0);
}

/* As many frames are lost, in a fifth of the places. */
static void
losses_come_in_bursts(void **state)
{
	struct faults_config c = {.seed = 6, .loss = 50000, .burst = 5};
	struct seen s = run(&c);

	(void)state;
	assert_in_range(s.frames, FRAMES * 93 / 100, FRAMES * 97 / 100);
	assert_in_range(
		s.losses, FRAMES / 100 * 8 / 10, FRAMES / 100 * 12 / 10);
}

static void
times_are_kept(void **state)
{
	struct faults_config c = {.seed = 7, .delay_ns = 5000000};
	struct faults *f = faults_new(&c);
	uint8_t frame[1000] = {0};
	uint32_t len;

	(void)state;
	faults_in(f, frame, sizeof(frame), 1000);
	assert_int_equal(faults_deadline(f), 5001000);
	assert_null(faults_out(f, 5000999, &len));
	assert_non_null(faults_out(f, 5001000, &len));
	faults_free(f);

	/* 8 Mbit/s: 1000 bytes take a millisecond, the second one waits. */
	c = (struct faults_config){.seed = 7, .bits_per_s = 8000000};
	f = faults_new(&c);
	faults_in(f, frame, sizeof(frame), 0);
	faults_in(f, frame, sizeof(frame), 0);
	assert_int_equal(faults_deadline(f), 1000000);
	assert_non_null(faults_out(f, 1000000, &len));
	assert_int_equal(faults_deadline(f), 2000000);
	faults_free(f);
}

static void
a_seed_makes_one_run(void **state)
{
	struct faults_config c = {.seed = 8,
		.loss = 10000,
		.reorder = 10000,
		.duplicate = 10000,
		.jitter_ns = 50000};
	uint64_t hash = run(&c).hash;

	(void)state;
	assert_true(run(&c).hash == hash);
	c.seed = 9;
	assert_true(run(&c).hash != hash);
}

static void
slots_are_bounded(void **state)
{
	struct faults_config c = {.seed = 10, .delay_ns = 1000};
	struct faults *f = faults_new(&c);
	uint8_t frame[FAULTS_FRAME + 1] = {0};
	uint32_t len, n = 0;

	(void)state;
	faults_in(f, frame, sizeof(frame), 0);
	assert_int_equal(faults_counts(f)->long_frames, 1);
	for (unsigned i = 0; i < FAULTS_SLOTS + 3; i++)
		faults_in(f, frame, FAULTS_FRAME, 0);
	assert_int_equal(faults_counts(f)->full, 3);
	while (faults_out(f, 1000, &len))
		n++;
	assert_int_equal(n, FAULTS_SLOTS);
	faults_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_happens_unasked),
		cmocka_unit_test(shares_are_as_asked),
		cmocka_unit_test(losses_come_in_bursts),
		cmocka_unit_test(times_are_kept),
		cmocka_unit_test(a_seed_makes_one_run),
		cmocka_unit_test(slots_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
