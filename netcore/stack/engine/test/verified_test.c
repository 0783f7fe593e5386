/* verified_test - frames of which the device says that it has verified their
 * checksums. It is believed (RFC 1122, 3.2.1.2 and 4.2.2.7 ask that somebody
 * looks, once): a frame with wrong ones is taken, as it is over a link that
 * leaves them unfinished. What no device verifies is looked at all the same:
 * ICMP, packets in pieces, lengths, addresses. Each frame comes twice, without
 * that word and with it. */
#include <string.h>

#include "netcore/stack/cksum.h"
#include "netcore/stack/engine/test/one_kit.h"
#include "netcore/stack/wire/icmp4.h"
#include "netcore/stack/wire/ipv4.h"
#include "netcore/stack/wire/tcp.h"
#include "netcore/stack/wire/udp.h"

#define IP_AT  14u
#define TCP_AT 34u
#define TEXT   "hello"
#define LEN    5u

static uint8_t frame[2048];

static int
up(void **state)
{
	one_up(state);
	assert_int_equal(stack_listen(one.s, (struct ip_addr){0, 0}, 80, 0), 0);
	assert_int_equal(
		stack_udp_bind(one.s, (struct ip_addr){0, 0}, 53, 0), 0);
	return 0;
}

/* The next bytes of a connection that was made just now, in a frame. */
static uint32_t
make_segment(void)
{
	struct wire_tcp t = {.sport = 9,
		.dport = 80,
		.seq = 1000,
		.flags = WIRE_TCP_SYN,
		.window = 1000};
	uint8_t seg[64];
	size_t n;

	one_tcp(&t);
	one_send();
	assert_int_equal(one.sent, 1);
	t.flags = WIRE_TCP_ACK;
	t.seq++;
	t.ack = be_get32(one.out[0].bytes + TCP_AT + 4) + 1;
	one_tcp(&t);
	assert_int_equal(one.connected, 1);
	n = wire_tcp_emit(seg, sizeof(seg), &t);
	memcpy(seg + n, TEXT, LEN);
	n += LEN;
	be_put16(seg + 16,
		cksum_finish(cksum_partial(seg, n,
			cksum_pseudo4(
				ONE_PEER, ONE_IP, WIRE_IP_TCP, (uint16_t)n))));
	return one_make(frame, WIRE_IP_TCP, 0, 1, seg, (uint32_t)n);
}

static uint32_t
make_datagram(uint16_t frag)
{
	struct wire_udp u = {.sport = 9, .dport = 53, .len = LEN};
	uint8_t b[WIRE_UDP_LEN + LEN];
	uint64_t sum = cksum_pseudo4(ONE_PEER, ONE_IP, WIRE_IP_UDP, sizeof(b));

	wire_udp_emit(b, WIRE_UDP_LEN, &u);
	memcpy(b + WIRE_UDP_LEN, TEXT, LEN);
	u.cksum =
		wire_udp_cksum(cksum_finish(cksum_partial(b, sizeof(b), sum)));
	wire_udp_emit(b, WIRE_UDP_LEN, &u);
	if (frag) /* the second of two pieces */
		return one_make(frame, WIRE_IP_UDP, 1, 7, b + 8, LEN);
	return one_make(frame, WIRE_IP_UDP, 0, 7, b, sizeof(b));
}

/* RFC 791: a header with one option that means nothing. */
static uint32_t
with_option(uint32_t n)
{
	memmove(frame + TCP_AT + 4, frame + TCP_AT, n - TCP_AT);
	memset(frame + TCP_AT, 1, 4);
	frame[IP_AT] = 0x46;
	be_put16(frame + IP_AT + 2, (uint16_t)(n - IP_AT + 4));
	be_put16(frame + IP_AT + 10, 0);
	be_put16(frame + IP_AT + 10,
		cksum_finish(cksum_partial(frame + IP_AT, 24, 0)));
	return n + 4;
}

/* With a bit of the byte at `at` turned, which is dropped first. */
static void
twice(uint32_t n, uint32_t at)
{
	uint64_t dropped = one.n->drop_cksum;

	frame[at] ^= 1;
	one.rx_flags = 0;
	assert_false(one_rx(frame, n));
	assert_int_equal(one.n->drop_cksum, dropped + 1);
	assert_int_equal(one.bytes, 0);
	one.rx_flags = STACK_RX_CKSUM_OK;
	one_rx(frame, n);
}

