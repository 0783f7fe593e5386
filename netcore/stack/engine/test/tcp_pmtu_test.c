/* tcp_pmtu_test - paths that take less than our link, and do not say so (RFC
 * 8899, 8201 section 4, 1191 section 6.3). */
#include "netcore/stack/engine/test/script.h"

/* What always works: 1024, but the smallest MTU of IPv6 is larger than that. */
#define BASE (script_v6() ? 1220u : 1024u)

/* Whatever is done, the oldest segment does not arrive: RFC 8899, 4.3. */
static struct script *
in_a_hole(void)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	script_write(s, 2 * MSS);
	EXPECT(.seq = 1, .ack = 1, .len = MSS);
	EXPECT(.seq = 1 + MSS, .ack = 1, .len = MSS);
	script_until(s, 2000); /* the tail is probed */
	EXPECT(.seq = 1 + MSS, .ack = 1, .len = MSS);
	for (int i = 0; i < 2; i++) {
		script_until(s, 4000);
		EXPECT(.seq = 1, .ack = 1, .len = MSS);
	}
	script_until(s, 4000);
	return s;
}

static void
a_black_hole_is_noticed(void **state)
{
	struct script *s = in_a_hole();

	(void)state;
	EXPECT(.seq = 1, .ack = 1, .len = BASE);
	assert_int_equal(COUNT(black_holes), 1);
	SEND(.seq = 1, .ack = 1 + BASE);
	EXPECT(.seq = 1 + BASE, .ack = 1, .len = MSS - BASE);
	EXPECT(.seq = 1 + MSS, .ack = 1, .len = BASE);
	SEND(.seq = 1, .ack = 1 + MSS + BASE);
	EXPECT(.seq = 1 + MSS + BASE, .ack = 1, .len = MSS - BASE);
	SEND(.seq = 1, .ack = 1 + 2 * MSS);
	assert_int_equal(s->acked, 2 * MSS);
	script_end(s);
}

/* RFC 8899, 4.3: what does not arrive may be less than a full segment; and what
 * is tried then may be too large again. */
static void
what_is_lost_counts(void **state)
{
	struct script *s = script_established(SCRIPT_MSS);

	(void)state;
	script_write(s, 1300);
	EXPECT(.seq = 1, .ack = 1, .len = 1300);
	for (int i = 0; i < 2; i++) {
		script_until(s, 4000);
		EXPECT(.seq = 1, .ack = 1, .len = 1300);
	}
	for (int i = 0; i < 3; i++) {
		script_until(s, 40000);
		EXPECT(.seq = 1, .ack = 1, .len = BASE);
	}
	script_until(s, 120000);
	EXPECT(.seq = 1, .ack = 1, .len = script_v6() ? BASE : 536);
	assert_int_equal(COUNT(black_holes), script_v6() ? 1 : 2);
	script_end(s);
}

/* RFC 8201, 4: what was learned holds for the next connection. */
static void
the_next_connection_knows(void **state)
{
	struct script *s = in_a_hole();

	(void)state;
	EXPECT(.seq = 1, .ack = 1, .len = BASE);
	stack_close(s->stack, s->conn, true);
	EXPECT(.seq = 1 + 2 * MSS, .ack = 1, .flags = RST | ACK);
	script_again(s, SCRIPT_MSS_SACK);
	script_write(s, MSS);
	EXPECT(.seq = 1, .ack = 1, .len = BASE);
	EXPECT(.seq = 1 + BASE, .ack = 1, .len = MSS - BASE);
	SEND(.seq = 1, .ack = 1 + MSS);
	script_end(s);
}

/* Small segments that get lost tell nothing of sizes. */
static void
small_ones_tell_nothing(void **state)
{
	struct script *s = script_established(SCRIPT_MSS);

	(void)state;
	script_write(s, 100);
	EXPECT(.seq = 1, .ack = 1, .len = 100);
	for (int i = 0; i < 4; i++) {
		script_until(s, 20000);
		EXPECT(.seq = 1, .ack = 1, .len = 100);
	}
	assert_int_equal(COUNT(black_holes), 0);
	script_end(s);
}

