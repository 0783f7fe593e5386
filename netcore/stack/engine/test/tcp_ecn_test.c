/* tcp_ecn_test - explicit congestion notification (RFC 3168). The window is ten
 * segments, and half of it after a mark. */
#include "netcore/stack/engine/test/script.h"
#include "netcore/stack/wire/ip.h"

#define CE    WIRE_ECN_CE
#define ECT0  WIRE_ECN_ECT0
#define ECT1  WIRE_ECN_ECT1
#define SETUP (SYN | ECE | CWR)

/* A segment goes out, and its IP header says that. */
#define EXPECT_TOS(t, ...) assert_int_equal(EXPECT(__VA_ARGS__)->tos, t)

/* What the peer asks for, and is agreed on: 10 ms away. */
static struct script *
open_by(struct script *s)
{
	s->opts = SCRIPT_MSS_SACK;
	SEND(.flags = SETUP, .opts = SCRIPT_MSS_SACK);
	EXPECT_TOS(0, .flags = SYN | ACK | ECE, .ack = 1);
	script_wait(s, 10);
	SEND(.seq = 1, .ack = 1);
	assert_int_equal(s->accepted, 1);
	return s;
}

static struct script *
marked(void)
{
	return open_by(script_new(NULL));
}

static struct script *
connecting(uint8_t flags)
{
	struct stack_config c = script_config();
	struct script *s;

	c.ecn = flags & ECE;
	s = script_new(&c);
	assert_int_equal(stack_connect(s->stack, script_ip(2), SCRIPT_PEER_PORT,
				 SCRIPT_PORT, 7, &s->conn),
		0);
	EXPECT_TOS(0, .flags = flags);
	s->opts = SCRIPT_ALL;
	return s;
}

static void
send_marked(struct script *s, uint32_t n, uint32_t out)
{
	uint32_t at = s->written + 1;

	script_write(s, n * MSS);
	for (uint32_t i = 0; i < out; i++)
		EXPECT_TOS(ECT0, .seq = at + i * MSS, .ack = 1, .len = MSS);
	SILENCE();
}

/* --- 6.1.1: the handshake --------------------------------------------------*/

/* Agreed on when asked for, by ECE alone; and then data is marked. */
static void
a_peer_may_ask(void **state)
{
	struct script *s = marked();

	(void)state;
	send_marked(s, 3, 3);
	script_write(s, 10); /* the plain case, and the other */
	EXPECT_TOS(ECT0, .seq = 1 + 3 * MSS, .ack = 1, .len = 10);
	script_end(s);
}

/* One flag is no question, and neither do we ask by ourselves. */
static void
nobody_asks(void **state)
{
	static const uint8_t flags[] = {SYN, SYN | ECE, SYN | CWR};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct script *s = script_new(NULL);

		SEND(.flags = flags[i], .opts = SCRIPT_MSS);
		EXPECT(.flags = SYN | ACK, .ack = 1);
		SEND(.seq = 1, .ack = 1);
		script_write(s, 100);
		EXPECT_TOS(0, .seq = 1, .ack = 1, .len = 100);
		SEND(.seq = 1, .ack = 101, .len = 10, .tos = CE);
		script_wait(s, 40);
		EXPECT(.seq = 101, .ack = 11);
		assert_int_equal(COUNT(ecn_ce), 0);
		script_end(s);
	}
	script_end(connecting(SYN));
}

/* We ask if we are configured so; ECE agrees, any other answer does not. */
static void
we_may_ask(void **state)
{
	static const uint8_t flags[] = {ECE, 0, CWR, ECE | CWR};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct script *s = connecting(SETUP);

		script_wait(s, 10);
		SEND(.flags = SYN | ACK | flags[i], .ack = 1,
			.opts = SCRIPT_ALL);
		EXPECT_TOS(0, .seq = 1, .ack = 1);
		script_write(s, 100);
		EXPECT_TOS(i ? 0 : ECT0, .seq = 1, .ack = 1, .len = 100);
		/* It was an answer, not an echo. */
		assert_int_equal(COUNT(ecn_ece), 0);
		script_end(s);
	}
}

/* Both at the same time: both have to say so twice. */
static void
both_ask(void **state)
{
	static const uint8_t flags[] = {ECE, 0};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct script *s = connecting(SETUP);

		SEND(.flags = SETUP, .opts = SCRIPT_MSS);
		EXPECT(.flags = SYN | ACK | ECE, .ack = 1);
		SEND(.flags = SYN | ACK | flags[i], .ack = 1,
			.opts = SCRIPT_MSS);
		EXPECT(.seq = 1, .ack = 1);
		script_write(s, 100);
		EXPECT_TOS(i ? 0 : ECT0, .seq = 1, .ack = 1, .len = 100);
		script_end(s);
	}
}

