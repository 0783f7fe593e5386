/* tcp_receive_test - data that comes: its order, its acknowledgement. */
#include "netcore/stack/engine/test/script.h"

/* RFC 9293, 3.8.6.3: within the delay, or with the second segment. */
static void
delayed_ack(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	(void)state;
	s->read = false;
	SEND(.seq = 1, .ack = 1, .len = MSS);
	assert_in_range(script_until(s, 500), 39, 41);
	EXPECT(.seq = 1, .ack = 1 + MSS);
	SEND(.seq = 1 + MSS, .ack = 1, .len = MSS);
	SILENCE();
	SEND(.seq = 1 + 2 * MSS, .ack = 1, .len = MSS);
	EXPECT(.seq = 1, .ack = 1 + 3 * MSS);
	script_end(s);
}

/* RFC 9293, 3.8.6.3: a full segment is what the peer can send, which may be
 * less than we could take. */
static void
delayed_ack_of_a_small_peer(void **state)
{
	struct stack_config cfg = script_config();
	struct script *s;

	(void)state;
	cfg.mtu = 4000;
	s = script_open(&cfg, SCRIPT_MSS_SACK);
	SEND(.seq = 1, .ack = 1, .len = MSS);
	SILENCE();
	SEND(.seq = 1 + MSS, .ack = 1, .len = MSS);
	EXPECT(.seq = 1, .ack = 1 + 2 * MSS);
	script_end(s);
}

/* 3.10.7.4, first, and what it leaves out: data comes again, for its
 * acknowledgement waits; what it acknowledges itself counts. */
static void
what_comes_again_acknowledges(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	(void)state;
	script_write(s, 50);
	EXPECT(.seq = 1, .ack = 1, .len = 50);
	SEND(.seq = 1, .ack = 1, .len = 100);
	SEND(.seq = 1, .ack = 51, .len = 100);
	assert_int_equal(s->acked, 50);
	EXPECT(.seq = 51, .ack = 101, .sack = {{1, 101}});
	/* But not what is older than our last word. */
	script_write(s, 50);
	EXPECT(.seq = 51, .ack = 101, .len = 50);
	SEND(.seq = 1, .ack = 101, .len = 99);
	assert_int_equal(s->acked, 50);
	EXPECT(.seq = 101, .ack = 101, .sack = {{1, 100}});
	SEND(.seq = 101, .ack = 101);
	script_end(s);
}

/* RFC 9293, 3.8.6.2.2, 3.8.6.3: that the program reads at once is no reason
 * for a frame of its own; the acknowledgement takes the window along. */
static void
delayed_ack_of_a_fast_reader(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	(void)state;
	for (uint32_t at = 1; at < 1 + 10 * MSS; at += 2 * MSS) {
		SEND(.seq = at, .ack = 1, .len = MSS);
		SILENCE();
		SEND(.seq = at + MSS, .ack = 1, .len = MSS);
		assert_int_equal(
			EXPECT(.seq = 1, .ack = at + 2 * MSS)->window, 65535);
	}
	SEND(.seq = 1 + 10 * MSS, .ack = 1, .len = MSS);
	assert_in_range(script_until(s, 500), 39, 41);
	EXPECT(.seq = 1, .ack = 1 + 11 * MSS);
	script_end(s);
}

/* The same, 3.8.6.2.2: a slow reader tells of two segments at a time, and of
 * one by what goes out anyhow. */
static void
slow_reader(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	(void)state;
	s->read = false;
	for (uint32_t at = 1; at < 1 + 10 * MSS; at += 2 * MSS) {
		SEND(.seq = at, .ack = 1, .len = MSS);
		SEND(.seq = at + MSS, .ack = 1, .len = MSS);
		EXPECT(.seq = 1, .ack = at + 2 * MSS);
	}
	stack_recv_done(s->stack, s->conn, 2 * MSS - 1);
	SILENCE();
	stack_recv_done(s->stack, s->conn, 1);
	assert_int_equal(
		EXPECT(.seq = 1, .ack = 1 + 10 * MSS)->window, 65535 - 8 * MSS);
	stack_recv_done(s->stack, s->conn, MSS - 1);
	script_write(s, 1);
	assert_int_equal(
		EXPECT(.seq = 1, .ack = 1 + 10 * MSS, .len = 1)->window,
		65535 - 8 * MSS);
	stack_recv_done(s->stack, s->conn, 1);
	script_write(s, 1);
	assert_int_equal(
		EXPECT(.seq = 2, .ack = 1 + 10 * MSS, .len = 1)->window,
		65535 - 7 * MSS);
	script_end(s);
}