/* A connection that has found its way through with BASE bytes a segment, and
 * acknowledged all of two segments. */
static struct script *
out_of_the_hole(void)
{
	struct script *s = in_a_hole();

	EXPECT(.seq = 1, .ack = 1, .len = BASE);
	SEND(.seq = 1, .ack = 1 + BASE);
	EXPECT(.seq = 1 + BASE, .ack = 1, .len = MSS - BASE);
	EXPECT(.seq = 1 + MSS, .ack = 1, .len = BASE);
	SEND(.seq = 1, .ack = 1 + MSS + BASE);
	EXPECT(.seq = 1 + MSS + BASE, .ack = 1, .len = MSS - BASE);
	SEND(.seq = 1, .ack = 1 + 2 * MSS);
	/* A sample of what was sent once clears the backoff. */
	script_write(s, 10);
	EXPECT(.seq = 1 + 2 * MSS, .ack = 1, .len = 10);
	SEND(.seq = 1, .ack = 11 + 2 * MSS);
	return s;
}

/* Data flows, all of it is acknowledged, until a segment of another size than
 * `size` goes out in front of others: that one. */
static struct script_seg
next_probe(struct script *s, uint32_t size)
{
	script_write(s, 60 * MSS);
	for (int i = 0; i < 40; i++) {
		script_wait(s, 1);
		for (; s->head != s->tail; s->head++) {
			struct script_seg *g = &s->out[s->head % SCRIPT_SEGS];

			if (g->len > size) {
				script_drain(s);
				return *g;
			}
		}
		SEND(.seq = 1, .ack = script_sent(s));
	}
	fail_msg("no probe");
	return (struct script_seg){0};
}

/* RFC 8899, 5.3: the whole size is tried first; it arrives. */
static void
a_probe_that_arrives(void **state)
{
	struct script *s = out_of_the_hole();
	struct script_seg g = next_probe(s, BASE);

	(void)state;
	assert_int_equal(g.len, MSS);
	SEND(.seq = 1, .ack = g.seq + g.len);
	assert_int_equal(COUNT(mss_raised), 1);
	for (int i = 0; i < 20; i++) {
		script_drain(s);
		SEND(.seq = 1, .ack = script_sent(s));
	}
	SILENCE();
	g.seq = script_sent(s);
	script_write(s, 2 * MSS);
	EXPECT(.seq = g.seq, .ack = 1, .len = MSS);
	EXPECT(.seq = g.seq + MSS, .ack = 1, .len = MSS);
	script_end(s);
}

/* RFC 8899, 3, (7), 4.4: it is lost, and sent again in pieces, the window and
 * the recovery untouched; then half the way is tried. */
static void
a_probe_that_is_lost(void **state)
{
	struct script *s = out_of_the_hole();
	struct script_seg g = next_probe(s, BASE);
	uint64_t recoveries = COUNT(recoveries);

	(void)state;
	script_wait(s, 1);
	script_drain(s);
	SEND(.seq = 1, .ack = g.seq, .sack = {{g.seq + MSS, script_sent(s)}});
	EXPECT(.seq = g.seq, .ack = 1, .len = BASE);
	EXPECT(.seq = g.seq + BASE, .ack = 1, .len = MSS - BASE);
	script_drain(s);
	assert_int_equal(COUNT(recoveries), recoveries);
	assert_int_equal(COUNT(mss_raised), 0);
	SEND(.seq = 1, .ack = script_sent(s));
	g = next_probe(s, BASE);
	assert_int_equal(g.len, BASE + (MSS - BASE) / 2);
	SEND(.seq = 1, .ack = g.seq + g.len);
	assert_int_equal(COUNT(mss_raised), 1);
	script_drain(s);
	script_end(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_black_hole_is_noticed),
		cmocka_unit_test(what_is_lost_counts),
		cmocka_unit_test(the_next_connection_knows),
		cmocka_unit_test(small_ones_tell_nothing),
		cmocka_unit_test(a_probe_that_arrives),
		cmocka_unit_test(a_probe_that_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
