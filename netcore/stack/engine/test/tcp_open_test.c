/* tcp_open_test - handshakes (RFC 9293, 3.5). */
#include "netcore/stack/engine/test/script.h"

/* RFC 9293, 3.5, figure 6, from the side of the listener; all options. */
static void
passive_with_all_options(void **state)
{
	struct script *s = script_new(NULL);
	struct script_seg *g;

	(void)state;
	s->opts = SCRIPT_ALL;
	s->wscale = 7;
	SEND(.flags = SYN, .opts = SCRIPT_ALL, .ts = 777);
	g = EXPECT(.flags = SYN | ACK, .ack = 1);
	assert_int_equal(g->h.opts, SCRIPT_ALL);
	assert_int_equal(g->h.mss, MSS);
	assert_int_equal(g->h.ts_ecr, 777);
	assert_int_equal(s->accepted, 0);
	SEND(.seq = 1, .ack = 1);
	assert_int_equal(s->accepted, 1);
	SILENCE();
	script_end(s);
}

/* RFC 9293, 3.7.1: no option came, so none goes back but the MSS, and the
 * peer's is 536. */
static void
passive_without_options(void **state)
{
	struct script *s = script_new(NULL);
	struct script_seg *g;

	(void)state;
	SEND(.flags = SYN);
	g = EXPECT(.flags = SYN | ACK, .ack = 1);
	assert_int_equal(g->h.opts, WIRE_TCP_MSS);
	SEND(.seq = 1, .ack = 1);
	script_write(s, 1000);
	g = EXPECT(.seq = 1, .ack = 1, .len = 536);
	assert_int_equal(g->h.opts, 0);
	EXPECT(.seq = 537, .ack = 1, .len = 464);
	script_end(s);
}

/* RFC 9293, 3.5, figure 6, from the side that connects. RFC 7323, 2.2: all
 * are offered. */
static void
active_with_all_options(void **state)
{
	struct script *s = script_new(NULL);
	struct script_seg *g;

	(void)state;
	s->opts = SCRIPT_ALL;
	assert_int_equal(
		stack_connect(s->stack, script_ip(2), 5000, 80, 7, &s->conn),
		0);
	g = EXPECT(.flags = SYN);
	assert_int_equal(g->h.opts, SCRIPT_ALL);
	SEND(.flags = SYN | ACK, .ack = 1, .opts = SCRIPT_ALL, .ts = 99);
	assert_int_equal(s->connected, 1);
	g = EXPECT(.seq = 1, .ack = 1);
	assert_int_equal(g->h.opts, WIRE_TCP_TS);
	assert_int_equal(g->h.ts_ecr, 99);
	script_end(s);
}

/* RFC 7323, 1.3: what the answer does not have is not used. */
static void
active_without_options(void **state)
{
	struct script *s = script_syn_sent(NULL);
	struct script_seg *g;

	(void)state;
	s->opts = SCRIPT_NONE;
	SEND(.flags = SYN | ACK, .ack = 1);
	g = EXPECT(.seq = 1, .ack = 1);
	assert_int_equal(g->h.opts, 0);
	SEND(.seq = 101, .ack = 1, .len = 100);
	EXPECT(.seq = 1, .ack = 1); /* and no SACK */
	script_end(s);
}

/* RFC 7323, 2.2: the window in a SYN is never scaled. One of less than a unit
 * of the scale is not none. */
static void
window_of_a_syn_is_not_scaled(void **state)
{
	struct script *s = script_syn_sent(NULL);

	(void)state;
	s->wscale = 10;
	script_write(s, 500);
	SEND(.flags = SYN | ACK, .ack = 1, .opts = SCRIPT_ALL, .window = 1000);
	EXPECT(.seq = 1, .ack = 1, .len = 500);
	script_end(s);
}

/* RFC 7323, 2.3: those of all others are. */
static void
window_is_scaled(void **state)
{
	struct script *s = script_new(NULL);

	(void)state;
	s->wscale = 3;
	s->opts = SCRIPT_MSS | SCRIPT_WSCALE;
	SEND(.flags = SYN, .opts = s->opts, .window = 60000);
	EXPECT(.flags = SYN | ACK, .ack = 1);
	SEND(.seq = 1, .ack = 1, .window = 365);
	script_write(s, 5000);
	EXPECT(.seq = 1, .ack = 1, .len = MSS);
	EXPECT(.seq = 1 + MSS, .ack = 1, .len = MSS);
	SILENCE();
	script_end(s);
}

