/* tcp_cookie_test - SYN cookies (RFC 4987, 3.6). */
#include "netcore/stack/engine/test/script.h"
#include "netcore/stack/wire/ip.h"

/* A listener that keeps nothing of those who knock. */
static struct script *
pressed(uint8_t opts)
{
	struct stack_config cfg = script_config();
	struct script *s;

	cfg.half_open = 0;
	cfg.rcv_window = 300000;
	s = script_new(&cfg);
	s->opts = opts;
	s->mss = 1400;
	s->wscale = 3;
	return s;
}

/* The SYN goes in, and what comes out of it. */
static struct script_seg
knock(struct script *s)
{
	struct script_seg *g;

	SEND(.flags = SYN, .opts = s->opts);
	g = EXPECT(.flags = SYN | ACK, .ack = 1);
	assert_null(stack_check(s->stack));
	assert_int_equal(s->accepted, 0);
	return *g;
}

static bool
has(const struct script_seg *g, uint8_t opt)
{
	return g->h.opts & opt;
}

/* All that the SYN offered is remembered by the peer, or forgone. */
static void
with_options(uint8_t opts)
{
	struct script *s = pressed(opts);
	bool ts = opts & SCRIPT_TS;
	struct script_seg g = knock(s);
	uint32_t mss = opts & SCRIPT_MSS ? 1360 : 536;

	assert_true(has(&g, WIRE_TCP_MSS));
	assert_int_equal(has(&g, WIRE_TCP_TS), ts);
	assert_int_equal(has(&g, WIRE_TCP_SACK_OK), ts && opts & SCRIPT_SACK);
	assert_int_equal(has(&g, WIRE_TCP_WSCALE), ts && opts & SCRIPT_WSCALE);
	script_wait(s, 30);
	s->echo = g.h.ts_val;
	SEND(.seq = 1, .ack = 1, .window = 1000);
	assert_int_equal(s->accepted, 1);
	assert_int_equal(COUNT(cookies_taken), 1);
	script_drain(s); /* the window is larger than a SYN can say */
	script_write(s, 2 * mss);
	mss -= ts ? 12 : 0;
	/* A window of 1000 is one of 8000 with a scale of 3. */
	if (ts && opts & SCRIPT_WSCALE)
		EXPECT(.seq = 1, .ack = 1, .len = mss);
	else
		EXPECT(.seq = 1, .ack = 1, .len = mss < 1000 ? mss : 1000);
	script_drain(s);
	SEND(.seq = 1, .ack = script_sent(s), .len = 100);
	assert_int_equal(s->received, 100);
	script_drain(s);
	stack_close(s->stack, s->conn, true);
	script_drain(s);
	script_end(s);
}

static void
all_options(void **state)
{
	(void)state;
	for (uint8_t o = 0; o < 32; o++)
		if (!(o & WIRE_TCP_SACK))
			with_options(o);
}

static void
data_and_end_come_along(void **state)
{
	struct script *s = pressed(SCRIPT_MSS);

	(void)state;
	knock(s);
	SEND(.seq = 1, .ack = 1, .len = 10, .flags = FIN | ACK);
	assert_int_equal(s->accepted, 1);
	assert_int_equal(s->received, 10);
	assert_int_equal(s->remote_closed, 1);
	EXPECT(.seq = 1, .ack = 12);
	stack_close(s->stack, s->conn, false);
	EXPECT(.seq = 1, .ack = 12, .flags = FIN | ACK);
	SEND(.seq = 12, .ack = 2);
	assert_int_equal(s->closed, 1);
	script_end(s);
}

/* What nobody has sent is nobody's: another number, another peer, other bits
 * of the size. */
static void
forgeries_are_refused(void **state)
{
	struct script *s = pressed(SCRIPT_MSS);

	(void)state;
	knock(s);
	SEND(.seq = 1, .ack = 2);
	EXPECT(.seq = 2, .flags = RST);
	SEND(.seq = 2, .ack = 1);
	EXPECT(.seq = 1, .flags = RST);
	SEND(.seq = 1, .ack = 1 + (1u << 24));
	EXPECT(.seq = 1 + (1u << 24), .flags = RST);
	s->port++;
	SEND(.seq = 1, .ack = 1);
	EXPECT(.seq = 1, .flags = RST);
	s->port--;
	assert_int_equal(COUNT(cookies_bad), 4);
	assert_int_equal(s->accepted, 0);
	SEND(.seq = 1, .ack = 1);
	assert_int_equal(s->accepted, 1);
	script_end(s);
}

