/* idpool_test - numbers with a generation: handles of old are recognised. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "netcore/stack/core/idpool.h"
#include "netcore/stack/core/test/rand.h"

static struct idpool pool;

static void
setup(uint32_t n, uint32_t idle)
{
	void *mem = calloc(1, idpool_bytes(n));

	assert_non_null(mem);
	idpool_init(&pool, mem, n, idle);
	assert_true(idpool_check_all(&pool));
}

static void
teardown(void)
{
	assert_true(idpool_check_all(&pool));
	free(pool.word);
}

static void
every_number_goes_out_once(void **state)
{
	static const uint32_t sizes[] = {1, 2, 3, 1000, IDPOOL_MAX};

	(void)state;
	for (unsigned k = 0; k < sizeof(sizes) / sizeof(*sizes); k++) {
		setup(sizes[k], 0);
		for (uint32_t i = 0; i < sizes[k]; i++) {
			uint32_t h = idpool_get(&pool);

			if (idpool_check(&pool, h) != (int32_t)i ||
				idpool_handle(&pool, i) != h || !h)
				fail_msg("handle %#x of %u", h, i);
		}
		assert_int_equal(idpool_get(&pool), IDPOOL_NONE);
		assert_int_equal(pool.failures, 1);
		assert_int_equal(idpool_taken(&pool), sizes[k]);
		teardown();
	}
}

static void
what_is_no_handle_is_refused(void **state)
{
	uint32_t h, again;

	(void)state;
	setup(10, 10);
	assert_int_equal(idpool_check(&pool, IDPOOL_NONE), -1);
	assert_int_equal(idpool_check(&pool, 1u << 24), -1);
	h = idpool_get(&pool);
	assert_int_equal(idpool_check(&pool, IDPOOL_NONE), -1);
	assert_int_equal(idpool_check(&pool, h), 0);
	assert_int_equal(idpool_check(&pool, h + 1), -1);
	assert_int_equal(idpool_check(&pool, UINT32_MAX), -1);
	assert_int_equal(idpool_check(&pool, h + (1u << 24)), -1);
	assert_true(idpool_put(&pool, h));
	assert_false(idpool_put(&pool, h));
	/* not even the one that it will have */
	assert_int_equal(idpool_check(&pool, h + (1u << 24)), -1);
	assert_int_equal(idpool_check(&pool, pool.word[0]), -1);
	assert_int_equal(pool.stale, 1);
	for (unsigned i = 1; i < 10; i++)
		assert_int_equal(idpool_index(idpool_get(&pool)), i);
	again = idpool_get(&pool);
	assert_int_equal(again, h + (1u << 24));
	assert_int_equal(idpool_check(&pool, h), -1);
	teardown();
}

static void
a_generation_wraps_after_255_and_is_never_0(void **state)
{
	uint32_t first, h;

	(void)state;
	setup(1, 0);
	first = h = idpool_get(&pool);
	for (unsigned k = 1; k < 255; k++) {
		assert_true(idpool_put(&pool, h));
		h = idpool_get(&pool);
		assert_int_not_equal(h, IDPOOL_NONE);
		assert_int_not_equal(h, first);
		assert_int_equal(idpool_check(&pool, first), -1);
	}
	assert_true(idpool_put(&pool, h));
	assert_int_equal(idpool_get(&pool), first);
	teardown();
}

/* With idle = 3 a number goes out again when more than 3 wait. */
static void
numbers_come_back_in_turn(void **state)
{
	uint32_t h[8];

	(void)state;
	setup(8, 3);
	for (unsigned i = 0; i < 4; i++)
		h[i] = idpool_get(&pool);
	for (unsigned i = 4; i-- > 1;)
		assert_true(idpool_put(&pool, h[i]));
	assert_int_equal(idpool_index(idpool_get(&pool)), 4);
	assert_true(idpool_put(&pool, h[0]));
	assert_int_equal(idpool_index(idpool_get(&pool)), 3);
	for (unsigned i = 5; i < 8; i++)
		assert_int_equal(idpool_index(idpool_get(&pool)), i);
	assert_int_equal(idpool_index(idpool_get(&pool)), 2);
	assert_int_equal(idpool_index(idpool_get(&pool)), 1);
	assert_int_equal(idpool_index(idpool_get(&pool)), 0);
	assert_int_equal(idpool_get(&pool), IDPOOL_NONE);
	teardown();
}

#define NUMBERS 500
#define STEPS	1000000

/* Against a list: what was put back is kept in the order of coming. */
static void
a_random_program_agrees_with_a_list(void **state)
{
	static uint32_t held[NUMBERS], old[NUMBERS], line[NUMBERS];
	uint32_t nheld = 0, nline = 0, fresh = 0, want, h, k;

	(void)state;
	print_message("seed %#lx\n", rand_state);
	setup(NUMBERS, 100);
	for (uint32_t step = 0; step < STEPS; step++) {
		if (step % 1024 < 512 ? rand_below(3) : !rand_below(3)) {
			if (fresh < NUMBERS && nline <= 100) {
				want = fresh++;
			} else if (nline) {
				want = line[0];
				memmove(line, line + 1, --nline * 4);
			} else {
				assert_int_equal(idpool_get(&pool), 0);
				continue;
			}
			h = idpool_get(&pool);
			assert_int_equal(idpool_check(&pool, h), want);
			held[nheld++] = h;
		} else if (nheld) {
			k = rand_below(nheld);
			h = held[k];
			held[k] = held[--nheld];
			assert_true(idpool_put(&pool, h));
			line[nline++] = idpool_index(h);
			old[idpool_index(h)] = h;
		}
		k = rand_below(NUMBERS);
		assert_int_equal(idpool_check(&pool, old[k]), -1);
		assert_int_equal(idpool_taken(&pool), nheld);
		if (nheld) {
			h = held[rand_below(nheld)];
			assert_int_equal(
				idpool_check(&pool, h), idpool_index(h));
		}
		if (step % 10000 == 0)
			assert_true(idpool_check_all(&pool));
	}
	teardown();
}

static void
the_check_sees_damage(void **state)
{
	uint32_t h[4], kept;

	(void)state;
	setup(8, 8);
	for (unsigned i = 0; i < 4; i++)
		h[i] = idpool_get(&pool);
	assert_true(idpool_put(&pool, h[1]));
	assert_true(idpool_put(&pool, h[2]));
	kept = pool.word[1];
	pool.word[1] = (2u << 24) | 3;
	assert_false(idpool_check_all(&pool));
	pool.word[1] = kept;
	pool.waiting--;
	assert_false(idpool_check_all(&pool));
	pool.waiting++;
	kept = pool.word[3];
	pool.word[3] &= IDPOOL_MAX - 1;
	assert_false(idpool_check_all(&pool));
	pool.word[3] = kept;
	teardown();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_number_goes_out_once),
		cmocka_unit_test(what_is_no_handle_is_refused),
		cmocka_unit_test(a_generation_wraps_after_255_and_is_never_0),
		cmocka_unit_test(numbers_come_back_in_turn),
		cmocka_unit_test(a_random_program_agrees_with_a_list),
		cmocka_unit_test(the_check_sees_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