/* RFC 7323, 2.3: our own, of a buffer of 1 MiB. */
static void
our_window_is_scaled(void **state)
{
	struct stack_config cfg = script_config();
	struct script *s;
	struct script_seg *g;

	(void)state;
	cfg.rcv_window = 1 << 20;
	s = script_syn_sent(&cfg);
	SEND(.flags = SYN | ACK, .ack = 1, .opts = SCRIPT_ALL);
	g = EXPECT(.seq = 1, .ack = 1);
	assert_int_equal(g->window << 5, 1 << 20);
	script_end(s);
}

/* RFC 9293, 3.7.1 and RFC 6691: the smaller of both, less the options. */
static void
mss_is_the_peers(void **state)
{
	struct script *s = script_new(NULL);

	(void)state;
	s->mss = 1000;
	s->opts = SCRIPT_MSS | SCRIPT_TS;
	SEND(.flags = SYN, .opts = s->opts);
	EXPECT(.flags = SYN | ACK, .ack = 1);
	SEND(.seq = 1, .ack = 1);
	script_write(s, 1000);
	EXPECT(.seq = 1, .ack = 1, .len = 988);
	EXPECT(.seq = 989, .ack = 1, .len = 12);
	script_end(s);
}

/* The same: not more than our own link takes; and of a peer that asks for
 * crumbs not less than 64, or each byte would cost a segment. */
static void
mss_has_bounds(void **state)
{
	static const struct {
		uint16_t says, gets;
	} mss[] = {{9000, MSS}, {65535, MSS}, {65, 65}, {63, 64}, {0, 64}};

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		struct script *s = script_new(NULL);

		s->mss = mss[i].says;
		s->opts = SCRIPT_MSS;
		SEND(.flags = SYN, .opts = SCRIPT_MSS);
		EXPECT(.flags = SYN | ACK, .ack = 1);
		SEND(.seq = 1, .ack = 1);
		script_write(s, 2 * mss[i].gets);
		EXPECT(.seq = 1, .ack = 1, .len = mss[i].gets);
		EXPECT(.seq = 1 + mss[i].gets, .ack = 1, .len = mss[i].gets);
		script_end(s);
	}
}

/* RFC 9293, 3.5, figure 7: both send a SYN, then both answer. */
static void
simultaneous_open(void **state)
{
	struct script *s = script_syn_sent(NULL);

	(void)state;
	SEND(.flags = SYN, .opts = SCRIPT_ALL);
	EXPECT(.flags = SYN | ACK, .ack = 1);
	SEND(.flags = SYN | ACK, .ack = 1, .opts = SCRIPT_ALL);
	assert_int_equal(s->connected, 1);
	script_wait(s, 1);
	while (s->head != s->tail) { /* an acknowledgement, but no SYN */
		assert_int_equal(s->out[s->head % SCRIPT_SEGS].flags, ACK);
		s->head++;
	}
	SEND(.seq = 1, .ack = 1, .len = 10);
	assert_int_equal(s->received, 10);
	script_wait(s, 40);
	EXPECT(.seq = 1, .ack = 11);
	script_end(s);
}

/* The same, where the peer's answer comes before ours has gone out: our SYN is
 * acknowledged, and not sent again. */
static void
simultaneous_open_in_a_burst(void **state)
{
	struct script *s = script_syn_sent(NULL);

	(void)state;
	SEND(.flags = SYN, .opts = SCRIPT_ALL);
	SEND(.flags = SYN | ACK, .ack = 1, .opts = SCRIPT_ALL);
	assert_int_equal(s->connected, 1);
	script_write(s, 10);
	EXPECT(.seq = 1, .ack = 1, .len = 10);
	SEND(.seq = 1, .ack = 11);
	script_end(s);
}

/* The same, where the peer's answer to our SYN comes as a bare ACK. */
static void
simultaneous_open_by_ack(void **state)
{
	struct script *s = script_syn_sent(NULL);

	(void)state;
	SEND(.flags = SYN, .opts = SCRIPT_ALL);
	EXPECT(.flags = SYN | ACK, .ack = 1);
	SEND(.seq = 1, .ack = 1);
	assert_int_equal(s->connected, 1);
	SILENCE();
	script_end(s);
}

/* RFC 6298, 2.1, 5.5: after one second, then twice as long each time; at last
 * the program is told. */
