/* large_test - segments larger than the link takes: what the device is to cut
 * (TSO), and what it has joined (LRO). Both families; without timestamps. */
#include <string.h>

#include "netcore/stack/cksum.h"
#include "netcore/stack/engine/test/one_kit.h"
#include "netcore/stack/wire/eth.h"
#include "netcore/stack/wire/ip.h"
#include "netcore/stack/wire/ipv4.h"
#include "netcore/stack/wire/ipv6.h"
#include "netcore/stack/wire/tcp.h"

#define DELACK_MS 40u

static uint8_t text[66000];
static bool v6;
static uint32_t mss;
static uint32_t iss, irs = 0xfffff000;
static stack_conn conn;

static uint64_t
pseudo(uint32_t src, uint32_t dst, uint32_t len)
{
	uint8_t from[16], to[16];

	ip_addr_put(one_addr6(src), from);
	ip_addr_put(one_addr6(dst), to);
	return v6 ? cksum_pseudo6(from, to, WIRE_IP_TCP, len)
		  : cksum_pseudo4(ONE_IP + src - 1, ONE_IP + dst - 1,
			    WIRE_IP_TCP, (uint16_t)len);
}

/* From the peer: len bytes of the text at `off`, and what else t says. True if
 * they were kept. */
static bool
give(struct wire_tcp t, uint32_t off, uint32_t len)
{
	static uint8_t b[66000], frame[4][66000];
	static unsigned at;
	uint8_t *f = frame[at++ % 4];
	uint32_t n;

	t.sport = 80;
	t.dport = 4000;
	t.window = 60000;
	t.flags |= WIRE_TCP_ACK;
	if (!(t.flags & WIRE_TCP_SYN))
		t.seq = irs + 1 + off;
	n = (uint32_t)wire_tcp_emit(b, 60, &t);
	memcpy(b + n, text + off, len);
	n += len;
	be_put16(b + 16, cksum_finish(cksum_partial(b, n, pseudo(2, 1, n))));
	n = v6 ? one_make6(f, one_addr6(2), one_addr6(1), WIRE_IP_TCP, 64, b, n)
	       : one_make(f, WIRE_IP_TCP, 0, 1, b, n);
	return one_give(f, n);
}

/* Frame i is one of TCP, whose header is h; returns how many bytes it has. */
static uint32_t
look(unsigned i, struct wire_tcp *h)
{
	const struct one_frame *o = &one.out[i];
	struct cursor c = cursor_of(o->bytes, o->len);
	struct wire_eth e;
	struct wire_ipv4 a;
	struct wire_ipv6 b;

	assert_true(i < one.sent);
	assert_int_equal(wire_eth_parse(&c, &e), WIRE_OK);
	assert_int_equal(v6 ? wire_ipv6_parse(&c, &b) : wire_ipv4_parse(&c, &a),
		WIRE_OK);
	assert_int_equal(wire_tcp_parse(&c, h), WIRE_OK);
	return (uint32_t)cursor_left(&c);
}

static void
open_it(uint32_t tso)
{
	struct stack_config c = one_config6();
	struct wire_tcp h,
		t = {.flags = WIRE_TCP_SYN | WIRE_TCP_ECE,
			.seq = irs,
			.opts = WIRE_TCP_MSS | WIRE_TCP_SACK_OK,
			.mss = 9000};

	c.tso = tso;
	c.tx_cksum = tso;
	c.reno = true;
	c.ecn = true;
	one_start(&c);
	one_know6();
	mss = v6 ? 1440 : 1460;
	assert_int_equal(
		stack_connect(one.s, v6 ? one_addr6(2) : ip_addr_v4(ONE_PEER),
			80, 4000, 0, &conn),
		0);
	one_send();
	assert_int_equal(one.sent, 1);
	look(0, &h);
	iss = h.seq;
	t.ack = iss + 1;
	one.now += 10000000;
	give(t, 0, 0);
	assert_int_equal(one.connected, 1);
	one_send();
	for (unsigned i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 7 + i / 256);
}

