/* pool_test - buffers of one size; every wrong put refused.
 *
 * Partitions are PROT_NONE unless a test writes into its buffers: a pool that
 * touched the memory it hands out would die here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "dlibos/limits.h"
#include "mem/pool.h"

#define MIB (1ull << 20)
#define GIB (1ull << 30)

static struct pool pool;
static unsigned char *part;
static uint64_t part_size;

static void
setup(uint64_t size, size_t object, size_t align, int prot)
{
	part_size = size;
	part = mmap(NULL, size, prot,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_ptr_not_equal(part, MAP_FAILED);
	assert_int_equal(pool_init(&pool, part, size, object, align), 0);
	assert_true(pool_check(&pool));
}

static void
teardown(void)
{
	assert_true(pool_check(&pool));
	pool_fini(&pool);
	assert_int_equal(munmap(part, part_size), 0);
}

static void
a_range_must_make_sense(void **state)
{
	static struct pool p;
	unsigned char *b = (unsigned char *)(uintptr_t)MIB;
	unsigned char *last = (unsigned char *)(UINTPTR_MAX - 4095);

	(void)state;
	assert_int_equal(pool_init(&p, NULL, MIB, 64, 64), -EINVAL);
	assert_int_equal(pool_init(&p, b, MIB, 0, 64), -EINVAL);
	assert_int_equal(pool_init(&p, b, MIB, 64, 0), -EINVAL);
	assert_int_equal(pool_init(&p, b, MIB, 64, 48), -EINVAL);
	assert_int_equal(pool_init(&p, b + 32, MIB, 64, 64), -EINVAL);
	assert_int_equal(pool_init(&p, b + 8, MIB, 64, 1), -EINVAL);
	assert_int_equal(pool_init(&p, b, 0, 64, 64), -EINVAL);
	assert_int_equal(pool_init(&p, b, 127, 65, 64), -EINVAL);
	assert_int_equal(pool_init(&p, b, UINT64_MAX, 64, 64), -EINVAL);
	assert_int_equal(
		pool_init(&p, b, LIMIT_PART_MAX + 1, 2048, 64), -EINVAL);
	assert_int_equal(pool_init(&p, b, LIMIT_PART_MAX, 64, 64), -EINVAL);
	assert_int_equal(pool_init(&p, last, 8192, 64, 64), -EINVAL);
	assert_int_equal(pool_init(&p, b, MIB, SIZE_MAX, 64), -EINVAL);
	assert_int_equal(pool_init(&p, b, GIB, POOL_STRIDE_MAX, 64), -EINVAL);
	assert_int_equal(pool_init(&p, b, GIB, POOL_STRIDE_MAX - 64, 64), 0);
	pool_fini(&p);
	assert_int_equal(pool_init(&p, b, 128, 65, 64), 0);
	assert_int_equal(p.count, 1);
	pool_fini(&p);
	assert_int_equal(pool_init(&p, b, MIB, 1, 1), 0);
	assert_int_equal(p.stride, POOL_ALIGN_MIN);
	pool_fini(&p);
	pool_fini(&p);
}

static void
every_buffer_goes_out_once(void **state)
{
	const size_t objects[] = {1, 64, 100, 2048, 2176, 4000, 65536};
	struct pool_stats st;
	unsigned char *p;

	(void)state;
	for (unsigned k = 0; k < sizeof(objects) / sizeof(*objects); k++) {
		setup(MIB + 8192, objects[k], 64, PROT_NONE);
		assert_int_equal(
			pool.count, part_size / ((objects[k] + 63) / 64 * 64));
		for (uint32_t i = 0; i < pool.count; i++) {
			p = pool_get(&pool);
			assert_ptr_equal(p, part + (uint64_t)i * pool.stride);
			assert_int_equal((uintptr_t)p % 64, 0);
			assert_true(pool_is_taken(&pool, i));
		}
		assert_null(pool_get(&pool));
		assert_int_equal(pool_get_index(&pool), POOL_NONE);
		pool_stats(&pool, &st);
		assert_int_equal(st.failures, 2);
		assert_int_equal(st.taken, pool.count);
		assert_true(pool_check(&pool));
		for (uint32_t i = 0; i < pool.count; i++)
			assert_int_equal(pool_put_index(&pool, i), 0);
		pool_stats(&pool, &st);
		assert_int_equal(st.taken, 0);
		for (uint32_t i = pool.count; i-- > 0;)
			assert_int_equal(pool_get_index(&pool), i);
		assert_int_equal(pool_get_index(&pool), POOL_NONE);
		teardown();
	}
}

static void
wrong_puts_are_refused(void **state)
{
	unsigned char *p, *q, other;
	struct pool_stats st;

	(void)state;
	setup(MIB, 2176, 128, PROT_NONE);
	p = pool_get(&pool);
	q = pool_get(&pool);
	assert_int_equal(pool_put(&pool, NULL), -EINVAL);
	assert_int_equal(pool_put(&pool, &other), -EINVAL);
	assert_int_equal(pool_put(&pool, part - 1), -EINVAL);
	assert_int_equal(pool_put(&pool, part + pool.bytes), -EINVAL);
	assert_int_equal(pool_put(&pool, q + 2176), -EINVAL);
	assert_int_equal(pool_put_index(&pool, 2), -EINVAL);
	assert_int_equal(pool_put_index(&pool, pool.count), -EINVAL);
	assert_int_equal(pool_put_index(&pool, POOL_NONE), -EINVAL);
	for (unsigned i = 1; i < 2176; i++)
		assert_int_equal(pool_put(&pool, p + i), -EINVAL);
	assert_int_equal(pool_put(&pool, p), 0);
	assert_int_equal(pool_put(&pool, p), -EALREADY);
	assert_int_equal(pool_put_index(&pool, 0), -EALREADY);
	assert_false(pool_is_taken(&pool, 0));
	assert_true(pool_is_taken(&pool, 1));
	assert_false(pool_is_taken(&pool, 2));
	assert_false(pool_is_taken(&pool, POOL_NONE));
	pool_stats(&pool, &st);
	assert_int_equal(st.taken, 1);
	assert_int_equal(st.bad[POOL_BAD_FOREIGN], 8);
	assert_int_equal(st.bad[POOL_BAD_INTERIOR], 2175);
	assert_int_equal(st.bad[POOL_BAD_DOUBLE], 2);
	assert_ptr_equal(pool_get(&pool), p);
	assert_int_equal(pool_put(&pool, q), 0);
	teardown();
}

/* Against a division, at the edges of buffers all over the largest range. */
static void
numbers_and_pointers_agree(void **state)
{
	static struct pool p;
	unsigned char *b = (unsigned char *)(uintptr_t)(1ull << 24);
	uint64_t stride, off, step;

	(void)state;
	for (size_t object = 272; object < POOL_STRIDE_MAX - 16;
		object += object / 9 + 16) {
		assert_int_equal(
			pool_init(&p, b, LIMIT_PART_MAX, object, 16), 0);
		stride = p.stride;
		step = p.bytes / 1000;
		for (uint64_t at = 0; at < p.bytes; at += step) {
			off = at / stride * stride;
			assert_ptr_equal(
				pool_at(&p, (uint32_t)(off / stride)), b + off);
			for (unsigned k = 0; k < 2; k++, off += stride - 1)
				if (pool_index(&p, b + off) != off / stride)
					fail_msg("%lu / %lu", off, stride);
		}
		assert_int_equal(pool_index(&p, b + p.bytes - 1), p.count - 1);
		assert_int_equal(pool_index(&p, b + p.bytes), POOL_NONE);
		assert_int_equal(pool_index(&p, b - 1), POOL_NONE);
		pool_fini(&p);
	}
}