/* A buffer of less than a segment: half of it is worth a frame. */
static void
tiny_buffer(void **state)
{
	struct stack_config cfg = script_config();
	struct script *s;

	(void)state;
	cfg.rcv_window = 1000;
	s = script_open(&cfg, SCRIPT_MSS_SACK);
	s->read = false;
	SEND(.seq = 1, .ack = 1, .len = 1000);
	script_wait(s, 40);
	assert_int_equal(EXPECT(.seq = 1, .ack = 1001)->window, 0);
	stack_recv_done(s->stack, s->conn, 499);
	SILENCE();
	stack_recv_done(s->stack, s->conn, 1);
	assert_int_equal(EXPECT(.seq = 1, .ack = 1001)->window, 500);
	script_end(s);
}

/* RFC 5681, 4.2; RFC 2018, 4: a gap is told at once, the newest block first;
 * filled, it is told at once, too. */
static void
sack_blocks(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	(void)state;
	SEND(.seq = 101, .ack = 1, .len = 100);
	EXPECT(.seq = 1, .ack = 1, .sack = {{101, 201}});
	SEND(.seq = 301, .ack = 1, .len = 100);
	EXPECT(.seq = 1, .ack = 1, .sack = {{301, 401}, {101, 201}});
	SEND(.seq = 201, .ack = 1, .len = 100);
	EXPECT(.seq = 1, .ack = 1, .sack = {{101, 401}});
	SEND(.seq = 1, .ack = 1, .len = 100);
	EXPECT(.seq = 1, .ack = 401);
	assert_int_equal(s->received, 400);
	script_end(s);
}

/* All that is new of a segment is kept, wherever it lies. */
static void
several_gaps_at_once(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	(void)state;
	SEND(.seq = 101, .ack = 1, .len = 100);
	EXPECT(.seq = 1, .ack = 1, .sack = {{101, 201}});
	SEND(.seq = 301, .ack = 1, .len = 50);
	EXPECT(.seq = 1, .ack = 1, .sack = {{301, 351}, {101, 201}});
	SEND(.seq = 401, .ack = 1, .len = 100);
	EXPECT(.seq = 1, .ack = 1,
		.sack = {{401, 501}, {301, 351}, {101, 201}});
	SEND(.seq = 151, .ack = 1, .len = 300);
	EXPECT(.seq = 1, .ack = 1, .sack = {{151, 201}, {101, 501}});
	/* One buffer has taken the place of another. */
	assert_int_equal(s->buffers, 3);
	SEND(.seq = 1, .ack = 1, .len = 100);
	EXPECT(.seq = 1, .ack = 501);
	assert_int_equal(s->received, 500);
	script_end(s);
}

/* Who makes thousands of gaps, and goes about in them, is not listened to. */
static void
too_many_gaps(void **state)
{
	struct stack_config cfg = script_config();
	struct script *s;

	(void)state;
	cfg.ooo = 8000;
	s = script_open(&cfg, SCRIPT_MSS_SACK);
	for (uint32_t i = 1; i <= 3000; i++) {
		SEND(.seq = 1 + 20 * i, .ack = 1, .len = 10);
		script_drain(s);
	}
	assert_int_equal(COUNT(drop_ooo_far), 0);
	SEND(.seq = 30011, .ack = 1, .len = 10);
	EXPECT(.seq = 1, .ack = 1,
		.sack = {{60001, 60011}, {59981, 59991}, {59961, 59971},
			{59941, 59951}});
	assert_int_equal(COUNT(drop_ooo_far), 1);
	assert_int_equal(s->buffers, 3000);
	SEND(.seq = 1, .ack = 1, .len = 20);
	EXPECT(.seq = 1, .ack = 31,
		.sack = {{60001, 60011}, {59981, 59991}, {59961, 59971},
			{59941, 59951}});
	SEND(.seq = 31, .ack = 1, .len = MSS);
	EXPECT(.seq = 1, .ack = 31 + MSS,
		.sack = {{60001, 60011}, {59981, 59991}, {59961, 59971},
			{59941, 59951}});
	assert_int_equal(s->buffers, 2926);
	script_end(s);
}

