/* echo_test - an echo request in pieces is answered in pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "netcore/stack/cksum.h"
#include "netcore/stack/engine/test/one.h"
#include "netcore/stack/wire/eth.h"
#include "netcore/stack/wire/icmp4.h"
#include "netcore/stack/wire/ipv4.h"

#define LEN 2408u /* with the header */
#define CUT 1000u
#define ID  77

static uint8_t ping[LEN], got[LEN];

static int
up(void **state)
{
	struct stack_config c = one_config();

	(void)state;
	one_start(&c);
	for (unsigned i = 0; i < LEN; i++)
		ping[i] = (uint8_t)(i * 7 + i / 256);
	ping[0] = WIRE_ICMP4_ECHO;
	ping[1] = ping[2] = ping[3] = 0;
	be_put16(ping + 2, cksum_finish(cksum_partial(ping, LEN, 0)));
	return 0;
}

static int
down(void **state)
{
	(void)state;
	assert_null(stack_check(one.s));
	one_stop();
	return 0;
}

/* Piece i of the three. */
static void
piece(unsigned i)
{
	uint32_t off = i * CUT, len = LEN - off;
	bool more = len > CUT;

	assert_true(one_piece(
		WIRE_IP_ICMP, off, more, ID, ping + off, more ? CUT : len));
}

/* Frame k of the answer, put where it belongs. */
static void
take(unsigned k)
{
	const struct one_frame *o = &one.out[k];
	struct cursor c = cursor_of(o->bytes, o->len);
	struct wire_ipv4 ip;
	struct wire_eth e;

	assert_int_equal(wire_eth_parse(&c, &e), WIRE_OK);
	assert_int_equal(wire_ipv4_parse(&c, &ip), WIRE_OK);
	assert_int_equal(ip.src, ONE_IP);
	assert_int_equal(ip.dst, ONE_PEER);
	assert_int_equal(ip.proto, WIRE_IP_ICMP);
	assert_int_equal(ip.id, ID);
	assert_int_equal(wire_ipv4_offset(&ip), k * CUT);
	assert_int_equal(!(ip.frag & WIRE_IPV4_MF), k == 2);
	assert_true(k * CUT + ip.len <= LEN);
	memcpy(got + k * CUT, c.p, ip.len);
	assert_non_null(o->buf);
}

static void
goes_back_as_it_came(void **state)
{
	static const uint8_t order[][3] = {{0, 1, 2}, {2, 0, 1}, {2, 1, 0}};

	for (unsigned k = 0; k < 3; k++) {
		for (unsigned i = 0; i < 3; i++)
			piece(order[k][i]);
		one_send();
		assert_int_equal(one.sent, 3);
		memset(got, 0, LEN);
		for (unsigned i = 0; i < 3; i++)
			take(i);
		assert_int_equal(got[0], WIRE_ICMP4_ECHO_REPLY);
		assert_true(cksum_ok(got, LEN, 0));
		assert_memory_equal(got + 4, ping + 4, LEN - 4);
		assert_int_equal(one.n->echoes, 1);
		assert_int_equal(one.released, 0); /* they went out */
		down(state);
		up(state);
	}
}

static void
expect_nothing(void)
{
	one_send();
	assert_int_equal(one.sent, 0);
	assert_int_equal(one.n->echoes, 0);
	assert_int_equal(one.released, 3);
}

static void
a_wrong_checksum_is_found(void **state)
{
	(void)state;
	ping[LEN - 1] ^= 1;
	for (unsigned i = 0; i < 3; i++)
		piece(i);
	expect_nothing();
	assert_int_equal(one.n->icmp_ignored, 1);
}

/* An error in pieces, or an answer, is none of our questions. */
static void
only_a_request_is_answered(void **state)
{
	(void)state;
	ping[0] = WIRE_ICMP4_ECHO_REPLY;
	be_put16(ping + 2,
		cksum_update16(be_get16(ping + 2), WIRE_ICMP4_ECHO << 8, 0));
	assert_true(cksum_ok(ping, LEN, 0));
	for (unsigned i = 0; i < 3; i++)
		piece(i);
	expect_nothing();
	assert_int_equal(one.n->icmp_ignored, 1);
}

static void
what_others_got_is_not_answered(void **state)
{
	uint8_t frame[2048];
	uint32_t n = one_make(frame, WIRE_IP_ICMP, WIRE_IPV4_MF, ID, ping, CUT);

	(void)state;
	frame[0] |= 1;
	assert_false(one_rx(frame, n));
	assert_int_equal(one.n->icmp_ignored, 1);
	assert_int_equal(one.n->fragments, 0);
}

/* Each piece counts as an echo. */
static void
so_many_and_no_more(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 30; k++) {
		for (unsigned i = 0; i < 3; i++)
			piece(i);
		one_send();
	}
	assert_int_equal(one.n->echoes, 21);
	assert_int_equal(one.n->echoes_limited, 9);
	assert_int_equal(one.released, 9 * 3);
}

/* Or a part of it would go out. */
static void
without_room_for_all_none_goes(void **state)
{
	struct stack_config c = one_config();

	down(state);
	c.mtu = 900;
	one_start(&c);
	for (unsigned i = 0; i < 3; i++)
		piece(i);
	expect_nothing();
	assert_int_equal(one.n->icmp_ignored, 1);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, up, down)
	const struct CMUnitTest tests[] = {
		T(goes_back_as_it_came),
		T(a_wrong_checksum_is_found),
		T(only_a_request_is_answered),
		T(what_others_got_is_not_answered),
		T(so_many_and_no_more),
		T(without_room_for_all_none_goes),
	};

	return cmocka_run_group_tests_name("engine_echo", tests, NULL, NULL);
}
