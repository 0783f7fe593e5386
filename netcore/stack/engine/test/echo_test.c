/* echo_test - an echo request in pieces is answered in pieces; of IPv4 (RFC
 * 792, 1122 3.2.2.6) and again of IPv6 (RFC 4443 4.2, 5722, 8200 4.5). */
#include <string.h>

#include "netcore/stack/cksum.h"
#include "netcore/stack/engine/test/one_kit.h"
#include "netcore/stack/wire/eth.h"
#include "netcore/stack/wire/icmp4.h"
#include "netcore/stack/wire/icmp6.h"
#include "netcore/stack/wire/ip.h"
#include "netcore/stack/wire/ipv4.h"
#include "netcore/stack/wire/ipv6.h"

#define LEN	 2408u /* with the header */
#define CUT	 1000u
#define ID	 77
#define LARGEST4 (65535u - 20)
#define LARGEST6 65535u

static uint8_t ping[LARGEST6], got[LARGEST6];
static bool v6;

/* What a family calls it. */
static uint8_t
type_of(bool reply)
{
	if (v6)
		return reply ? WIRE_ICMP6_ECHO_REPLY : WIRE_ICMP6_ECHO;
	return reply ? WIRE_ICMP4_ECHO_REPLY : WIRE_ICMP4_ECHO;
}

/* Of the pseudo header, which a message of ICMP for IPv4 has not. */
static uint64_t
pseudo(uint32_t from, uint32_t to, uint32_t len)
{
	uint8_t src[16], dst[16];

	ip_addr_put(one_addr6(from), src);
	ip_addr_put(one_addr6(to), dst);
	return v6 ? cksum_pseudo6(src, dst, WIRE_IP_ICMPV6, len) : 0;
}

static void
make(uint32_t len)
{
	uint64_t sum = pseudo(2, 1, len);

	for (uint32_t i = 0; i < len; i++)
		ping[i] = (uint8_t)(i * 7 + i / 256);
	ping[0] = type_of(false);
	ping[1] = ping[2] = ping[3] = 0;
	be_put16(ping + 2, cksum_finish(cksum_partial(ping, len, sum)));
}

static int
up(void **state)
{
	make(LEN);
	return v6 ? one_up6(state) : one_up(state);
}

/* Bytes of the request, from the peer. */
static bool
give(uint32_t off, uint32_t len, bool more)
{
	return v6 ? one_piece6(one_addr6(2), WIRE_IP_ICMPV6, off, more, ID,
			    ping + off, len)
		  : one_piece(WIRE_IP_ICMP, off, more, ID, ping + off, len);
}

/* Piece i of the three. */
static void
piece(unsigned i)
{
	uint32_t off = i * CUT, len = LEN - off;
	bool more = len > CUT;

	assert_true(give(off, more ? CUT : len, more));
}

/* Where a frame's piece belongs, and the cursor is left at its contents. */
static uint32_t
look4(struct cursor *c, bool *more)
{
	struct wire_ipv4 ip;

	assert_int_equal(wire_ipv4_parse(c, &ip), WIRE_OK);
	assert_int_equal(ip.src, ONE_IP);
	assert_int_equal(ip.dst, ONE_PEER);
	assert_int_equal(ip.proto, WIRE_IP_ICMP);
	assert_int_equal(ip.id, ID);
	*more = ip.frag & WIRE_IPV4_MF;
	return wire_ipv4_offset(&ip);
}

static uint32_t
look6(struct cursor *c, bool *more)
{
	struct wire_ipv6 ip;

	assert_int_equal(wire_ipv6_parse(c, &ip), WIRE_OK);
	assert_true(ip_addr_eq(ip_addr_v6(ip.src), one_addr6(1)));
	assert_true(ip_addr_eq(ip_addr_v6(ip.dst), one_addr6(2)));
	assert_true(ip.has_frag && ip.exts == 1);
	assert_int_equal(ip.proto, WIRE_IP_ICMPV6);
	assert_int_equal(ip.frag_id, ID);
	*more = ip.more;
	return ip.offset;
}

