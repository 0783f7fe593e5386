/* tcp_recover_test - loss (RFC 6298, 5681, 6582, 8985). */
#include "netcore/stack/engine/test/script.h"

/* RFC 6298, 5: backed off each time, told at last. */
static void
rto_backs_off(void **state)
{
	struct script *s = script_established(SCRIPT_MSS);

	(void)state;
	uint32_t last = 0, wait;

	script_write(s, 100);
	EXPECT(.seq = 1, .ack = 1, .len = 100);
	for (int i = 0; i < 15; i++, last = wait) {
		wait = script_until(s, 200000);
		EXPECT(.seq = 1, .ack = 1, .len = 100);
		assert_true(wait + 2 >= (last < 60000 ? 2 * last : 119999));
	}
	script_wait(s, 130000);
	assert_int_equal(s->why, STACK_TIMEOUT);
	script_end(s);
}

/* RFC 5681, 3.2; RFC 3042: the third duplicate; two send new data. */
static void
three_duplicates(void **state)
{
	struct script *s = script_established(SCRIPT_MSS);

	(void)state;
	script_write(s, 20 * MSS);
	for (uint32_t i = 0; i < 10; i++)
		EXPECT(.seq = 1 + i * MSS, .ack = 1, .len = MSS);
	SILENCE();
	for (uint32_t i = 10; i < 12; i++) {
		SEND(.seq = 1, .ack = 1);
		EXPECT(.seq = 1 + i * MSS, .ack = 1, .len = MSS);
	}
	SEND(.seq = 1, .ack = 1);
	EXPECT(.seq = 1, .ack = 1, .len = MSS);
	script_end(s);
}

/* RFC 8985, 6: three that came after it, by SACK. */
static void
lost_by_sack(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	(void)state;
	script_write(s, 5 * MSS);
	for (uint32_t i = 0; i < 5; i++)
		EXPECT(.seq = 1 + i * MSS, .ack = 1, .len = MSS);
	script_wait(s, 10);
	SEND(.seq = 1, .ack = 1, .sack = {{1 + MSS, 1 + 4 * MSS}});
	EXPECT(.seq = 1, .ack = 1, .len = MSS);
	SEND(.seq = 1, .ack = 1 + 5 * MSS);
	assert_int_equal(s->acked, 5 * MSS);
	script_end(s);
}

/* RFC 8985, 7: a lone tail is asked after before the RTO. */
static void
tail_probe(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	(void)state;
	script_write(s, 3 * MSS);
	for (uint32_t i = 0; i < 3; i++)
		EXPECT(.seq = 1 + i * MSS, .ack = 1, .len = MSS);
	assert_true(script_until(s, 1000) < 100);
	EXPECT(.seq = 1 + 2 * MSS, .ack = 1, .len = MSS);
	assert_int_equal(COUNT(tail_probes), 1);
	script_end(s);
}

/* RFC 9293, 3.8.6.1: probes, and no end while they are answered. */
static void
shut_for_hours(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	(void)state;
	SEND(.seq = 1, .ack = 1, .shut = true);
	script_write(s, 100);
	SILENCE();
	for (int i = 0; i < 40; i++) {
		script_until(s, 300000);
		EXPECT(.seq = 1, .ack = 1, .len = 1);
		SEND(.seq = 1, .ack = 1, .shut = true);
	}
	assert_int_equal(s->closed, 0);
	SEND(.seq = 1, .ack = 2);
	EXPECT(.seq = 2, .ack = 1, .len = 99);
	script_end(s);
}

/* RFC 9293, 3.8.6.2.1: crumbs wait, but not for ever. */
static void
small_window(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	(void)state;
	SEND(.seq = 1, .ack = 1, .window = 100);
	script_write(s, 5000);
	SILENCE();
	assert_in_range(script_until(s, 10000), 100, 1001);
	EXPECT(.seq = 1, .ack = 1, .len = 100);
	script_end(s);
}

/* RFC 9293, 3.7.4: Nagle. */
static void
nagle(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	(void)state;
	stack_set_nagle(s->stack, s->conn, true);
	script_write(s, 10);
	EXPECT(.seq = 1, .ack = 1, .len = 10);
	script_write(s, 10);
	script_write(s, 10);
	SILENCE();
	SEND(.seq = 1, .ack = 11);
	EXPECT(.seq = 11, .ack = 1, .len = 20);
	script_end(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rto_backs_off),
		cmocka_unit_test(three_duplicates),
		cmocka_unit_test(lost_by_sack),
		cmocka_unit_test(tail_probe),
		cmocka_unit_test(shut_for_hours),
		cmocka_unit_test(small_window),
		cmocka_unit_test(nagle),
	};

	return cmocka_run_group_tests_name("tcp_recover", tests, NULL, NULL);
}
