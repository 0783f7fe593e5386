/* heap_test - objects of any size, none overlapping, every misuse refused.
 *
 * Partitions are PROT_NONE unless a test writes into its objects: a heap that
 * touched the memory it hands out would die here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dlibos/base/bits.h"
#include "mem/heap.h"

#define KIB 1024ull
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

static struct heap heap;
static unsigned char *part;
static uint64_t part_size;

static void
setup(uint64_t size, int prot)
{
	part_size = size;
	part = mmap(NULL, size, prot,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_ptr_not_equal(part, MAP_FAILED);
	assert_int_equal(heap_init(&heap, part, size), 0);
	assert_true(heap_check(&heap));
}

/* All that is free is one span again, and can be had as one object. */
static void
assert_recovered(void)
{
	struct heap_stats st;
	void *all = heap_alloc(&heap, heap.bytes);

	assert_ptr_equal(all, part);
	heap_stats(&heap, &st);
	assert_int_equal(st.bytes_live, heap.bytes);
	assert_int_equal(st.bytes_spans, heap.bytes);
	assert_int_equal(st.objects_live, 1);
	assert_int_equal(heap_free(&heap, all), 0);
	heap_stats(&heap, &st);
	assert_int_equal(st.bytes_live + st.objects_live + st.bytes_spans, 0);
	assert_true(heap_check(&heap));
}

static void
teardown(void)
{
	heap_fini(&heap);
	assert_int_equal(munmap(part, part_size), 0);
}

static uint64_t
bad(enum heap_bad why)
{
	struct heap_stats st;

	heap_stats(&heap, &st);
	return st.bad[why];
}

static void
a_partition_must_make_sense(void **state)
{
	static struct heap h;
	unsigned char *p = (unsigned char *)(uintptr_t)(1 << 20);
	unsigned char *last = (unsigned char *)(UINTPTR_MAX - 4095);

	(void)state;
	assert_int_equal(heap_init(&h, NULL, MIB), -EINVAL);
	assert_int_equal(heap_init(&h, p + 64, MIB), -EINVAL);
	assert_int_equal(heap_init(&h, p, 0), -EINVAL);
	assert_int_equal(heap_init(&h, p, 4095), -EINVAL);
	assert_int_equal(heap_init(&h, p, LIMIT_PART_MAX + 1), -EINVAL);
	assert_int_equal(heap_init(&h, p, UINT64_MAX), -EINVAL);
	assert_int_equal(heap_init(&h, last, 8192), -EINVAL);
	assert_int_equal(heap_init(&h, p, 3 * 4096 + 4095), 0);
	assert_int_equal(h.bytes, 3 * 4096);
	assert_ptr_equal(heap_alloc(&h, 3 * 4096), p);
	assert_false(heap_owns_range(&h, p + 3 * 4096, 0));
	heap_fini(&h);
	heap_fini(&h);
}

static void
all_sizes_waste_little(void **state)
{
	size_t got, most;
	void *p;

	(void)state;
	setup(4 * MIB, PROT_NONE);
	for (size_t size = 1; size <= MIB; size++) {
		p = heap_alloc(&heap, size);
		got = heap_size(&heap, p);
		most = size <= 48 ? 15 : size <= 512 ? 63 : (size - 1) / 8;
		if (got < size || got - size > most)
			fail_msg("%zu bytes asked, %zu given", size, got);
		if ((uintptr_t)p % (size > 48 ? 64 : 16))
			fail_msg("%zu bytes at %p", size, p);
		if (got % 4096 == 0 && (uintptr_t)p % 4096)
			fail_msg("%zu bytes of pages at %p", size, p);
		assert_int_equal(heap_free(&heap, p), 0);
	}
	assert_recovered();
	p = heap_alloc(&heap, 0);
	assert_int_equal(heap_size(&heap, p), 16);
	teardown();
}

static void
a_slab_leaves_nothing_over(void **state)
{
	const struct heap_class *c;

	(void)state;
	setup(2 * MIB, PROT_NONE);
	for (unsigned i = 0; i < HEAP_CLASSES; i++) {
		c = &heap.classes[i];
		assert_int_equal(c->pages * 4096 % c->size, 0);
		assert_in_range(c->pages * 4096 / c->size, 1, 256);
		assert_in_range(c->pages, 1, 16);
	}
	teardown();
}