/* Frame k of the answer, put where it belongs, which is at `off`: the end. */
static uint32_t
take(unsigned k, uint32_t off, uint32_t len)
{
	const struct one_frame *o = &one.out[k];
	struct cursor c = cursor_of(o->bytes, o->len);
	struct wire_eth e;
	uint32_t n;
	bool more;

	assert_int_equal(wire_eth_parse(&c, &e), WIRE_OK);
	assert_int_equal(e.type, v6 ? WIRE_ETH_IPV6 : WIRE_ETH_IPV4);
	assert_int_equal(v6 ? look6(&c, &more) : look4(&c, &more), off);
	assert_ptr_equal(c.end, o->bytes + o->len);
	n = (uint32_t)cursor_left(&c);
	assert_int_equal(!more, off + n == len);
	assert_true(off + n <= len);
	memcpy(got + off, c.p, n);
	assert_non_null(o->buf);
	return off + n;
}

static void
expect_answer(unsigned frames, uint32_t len)
{
	uint32_t off = 0;

	one_send();
	assert_int_equal(one.sent, frames);
	memset(got, 0, len);
	for (unsigned i = 0; i < frames; i++)
		off = take(i, off, len);
	assert_int_equal(off, len);
	assert_int_equal(got[0], type_of(true));
	assert_true(cksum_ok(got, len, pseudo(1, 2, len)));
	assert_memory_equal(got + 4, ping + 4, len - 4);
	assert_int_equal(one.n->echoes, 1);
	assert_int_equal(one.released, 0); /* they went out */
}

static void
expect_nothing(unsigned released)
{
	one_send();
	assert_int_equal(one.sent, 0);
	assert_int_equal(one.n->echoes, 0);
	assert_int_equal(one.released, released);
}

static void
goes_back_as_it_came(void **state)
{
	static const uint8_t order[][3] = {{0, 1, 2}, {2, 0, 1}, {2, 1, 0}};

	for (unsigned k = 0; k < 3; k++) {
		for (unsigned i = 0; i < 3; i++)
			piece(order[k][i]);
		expect_answer(3, LEN);
		one_down(state);
		up(state);
	}
}

/* RFC 791, 3.1; RFC 8200, 4.5: 65535 bytes, of which IPv4 counts the header. In
 * pieces as large as an MTU of 1500 makes them. */
static void
the_largest_goes_back(void **state)
{
	uint32_t len = v6 ? LARGEST6 : LARGEST4, cut = v6 ? 1448 : 1480;
	unsigned n = 0;

	(void)state;
	make(len);
	for (uint32_t off = 0; off < len; off += cut, n++)
		assert_true(give(off, len - off < cut ? len - off : cut,
			len - off > cut));
	assert_int_equal(n, v6 ? 46 : 45);
	expect_answer(n, len);
}

static void
a_larger_one_is_nothing(void **state)
{
	uint32_t largest = v6 ? LARGEST6 : LARGEST4;
	uint32_t off = largest & ~7u;

	(void)state;
	assert_true(give(0, CUT, true));
	assert_false(v6 ? one_piece6(one_addr6(2), WIRE_IP_ICMPV6, off, false,
				  ID, ping, largest - off + 1)
			: one_piece(WIRE_IP_ICMP, off, false, ID, ping,
				  largest - off + 1));
	assert_int_equal(one.n->drop_bad_frame, 1);
	assert_int_equal(one.n->fragments, 1);
	expect_nothing(0);
}

/* No packet is put together from more. */
static void
so_many_pieces_and_no_more(void **state)
{
	(void)state;
	make(16 * STACK_FRAGS);
	for (uint32_t i = 0; i < STACK_FRAGS; i++)
		assert_true(give(i * 16, 16, i + 1 < STACK_FRAGS));
	expect_answer(STACK_FRAGS, 16 * STACK_FRAGS);
	make(16 * STACK_FRAGS + 16);
	for (uint32_t i = 0; i < STACK_FRAGS; i++)
		assert_true(give(i * 16, 16, true));
	assert_false(give(16 * STACK_FRAGS, 16, false));
	one_send();
	assert_int_equal(one.sent, 0);
	assert_int_equal(one.n->drop_fragment_full, 1);
	assert_int_equal(one.n->echoes, 1);
	assert_int_equal(one.released, STACK_FRAGS);
}

