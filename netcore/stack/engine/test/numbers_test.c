/* numbers_test - where sequence numbers and timestamps begin: by a clock, and a
 * secret function of the four numbers of a connection (RFC 6528, 3; RFC 7323,
 * 5.4, 7.1). */
#include <string.h>

#include "netcore/stack/engine/test/one_kit.h"
#include "netcore/stack/wire/icmp6.h"
#include "netcore/stack/wire/tcp.h"

#define MS 1000000ull
#define N  64u

struct begins {
	uint32_t seq, ts;
};

/* Which secret, and how far the clock is. */
static void
boot(uint8_t secret, uint64_t now)
{
	struct stack_config c = one_config6();

	memset(c.secret, secret, sizeof(c.secret));
	one_start(&c);
	one.now += now;
	stack_timers(one.s, one.now);
	one_know6();
}

/* Of our SYN to that port, which is taken back. */
static struct begins
connect_to(struct ip_addr ip, uint16_t port, uint16_t lport)
{
	uint32_t l4 = ip_addr_is_v4(ip) ? 34 : 54;
	struct wire_tcp t;
	struct cursor c;
	stack_conn h;

	one_send();
	assert_int_equal(stack_connect(one.s, ip, port, lport, 0, &h), 0);
	one_send();
	assert_int_equal(one.sent, 1);
	c = cursor_of(one.out[0].bytes + l4, one.out[0].len - l4);
	assert_int_equal(wire_tcp_parse(&c, &t), WIRE_OK);
	assert_true(t.opts & WIRE_TCP_TS);
	assert_int_equal(stack_close(one.s, h, true), 0);
	return (struct begins){t.seq, t.ts_val};
}

/* The secrets are fixed, so chance has no part in it. */
static void
far_apart(const uint32_t *of, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < i; k++)
			assert_in_range(of[i] - of[k], 2, UINT32_MAX - 2);
}

static void
another_connection_begins_elsewhere(void **state)
{
	uint32_t seq[2 * N], ts[2 * N];

	(void)state;
	boot(1, 0);
	for (unsigned i = 0; i < N; i++) {
		bool mine = i & 1;
		uint16_t a = mine ? 80 : (uint16_t)(80 + i);
		uint16_t b = mine ? (uint16_t)(4000 + i) : 4000;
		struct begins v4 = connect_to(ip_addr_v4(ONE_PEER), a, b);
		struct begins v6 = connect_to(one_addr6(2), a, b);

		seq[i] = v4.seq;
		seq[N + i] = v6.seq;
		ts[i] = v4.ts;
		ts[N + i] = v6.ts;
	}
	far_apart(seq, 2 * N);
	far_apart(ts, 2 * N);
	one_down(state);
}

/* Who does not know it cannot tell. */
static void
another_secret_begins_elsewhere(void **state)
{
	uint32_t seq[N], ts[N];

	(void)state;
	for (unsigned i = 0; i < N; i++) {
		struct begins b;

		boot((uint8_t)i, 0);
		b = connect_to(ip_addr_v4(ONE_PEER), 80, 4000);
		seq[i] = b.seq;
		ts[i] = b.ts;
		one_down(state);
	}
	far_apart(seq, N);
	far_apart(ts, N);
}

/* RFC 9293, 3.4.1: one in 4 us, and one in a ms. The same connection goes on
 * from where it was, after the secret is read again as well. */
static void
the_same_goes_on_by_the_clock(void **state)
{
	static const uint64_t later[] = {0, 1, 20, 60000, 3600000, 86400000};
	const struct ip_addr to[] = {ip_addr_v4(ONE_PEER), one_addr6(2)};

	(void)state;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct begins first;

		boot(7, 0);
		first = connect_to(to[v6], 80, 4000);
		one_down(state);
		for (unsigned i = 0; i < 6; i++) {
			struct begins b;

			boot(7, later[i] * MS);
			b = connect_to(to[v6], 80, 4000);
			assert_int_equal(
				b.seq - first.seq, (uint32_t)(later[i] * 250));
			assert_int_equal(b.ts - first.ts, (uint32_t)later[i]);
			one_down(state);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_connection_begins_elsewhere),
		cmocka_unit_test(another_secret_begins_elsewhere),
		cmocka_unit_test(the_same_goes_on_by_the_clock),
	};

	return cmocka_run_group_tests_name("engine_numbers", tests, NULL, NULL);
}