/* Good for the count in which it was made, and the next: 131 s at most. */
static void
they_get_old(void **state)
{
	struct script *s = pressed(SCRIPT_MSS);

	(void)state;
	knock(s);
	script_wait(s, 132000);
	SEND(.seq = 1, .ack = 1);
	EXPECT(.seq = 1, .flags = RST);
	assert_int_equal(s->accepted, 0);
	knock(s);
	script_wait(s, 65000);
	SEND(.seq = 1, .ack = 1);
	assert_int_equal(s->accepted, 1);
	script_end(s);
}

/* The same while newer ones are good, which others got. */
static void
they_get_old_one_by_one(void **state)
{
	struct script *s = pressed(SCRIPT_MSS);
	uint32_t iss;

	(void)state;
	knock(s);
	iss = s->iss;
	for (int i = 0; i < 2; i++) {
		script_wait(s, 66000);
		s->port++;
		knock(s);
	}
	s->port -= 2;
	s->iss = iss;
	SEND(.seq = 1, .ack = 1);
	EXPECT(.seq = 1, .flags = RST);
	assert_int_equal(COUNT(cookies_bad), 1);
	assert_int_equal(COUNT(cookies_taken), 0);
	script_end(s);
}

/* RFC 3168, 6.1.1, by RFC 4987, 3.6: that marks were agreed on is remembered by
 * the timestamp, too; without one they are not. */
static void
marks_are_remembered(void **state)
{
	static const uint8_t opts[] = {SCRIPT_MSS | SCRIPT_TS, SCRIPT_MSS};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct script *s = pressed(opts[i]);
		struct script_seg *g;

		SEND(.flags = SYN | ECE | CWR, .opts = opts[i]);
		g = EXPECT(.flags = i ? SYN | ACK : SYN | ACK | ECE, .ack = 1);
		s->echo = g->h.ts_val;
		SEND(.seq = 1, .ack = 1);
		assert_int_equal(s->accepted, 1);
		script_drain(s);
		script_write(s, 100);
		g = EXPECT(.seq = 1, .ack = 1, .len = 100);
		assert_int_equal(g->tos, i ? 0 : WIRE_ECN_ECT0);
		SEND(.seq = 1, .ack = 101, .len = 10, .tos = WIRE_ECN_CE);
		script_wait(s, 40);
		EXPECT(.flags = i ? ACK : ACK | ECE, .seq = 101, .ack = 11);
		script_end(s);
	}
}

/* Who never sent one does not compute them either. */
static void
none_sent_none_taken(void **state)
{
	struct script *s = script_new(NULL);

	(void)state;
	SEND(.seq = 1, .ack = 1);
	EXPECT(.seq = 1, .flags = RST);
	assert_int_equal(COUNT(cookies_bad), 0);
	script_end(s);
}

/* The round trip is known from the timestamp; without one there is no
 * measurement, and the first timeout takes a second (RFC 6298, 2.1). */
static void
the_round_trip(void **state)
{
	struct script *s = pressed(SCRIPT_MSS);
	uint32_t ms;

	(void)state;
	knock(s);
	script_wait(s, 300);
	SEND(.seq = 1, .ack = 1);
	script_write(s, 10);
	EXPECT(.seq = 1, .ack = 1, .len = 10);
	ms = script_until(s, 3000);
	assert_in_range(ms, 999, 1001);
	EXPECT(.seq = 1, .ack = 1, .len = 10);
	script_end(s);
	s = pressed(SCRIPT_MSS | SCRIPT_TS);
	s->echo = knock(s).h.ts_val;
	script_wait(s, 300);
	SEND(.seq = 1, .ack = 1);
	script_write(s, 10);
	EXPECT(.seq = 1, .ack = 1, .len = 10);
	ms = script_until(s, 3000);
	/* 300 and up to twice 63 ms, and four times half of it. */
	assert_in_range(ms, 899, 1300);
	EXPECT(.seq = 1, .ack = 1, .len = 10);
	script_end(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_options),
		cmocka_unit_test(data_and_end_come_along),
		cmocka_unit_test(forgeries_are_refused),
		cmocka_unit_test(they_get_old),
		cmocka_unit_test(they_get_old_one_by_one),
		cmocka_unit_test(marks_are_remembered),
		cmocka_unit_test(none_sent_none_taken),
		cmocka_unit_test(the_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