/* RFC 5722, 4: not even in part. One that came twice is none. */
static void
overlapping_pieces_are_nothing(void **state)
{
	static const struct {
		uint32_t off, len;
		bool more;
	} bad[] = {{992, 16, true}, {8, 8, true}, {0, 992, true},
		{2000, 400, false}, {2400, 16, true}};

	for (unsigned i = 0; i < 5; i++) {
		piece(0);
		piece(2);
		assert_false(give(0, CUT, true));
		assert_int_equal(one.n->drop_fragment, 1);
		assert_false(give(bad[i].off, bad[i].len, bad[i].more));
		assert_int_equal(one.n->drop_fragment_overlap, 1);
		piece(1);
		expect_nothing(2);
		one_down(state);
		up(state);
	}
}

static void
a_wrong_checksum_is_found(void **state)
{
	(void)state;
	ping[LEN - 1] ^= 1;
	for (unsigned i = 0; i < 3; i++)
		piece(i);
	expect_nothing(3);
	assert_int_equal(one.n->icmp_ignored, 1);
}

/* An error in pieces, or an answer, is none of our questions. */
static void
only_a_request_is_answered(void **state)
{
	(void)state;
	ping[0] = type_of(true);
	be_put16(ping + 2,
		cksum_update16(be_get16(ping + 2),
			(uint16_t)(type_of(false) << 8),
			(uint16_t)(type_of(true) << 8)));
	assert_true(cksum_ok(ping, LEN, pseudo(2, 1, LEN)));
	for (unsigned i = 0; i < 3; i++)
		piece(i);
	expect_nothing(3);
	assert_int_equal(one.n->icmp_ignored, 1);
}

/* Frames of the link's broadcast. */
static void
what_others_got_is_not_answered(void **state)
{
	(void)state;
	one.group = true;
	assert_false(give(0, CUT, true));
	assert_int_equal(one.n->icmp_ignored, 1);
	assert_int_equal(one.n->fragments, 0);
}

/* RFC 6980, 5; RFC 4443, 2.2: a piece has a sender, and it is not us. */
static void
nobody_asks_in_pieces(void **state)
{
	(void)state;
	assert_false(one_piece6((struct ip_addr){0, 0}, WIRE_IP_ICMPV6, 0, true,
		ID, ping, CUT));
	assert_false(one_piece6(
		one_addr6(1), WIRE_IP_ICMPV6, 0, true, ID, ping, CUT));
	assert_int_equal(one.n->drop_martian, 2);
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
	struct stack_config c = v6 ? one_config6() : one_config();

	(void)state;
	c.mtu = (uint16_t)(CUT + (v6 ? 47 : 19));
	one_again(&c);
	for (unsigned i = 0; i < 3; i++)
		piece(i);
	expect_nothing(3);
	assert_int_equal(one.n->icmp_ignored, 1);
	c.mtu++;
	one_again(&c);
	for (unsigned i = 0; i < 3; i++)
		piece(i);
	expect_answer(3, LEN);
}

static int
in_v4(void **state)
{
	(void)state;
	v6 = false;
	return 0;
}

static int
in_v6(void **state)
{
	(void)state;
	v6 = true;
	return 0;
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, up, one_down)
	const struct CMUnitTest tests[] = {
		T(goes_back_as_it_came),
		T(the_largest_goes_back),
		T(a_larger_one_is_nothing),
		T(so_many_pieces_and_no_more),
		T(overlapping_pieces_are_nothing),
		T(a_wrong_checksum_is_found),
		T(only_a_request_is_answered),
		T(what_others_got_is_not_answered),
		T(so_many_and_no_more),
		T(without_room_for_all_none_goes),
	};
	const struct CMUnitTest tests6[] = {
		T(nobody_asks_in_pieces),
	};
	int bad =
		cmocka_run_group_tests_name("engine_echo", tests, in_v4, NULL);

	bad += cmocka_run_group_tests_name("engine_echo6", tests, in_v6, NULL);
	return bad +
		cmocka_run_group_tests_name(
			"engine_echo6", tests6, in_v6, NULL);
}
