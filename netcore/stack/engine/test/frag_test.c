/* frag_test - packets in pieces: put together, bounded, and nobody's if the
 * pieces do not fit (RFC 791, 815, 1858, 5722). */
#include <string.h>

#include "netcore/stack/cksum.h"
#include "netcore/stack/engine/test/one_kit.h"
#include "netcore/stack/wire/ipv4.h"
#include "netcore/stack/wire/tcp.h"
#include "netcore/stack/wire/udp.h"

#define PORT	5353
#define LEN	4000
#define CUT	1000u /* a multiple of 8 */
#define FRAG_MS 30000u

static uint8_t dgram[LEN + 8];

static int
up(void **state)
{
	struct wire_udp u = {.sport = 9, .dport = PORT, .len = LEN};
	uint64_t sum = cksum_pseudo4(ONE_PEER, ONE_IP, WIRE_IP_UDP, LEN + 8);

	one_up(state);
	assert_int_equal(
		stack_udp_bind(one.s, (struct ip_addr){0, 0}, PORT, 0), 0);
	for (unsigned i = 0; i < LEN; i++)
		dgram[8 + i] = (uint8_t)(i * 7 + i / 256);
	wire_udp_emit(dgram, 8, &u);
	u.cksum = wire_udp_cksum(
		cksum_finish(cksum_partial(dgram, LEN + 8, sum)));
	wire_udp_emit(dgram, 8, &u);
	return 0;
}

/* Whatever was kept comes back, at the latest when its time is over. */
static int
down(void **state)
{
	one.now += (uint64_t)(FRAG_MS + 2) * 1000000;
	stack_timers(one.s, one.now);
	assert_int_equal(one.n->fragments - one.n->drop_fragment -
			one.n->drop_fragment_full,
		one.released + one.got.pieces + one.n->drop_fragment_overlap);
	return one_down(state);
}

/* Piece i of the five. */
static bool
piece(uint16_t id, unsigned i)
{
	uint32_t off = i * CUT, len = LEN + 8 - off;
	bool more = len > CUT;

	return one_piece(
		WIRE_IP_UDP, off, more, id, dgram + off, more ? CUT : len);
}

static void
expect_whole(void)
{
	assert_int_equal(one.datagrams, 1);
	assert_int_equal(one.got.len, LEN);
	assert_int_equal(one.bytes, LEN);
	assert_memory_equal(one.text, dgram + 8, LEN);
	assert_int_equal(one.n->reassembled, 1);
}

static void
in_any_order(void **state)
{
	static const uint8_t order[][5] = {{0, 1, 2, 3, 4}, {4, 3, 2, 1, 0},
		{2, 0, 4, 1, 3}, {4, 0, 3, 1, 2}, {1, 4, 2, 3, 0}};

	for (unsigned k = 0; k < 5; k++) {
		for (unsigned i = 0; i < 5; i++) {
			assert_int_equal(one.datagrams, 0);
			assert_true(piece(7, order[k][i]));
		}
		expect_whole();
		down(state);
		up(state);
	}
}

static void
duplicates_do_no_harm(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		assert_true(piece(7, i));
		assert_false(piece(7, i));
		assert_false(piece(7, 0));
	}
	assert_true(piece(7, 4));
	expect_whole();
	assert_int_equal(one.n->drop_fragment, 8);
}

/* RFC 5722: not even in part. */
static void
overlaps_make_it_nobodys(void **state)
{
	(void)state;
	assert_true(piece(7, 0));
	assert_true(piece(7, 1));
	assert_false(one_piece(WIRE_IP_UDP, 1992, true, 7, dgram, 16));
	assert_int_equal(one.n->drop_fragment_overlap, 1);
	assert_int_equal(one.released, 2);
	for (unsigned i = 2; i < 5; i++)
		assert_true(piece(7, i));
	assert_int_equal(one.datagrams, 0);
}

static void
two_ends_make_it_nobodys(void **state)
{
	(void)state;
	assert_true(piece(7, 4));
	assert_false(one_piece(WIRE_IP_UDP, 2000, false, 7, dgram, 8));
	assert_int_equal(one.n->drop_fragment_overlap, 1);
	assert_true(piece(8, 1));
	assert_true(one_piece(WIRE_IP_UDP, 3000, true, 8, dgram, 1000));
	assert_false(one_piece(WIRE_IP_UDP, 2000, false, 8, dgram, 8));
	assert_int_equal(one.n->drop_fragment_overlap, 2);
}

