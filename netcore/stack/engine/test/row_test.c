/* row_test - who sends when: a connection that has much sends some segments in
 * a row, and then the next one has its turn. */
#include <string.h>

#include "netcore/stack/engine/test/one_kit.h"
#include "netcore/stack/wire/tcp.h"

#define CONNS 3u
#define MAX   128u
#define MSS   1460u
#define ROW   23u /* segments: 32768 bytes and what ends the last */

static stack_conn conn[CONNS];
static uint32_t seq[CONNS];   /* what we will send next */
static uint32_t acked[CONNS]; /* up to here */
static struct run {
	unsigned conn, frames;
} run[MAX];

static void
segment(unsigned i, uint8_t flags)
{
	struct wire_tcp t = {.sport = (uint16_t)(4000 + i),
		.dport = 80,
		.flags = flags,
		.seq = flags & WIRE_TCP_SYN ? 1000 : 1001,
		.ack = acked[i],
		.opts = flags & WIRE_TCP_SYN ? WIRE_TCP_MSS : 0,
		.mss = MSS,
		.window = 65535};

	one_tcp(&t);
}

/* What goes out in one call, as runs of one connection. */
static unsigned
runs(void)
{
	static uint8_t headers[MAX][STACK_HEADERS];
	struct stack_tx_frame f[MAX];
	unsigned n, r = 0;

	for (unsigned i = 0; i < MAX; i++)
		f[i].headers = headers[i];
	n = stack_tx(one.s, f, MAX, one.now);
	assert_true(n < MAX);
	for (unsigned i = 0; i < n; i++) {
		struct cursor c = cursor_of(headers[i] + 34, 60);
		struct wire_tcp t;
		unsigned to;

		assert_int_equal(wire_tcp_parse(&c, &t), WIRE_OK);
		to = t.dport - 4000u;
		seq[to] = t.seq + f[i].len + !!(t.flags & WIRE_TCP_SYN);
		if (!r || run[r - 1].conn != to)
			run[r++] = (struct run){to, 0};
		run[r - 1].frames++;
	}
	return r;
}

static void
open_all(void)
{
	struct stack_config c = one_config();

	c.segs = c.send_refs = 1000;
	one_again(&c);
	assert_int_equal(stack_listen(one.s, (struct ip_addr){0, 0}, 80, 5), 0);
	for (unsigned i = 0; i < CONNS; i++) {
		segment(i, WIRE_TCP_SYN);
		assert_int_equal(runs(), 1);
		acked[i] = seq[i];
		segment(i, WIRE_TCP_ACK);
		conn[i] = one.conn;
	}
}

static void
say(unsigned i, uint32_t bytes)
{
	assert_int_equal(stack_send(one.s, conn[i], one.text, bytes), 0);
}

static void
is(unsigned i, unsigned who, unsigned frames)
{
	assert_int_equal(run[i].conn, who);
	assert_int_equal(run[i].frames, frames);
}

static void
one_after_the_other(void **state)
{
	(void)state;
	open_all();
	say(1, 40000);
	say(2, 40000);
	say(0, 100);
	assert_int_equal(runs(), 3);
	is(0, 1, 10); /* its initial window */
	is(1, 2, 10);
	is(2, 0, 1);
}

/* Until its window is larger than a row. */
static void
grow(unsigned i)
{
	say(i, 60000);
	say(i, 60000);
	runs();
	while (acked[i] != seq[i]) {
		uint32_t left = seq[i] - acked[i];

		acked[i] += left < 2 * MSS ? left : 2 * MSS;
		segment(i, WIRE_TCP_ACK);
		runs();
	}
}

static void
no_more_than_a_row(void **state)
{
	(void)state;
	open_all();
	grow(1);
	grow(2);
	say(1, 40 * MSS);
	say(2, 40 * MSS);
	say(0, 100);
	assert_int_equal(runs(), 5);
	is(0, 1, ROW);
	is(1, 2, ROW);
	is(2, 0, 1);
	is(3, 1, 40 - ROW);
	is(4, 2, 40 - ROW);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			one_after_the_other, one_up, one_down),
		cmocka_unit_test_setup_teardown(
			no_more_than_a_row, one_up, one_down),
	};

	return cmocka_run_group_tests_name("row", tests, NULL, NULL);
}