/* A SYN of theirs crosses one of ours that did not offer it. */
static void
only_they_ask(void **state)
{
	struct script *s = connecting(SYN);

	(void)state;
	SEND(.flags = SETUP, .opts = SCRIPT_MSS);
	EXPECT(.flags = SYN | ACK, .ack = 1);
	script_end(s);
}

/* 6.1.1.1: without an answer it is not offered again. An answer to the first
 * all the same means that theirs may be marked, but ours never is (6.1.1). */
static void
fallback(void **state)
{
	struct script *s = connecting(SETUP);

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		script_until(s, 10000);
		EXPECT(.flags = SYN);
	}
	assert_int_equal(COUNT(ecn_fallbacks), 1);
	SEND(.flags = SYN | ACK | ECE, .ack = 1, .opts = SCRIPT_ALL);
	EXPECT(.seq = 1, .ack = 1);
	script_write(s, 100);
	EXPECT_TOS(0, .seq = 1, .ack = 1, .len = 100);
	SEND(.seq = 1, .ack = 101, .len = 10, .tos = CE);
	EXPECT(.flags = ACK | ECE, .seq = 101, .ack = 11);
	script_end(s);
}

static void
fallback_to_nothing(void **state)
{
	struct script *s = connecting(SETUP);

	(void)state;
	script_until(s, 10000);
	EXPECT(.flags = SYN);
	SEND(.flags = SYN | ACK, .ack = 1, .opts = SCRIPT_ALL);
	EXPECT(.seq = 1, .ack = 1);
	SEND(.seq = 1, .ack = 1, .len = 10, .tos = CE);
	script_wait(s, 40);
	EXPECT(.seq = 1, .ack = 11);
	script_end(s);
}

/* 6.1.1: an answer that is sent again says the same; a peer that asks again,
 * and not for that, is not held to it. */
static void
answered_again(void **state)
{
	struct script *s = script_new(NULL);

	(void)state;
	SEND(.flags = SETUP, .opts = SCRIPT_MSS);
	EXPECT(.flags = SYN | ACK | ECE, .ack = 1);
	script_until(s, 10000);
	EXPECT(.flags = SYN | ACK | ECE, .ack = 1);
	SEND(.flags = SETUP, .opts = SCRIPT_MSS);
	EXPECT(.flags = SYN | ACK | ECE, .ack = 1);
	SEND(.flags = SYN, .opts = SCRIPT_MSS);
	EXPECT(.flags = SYN | ACK, .ack = 1);
	SEND(.flags = SETUP, .opts = SCRIPT_MSS);
	EXPECT(.flags = SYN | ACK, .ack = 1);
	SEND(.seq = 1, .ack = 1);
	script_write(s, 100);
	EXPECT_TOS(0, .seq = 1, .ack = 1, .len = 100);
	script_end(s);
}

/* --- 6.1.3: we receive -----------------------------------------------------*/

/* In every acknowledgement until CWR, in those that data takes along as well;
 * and the first is not delayed. */
static void
echoed_until_cwr(void **state)
{
	struct script *s = marked();

	(void)state;
	SEND(.seq = 1, .ack = 1, .len = 10, .tos = ECT0);
	SEND(.seq = 11, .ack = 1, .len = 10, .tos = CE);
	EXPECT_TOS(0, .flags = ACK | ECE, .seq = 1, .ack = 21);
	SEND(.seq = 21, .ack = 1, .len = 10, .tos = ECT0);
	script_wait(s, 40);
	EXPECT(.flags = ACK | ECE, .seq = 1, .ack = 31);
	script_write(s, 100);
	EXPECT_TOS(ECT0, .flags = ACK | ECE, .seq = 1, .ack = 31, .len = 100);
	SEND(.flags = ACK | CWR, .seq = 31, .ack = 101, .len = 10, .tos = ECT0);
	EXPECT(.seq = 101, .ack = 41);
	SEND(.seq = 41, .ack = 101, .len = 10, .tos = ECT0);
	script_wait(s, 40);
	EXPECT(.seq = 101, .ack = 51);
	assert_int_equal(COUNT(ecn_ce), 1);
	script_end(s);
}

