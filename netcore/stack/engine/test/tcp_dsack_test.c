/* tcp_dsack_test - what came twice (RFC 2883; RFC 3708; RFC 8985, 6.2). */
#include "netcore/stack/engine/test/script.h"

/* Ten are out, and the first seems to be lost: it was sent again. */
static struct script *
recovering(void)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	script_write(s, 100 * MSS);
	for (uint32_t i = 0; i < 10; i++)
		EXPECT(.seq = 1 + i * MSS, .ack = 1, .len = MSS);
	script_wait(s, 10);
	SEND(.seq = 1, .ack = 1, .sack = {{1 + MSS, 1 + 4 * MSS}});
	EXPECT(.seq = 1, .ack = 1, .len = MSS);
	assert_int_equal(COUNT(recoveries), 1);
	return s;
}

/* How many new segments went out now, from `next` on. */
static uint32_t
burst_from(struct script *s, uint32_t next)
{
	uint32_t n = 0;

	script_wait(s, 0);
	for (; s->head != s->tail; n++)
		EXPECT(.seq = next + n * MSS, .ack = 1, .len = MSS);
	return n;
}

/* RFC 3708: all that was sent again came twice. The window is what it was: ten
 * segments, where half of them and one were left. */
static void
undone(void **state)
{
	struct script *s = recovering();

	(void)state;
	SEND(.seq = 1, .ack = 1 + 10 * MSS);
	assert_int_equal(burst_from(s, 1 + 10 * MSS), 6);
	SEND(.seq = 1, .ack = 1 + 10 * MSS, .sack = {{1, 1 + MSS}});
	assert_int_equal(COUNT(undone), 1);
	assert_int_equal(burst_from(s, 1 + 16 * MSS), 4);
	/* It counts once. */
	SEND(.seq = 1, .ack = 1 + 10 * MSS, .sack = {{1, 1 + MSS}});
	assert_int_equal(COUNT(undone), 1);
	SILENCE();
	script_end(s);
}

/* Before the recovery ends, the same ends it. */
static void
undone_within(void **state)
{
	struct script *s = recovering();

	(void)state;
	SEND(.seq = 1, .ack = 1 + 4 * MSS, .sack = {{1, 1 + MSS}});
	assert_int_equal(COUNT(undone), 1);
	burst_from(s, 1 + 10 * MSS);
	script_end(s);
}

/* What the network doubled says nothing of what was sent again. */
static void
elsewhere(void **state)
{
	struct script *s = recovering();

	(void)state;
	SEND(.seq = 1, .ack = 1 + 10 * MSS,
		.sack = {{1 + 5 * MSS, 1 + 6 * MSS}});
	assert_int_equal(COUNT(undone), 0);
	burst_from(s, 1 + 10 * MSS);
	script_end(s);
}

/* One of two that were sent again had been lost. */
static void
half_of_it(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	(void)state;
	script_write(s, 100 * MSS);
	for (uint32_t i = 0; i < 10; i++)
		EXPECT(.seq = 1 + i * MSS, .ack = 1, .len = MSS);
	script_wait(s, 10);
	SEND(.seq = 1, .ack = 1, .sack = {{1 + 2 * MSS, 1 + 7 * MSS}});
	EXPECT(.seq = 1, .ack = 1, .len = MSS);
	EXPECT(.seq = 1 + MSS, .ack = 1, .len = MSS);
	SEND(.seq = 1, .ack = 1 + 10 * MSS, .sack = {{1, 1 + MSS}});
	assert_int_equal(COUNT(undone), 0);
	burst_from(s, 1 + 10 * MSS);
	SEND(.seq = 1, .ack = 1 + 10 * MSS, .sack = {{1 + MSS, 1 + 2 * MSS}});
	assert_int_equal(COUNT(undone), 1);
	burst_from(s, 1 + 16 * MSS);
	script_end(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(undone),
		cmocka_unit_test(undone_within),
		cmocka_unit_test(elsewhere),
		cmocka_unit_test(half_of_it),
	};

	return cmocka_run_group_tests_name("tcp_dsack", tests, NULL, NULL);
}
