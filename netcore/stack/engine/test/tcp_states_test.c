/* tcp_states_test - RST, SYN and bad acknowledgements in each state behind
 * ESTABLISHED (RFC 9293, 3.10.7.4; RFC 5961), and how long the last ones last.
 */
#include "netcore/stack/engine/test/script.h"

static void
close_wait(struct script *s)
{
	SEND(.seq = 1, .ack = 1, .flags = FIN | ACK);
	EXPECT(.seq = 1, .ack = 2);
}

static void
fin_wait_1(struct script *s)
{
	stack_shutdown(s->stack, s->conn);
	EXPECT(.seq = 1, .ack = 1, .flags = FIN | ACK);
}

static void
fin_wait_2(struct script *s)
{
	fin_wait_1(s);
	SEND(.seq = 1, .ack = 2);
	SILENCE();
}

static void
closing(struct script *s)
{
	fin_wait_1(s);
	SEND(.seq = 1, .ack = 1, .flags = FIN | ACK);
	EXPECT(.seq = 2, .ack = 2);
}

static void
last_ack(struct script *s)
{
	close_wait(s);
	stack_shutdown(s->stack, s->conn);
	EXPECT(.seq = 1, .ack = 2, .flags = FIN | ACK);
}

static void
time_wait(struct script *s)
{
	fin_wait_2(s);
	SEND(.seq = 1, .ack = 2, .flags = FIN | ACK);
	EXPECT(.seq = 2, .ack = 2);
}

/* rcv: what is next of the peer; snd: of ours. why: after a reset; both sides
 * had ended it already in the last three. */
static const struct at {
	const char *name;
	void (*build)(struct script *s);
	uint32_t rcv, snd;
	enum stack_why why;
} states[] = {
	{"CLOSE-WAIT", close_wait, 2, 1, STACK_RESET},
	{"FIN-WAIT-1", fin_wait_1, 1, 2, STACK_RESET},
	{"FIN-WAIT-2", fin_wait_2, 1, 2, STACK_RESET},
	{"CLOSING", closing, 2, 2, STACK_CLOSED},
	{"LAST-ACK", last_ack, 2, 2, STACK_CLOSED},
	{"TIME-WAIT", time_wait, 2, 2, STACK_CLOSED},
};

/* Timers of what is under way do not come in between. */
static struct script *
begin(const struct at *at)
{
	struct stack_config cfg = script_config();
	struct script *s;

	cfg.min_rto_ms = 20000;
	s = script_open(&cfg, SCRIPT_MSS);
	print_message("%s\n", at->name);
	at->build(s);
	return s;
}

#define EACH(at) for (const struct at *at = states; at < states + 6; at++)

/* RFC 9293, 3.10.7.4, second; RFC 5961, 3.2: the very next number ends it,
 * another one of the window is asked back, one outside is nothing. */
static void
resets(void **state)
{
	(void)state;
	EACH(at)
	{
		struct script *s = begin(at);
		unsigned told = s->remote_closed;

		SEND(.seq = at->rcv - 1, .flags = RST);
		SEND(.seq = at->rcv + 70000, .flags = RST);
		SILENCE();
		SEND(.seq = at->rcv + 1, .flags = RST);
		EXPECT(.seq = at->snd, .ack = at->rcv);
		assert_int_equal(COUNT(challenge_acks), 1);
		assert_int_equal(s->closed, 0);
		SEND(.seq = at->rcv, .flags = RST);
		SILENCE();
		assert_int_equal(s->closed, 1);
		assert_int_equal(s->why, at->why);
		assert_int_equal(s->remote_closed, told);
		script_end(s);
	}
}

/* 3.10.7.4, fourth; RFC 5961, 4.2: asked back, and not taken, wherever in the
 * window it is; a lost one of the peer's old incarnation ends nothing. */
static void
syns(void **state)
{
	(void)state;
	EACH(at)
	{
		struct script *s = begin(at);

		if (at->build != time_wait) {
			SEND(.seq = at->rcv + 5, .flags = SYN);
			EXPECT(.seq = at->snd, .ack = at->rcv);
			script_wait(s, 600);
		}
		SEND(.seq = 0, .flags = SYN);
		EXPECT(.seq = at->snd, .ack = at->rcv);
		script_wait(s, 600);
		SEND(.seq = at->rcv, .ack = at->snd, .flags = SYN | ACK);
		EXPECT(.seq = at->snd, .ack = at->rcv);
		assert_int_equal(s->closed, 0);
		script_end(s);
	}
}

/* 3.10.7.4, fifth; RFC 5961, 5.2: of what was never sent, or of long ago: it is
 * asked back, and whatever else the segment has is not taken. */