/* RFC 2883, 4: a duplicate is answered with its range. */
static void
dsack(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	(void)state;
	SEND(.seq = 1, .ack = 1, .len = 200);
	script_wait(s, 40);
	EXPECT(.seq = 1, .ack = 201);
	SEND(.seq = 1, .ack = 1, .len = 200);
	EXPECT(.seq = 1, .ack = 201, .sack = {{1, 201}});
	SEND(.seq = 101, .ack = 1, .len = 200);
	EXPECT(.seq = 1, .ack = 301, .sack = {{101, 201}});
	SEND(.seq = 401, .ack = 1, .len = 100);
	EXPECT(.seq = 1, .ack = 301, .sack = {{401, 501}});
	SEND(.seq = 401, .ack = 1, .len = 100);
	EXPECT(.seq = 1, .ack = 301, .sack = {{401, 501}, {401, 501}});
	assert_int_equal(s->received, 300);
	script_end(s);
}

/* RFC 7323, 5.3: data of an older clock is answered, not taken; and an old
 * timestamp is not echoed. */
static void
paws(void **state)
{
	struct script *s = script_established(SCRIPT_ALL);

	(void)state;
	struct script_seg *g;

	SEND(.seq = 1, .ack = 1, .len = 100, .ts = 500);
	g = EXPECT(.seq = 1, .ack = 1);
	assert_true(g->h.ts_ecr > 500);
	assert_int_equal(s->received, 0);
	SEND(.seq = 1, .ack = 1, .len = 100, .ts = 5000);
	script_wait(s, 40);
	g = EXPECT(.seq = 1, .ack = 101);
	assert_int_equal(g->h.ts_ecr, 5000);
	script_end(s);
}

/* RFC 7323, 5.5: a clock that was not heard for 24 days, by the engine's 4.7
 * hours a part more or less, may have gone round: what it says is taken, old or
 * not. */
static void
paws_forgets(void **state)
{
	const uint32_t day = 24 * 3600 * 1000;
	struct script *s = script_established(SCRIPT_ALL);
	uint32_t old = s->ts - 1;

	(void)state;
	script_wait(s, 24 * day - day / 5);
	SEND(.seq = 1, .ack = 1, .len = 100, .ts = old);
	EXPECT(.seq = 1, .ack = 1);
	assert_int_equal(s->received, 0);
	script_wait(s, 2 * day / 5);
	SEND(.seq = 1, .ack = 1, .len = 100, .ts = old);
	script_wait(s, 40);
	assert_int_equal(EXPECT(.seq = 1, .ack = 101)->h.ts_ecr, old);
	script_end(s);
}

/* RFC 7323, 4.3: what comes early does not move the timestamp to echo. */
static void
early_timestamp_is_not_echoed(void **state)
{
	struct script *s = script_established(SCRIPT_ALL);

	(void)state;
	struct script_seg *g;

	SEND(.seq = 101, .ack = 1, .len = 100, .ts = 9000);
	g = EXPECT(.seq = 1, .ack = 1, .sack = {{101, 201}});
	assert_true(g->h.ts_ecr < 9000);
	script_end(s);
}

/* RFC 7323, 2.3: the edge is where the peer takes it to be, in units of the
 * scale from what is acknowledged on. */
