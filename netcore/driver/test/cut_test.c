/* cut_test - pieces of all lengths and places, cut. */
#include "netcore/driver/cut.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define BYTES (CUT_FRAME + (STACK_PIECES + 2) * CUT_PAGE)

/* Only addresses count: nothing is read. */
static _Alignas(CUT_PAGE) uint8_t memory[BYTES];

/* The pieces that came out are those that went in, and cross no page's end; no
 * fewer would do. */
static unsigned
check(const struct stack_piece *in, unsigned n)
{
	struct stack_piece out[CUT_MOST];
	unsigned k = cut_pieces(out, in, n), i = 0, ends = 0;
	const uint8_t *at = in->ptr;

	assert_in_range(k, n, CUT_MOST);
	for (unsigned j = 0; j < k; j++) {
		uintptr_t first = (uintptr_t)out[j].ptr / CUT_PAGE;
		uintptr_t last = (uintptr_t)out[j].ptr + out[j].len - 1;

		assert_true(i < n);
		assert_true(out[j].len > 0);
		assert_ptr_equal(out[j].ptr, at);
		assert_true(last / CUT_PAGE == first);
		at += out[j].len;
		assert_true(at <= in[i].ptr + in[i].len);
		if (at < in[i].ptr + in[i].len) {
			ends++;
			continue;
		}
		if (++i < n)
			at = in[i].ptr;
	}
	assert_int_equal(i, n);
	assert_int_equal(k, n + ends);
	return k;
}

static unsigned
one(uint32_t at, uint32_t len)
{
	struct stack_piece p = {memory + at, len};

	return check(&p, 1);
}

static void
test_one(void **state)
{
	(void)state;
	assert_int_equal(one(0, 1), 1);
	assert_int_equal(one(CUT_PAGE - 1, 1), 1);
	assert_int_equal(one(CUT_PAGE - 1, 2), 2);
	assert_int_equal(one(0, CUT_PAGE), 1);
	assert_int_equal(one(0, CUT_PAGE + 1), 2);
	assert_int_equal(one(1, CUT_PAGE), 2);
	assert_int_equal(one(CUT_PAGE - 1, CUT_PAGE + 2), 3);
	assert_int_equal(one(CUT_PAGE - 16, 1448), 2);
	assert_int_equal(one(CUT_PAGE - 1, CUT_FRAME), 17);
}

/* Each piece begins with the last byte of a page: no more can come of so many
 * bytes, and it is what the room is reckoned by. */
static void
test_most(void **state)
{
	struct stack_piece p[STACK_PIECES];
	uint32_t left = CUT_FRAME;
	uint8_t *at = memory + CUT_PAGE - 1;

	(void)state;
	for (unsigned i = 0; i < STACK_PIECES; i++) {
		uint32_t len = i + 1 < STACK_PIECES ? 2 : left;

		p[i] = (struct stack_piece){at, len};
		at += CUT_PAGE;
		left -= len;
	}
	assert_in_range(check(p, STACK_PIECES), CUT_MOST - 1, CUT_MOST);
}

static void
test_any(void **state)
{
	struct stack_piece p[STACK_PIECES];

	(void)state;
	srand(11);
	for (unsigned round = 0; round < 20000; round++) {
		unsigned n = 1 + (unsigned)rand() % STACK_PIECES;

		for (unsigned i = 0; i < n; i++) {
			uint32_t len = 1 + (uint32_t)rand() % (CUT_FRAME / n);
			uint32_t at = (uint32_t)rand() % (BYTES - len);

			if (rand() % 2)
				len = 1 + len % 1448;
			p[i] = (struct stack_piece){memory + at, len};
		}
		check(p, n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_most),
		cmocka_unit_test(test_any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