static void
syn_is_sent_again(void **state)
{
	struct script *s = script_syn_sent(NULL);
	uint32_t wait = 1000;

	(void)state;
	for (int i = 0; i < 6; i++, wait *= 2) {
		assert_in_range(script_until(s, 200000), wait - 1, wait + 2);
		EXPECT(.flags = SYN);
	}
	script_wait(s, 130000);
	assert_int_equal(s->closed, 1);
	assert_int_equal(s->why, STACK_TIMEOUT);
	script_end(s);
}

/* The same of a SYN-ACK, but not for as long, for others wait for its place;
 * and of what was never accepted nobody is told. */
static void
syn_ack_is_sent_again(void **state)
{
	struct script *s = script_syn_received(NULL, SCRIPT_ALL);
	uint32_t wait = 1000;

	(void)state;
	for (int i = 0; i < 4; i++, wait *= 2) {
		assert_in_range(script_until(s, 200000), wait - 1, wait + 2);
		EXPECT(.flags = SYN | ACK, .ack = 1);
	}
	script_wait(s, 130000);
	assert_int_equal(s->closed, 0);
	SEND(.seq = 1, .ack = 1); /* there is nothing any more */
	EXPECT(.seq = 1, .flags = RST);
	script_end(s);
}

/* RFC 6298, 5.7: data begins with 3 s after a SYN that was sent twice; RFC
 * 5681, 3.1: and with one segment. */
static void
after_a_lost_syn(void **state)
{
	struct script *s = script_syn_sent(NULL);

	(void)state;
	s->opts = SCRIPT_MSS;
	script_wait(s, 1001);
	EXPECT(.flags = SYN);
	SEND(.flags = SYN | ACK, .ack = 1, .opts = SCRIPT_MSS);
	EXPECT(.seq = 1, .ack = 1);
	script_write(s, 3 * MSS);
	EXPECT(.seq = 1, .ack = 1, .len = MSS);
	SILENCE();
	assert_in_range(script_until(s, 9000), 2999, 3002);
	EXPECT(.seq = 1, .ack = 1, .len = MSS);
	script_end(s);
}

/* RFC 9293, 3.10.7.4: a SYN that comes twice is answered twice. */
static void
second_syn_is_answered(void **state)
{
	struct script *s = script_syn_received(NULL, SCRIPT_ALL);

	(void)state;
	SEND(.flags = SYN, .opts = SCRIPT_ALL);
	EXPECT(.flags = SYN | ACK, .ack = 1);
	SEND(.seq = 1, .ack = 1);
	assert_int_equal(s->accepted, 1);
	script_end(s);
}

/* RFC 9293, 3.10.7.4: the ACK of the handshake was lost, data has it too. */
static void
data_completes_the_handshake(void **state)
{
	struct script *s = script_syn_received(NULL, SCRIPT_ALL);

	(void)state;
	SEND(.seq = 1, .ack = 1, .len = 100);
	assert_int_equal(s->accepted, 1);
	assert_int_equal(s->received, 100);
	script_wait(s, 40);
	EXPECT(.seq = 1, .ack = 101);
	script_end(s);
}

/* RFC 9293, 3.10.7.3: an answer that has data, and the end. */
static void
syn_ack_with_data_and_fin(void **state)
{
	struct script *s = script_syn_sent(NULL);

	(void)state;
	SEND(.flags = SYN | ACK | FIN, .ack = 1, .len = 10, .opts = SCRIPT_ALL);
	assert_int_equal(s->connected, 1);
	assert_int_equal(s->received, 10);
	assert_int_equal(s->remote_closed, 1);
	EXPECT(.seq = 1, .ack = 12);
	script_end(s);
}

/* RFC 9293, 3.10.1, 3.9.1: what was queued before goes out after. */
static void
send_and_shutdown_before_it_is_open(void **state)
{
	struct script *s = script_syn_sent(NULL);

	(void)state;
	assert_int_equal(script_write(s, 100), 0);
	assert_int_equal(stack_shutdown(s->stack, s->conn), 0);
	assert_int_equal(script_write(s, 1), -EPIPE);
	SEND(.flags = SYN | ACK, .ack = 1, .opts = SCRIPT_ALL);
	EXPECT(.seq = 1, .ack = 1, .len = 100, .flags = FIN | ACK);
	script_end(s);
}