static void
scaled_edge(void **state)
{
	struct stack_config cfg = script_config();
	struct script *s;
	uint32_t edge, again;

	(void)state;
	cfg.rcv_window = 200000;
	s = script_syn_received(&cfg, SCRIPT_ALL);
	SEND(.seq = 1, .ack = 1);
	SILENCE(); /* more of a window is told with what comes next */
	s->read = false;
	SEND(.seq = 1, .ack = 1, .len = 1448);
	SEND(.seq = 1449, .ack = 1, .len = 1448);
	EXPECT(.seq = 1, .ack = 2897);
	stack_recv_done(s->stack, s->conn, 2894);
	script_write(s, 1);
	edge = 2897 + (EXPECT(.seq = 1, .ack = 2897, .len = 1)->window << 2);
	assert_int_equal(edge, 2897 + 199996);
	SEND(.seq = edge, .ack = 2, .len = 1);
	EXPECT(.seq = 2, .ack = 2897);
	assert_int_equal(COUNT(drop_out_of_window), 1);
	/* It does not go back, as long as there is room; all of it is taken. */
	stack_recv_done(s->stack, s->conn, 1);
	SEND(.seq = 2897, .ack = 2, .len = 1);
	script_wait(s, 40);
	again = 2898 + (EXPECT(.seq = 2, .ack = 2898)->window << 2);
	assert_int_equal(again, edge + 1);
	SEND(.seq = edge, .ack = 2, .len = 1);
	EXPECT(.seq = 2, .ack = 2898, .sack = {{edge, again}});
	SEND(.seq = again, .ack = 2, .len = 1);
	EXPECT(.seq = 2, .ack = 2898, .sack = {{edge, again}});
	assert_int_equal(COUNT(drop_out_of_window), 2);
	script_end(s);
}

/* RFC 9293, 3.10.7.4: beyond the window is answered, and not taken. */
static void
beyond_the_window(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	(void)state;
	SEND(.seq = 1 + 65535, .ack = 1, .len = 10);
	EXPECT(.seq = 1, .ack = 1);
	assert_int_equal(s->received, 0);
	script_end(s);
}

/* RFC 9293, 3.10.7.4, first, but for a bare acknowledgement: from the right
 * edge it is one, or two sides that have filled each other's window and lost
 * all of that would answer each other. A RST there is outside (RFC 5961, 3.2),
 * and so is what lies further. */
static void
right_edge(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	(void)state;
	script_write(s, 100);
	EXPECT(.seq = 1, .ack = 1, .len = 100);
	SEND(.seq = 1 + 65535, .ack = 101);
	SILENCE();
	assert_int_equal(s->acked, 100);
	SEND(.seq = 1 + 65535, .flags = RST);
	SILENCE();
	assert_int_equal(s->closed, 0);
	SEND(.seq = 2 + 65535, .ack = 101);
	EXPECT(.seq = 101, .ack = 1);
	script_end(s);
}

/* RFC 9293, 3.10.7.4, fifth: no ACK bit, no segment. */
static void
without_ack(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	(void)state;
	SEND(.seq = 1, .no_ack = true, .len = 10);
	SILENCE();
	assert_int_equal(s->received, 0);
	script_end(s);
}

/* RFC 9293, 3.8.6.2.2: the window shuts, a probe is answered and its ACK
 * counts; it opens by a segment at least. */
static void
zero_window(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	(void)state;
	uint32_t at = 1, n;

	s->read = false;
	for (; at < 65536; at += n) {
		n = 65536 - at < MSS ? 65536 - at : MSS;
		SEND(.seq = at, .ack = 1, .len = n);
	}
	script_wait(s, 50);
	assert_int_equal(EXPECT(.seq = 1, .ack = 65536)->window, 0);
	script_write(s, 100);
	EXPECT(.seq = 1, .ack = 65536, .len = 100);
	SEND(.seq = 65536, .ack = 101, .len = 1);
	EXPECT(.seq = 101, .ack = 65536);
	assert_int_equal(s->acked, 100);
	assert_int_equal(s->received, 65535);
	stack_recv_done(s->stack, s->conn, 1000);
	SILENCE();
	stack_recv_done(s->stack, s->conn, 1000);
	assert_int_equal(EXPECT(.seq = 101, .ack = 65536)->window, 2000);
	script_end(s);
}