static void
bad_small_pointers_are_refused(void **state)
{
	unsigned char *p, *q, other;

	(void)state;
	setup(MIB, PROT_NONE);
	p = heap_alloc(&heap, 320);
	q = heap_alloc(&heap, 320);
	assert_int_equal(heap_free(&heap, NULL), -EINVAL);
	assert_int_equal(heap_free(&heap, &other), -EINVAL);
	assert_int_equal(heap_free(&heap, part - 1), -EINVAL);
	assert_int_equal(heap_free(&heap, part + MIB), -EINVAL);
	assert_int_equal(heap_free(&heap, q + 320), -EINVAL);
	assert_int_equal(heap_free(&heap, part + MIB / 2), -EINVAL);
	assert_int_equal(bad(HEAP_BAD_FOREIGN), 6);
	for (size_t i = 1; i < 320; i++)
		assert_int_equal(heap_free(&heap, p + i), -EINVAL);
	assert_int_equal(bad(HEAP_BAD_INTERIOR), 319);
	assert_int_equal(heap_free(&heap, p), 0);
	assert_int_equal(heap_free(&heap, p), -EALREADY);
	assert_int_equal(heap_free(&heap, p + 16), -EINVAL);
	assert_int_equal(heap_free(&heap, q), 0);
	assert_int_equal(heap_free(&heap, q), -EALREADY);
	assert_int_equal(heap_free(&heap, q + 8), -EINVAL);
	assert_int_equal(bad(HEAP_BAD_DOUBLE), 2);
	assert_int_equal(heap_size(&heap, p), 0);

	/* The slab's pages go to a large object, and come back. */
	p = heap_alloc(&heap, MIB);
	assert_ptr_equal(p, part);
	assert_int_equal(heap_free(&heap, q), -EINVAL);
	assert_int_equal(heap_free(&heap, p), 0);
	assert_int_equal(heap_free(&heap, q), -EALREADY);
	assert_int_equal(bad(HEAP_BAD_FOREIGN), 8);
	assert_int_equal(bad(HEAP_BAD_INTERIOR), 320);
	assert_int_equal(bad(HEAP_BAD_DOUBLE), 3);
	assert_true(heap_check(&heap));
	teardown();
}

static void
bad_large_pointers_are_refused(void **state)
{
	unsigned char *p, *q, *r;

	(void)state;
	setup(MIB, PROT_NONE);
	p = heap_alloc(&heap, 100000);
	q = heap_alloc(&heap, 200000);
	r = heap_alloc(&heap, 300000);
	assert_true(p == part && q == p + 102400 && r == q + 200704);
	for (size_t off = 16; off < 200704; off += 16)
		assert_int_equal(heap_free(&heap, q + off), -EINVAL);
	assert_int_equal(heap_free(&heap, q), 0);
	assert_int_equal(heap_free(&heap, q), -EALREADY);
	assert_int_equal(heap_free(&heap, q + 4096), -EINVAL);
	assert_int_equal(heap_free(&heap, p), 0);
	assert_int_equal(heap_free(&heap, q), -EALREADY);
	assert_int_equal(heap_free(&heap, r), 0);
	assert_int_equal(heap_free(&heap, r), -EALREADY);
	assert_int_equal(heap_free(&heap, p), -EALREADY);
	assert_int_equal(bad(HEAP_BAD_DOUBLE), 4);
	assert_recovered();
	teardown();
}