/* What says CWR may be marked itself: that is another one. */
static void
marked_again(void **state)
{
	struct script *s = marked();

	(void)state;
	SEND(.seq = 1, .ack = 1, .len = 10, .tos = CE);
	EXPECT(.flags = ACK | ECE, .seq = 1, .ack = 11);
	SEND(.flags = ACK | CWR, .seq = 11, .ack = 1, .len = 10, .tos = CE);
	EXPECT(.flags = ACK | ECE, .seq = 1, .ack = 21);
	SEND(.flags = ACK | CWR, .seq = 21, .ack = 1, .len = 10, .tos = ECT1);
	EXPECT(.seq = 1, .ack = 31);
	script_end(s);
}

/* Early data counts at once, and so does what an acknowledgement of ours that
 * repeats itself tells. */
static void
marked_ahead(void **state)
{
	struct script *s = marked();

	(void)state;
	SEND(.seq = 11, .ack = 1, .len = 10, .tos = CE);
	EXPECT(.flags = ACK | ECE, .seq = 1, .ack = 1, .sack = {{11, 21}});
	SEND(.seq = 1, .ack = 1, .len = 10, .tos = ECT0);
	EXPECT(.flags = ACK | ECE, .seq = 1, .ack = 21);
	script_end(s);
}

/* 6.1.4, 6.1.5: on what carries no data, or none that is new, it says nothing.
 */
static void
no_mark_of_data(void **state)
{
	struct script *s = marked();

	(void)state;
	SEND(.seq = 1, .ack = 1, .tos = CE);
	SEND(.seq = 1, .ack = 1, .len = 10);
	script_wait(s, 40);
	EXPECT(.seq = 1, .ack = 11);
	SEND(.seq = 1, .ack = 1, .len = 10, .tos = CE);
	EXPECT(.seq = 1, .ack = 11, .sack = {{1, 11}});
	SEND(.seq = 100000, .ack = 1, .len = 10, .tos = CE);
	EXPECT(.seq = 1, .ack = 11);
	assert_int_equal(COUNT(ecn_ce), 0);
	script_end(s);
}

/* --- 6.1.2: we send --------------------------------------------------------*/

/* Once for what is under way, however many echoes; CWR on the first new data
 * alone; and no growth by an acknowledgement that has an echo. */
static void
reduced_once(void **state)
{
	struct script *s = marked();

	(void)state;
	send_marked(s, 30, 10);
	for (uint32_t i = 1; i <= 5; i++) {
		SEND(.flags = ACK | ECE, .seq = 1, .ack = 1 + i * MSS);
		SILENCE(); /* ten were out, five may be */
	}
	SEND(.flags = ACK | ECE, .seq = 1, .ack = 1 + 6 * MSS);
	EXPECT_TOS(ECT0, .flags = ACK | CWR, .seq = 1 + 10 * MSS, .ack = 1,
		.len = MSS);
	for (uint32_t i = 7; i <= 10; i++) {
		SEND(.flags = ACK | ECE, .seq = 1, .ack = 1 + i * MSS);
		EXPECT_TOS(
			ECT0, .seq = 1 + (4 + i) * MSS, .ack = 1, .len = MSS);
		SILENCE();
	}
	assert_int_equal(COUNT(ecn_ece), 10);
	assert_int_equal(COUNT(ecn_reduced), 1);
	assert_int_equal(COUNT(retransmits), 0);
	script_end(s);
}

/* An echo behind what says CWR is of another mark. */
static void
reduced_again(void **state)
{
	struct script *s = marked();
	uint32_t at;

	(void)state;
	send_marked(s, 30, 10);
	SEND(.flags = ACK | ECE, .seq = 1, .ack = 1 + 10 * MSS);
	EXPECT(.flags = ACK | CWR, .seq = 1 + 10 * MSS, .ack = 1, .len = MSS);
	for (uint32_t i = 11; i < 15; i++)
		EXPECT(.seq = 1 + i * MSS, .ack = 1, .len = MSS);
	SILENCE();
	SEND(.flags = ACK | ECE, .seq = 1, .ack = 1 + 10 * MSS);
	assert_int_equal(COUNT(ecn_reduced), 1);
	SEND(.flags = ACK | ECE, .seq = 1, .ack = 1 + 15 * MSS);
	assert_int_equal(COUNT(ecn_reduced), 2);
	at = 1 + 15 * MSS; /* half of five, in whole segments */
	EXPECT(.flags = ACK | CWR, .seq = at, .ack = 1, .len = MSS);
	EXPECT(.seq = at + MSS, .ack = 1, .len = MSS);
	script_end(s);
}