#define STEPS 1000000

static void
a_random_program_finds_its_data_again(void **state)
{
	uint32_t *want, i, n = 0;
	uint64_t stamp, seed = 0x9e3779b97f4a7c15;

	(void)state;
	print_message("seed %#lx\n", seed);
	setup(4 * MIB, 1000, 8, PROT_READ | PROT_WRITE);
	want = calloc(pool.count, sizeof(*want));
	for (uint32_t k = 1; k <= STEPS; k++) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		i = (uint32_t)(seed >> 32) % pool.count;
		stamp = want[i];
		assert_true(pool_is_taken(&pool, i) == (want[i] != 0));
		if (want[i]) {
			assert_memory_equal(pool_at(&pool, i), &stamp, 8);
			assert_int_equal(pool_put(&pool, pool_at(&pool, i)), 0);
			want[i] = 0;
			n--;
		} else {
			i = pool_get_index(&pool);
			assert_true(i < pool.count && !want[i]);
			stamp = want[i] = k;
			memcpy(pool_at(&pool, i), &stamp, 8);
			n++;
		}
		if (k % 20000 == 0)
			assert_true(pool_check(&pool));
	}
	assert_int_equal(pool.fresh - pool.ntop, n);
	free(want);
	teardown();
}

static void
the_check_sees_damage(void **state)
{
	(void)state;
	setup(MIB, 2048, 64, PROT_NONE);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(pool_get_index(&pool), i);
	assert_int_equal(pool_put_index(&pool, 4), 0);
	assert_int_equal(pool_put_index(&pool, 7), 0);
	pool.taken[0] ^= 1 << 4;
	assert_false(pool_check(&pool));
	pool.taken[0] ^= 1 << 4;
	pool.stack[1] = 4;
	assert_false(pool_check(&pool));
	pool.stack[1] = 7;
	pool.fresh--;
	assert_false(pool_check(&pool));
	pool.fresh++;
	teardown();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_range_must_make_sense),
		cmocka_unit_test(every_buffer_goes_out_once),
		cmocka_unit_test(wrong_puts_are_refused),
		cmocka_unit_test(numbers_and_pointers_agree),
		cmocka_unit_test(a_random_program_finds_its_data_again),
		cmocka_unit_test(the_check_sees_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