static void
what_lies_in_one_object_is_owned(void **state)
{
	unsigned char *p, *q, *big;
	const size_t sizes[] = {16, 64, 576, 4096, 28672};

	(void)state;
	setup(4 * MIB, PROT_NONE);
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		size_t n = sizes[i];

		p = heap_alloc(&heap, n);
		q = heap_alloc(&heap, n);
		assert_ptr_equal(q, p + n);
		assert_true(heap_owns_range(&heap, p, n));
		assert_true(heap_owns_range(&heap, p + n - 1, 1));
		assert_true(heap_owns_range(&heap, p + 1, 0));
		assert_false(heap_owns_range(&heap, p, n + 1));
		assert_false(heap_owns_range(&heap, p + n - 1, 2));
		assert_false(heap_owns_range(&heap, p + 1, SIZE_MAX));
		assert_int_equal(heap_free(&heap, p), 0);
		assert_false(heap_owns_range(&heap, p, 1));
		assert_false(heap_owns_range(&heap, p, 0));
		assert_true(heap_owns_range(&heap, q, n));
	}
	big = heap_alloc(&heap, 2 * MIB);
	for (size_t off = 0; off < 2 * MIB; off += 1000) {
		assert_true(heap_owns_range(&heap, big + off, 2 * MIB - off));
		assert_false(
			heap_owns_range(&heap, big + off, 2 * MIB - off + 1));
	}
	assert_false(heap_owns_range(&heap, big, SIZE_MAX));
	assert_false(heap_owns_range(&heap, big - 1, 2));
	assert_int_equal(heap_free(&heap, big), 0);
	assert_false(heap_owns_range(&heap, big + MIB, 1));
	assert_false(heap_owns_range(&heap, NULL, 0));
	assert_false(heap_owns_range(&heap, part - 1, 2));
	assert_false(heap_owns_range(&heap, part + 4 * MIB, 0));
	teardown();
}

static void
too_much_is_refused(void **state)
{
	const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 4095, SIZE_MAX / 2,
		1ull << 63, 1ull << 44, (1ull << 44) + 1, MIB + 1};
	struct heap_stats st;
	unsigned n = sizeof(sizes) / sizeof(*sizes);

	(void)state;
	setup(MIB, PROT_NONE);
	for (unsigned i = 0; i < n; i++)
		assert_null(heap_alloc(&heap, sizes[i]));
	heap_stats(&heap, &st);
	assert_int_equal(st.failures, n);
	assert_recovered();
	teardown();
}

static void
fresh_is_ascending_and_freed_comes_first(void **state)
{
	unsigned char *p[1000], *last = part;
	const unsigned order[] = {3, 999, 500, 0, 257};

	(void)state;
	setup(MIB, PROT_NONE);
	for (unsigned i = 0; i < 1000; i++, last = p[i - 1]) {
		p[i] = heap_alloc(&heap, 64);
		assert_true(i == 0 ? p[i] == part : p[i] == last + 64);
	}
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(heap_free(&heap, p[order[i]]), 0);
	assert_ptr_equal(heap_alloc(&heap, 64), p[257]);
	for (unsigned i = 10; i < 1000; i += 37) {
		assert_int_equal(heap_free(&heap, p[i]), 0);
		assert_ptr_equal(heap_alloc(&heap, 64), p[i]);
	}
	for (unsigned i = 100; i < 120; i++)
		assert_int_equal(heap_free(&heap, p[i]), 0);
	for (unsigned i = 120; i-- > 100;)
		assert_ptr_equal(heap_alloc(&heap, 64), p[i]);
	assert_true(heap_check(&heap));
	teardown();
}

/* Fills the partition with objects of one size, and empties it: evens upwards,
 * then odds downwards. */
static void
fill_and_empty(size_t size, uint64_t at_least)
{
	uint64_t max = part_size / 16 + 1, n = 0, failures = heap.failures;
	void **p = calloc(max, sizeof(*p));
	struct heap_stats st;

	while ((p[n] = heap_alloc(&heap, size)))
		n++;
	if (n < at_least)
		fail_msg("only %lu objects of %zu bytes", n, size);
	assert_int_equal(heap.failures, failures + 1);
	assert_null(heap_alloc(&heap, size));
	assert_true(heap_check(&heap));
	heap_stats(&heap, &st);
	assert_int_equal(st.objects_live, n);
	for (uint64_t i = 0; i < n; i += 2)
		assert_int_equal(heap_free(&heap, p[i]), 0);
	assert_true(heap_check(&heap));
	for (uint64_t i = n; i-- > 0;)
		assert_int_equal(heap_free(&heap, p[i]), i % 2 ? 0 : -EALREADY);
	assert_true(heap_check(&heap));
	free(p);
}