static void
packets_are_told_apart(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		assert_true(piece(7, i));
		assert_true(piece(8, 4 - i));
	}
	assert_int_equal(one.datagrams, 0);
	assert_true(piece(7, 4));
	expect_whole();
}

static void
a_wrong_checksum_is_found(void **state)
{
	(void)state;
	dgram[LEN] ^= 1;
	for (unsigned i = 0; i < 4; i++)
		assert_true(piece(7, i));
	assert_true(piece(7, 4));
	assert_int_equal(one.n->drop_cksum, 1);
	assert_int_equal(one.datagrams, 0);
	assert_int_equal(one.released, 5); /* the last was held, too */
}

/* RFC 1122, 3.3.2; and the engine asks to be called by then. */
static void
what_stays_away_is_not_awaited_for_ever(void **state)
{
	(void)state;
	assert_true(piece(7, 0));
	assert_true(stack_deadline(one.s) <=
		one.now + (uint64_t)(FRAG_MS + 1) * 1000000);
	one.now = stack_deadline(one.s);
	stack_timers(one.s, one.now);
	assert_int_equal(one.n->drop_fragment_late, 1);
	assert_int_equal(one.released, 1);
	for (unsigned i = 1; i < 5; i++)
		assert_true(piece(7, i));
	assert_int_equal(one.datagrams, 0);
}

/* Thousands of packets that never get whole hold no more than is allowed, and
 * one that gets whole in time gets through. */
static void
a_flood_is_bounded(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5000; i++)
		piece((uint16_t)(1000 + i), i % 4);
	assert_true(one.n->drop_fragment_evicted > 4900);
	assert_true(one.released > 4900);
	for (unsigned i = 0; i < 5; i++)
		assert_true(piece(7, i));
	expect_whole();
}

static void
pieces_are_bounded(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < STACK_FRAGS; i++)
		assert_true(one_piece(WIRE_IP_UDP, i * 16, true, 7, dgram, 8));
	assert_false(one_piece(WIRE_IP_UDP, i * 16, true, 7, dgram, 8));
	assert_int_equal(one.n->drop_fragment_full, 1);
	assert_int_equal(one.released, STACK_FRAGS);
	for (uint16_t id = 0; id < 4; id++)
		for (i = 0; i < 30; i++)
			one_piece(WIRE_IP_UDP, i * 16, true, id, dgram, 8);
	assert_true(one.n->drop_fragment_full > 1);
}

/* What would end behind 65535 is no packet (RFC 791). */
static void
beyond_the_largest_is_nothing(void **state)
{
	(void)state;
	assert_false(one_piece(WIRE_IP_UDP, 65528, false, 7, dgram, 100));
	assert_int_equal(one.n->fragments, 0);
	assert_int_equal(one.n->drop_bad_frame, 1);
}

static struct wire_tcp
shake_hands(uint8_t flags)
{
	struct wire_tcp t = {.sport = 9,
		.dport = 80,
		.seq = 0xfffffff0,
		.flags = WIRE_TCP_SYN | flags,
		.window = 1000};
	struct one_frame *o = &one.out[0];

	assert_int_equal(stack_listen(one.s, (struct ip_addr){0, 0}, 80, 0), 0);
	one_tcp(&t);
	one_send();
	assert_int_equal(one.sent, 1);
	t.flags = WIRE_TCP_ACK;
	t.seq++;
	t.ack = be_get32(o->bytes + 34 + 4) + 1;
	one_tcp(&t);
	assert_int_equal(one.connected, 1);
	return t;
}

/* A segment in pieces: bytes in order, and the FIN behind the last of them. */
static void
segments_come_in_pieces(void **state)
{
	struct wire_tcp t = shake_hands(0);
	uint8_t seg[2048];
	size_t n;

	(void)state;
	t.flags |= WIRE_TCP_FIN;
	n = wire_tcp_emit(seg, sizeof(seg), &t);
	memcpy(seg + n, dgram, 1500);
	be_put16(seg + 16,
		cksum_finish(cksum_partial(seg, n + 1500,
			cksum_pseudo4(ONE_PEER, ONE_IP, WIRE_IP_TCP,
				(uint16_t)(n + 1500)))));
	assert_true(one_piece(
		WIRE_IP_TCP, 1000, false, 7, seg + 1000, (uint32_t)n + 500));
	assert_true(one_piece(WIRE_IP_TCP, 0, true, 7, seg, 504));
	assert_int_equal(one.bytes, 0);
	assert_true(one_piece(WIRE_IP_TCP, 504, true, 7, seg + 504, 496));
	assert_int_equal(one.bytes, 1500);
	assert_memory_equal(one.text, dgram, 1500);
	assert_int_equal(one.connected, 2); /* remote_closed counts as well */
	one.got.pieces = 3;		    /* the program has these */
}