/* Queueing data does not put off the SYN's timer (RFC 6298, 5.1). */
static void
send_does_not_put_off_the_syn(void **state)
{
	struct script *s = script_syn_sent(NULL);

	(void)state;
	for (int i = 0; i < 11; i++) {
		assert_int_equal(script_write(s, 1), 0);
		script_wait(s, 100);
	}
	EXPECT(.flags = SYN);
	script_end(s);
}

/* RFC 1122, 2.3.2.2: until it is known where to send to, it waits; and is told
 * if that never happens. */
static void
nobody_answers_arp(void **state)
{
	struct script *s = script_new(NULL);

	(void)state;
	s->mute_arp = true;
	assert_int_equal(
		stack_connect(s->stack, script_ip(9), 5000, 80, 7, &s->conn),
		0);
	script_wait(s, 20000);
	SILENCE();
	assert_int_equal(s->closed, 1);
	assert_int_equal(s->why, STACK_UNREACHABLE);
	script_end(s);
}

static void
close_at_once(struct script *s)
{
	assert_int_equal(stack_close(s->stack, s->conn, true), 0);
}

/* The program gives it up in the upcall that tells of it. */
static void
abort_when_connected(void **state)
{
	struct script *s = script_syn_sent(NULL);

	(void)state;
	s->on_connected = close_at_once;
	SEND(.flags = SYN | ACK, .ack = 1, .opts = SCRIPT_ALL, .len = 10);
	EXPECT(.seq = 1, .ack = 1, .flags = RST | ACK);
	assert_int_equal(s->received, 0);
	assert_int_equal(s->closed, 1);
	script_end(s);
}

/* RFC 9293, 3.10.4: closed between the two SYNs and the answer: it ends in an
 * orderly way, and all that the program hears of it is the end. */
static void
close_while_both_open(void **state)
{
	struct script *s = script_syn_sent(NULL);

	(void)state;
	SEND(.flags = SYN, .opts = SCRIPT_ALL);
	EXPECT(.flags = SYN | ACK, .ack = 1);
	assert_int_equal(stack_close(s->stack, s->conn, false), 0);
	SILENCE();
	SEND(.seq = 1, .ack = 1);
	EXPECT(.seq = 1, .ack = 1, .flags = FIN | ACK);
	SEND(.seq = 1, .ack = 2, .flags = FIN | ACK);
	EXPECT(.seq = 2, .ack = 2);
	assert_int_equal(s->connected, 0);
	assert_int_equal(s->remote_closed, 0);
	assert_int_equal(s->closed, 1);
	assert_int_equal(s->why, STACK_CLOSED);
	script_end(s);
}

/* The same, and the peer goes away instead (3.10.7.4, second). */
static void
close_while_both_open_then_reset(void **state)
{
	struct script *s = script_syn_sent(NULL);

	(void)state;
	SEND(.flags = SYN, .opts = SCRIPT_ALL);
	EXPECT(.flags = SYN | ACK, .ack = 1);
	assert_int_equal(stack_close(s->stack, s->conn, false), 0);
	SEND(.seq = 1, .flags = RST);
	assert_int_equal(s->connected, 0);
	assert_int_equal(s->closed, 1);
	script_end(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passive_with_all_options),
		cmocka_unit_test(passive_without_options),
		cmocka_unit_test(active_with_all_options),
		cmocka_unit_test(active_without_options),
		cmocka_unit_test(window_of_a_syn_is_not_scaled),
		cmocka_unit_test(window_is_scaled),
		cmocka_unit_test(our_window_is_scaled),
		cmocka_unit_test(mss_is_the_peers),
		cmocka_unit_test(mss_has_bounds),
		cmocka_unit_test(simultaneous_open),
		cmocka_unit_test(simultaneous_open_in_a_burst),
		cmocka_unit_test(simultaneous_open_by_ack),
		cmocka_unit_test(syn_is_sent_again),
		cmocka_unit_test(syn_ack_is_sent_again),
		cmocka_unit_test(after_a_lost_syn),
		cmocka_unit_test(second_syn_is_answered),
		cmocka_unit_test(data_completes_the_handshake),
		cmocka_unit_test(syn_ack_with_data_and_fin),
		cmocka_unit_test(send_and_shutdown_before_it_is_open),
		cmocka_unit_test(send_does_not_put_off_the_syn),
		cmocka_unit_test(nobody_answers_arp),
		cmocka_unit_test(abort_when_connected),
		cmocka_unit_test(close_while_both_open),
		cmocka_unit_test(close_while_both_open_then_reset),
	};

	return cmocka_run_group_tests_name("tcp_open", tests, NULL, NULL);
}