static void
a_full_heap_recovers_fully(void **state)
{
	const uint64_t parts[] = {40 * KIB, 64 * KIB, 2 * MIB + 3 * 4096};
	const size_t sizes[] = {1, 16, 48, 64, 100, 448, 576, 1152, 4096, 5000,
		9216, 28672, 32768, 32769, 50000};

	(void)state;
	for (unsigned k = 0; k < 3; k++) {
		setup(parts[k], PROT_NONE);
		for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
			fill_and_empty(sizes[i],
				sizes[i] > parts[k] ? 0
					: sizes[i] <= 64
					? parts[k] / round_up(sizes[i], 16) *
						127 / 128
					: parts[k] / sizes[i] * 9 / 20);
			assert_recovered();
		}
		teardown();
	}
}

/* Without one large object in between that would make the heap tidy up. */
static void
memory_moves_between_classes(void **state)
{
	(void)state;
	setup(MIB, PROT_NONE);
	for (size_t size = 1; size < 40000; size += size / 5 + 1)
		fill_and_empty(size, MIB / (size + size / 8 + 64) * 9 / 10);
	assert_recovered();
	teardown();
}

static void
neighbours_join_around_what_lives(void **state)
{
	unsigned char *p[16];

	(void)state;
	setup(MIB, PROT_NONE);
	for (unsigned i = 0; i < 16; i++)
		p[i] = heap_alloc(&heap, 64 * KIB);
	for (unsigned i = 0; i < 16; i += 2)
		assert_int_equal(heap_free(&heap, p[i]), 0);
	assert_null(heap_alloc(&heap, 64 * KIB + 1));
	assert_int_equal(heap_free(&heap, p[5]), 0);
	assert_ptr_equal(heap_alloc(&heap, 192 * KIB), p[4]);
	assert_int_equal(heap_free(&heap, p[15]), 0);
	assert_ptr_equal(heap_alloc(&heap, 128 * KIB), p[14]);
	assert_true(heap_check(&heap));
	teardown();
}