static int
up(void **state)
{
	(void)state;
	open_it(0);
	return 0;
}

static void
expect(unsigned i, uint32_t off, uint32_t len)
{
	const struct one_frame *o = &one.out[i];
	struct wire_tcp h;

	assert_int_equal(look(i, &h), len);
	assert_int_equal(h.seq, iss + 1 + off);
	assert_memory_equal(o->bytes + o->headers, text + off, len);
	assert_int_equal(o->flags & STACK_TX_TSO, len > mss ? STACK_TX_TSO : 0);
	assert_int_equal(o->flags & STACK_TX_CKSUM, STACK_TX_CKSUM);
	assert_int_equal(o->mss, len > mss ? mss : 0);
}

static int
up_tso(void **state)
{
	(void)state;
	open_it(5 * 1460 + 100);
	return 0;
}

/* Whole segments, as many as the device takes; what is left goes by itself. */
static void
super_segments_are_whole_ones(void **state)
{
	(void)state;
	assert_int_equal(stack_send(one.s, conn, text, 8 * mss + 77), 0);
	one_send();
	assert_int_equal(one.sent, 3);
	expect(0, 0, 5 * mss);
	expect(1, 5 * mss, 3 * mss);
	expect(2, 8 * mss, 77);
}

/* RFC 6928: the window lets ten out, whoever cuts them. */
static void
the_window_counts_all_of_them(void **state)
{
	(void)state;
	assert_int_equal(stack_send(one.s, conn, text, 30 * mss), 0);
	one_send();
	assert_int_equal(one.sent, 2);
	expect(0, 0, 5 * mss);
	expect(1, 5 * mss, 5 * mss);
	give((struct wire_tcp){.ack = iss + 1 + 2 * mss}, 0, 0);
	one_send();
	assert_int_equal(one.sent, 1);
	expect(0, 10 * mss, 4 * mss);
}

/* RFC 2018, 6675: what is lost is one of those that the device has made. */
static void
a_part_of_one_is_lost(void **state)
{
	struct wire_tcp t = {.opts = WIRE_TCP_SACK, .sacks = 1};

	(void)state;
	assert_int_equal(stack_send(one.s, conn, text, 10 * mss), 0);
	one_send();
	assert_int_equal(one.sent, 2);
	one.now += 10000000;
	t.ack = iss + 1 + mss;
	t.sack[0] =
		(struct wire_tcp_sack){iss + 1 + 2 * mss, iss + 1 + 10 * mss};
	give(t, 0, 0);
	one_send();
	assert_int_equal(one.sent, 1);
	expect(0, mss, mss);
	assert_int_equal(one.n->retransmits, 1);
	assert_int_equal(one.n->recoveries, 1);
	give((struct wire_tcp){.ack = iss + 1 + 10 * mss}, 0, 0);
	assert_null(stack_check(one.s));
}

/* RFC 3168, 6.1.2: CWR is said once; what devices make of it when they cut
 * differs, so it goes by itself. And ECE of the peer's acknowledgement is for
 * all of a super-segment. */
static void
a_reduction_is_told_by_one(void **state)
{
	struct wire_tcp t = {.flags = WIRE_TCP_ECE}, h;

	(void)state;
	assert_int_equal(stack_send(one.s, conn, text, 40 * mss), 0);
	one_send();
	assert_int_equal(one.sent, 2);
	t.ack = iss + 1 + 5 * mss;
	give(t, 0, 0);
	one_send();
	assert_int_equal(one.sent, 0); /* ten were out, five may be */
	t.ack = iss + 1 + 10 * mss;
	give(t, 0, 0);
	assert_int_equal(one.n->ecn_reduced, 1);
	one_send();
	assert_int_equal(one.sent, 2);
	expect(0, 10 * mss, mss);
	look(0, &h);
	assert_int_equal(h.flags & WIRE_TCP_CWR, WIRE_TCP_CWR);
	expect(1, 11 * mss, 4 * mss);
	look(1, &h);
	assert_int_equal(h.flags & WIRE_TCP_CWR, 0);
}

