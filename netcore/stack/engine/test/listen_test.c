/* listen_test - a listener for both families, for one, or for one address: who
 * gets whom (RFC 9293, 3.10.1; RFC 3493, 5.3 by way of the program). */
#include <errno.h>
#include <string.h>

#include "netcore/stack/cksum.h"
#include "netcore/stack/engine/test/one_kit.h"
#include "netcore/stack/wire/ip.h"
#include "netcore/stack/wire/tcp.h"

#define PORT 80

static const struct ip_addr any = {0, 0};

static void
segment6(const struct wire_tcp *t)
{
	uint8_t b[64], us[16], peer[16];
	size_t n = wire_tcp_emit(b, sizeof(b), t);

	ip_addr_put(one_addr6(1), us);
	ip_addr_put(one_addr6(2), peer);
	be_put16(b + 16,
		cksum_finish(cksum_partial(b, n,
			cksum_pseudo6(peer, us, WIRE_IP_TCP, (uint32_t)n))));
	one_ip6(one_addr6(2), one_addr6(1), WIRE_IP_TCP, 64, b, (uint32_t)n);
}

static void
segment(const struct wire_tcp *t, bool v6)
{
	if (v6)
		segment6(t);
	else
		one_tcp(t);
}

/* A peer of that family knocks: the listener that it gets to; 0: none. */
static uint64_t
knock(bool v6)
{
	static uint16_t port = 1000;
	struct wire_tcp t = {.sport = port++,
		.dport = PORT,
		.seq = 77,
		.flags = WIRE_TCP_SYN,
		.window = 1000};
	const uint8_t *seg = one.out[0].bytes + (v6 ? 54 : 34);

	one.listener = 0;
	segment(&t, v6);
	one_send();
	assert_int_equal(one.sent, 1);
	if (seg[13] & WIRE_TCP_RST)
		return 0;
	assert_int_equal(seg[13], WIRE_TCP_SYN | WIRE_TCP_ACK);
	t.flags = WIRE_TCP_ACK;
	t.seq++;
	t.ack = be_get32(seg + 4) + 1;
	segment(&t, v6);
	t.flags = WIRE_TCP_RST;
	segment(&t, v6);
	return one.listener;
}

static void
listen_at(struct ip_addr ip, uint64_t user)
{
	assert_int_equal(stack_listen(one.s, ip, PORT, user), 0);
}

static void
one_for_both(void **state)
{
	(void)state;
	assert_int_equal(knock(false), 0);
	assert_int_equal(knock(true), 0);
	listen_at(any, 5);
	assert_int_equal(knock(false), 5);
	assert_int_equal(knock(true), 5);
	assert_int_equal(stack_listen(one.s, any, PORT, 6), -EADDRINUSE);
	assert_int_equal(stack_unlisten(one.s, any, PORT), 0);
	assert_int_equal(knock(false), 0);
	assert_int_equal(knock(true), 0);
}

static void
one_for_a_family(void **state)
{
	(void)state;
	listen_at(ip_addr_v4(0), 4);
	assert_int_equal(knock(false), 4);
	assert_int_equal(knock(true), 0);
}

/* Whatever was there first. */
static void
the_closest_takes_it(void **state)
{
	static const struct {
		unsigned first, second;
	} order[] = {
		{0, 1}, {1, 0}, {1, 2}, {2, 1}, {0, 2}, {2, 0}, {0, 3}, {3, 0}};
	const struct ip_addr ip[] = {
		any, ip_addr_v4(0), ip_addr_v4(ONE_IP), one_addr6(1)};
	struct stack_config c = one_config6();

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		unsigned a = order[i].first, b = order[i].second;
		unsigned most = a > b ? a : b;

		listen_at(ip[a], a + 10);
		listen_at(ip[b], b + 10);
		assert_int_equal(knock(false), most == 3 ? 10 : most + 10);
		assert_int_equal(knock(true),
			most == 3		   ? 13
				: a == 0 || b == 0 ? 10
						   : 0);
		one_again(&c);
	}
}

/* Nobody has another one's address. */
static void
of_another_host(void **state)
{
	(void)state;
	listen_at(ip_addr_v4(ONE_IP + 5), 9);
	assert_int_equal(knock(false), 0);
	listen_at(one_addr6(7), 9);
	assert_int_equal(knock(true), 0);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, one_up6, one_down)
	const struct CMUnitTest tests[] = {
		T(one_for_both),
		T(one_for_a_family),
		T(the_closest_takes_it),
		T(of_another_host),
	};

	return cmocka_run_group_tests_name("engine_listen", tests, NULL, NULL);
}