/* RFC 9293, 3.1: one sum for all of it, which no device has looked at. */
static void
a_wrong_sum_of_a_segment_is_found(void **state)
{
	struct wire_tcp t = shake_hands(0);
	uint8_t seg[2048];
	size_t n = wire_tcp_emit(seg, sizeof(seg), &t);

	(void)state;
	memcpy(seg + n, dgram, 900);
	be_put16(seg + 16,
		cksum_finish(cksum_partial(seg, n + 900,
			cksum_pseudo4(ONE_PEER, ONE_IP, WIRE_IP_TCP,
				(uint16_t)(n + 900)))));
	seg[700] ^= 1;
	one.rx_flags = STACK_RX_CKSUM_OK;
	assert_true(one_piece(WIRE_IP_TCP, 0, true, 7, seg, 504));
	assert_true(one_piece(
		WIRE_IP_TCP, 504, false, 7, seg + 504, (uint32_t)n + 396));
	assert_int_equal(one.bytes, 0);
	assert_int_equal(one.n->drop_cksum, 1);
	assert_int_equal(one.released, 2);
}

/* RFC 3168, 5.3: what is put together is marked if one of its pieces was. */
static void
a_marked_piece_marks_all(void **state)
{
	struct wire_tcp t = shake_hands(WIRE_TCP_ECE | WIRE_TCP_CWR);
	uint8_t seg[2048];
	size_t n;

	(void)state;
	n = wire_tcp_emit(seg, sizeof(seg), &t);
	memcpy(seg + n, dgram, 900);
	be_put16(seg + 16,
		cksum_finish(cksum_partial(seg, n + 900,
			cksum_pseudo4(ONE_PEER, ONE_IP, WIRE_IP_TCP,
				(uint16_t)(n + 900)))));
	one.tos = WIRE_ECN_CE;
	assert_true(one_piece(WIRE_IP_TCP, 0, true, 7, seg, 504));
	one.tos = WIRE_ECN_ECT0;
	assert_true(one_piece(
		WIRE_IP_TCP, 504, false, 7, seg + 504, (uint32_t)n + 396));
	assert_int_equal(one.bytes, 900);
	assert_true(one.n->ecn_ce > 0);
	one.got.pieces = 2;
}

/* RFC 1858: a header in pieces is a way round filters. */
static void
a_header_in_pieces_is_refused(void **state)
{
	struct wire_tcp t = shake_hands(0);
	uint8_t seg[64] = {0};
	size_t n;

	(void)state;
	n = wire_tcp_emit(seg, sizeof(seg), &t);
	be_put16(seg + 16,
		cksum_finish(cksum_partial(seg, n + 12,
			cksum_pseudo4(ONE_PEER, ONE_IP, WIRE_IP_TCP,
				(uint16_t)(n + 12)))));
	assert_true(one_piece(WIRE_IP_TCP, 0, true, 7, seg, 8));
	one_piece(WIRE_IP_TCP, 8, false, 7, seg + 8, (uint32_t)n + 4);
	assert_int_equal(one.bytes, 0);
	assert_int_equal(one.n->drop_bad_frame, 1);
	assert_int_equal(one.released, 2);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, up, down)
	const struct CMUnitTest tests[] = {
		T(in_any_order),
		T(duplicates_do_no_harm),
		T(overlaps_make_it_nobodys),
		T(two_ends_make_it_nobodys),
		T(packets_are_told_apart),
		T(a_wrong_checksum_is_found),
		T(what_stays_away_is_not_awaited_for_ever),
		T(a_flood_is_bounded),
		T(pieces_are_bounded),
		T(beyond_the_largest_is_nothing),
		T(segments_come_in_pieces),
		T(a_wrong_sum_of_a_segment_is_found),
		T(a_marked_piece_marks_all),
		T(a_header_in_pieces_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