/* RFC 9293, 3.8.2, by RFC 6093, 6: urgent data is data like any other, whatever
 * the pointer points at: before, within, behind the segment, or with none. */
static void
urgent_bytes_are_bytes(void **state)
{
	static const uint16_t pointers[] = {
		0, 1, 50, 99, 100, 101, 5000, 32768, 65535};
	struct script *s = script_established(SCRIPT_MSS_SACK);
	uint32_t at = 1, n = sizeof(pointers) / sizeof(pointers[0]);

	(void)state;
	for (uint32_t i = 0; i < n; i++, at += 100) {
		SEND(.seq = at, .ack = 1, .flags = URG, .no_ack = true);
		SEND(.seq = at, .ack = 1, .flags = ACK | URG,
			.urgent = pointers[i]);
		SILENCE();
		SEND(.seq = at, .ack = 1, .len = 100, .flags = ACK | URG,
			.urgent = pointers[i]);
		assert_int_equal(s->received, at + 99);
		script_wait(s, 40);
		EXPECT(.seq = 1, .ack = at + 100);
	}
	assert_int_equal(COUNT(urgent_ignored), 2 * n);
	/* Early, and then with the FIN. */
	SEND(.seq = at + 10, .ack = 1, .len = 10, .flags = ACK | URG,
		.urgent = 1);
	EXPECT(.seq = 1, .ack = at, .sack = {{at + 10, at + 20}});
	SEND(.seq = at, .ack = 1, .len = 10, .flags = ACK | URG, .urgent = 20);
	EXPECT(.seq = 1, .ack = at + 20);
	SEND(.seq = at + 20, .ack = 1, .len = 10, .flags = ACK | URG | FIN,
		.urgent = 11);
	EXPECT(.seq = 1, .ack = at + 31);
	assert_int_equal(s->received, at + 29);
	assert_int_equal(s->remote_closed, 1);
	script_end(s);
}

static void
shut_it(struct script *s)
{
	assert_int_equal(stack_close(s->stack, s->conn, false), 0);
	s->on_data = NULL;
}

/* RFC 9293, 3.6.1 by RFC 2525, 2.17: closed in the upcall of the first piece;
 * what had come early is for nobody, and the peer hears of it. */
static void
closed_while_gap_is_filled(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	(void)state;
	SEND(.seq = 101, .ack = 1, .len = 100);
	EXPECT(.seq = 1, .ack = 1, .sack = {{101, 201}});
	s->on_data = shut_it;
	SEND(.seq = 1, .ack = 1, .len = 100);
	EXPECT(.seq = 1, .ack = 101, .flags = RST | ACK);
	assert_int_equal(s->received, 100);
	script_end(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delayed_ack),
		cmocka_unit_test(delayed_ack_of_a_small_peer),
		cmocka_unit_test(what_comes_again_acknowledges),
		cmocka_unit_test(delayed_ack_of_a_fast_reader),
		cmocka_unit_test(slow_reader),
		cmocka_unit_test(tiny_buffer),
		cmocka_unit_test(sack_blocks),
		cmocka_unit_test(several_gaps_at_once),
		cmocka_unit_test(too_many_gaps),
		cmocka_unit_test(dsack),
		cmocka_unit_test(paws),
		cmocka_unit_test(paws_forgets),
		cmocka_unit_test(early_timestamp_is_not_echoed),
		cmocka_unit_test(scaled_edge),
		cmocka_unit_test(beyond_the_window),
		cmocka_unit_test(right_edge),
		cmocka_unit_test(without_ack),
		cmocka_unit_test(zero_window),
		cmocka_unit_test(closed_while_gap_is_filled),
		cmocka_unit_test(urgent_bytes_are_bytes),
	};

	return cmocka_run_group_tests_name("tcp_receive", tests, NULL, NULL);
}