static void
expect_text(void)
{
	assert_int_equal(one.bytes, LEN);
	assert_memory_equal(one.text, TEXT, LEN);
	assert_int_equal(one.n->drop_cksum, 1);
}

static void
the_sum_of_ip_is_believed(void **state)
{
	(void)state;
	twice(make_segment(), IP_AT + 10);
	expect_text();
}

/* Which is another way through the engine. */
static void
the_sum_of_ip_with_options_is_believed(void **state)
{
	(void)state;
	twice(with_option(make_segment()), IP_AT + 10);
	expect_text();
}

static void
the_sum_of_tcp_is_believed(void **state)
{
	(void)state;
	twice(make_segment(), TCP_AT + 16);
	expect_text();
}

static void
the_sum_of_tcp_with_options_is_believed(void **state)
{
	(void)state;
	twice(with_option(make_segment()), TCP_AT + 4 + 16);
	expect_text();
}

static void
the_sum_of_udp_is_believed(void **state)
{
	(void)state;
	twice(make_datagram(0), TCP_AT + 6);
	expect_text();
	assert_int_equal(one.datagrams, 1);
}

/* Its header is the device's to verify, its contents are nobody's. */
static void
the_sum_of_icmp_is_not(void **state)
{
	struct wire_icmp m = {.type = WIRE_ICMP4_ECHO, .id = 1, .seq = 2};
	uint8_t b[16];
	size_t n = wire_icmp4_emit_echo(b, sizeof(b), &m, TEXT, LEN);
	uint32_t len = one_make(frame, WIRE_IP_ICMP, 0, 7, b, (uint32_t)n);

	(void)state;
	twice(len, TCP_AT + 2);
	assert_int_equal(one.n->drop_cksum, 2);
	assert_int_equal(one.n->echoes, 0);
	frame[TCP_AT + 2] ^= 1;
	twice(len, IP_AT + 10);
	assert_int_equal(one.n->drop_cksum, 3);
	assert_int_equal(one.n->echoes, 1);
	one_send(); /* the echo has its buffer */
}

/* A device sees one piece at a time. */
static void
the_sum_of_pieces_is_not(void **state)
{
	static uint8_t first[64];
	uint32_t n = make_datagram(0);

	(void)state;
	memcpy(first, frame + TCP_AT, 8);
	first[6] ^= 1;
	assert_true(one_piece(WIRE_IP_UDP, 0, true, 7, first, 8));
	n = make_datagram(1);
	one.rx_flags = STACK_RX_CKSUM_OK;
	assert_true(one_rx(frame, n));
	assert_int_equal(one.n->reassembled, 1);
	assert_int_equal(one.n->drop_cksum, 1);
	assert_int_equal(one.datagrams, 0);
	assert_int_equal(one.released, 2);
}

/* The word is about sums, and says nothing of what they are of. */
static void
lengths_and_addresses_are_looked_at(void **state)
{
	uint32_t n = make_segment();

	(void)state;
	one.rx_flags = STACK_RX_CKSUM_OK;
	be_put16(frame + IP_AT + 2, (uint16_t)(n - IP_AT + 1));
	assert_false(one_rx(frame, n));
	be_put16(frame + IP_AT + 2, WIRE_IPV4_LEN - 1);
	assert_false(one_rx(frame, n));
	be_put16(frame + IP_AT + 2, (uint16_t)(n - IP_AT));
	frame[TCP_AT + 12] = 0xf0;
	assert_false(one_rx(frame, n));
	assert_int_equal(one.n->drop_bad_frame, 3);
	frame[TCP_AT + 12] = 0x50;
	frame[IP_AT + 16] ^= 1;
	assert_false(one_rx(frame, n));
	assert_int_equal(one.n->drop_not_ours, 1);
	frame[IP_AT + 16] ^= 1;
	frame[IP_AT + 12] = 127;
	assert_false(one_rx(frame, n));
	assert_int_equal(one.n->drop_martian, 1);
	assert_int_equal(one.bytes, 0);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, up, one_down)
	const struct CMUnitTest tests[] = {
		T(the_sum_of_ip_is_believed),
		T(the_sum_of_ip_with_options_is_believed),
		T(the_sum_of_tcp_is_believed),
		T(the_sum_of_tcp_with_options_is_believed),
		T(the_sum_of_udp_is_believed),
		T(the_sum_of_icmp_is_not),
		T(the_sum_of_pieces_is_not),
		T(lengths_and_addresses_are_looked_at),
	};

	return cmocka_run_group_tests_name(
		"engine_verified", tests, NULL, NULL);
}