static void
bad_acks(void **state)
{
	(void)state;
	EACH(at)
	{
		struct script *s = begin(at);

		SEND(.seq = at->rcv, .ack = at->snd + 1, .len = 10);
		EXPECT(.seq = at->snd, .ack = at->rcv);
		script_wait(s, 600);
		SEND(.seq = at->rcv, .ack = at->snd - 70000);
		EXPECT(.seq = at->snd, .ack = at->rcv);
		SEND(.seq = at->rcv, .no_ack = true, .len = 10);
		SILENCE();
		assert_int_equal(COUNT(drop_bad_ack), 2);
		assert_int_equal(COUNT(drop_no_ack_flag), 1);
		assert_int_equal(s->received, 0);
		assert_int_equal(s->closed, 0);
		script_end(s);
	}
}

/* After all of that each still ends as it should (3.6). */
static void
ends(void **state)
{
	(void)state;
	EACH(at)
	{
		struct script *s = begin(at);

		SEND(.seq = at->rcv + 1, .flags = RST);
		EXPECT(.seq = at->snd, .ack = at->rcv);
		if (at->build == close_wait) {
			stack_shutdown(s->stack, s->conn);
			EXPECT(.seq = 1, .ack = 2, .flags = FIN | ACK);
		}
		SEND(.seq = at->rcv, .ack = 2);
		SILENCE();
		if (at->rcv == 1) {
			SEND(.seq = 1, .ack = 2, .flags = FIN | ACK);
			EXPECT(.seq = 2, .ack = 2);
		}
		script_wait(s, 61000);
		SILENCE();
		assert_int_equal(s->closed, 1);
		assert_int_equal(s->why, STACK_CLOSED);
		assert_int_equal(s->remote_closed, 1);
		script_end(s);
	}
}

/* 3.10.7.4, seventh: behind the peer's FIN there is no text, and the FIN that
 * comes again is acknowledged again. */
static void
text_behind_the_end(void **state)
{
	(void)state;
	EACH(at)
	{
		struct script *s;

		if (at->rcv == 1)
			continue;
		s = begin(at);
		SEND(.seq = 2, .ack = 1, .len = 10);
		SEND(.seq = 1, .ack = 1, .flags = FIN | ACK);
		EXPECT(.seq = at->snd, .ack = 2);
		assert_int_equal(s->received, 0);
		assert_int_equal(s->remote_closed, 1);
		script_end(s);
	}
}

/* RFC 9293, 3.6 and 3.8.5: an orphan does not wait for the peer's FIN for ever;
 * a program that has only shut down its side does. */
static void
orphan_in_fin_wait_2(void **state)
{
	struct script *s = script_established(SCRIPT_MSS);

	(void)state;
	stack_close(s->stack, s->conn, false);
	EXPECT(.seq = 1, .ack = 1, .flags = FIN | ACK);
	script_wait(s, 100);
	SEND(.seq = 1, .ack = 2);
	script_wait(s, 59900);
	assert_int_equal(s->closed, 0);
	script_wait(s, 200);
	assert_int_equal(s->closed, 1);
	assert_int_equal(s->why, STACK_CLOSED);
	SEND(.seq = 1, .ack = 2, .flags = FIN | ACK);
	EXPECT(.seq = 2, .flags = RST);
	script_end(s);

	s = script_established(SCRIPT_MSS);
	fin_wait_2(s);
	script_wait(s, 3600000);
	assert_int_equal(s->closed, 0);
	stack_close(s->stack, s->conn, false);
	script_wait(s, 60100);
	assert_int_equal(s->closed, 1);
	script_end(s);
}

/* RFC 9293, 3.6.1, MAY-2, without timestamps: a SYN beyond all that was is let
 * in; one that is not is answered as what it is, a late segment. */
static void
time_wait_reuse_by_number(void **state)
{
	struct script *s = script_established(SCRIPT_MSS);
	struct script_seg *g;
	uint32_t iss = s->iss;

	(void)state;
	time_wait(s);
	s->irs -= 1000;
	SEND(.flags = SYN, .opts = SCRIPT_MSS);
	s->irs += 1000;
	EXPECT(.seq = 2, .ack = 2);
	assert_int_equal(COUNT(time_wait_reused), 0);
	s->irs += 3;
	SEND(.flags = SYN, .opts = SCRIPT_MSS);
	g = EXPECT(.flags = SYN | ACK, .ack = 1);
	assert_true((int32_t)(g->h.seq - iss - 2) > 0);
	assert_int_equal(COUNT(time_wait_reused), 1);
	assert_int_equal(s->closed, 1);
	SEND(.seq = 1, .ack = 1);
	assert_int_equal(s->accepted, 2);
	script_end(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resets),
		cmocka_unit_test(syns),
		cmocka_unit_test(bad_acks),
		cmocka_unit_test(ends),
		cmocka_unit_test(text_behind_the_end),
		cmocka_unit_test(orphan_in_fin_wait_2),
		cmocka_unit_test(time_wait_reuse_by_number),
	};

	return cmocka_run_group_tests_name("tcp_states", tests, NULL, NULL);
}
