/* wire_udp_test - datagrams; the names of the reasons; the cursor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "netcore/stack/cksum.h"
#include "netcore/stack/test/wire_pad.h"
#include "netcore/stack/wire/udp.h"

static enum wire_bad
parse(const uint8_t *p, size_t len, bool v6, struct wire_udp *u, size_t *left)
{
	uint8_t *copy = pad_copy(p, len);
	struct cursor c = cursor_of(copy, len);
	enum wire_bad bad = wire_udp_parse(&c, v6, u);

	*left = cursor_left(&c);
	free(copy);
	return bad;
}

static void
refusals(void **state)
{
	uint8_t p[20] = {0, 53, 0xc0, 0, 0, 16, 0, 0};
	struct wire_udp u;
	size_t left;

	(void)state;
	for (size_t n = 0; n < 16; n++)
		assert_int_equal(parse(p, n, false, &u, &left),
			n < 8 ? WIRE_BAD_UDP_SHORT : WIRE_BAD_UDP_LENGTH);
	assert_int_equal(parse(p, 20, false, &u, &left), WIRE_OK);
	assert_int_equal(left, 8);
	assert_int_equal(u.sport, 53);
	assert_int_equal(u.dport, 0xc000);
	assert_int_equal(u.len, 8);
	assert_int_equal(parse(p, 20, true, &u, &left), WIRE_BAD_UDP_NO_CKSUM);
	p[5] = 7;
	assert_int_equal(parse(p, 20, false, &u, &left), WIRE_BAD_UDP_LENGTH);
	assert_int_equal(wire_udp_verify(p, 7, 0), WIRE_BAD_UDP_SHORT);
}

static void
round_trips(void **state)
{
	uint64_t seed = WIRE_SEED;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		uint8_t buf[100] = {0};
		uint64_t pseudo;
		struct wire_udp a, b;
		size_t len = 8 + pad_random(&seed) % 90, left;

		pad_fill(&seed, buf, sizeof(buf));
		pad_fill(&seed, &a, sizeof(a));
		a.len = (uint16_t)(len - 8);
		a.cksum = 0;
		pseudo = cksum_pseudo4(
			(uint32_t)pad_random(&seed), 5, 17, (uint16_t)len);
		for (size_t size = 0; size < 8; size++)
			assert_int_equal(wire_udp_emit(buf, size, &a), 0);
		assert_int_equal(wire_udp_emit(buf, 8, &a), 8);
		assert_int_equal(wire_udp_verify(buf, len, pseudo), WIRE_OK);
		a.cksum = wire_udp_cksum(
			cksum_finish(cksum_partial(buf, len, pseudo)));
		assert_int_equal(wire_udp_emit(buf, 8, &a), 8);
		assert_int_equal(wire_udp_verify(buf, len, pseudo), WIRE_OK);
		assert_int_equal(parse(buf, len, true, &b, &left), WIRE_OK);
		assert_memory_equal(&a, &b, sizeof(a));
		buf[i % 6] ^= 4;
		assert_int_equal(
			wire_udp_verify(buf, len, pseudo), WIRE_BAD_UDP_CKSUM);
	}
	assert_int_equal(wire_udp_cksum(0), 0xffff);
	assert_int_equal(wire_udp_emit((uint8_t[8]){0}, 8,
				 &(struct wire_udp){.len = 65528}),
		0);
}

static void
each_reason_has_its_name(void **state)
{
	(void)state;
	for (int i = 0; i < WIRE_BADS; i++) {
		assert_non_null(wire_bad_name((enum wire_bad)i));
		for (int k = 0; k < i; k++)
			assert_string_not_equal(wire_bad_name((enum wire_bad)i),
				wire_bad_name((enum wire_bad)k));
	}
	assert_string_equal(wire_bad_name(WIRE_BADS), "?");
}

static void
the_cursor_stays_inside(void **state)
{
	const uint8_t p[7] = {1, 2, 3, 4, 5, 6, 7};
	struct cursor c = cursor_of(p, 7);
	uint8_t v8 = 9, bytes[8] = {0};
	uint16_t v16 = 9;
	uint32_t v32 = 9;

	(void)state;
	assert_true(cursor_get8(&c, &v8) && v8 == 1);
	assert_true(cursor_get16(&c, &v16) && v16 == 0x203);
	assert_true(cursor_get32(&c, &v32) && v32 == 0x4050607);
	assert_false(cursor_get8(&c, &v8) || cursor_get16(&c, &v16) ||
		cursor_get32(&c, &v32) || cursor_get_bytes(&c, bytes, 1));
	assert_true(v8 == 1 && v16 == 0x203 && cursor_get_bytes(&c, bytes, 0));
	c = cursor_of(p, 7);
	assert_false(cursor_cut(&c, 8));
	assert_true(cursor_cut(&c, 3) && cursor_left(&c) == 3);
	assert_null(cursor_take(&c, SIZE_MAX));
	assert_true(cursor_get_bytes(&c, bytes, 3) && bytes[2] == 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusals),
		cmocka_unit_test(round_trips),
		cmocka_unit_test(each_reason_has_its_name),
		cmocka_unit_test(the_cursor_stays_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