/* --- what was joined ------------------------------------------------------*/

static void
expect_ack(uint32_t off, uint32_t sack)
{
	struct wire_tcp h;

	one_send();
	assert_int_equal(one.sent, 1);
	assert_int_equal(look(0, &h), 0);
	assert_int_equal(h.ack, irs + 1 + off);
	assert_int_equal(h.sacks, sack != 0);
	if (sack)
		assert_int_equal(h.sack[0].right, irs + 1 + sack);
}

/* RFC 9293, 3.8.6.3: two full segments and more are acknowledged at once. */
static void
joined_ones_are_acknowledged_at_once(void **state)
{
	struct wire_tcp t = {.ack = iss + 1};
	uint32_t off = 0;

	(void)state;
	for (uint32_t n = 2; n <= 20; n += 9) {
		assert_true(give(t, off, n * mss));
		off += n * mss;
		assert_int_equal(one.bytes, off);
		assert_memory_equal(one.text, text, off);
		expect_ack(off, 0);
	}
	assert_true(give(t, off, mss)); /* one is one */
	one_send();
	assert_int_equal(one.sent, 0);
	one.now += (DELACK_MS + 1) * 1000000ull;
	stack_timers(one.s, one.now);
	expect_ack(off + mss, 0);
}

/* RFC 5681, 4.2; RFC 2018, 4: ahead of their turn they are one block. */
static void
joined_ones_may_be_early(void **state)
{
	struct wire_tcp t = {.ack = iss + 1};

	(void)state;
	assert_true(give(t, 2 * mss, 10 * mss));
	expect_ack(0, 12 * mss);
	assert_true(give(t, 0, 2 * mss));
	assert_int_equal(one.bytes, 12 * mss);
	assert_memory_equal(one.text, text, 12 * mss);
	expect_ack(12 * mss, 0);
}

/* RFC 9293, 3.10.7.4: what was received is cut off, and so is what lies beyond
 * the window; the rest is taken, in one piece. */
static void
joined_ones_are_cut(void **state)
{
	struct wire_tcp t = {.ack = iss + 1};
	uint32_t window = one.cfg.rcv_window - 1;

	(void)state;
	assert_true(give(t, 0, 4 * mss));
	expect_ack(4 * mss, 0);
	assert_true(give(t, 2 * mss, 6 * mss));
	assert_int_equal(one.bytes, 8 * mss);
	expect_ack(8 * mss, 4 * mss); /* twice: RFC 2883 */
	assert_true(give(t, 8 * mss, 40000));
	expect_ack(8 * mss + 40000, 0);
	assert_true(give(t, 8 * mss + 40000, window - 8 * mss - 40000 + 9));
	assert_int_equal(one.bytes, window);
	assert_memory_equal(one.text, text, window);
	expect_ack(window, 0);
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
#define T(f)   cmocka_unit_test_setup_teardown(f, up, one_down)
#define TSO(f) cmocka_unit_test_setup_teardown(f, up_tso, one_down)
	const struct CMUnitTest tests[] = {
		TSO(super_segments_are_whole_ones),
		TSO(the_window_counts_all_of_them),
		TSO(a_part_of_one_is_lost),
		TSO(a_reduction_is_told_by_one),
		T(joined_ones_are_acknowledged_at_once),
		T(joined_ones_may_be_early),
		T(joined_ones_are_cut),
	};
	int bad =
		cmocka_run_group_tests_name("engine_large", tests, in_v4, NULL);

	return bad +
		cmocka_run_group_tests_name(
			"engine_large6", tests, in_v6, NULL);
}