static uint64_t
resident_bytes(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	uint64_t all, pages;

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%lu %lu", &all, &pages), 2);
	fclose(f);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void
a_huge_partition_costs_what_is_used(void **state)
{
	uint64_t before = resident_bytes();
	unsigned char *p, *q, *all;

	(void)state;
	part_size = 64 * GIB;
	part = mmap(NULL, part_size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_ptr_not_equal(part, MAP_FAILED);
	assert_int_equal(heap_init(&heap, part, part_size), 0);
	p = heap_alloc(&heap, 100);
	q = heap_alloc(&heap, 40 * GIB);
	all = heap_alloc(&heap, 16 * GIB);
	assert_true(p && q && all);
	q[40 * GIB - 1] = 1;
	assert_true(heap_owns_range(&heap, q + 39 * GIB, GIB));
	assert_false(heap_owns_range(&heap, q + 39 * GIB, GIB + 1));
	assert_int_equal(heap_free(&heap, q + 20 * GIB), -EINVAL);
	assert_null(heap_alloc(&heap, 41 * GIB));
	assert_int_equal(heap_free(&heap, q), 0);
	assert_int_equal(heap_free(&heap, all), 0);
	assert_int_equal(heap_free(&heap, p), 0);
	all = heap_alloc(&heap, 64 * GIB);
	assert_ptr_equal(all, part);
	assert_int_equal(heap_free(&heap, all), 0);
	assert_in_range(resident_bytes(), 0, before + 64 * MIB);
	teardown();
}

#define SLOTS  20000
#define STEPS  1200000
#define CHECKS 40

struct slot {
	unsigned char *p;
	size_t size;
	uint64_t stamp;
};

static struct slot slots[SLOTS];
static uint64_t seed;

static uint64_t
rnd(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 11) % below;
}

/* Mostly small, some up to a MiB. */
static size_t
rnd_size(void)
{
	uint64_t kind = rnd(1000);

	if (kind < 700)
		return 1 + rnd(256);
	if (kind < 990)
		return 1 + rnd(4096);
	if (kind < 999)
		return 1 + rnd(100000);
	return 1 + rnd(MIB);
}

/* Every grain of an object carries its owner's stamp, so that two objects
 * that share one byte cannot both be right. */
static void
stamp(const struct slot *s)
{
	uint64_t v;

	for (size_t off = 0; off < heap_size(&heap, s->p); off += 16) {
		v = s->stamp + off;
		memcpy(s->p + off, &v, sizeof(v));
		memcpy(s->p + off + 8, &v, sizeof(v));
		if (off > 4096)
			off += 240;
	}
}

static bool
stamp_is_right(const struct slot *s)
{
	uint64_t v;

	for (size_t off = 0; off < heap_size(&heap, s->p); off += 16) {
		v = s->stamp + off;
		if (memcmp(s->p + off, &v, sizeof(v)) ||
			memcmp(s->p + off + 8, &v, sizeof(v)))
			return false;
		if (off > 4096)
			off += 240;
	}
	return true;
}

static void
step(struct slot *s)
{
	if (s->p) {
		assert_true(stamp_is_right(s));
		assert_in_range(heap_size(&heap, s->p), s->size,
			s->size + 64 + s->size / 8);
		assert_int_equal(heap_free(&heap, s->p), 0);
		assert_int_equal(heap_free(&heap, s->p), -EALREADY);
		s->p = NULL;
		return;
	}
	s->size = rnd_size();
	s->p = heap_alloc(&heap, s->size);
	if (!s->p)
		return;
	s->stamp = seed;
	stamp(s);
	if (s->size > 1)
		assert_int_equal(
			heap_free(&heap, s->p + 1 + rnd(s->size - 1)), -EINVAL);
}

static void
a_random_program_finds_its_data_again(void **state)
{
	struct heap_stats st;
	uint64_t live, steps = 0, span;

	(void)state;
	seed = 0x9e3779b97f4a7c15;
	print_message("seed %#lx\n", seed);
	setup(16 * MIB, PROT_READ | PROT_WRITE);
	for (unsigned k = 0; k < CHECKS; k++) {
		span = k % 4 == 3 ? SLOTS / 20 : SLOTS;
		for (unsigned i = 0; i < STEPS / CHECKS; i++, steps++)
			step(&slots[rnd(span)]);
		live = 0;
		for (unsigned i = 0; i < SLOTS; i++)
			live += slots[i].p != NULL;
		heap_stats(&heap, &st);
		assert_int_equal(st.objects_live, live);
		assert_true(st.bytes_live <= st.bytes_spans);
		if (!heap_check(&heap))
			fail_msg("unsound after %lu steps", steps);
	}
	assert_true(st.failures > 0);
	for (unsigned i = 0; i < SLOTS; i++)
		if (slots[i].p)
			step(&slots[i]);
	assert_recovered();
	teardown();
}

static void
the_check_sees_damage(void **state)
{
	struct heap_slab *s;

	(void)state;
	setup(MIB, PROT_NONE);
	assert_non_null(heap_alloc(&heap, 64));
	assert_non_null(heap_alloc(&heap, 40000));
	s = heap.slab_of[0];
	s->live[1] ^= 1;
	assert_false(heap_check(&heap));
	s->live[1] ^= 1;
	s->nfree--;
	assert_false(heap_check(&heap));
	s->nfree++;
	heap.slab_of[heap.spans.pages - 1] = s;
	assert_false(heap_check(&heap));
	heap.slab_of[heap.spans.pages - 1] = NULL;
	heap.large++;
	assert_false(heap_check(&heap));
	heap.large--;
	heap.ever[0] = 0;
	assert_false(heap_check(&heap));
	heap.ever[0] = 1;
	assert_true(heap_check(&heap));
	teardown();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_partition_must_make_sense),
		cmocka_unit_test(all_sizes_waste_little),
		cmocka_unit_test(a_slab_leaves_nothing_over),
		cmocka_unit_test(bad_small_pointers_are_refused),
		cmocka_unit_test(bad_large_pointers_are_refused),
		cmocka_unit_test(what_lies_in_one_object_is_owned),
		cmocka_unit_test(too_much_is_refused),
		cmocka_unit_test(fresh_is_ascending_and_freed_comes_first),
		cmocka_unit_test(a_full_heap_recovers_fully),
		cmocka_unit_test(memory_moves_between_classes),
		cmocka_unit_test(neighbours_join_around_what_lives),
		cmocka_unit_test(a_huge_partition_costs_what_is_used),
		cmocka_unit_test(a_random_program_finds_its_data_again),
		cmocka_unit_test(the_check_sees_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