/* The window grows again when the echoes end. */
static void
grows_again(void **state)
{
	struct script *s = marked();

	(void)state;
	send_marked(s, 40, 10);
	SEND(.flags = ACK | ECE, .seq = 1, .ack = 1 + 10 * MSS);
	EXPECT(.flags = ACK | CWR, .seq = 1 + 10 * MSS, .ack = 1, .len = MSS);
	for (uint32_t i = 11; i < 15; i++)
		EXPECT(.seq = 1 + i * MSS, .ack = 1, .len = MSS);
	SEND(.seq = 1, .ack = 1 + 15 * MSS);
	for (uint32_t i = 15; i < 21; i++) /* six */
		EXPECT_TOS(ECT0, .seq = 1 + i * MSS, .ack = 1, .len = MSS);
	SILENCE();
	script_end(s);
}

/* Marks and losses of one window are one: a loss after a mark is repaired, but
 * reduces nothing. 6.1.5: what is sent again is not marked, and has no CWR. */
static void
lost_after_a_mark(void **state)
{
	struct script *s = marked();
	uint32_t at;

	(void)state;
	send_marked(s, 30, 10);
	script_wait(s, 10);
	SEND(.flags = ACK | ECE, .seq = 1, .ack = 1 + 5 * MSS);
	assert_int_equal(COUNT(ecn_reduced), 1);
	SEND(.flags = ACK | ECE, .seq = 1, .ack = 1 + 5 * MSS,
		.sack = {{1 + 6 * MSS, 1 + 10 * MSS}});
	EXPECT_TOS(0, .seq = 1 + 5 * MSS, .ack = 1, .len = MSS);
	assert_int_equal(COUNT(recoveries), 1);
	script_drain(s);
	at = script_sent(s);
	SEND(.seq = 1, .ack = at);
	for (uint32_t i = 0; i < 5; i++) /* half of what was out by then: two */
		EXPECT(.seq = at + i * MSS, .ack = 1, .len = MSS);
	script_drain(s);
	script_end(s);
}

/* 6.1.2: a loss is told by CWR, too; echoes of that window are not heard. */
static void
mark_after_a_loss(void **state)
{
	struct script *s = marked();

	(void)state;
	send_marked(s, 30, 10);
	script_wait(s, 10);
	SEND(.seq = 1, .ack = 1, .sack = {{1 + MSS, 1 + 4 * MSS}});
	EXPECT_TOS(0, .seq = 1, .ack = 1, .len = MSS);
	SILENCE();
	SEND(.flags = ACK | ECE, .seq = 1, .ack = 1 + 10 * MSS);
	EXPECT_TOS(ECT0, .flags = ACK | CWR, .seq = 1 + 10 * MSS, .ack = 1,
		.len = MSS);
	script_drain(s);
	assert_int_equal(COUNT(ecn_ece), 1);
	assert_int_equal(COUNT(ecn_reduced), 0);
	script_end(s);
}

/* And so is a timeout. */
static void
timed_out(void **state)
{
	struct script *s = marked();

	(void)state;
	send_marked(s, 2, 2);
	script_until(s, 10000); /* a tail probe, then the timeout */
	EXPECT_TOS(0, .seq = 1 + MSS, .ack = 1, .len = MSS);
	script_until(s, 10000);
	EXPECT_TOS(0, .seq = 1, .ack = 1, .len = MSS);
	SEND(.seq = 1, .ack = 1 + 2 * MSS);
	script_write(s, 100);
	EXPECT_TOS(ECT0, .flags = ACK | CWR, .seq = 1 + 2 * MSS, .ack = 1,
		.len = 100);
	script_end(s);
}

/* And so is a loss that only a tail probe has told of (RFC 8985, 7.4). */
static void
probed(void **state)
{
	struct script *s = marked();

	(void)state;
	send_marked(s, 2, 2);
	script_until(s, 10000);
	EXPECT_TOS(0, .seq = 1 + MSS, .ack = 1, .len = MSS);
	SEND(.seq = 1, .ack = 1 + 2 * MSS);
	script_write(s, 100);
	EXPECT_TOS(ECT0, .flags = ACK | CWR, .seq = 1 + 2 * MSS, .ack = 1,
		.len = 100);
	script_end(s);
}

/* Ten are out, and the first was sent again. */
static struct script *
recovering(void)
{
	struct script *s = marked();

	send_marked(s, 60, 10);
	script_wait(s, 10);
	SEND(.seq = 1, .ack = 1, .sack = {{1 + MSS, 1 + 4 * MSS}});
	EXPECT_TOS(0, .seq = 1, .ack = 1, .len = MSS);
	assert_int_equal(COUNT(recoveries), 1);
	return s;
}

/* A reduction that is undone, for it was for nothing (RFC 3708), is none: what
 * is lost after it makes another. */
static void
lost_after_an_undone_one(void **state)
{
	struct script *s = recovering();
	uint32_t at, n;

	(void)state;
	SEND(.seq = 1, .ack = 1 + 4 * MSS, .sack = {{1, 1 + MSS}});
	assert_int_equal(COUNT(undone), 1);
	script_drain(s);
	at = script_sent(s);
	assert_true(at >= 1 + 14 * MSS);
	SEND(.seq = 1, .ack = 1 + 4 * MSS, .sack = {{1 + 5 * MSS, at}});
	script_wait(s, 20);
	assert_int_equal(COUNT(recoveries), 2);
	script_drain(s);
	at = script_sent(s);
	SEND(.seq = 1, .ack = at);
	script_wait(s, 0);
	n = s->tail - s->head;
	assert_in_range(n, 5, 8); /* half of what was out, and one */
	script_drain(s);
	script_end(s);
}

/* What an echo speaks for is not undone. */
static void
not_undone(void **state)
{
	struct script *s = recovering();

	(void)state;
	SEND(.flags = ACK | ECE, .seq = 1, .ack = 1 + 4 * MSS);
	script_drain(s);
	SEND(.seq = 1, .ack = 1 + 4 * MSS, .sack = {{1, 1 + MSS}});
	assert_int_equal(COUNT(undone), 0);
	script_drain(s);
	script_end(s);
}

/* When nothing is under way, there is nothing that an echo could be about. */
static void
echo_of_nothing(void **state)
{
	struct script *s = marked();

	(void)state;
	SEND(.flags = ACK | ECE, .seq = 1, .ack = 1);
	assert_int_equal(COUNT(ecn_reduced), 0);
	send_marked(s, 30, 10);
	script_end(s);
}

/* 6.1.4: acknowledgements are not marked, nor is a FIN alone. */
static void
not_marked(void **state)
{
	struct script *s = marked();

	(void)state;
	SEND(.seq = 1, .ack = 1, .len = 2 * MSS, .tos = ECT0);
	EXPECT_TOS(0, .seq = 1, .ack = 1 + 2 * MSS);
	stack_shutdown(s->stack, s->conn);
	EXPECT_TOS(0, .flags = FIN | ACK, .seq = 1, .ack = 1 + 2 * MSS);
	script_end(s);
}

/* 6.1.6: a probe of a shut window is neither marked, nor does it say CWR. */
static void
probe_of_a_shut_window(void **state)
{
	struct script *s = marked();

	(void)state;
	send_marked(s, 10, 10);
	SEND(.flags = ACK | ECE, .seq = 1, .ack = 1 + 10 * MSS, .shut = true);
	script_write(s, 100);
	SILENCE();
	script_until(s, 10000);
	EXPECT_TOS(0, .seq = 1 + 10 * MSS, .ack = 1, .len = 1);
	SEND(.seq = 1, .ack = 2 + 10 * MSS);
	EXPECT_TOS(ECT0, .flags = ACK | CWR, .seq = 2 + 10 * MSS, .ack = 1,
		.len = 99);
	script_end(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_peer_may_ask),
		cmocka_unit_test(nobody_asks),
		cmocka_unit_test(we_may_ask),
		cmocka_unit_test(both_ask),
		cmocka_unit_test(only_they_ask),
		cmocka_unit_test(fallback),
		cmocka_unit_test(fallback_to_nothing),
		cmocka_unit_test(answered_again),
		cmocka_unit_test(echoed_until_cwr),
		cmocka_unit_test(marked_again),
		cmocka_unit_test(marked_ahead),
		cmocka_unit_test(no_mark_of_data),
		cmocka_unit_test(reduced_once),
		cmocka_unit_test(reduced_again),
		cmocka_unit_test(grows_again),
		cmocka_unit_test(lost_after_a_mark),
		cmocka_unit_test(mark_after_a_loss),
		cmocka_unit_test(timed_out),
		cmocka_unit_test(probed),
		cmocka_unit_test(lost_after_an_undone_one),
		cmocka_unit_test(not_undone),
		cmocka_unit_test(echo_of_nothing),
		cmocka_unit_test(not_marked),
		cmocka_unit_test(probe_of_a_shut_window),
	};

	return cmocka_run_group_tests_name("tcp_ecn", tests, NULL, NULL);
}
