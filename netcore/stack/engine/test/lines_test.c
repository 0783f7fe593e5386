/* lines_test - which lines of a connection are touched by what: a request and
 * its answer may not reach beyond the first two. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "netcore/stack/engine/engine.h"
#include "netcore/stack/engine/test/host.h"
#include "netcore/stack/engine/test/touched.h"

#define CONNS 8 /* more than plain_in.c takes without its stages */
#define BURST 32
#define FRAME 2048
#define PORT  80
#define STEP  5000000 /* ns from a request to the next */

struct end {
	struct stack *s;
	struct stack_ops ops;
	struct stack_rx_frame rx[BURST];
	unsigned n; /* of these */
	uint8_t frame[BURST][FRAME];
};

static struct end server, client;
static stack_conn conn[CONNS];
static struct touched touched;
static uint64_t now;
static uint32_t answer; /* bytes */
static unsigned answered;
static void *memory;
static size_t bytes;
static uint8_t text[4096];

/* --- the programs ---------------------------------------------------------*/

static void
request(void *arg, stack_conn c, uint64_t user, const uint8_t *ptr,
	uint32_t len, void *buf)
{
	(void)arg, (void)user, (void)ptr, (void)buf;
	assert_int_equal(stack_recv_done(server.s, c, len), 0);
	if (answer)
		assert_int_equal(stack_send(server.s, c, text, answer), 0);
}

static void
reply(void *arg, stack_conn c, uint64_t user, const uint8_t *ptr, uint32_t len,
	void *buf)
{
	(void)arg, (void)user, (void)ptr, (void)buf;
	assert_int_equal(stack_recv_done(client.s, c, len), 0);
	answered++;
}

/* --- the wire -------------------------------------------------------------*/

/* What `from` sends lies where `to` will find it. */
static void
carry(struct end *from, struct end *to)
{
	uint8_t headers[STACK_HEADERS];
	struct stack_tx_frame f = {.headers = headers};

	while (to->n < BURST && stack_tx(from->s, &f, 1, now)) {
		uint8_t *p = to->frame[to->n];

		memcpy(p, headers, sizeof(headers));
		to->rx[to->n++] = (struct stack_rx_frame){
			.data = p, .len = host_frame(&f, p, FRAME), .buf = p};
	}
}

static void
take(struct end *e)
{
	stack_rx(e->s, e->rx, e->n, now);
	stack_timers(e->s, now);
	e->n = 0;
}

/* All that the server does for what has come, watched. */
static void
serve(void)
{
	struct stack_tx_frame f[BURST];
	uint8_t headers[BURST][STACK_HEADERS];
	unsigned n;

	for (unsigned i = 0; i < BURST; i++)
		f[i].headers = headers[i];
	touched_begin(&touched);
	take(&server);
	n = stack_tx(server.s, f, BURST, now);
	touched_end();
	for (unsigned i = 0; i < n; i++) {
		uint8_t *p = client.frame[client.n];

		memcpy(p, headers[i], STACK_HEADERS);
		f[i].headers = p;
		client.rx[client.n++] = (struct stack_rx_frame){.data = p,
			.len = host_frame(&f[i], p, FRAME),
			.buf = p};
	}
}

static void
settle(void)
{
	do {
		carry(&client, &server);
		take(&server);
		carry(&server, &client);
		take(&client);
		carry(&client, &server);
	} while (server.n);
}

static void
ask(unsigned i, uint32_t len)
{
	assert_int_equal(stack_send(client.s, conn[i], text, len), 0);
}

/* Each of [first, first + n) asks, and has its answer. */
static void
exchange(unsigned first, unsigned n)
{
	unsigned before = answered;

	now += STEP;
	for (unsigned i = first; i < first + n; i++)
		ask(i, 64);
	carry(&client, &server);
	assert_int_equal(server.n, n);
	serve();
	assert_int_equal(client.n, answer ? n : 0);
	take(&client);
	assert_int_equal(answered - before, answer ? n : 0);
}

/* --- around each test -----------------------------------------------------*/

static struct stack_config
config(uint8_t host, bool six)
{
	struct stack_config c = {.conns = CONNS,
		.half_open = CONNS,
		.listeners = 1,
		.send_refs = 64,
		.segs = 64,
		.ooo = 64,
		.rcv_window = 1 << 20,
		.mtu = 1500,
		.secret = {1, 2, 3, 4, host}};

	host_mac(c.mac, host);
	if (six) {
		c.ip6 = host_ip6(host);
		c.ip6_bits = 64;
	} else {
		c.ip4 = host_ip4(host);
		c.ip4_bits = 24;
	}
	return c;
}

/* Its memory is whole pages, and nobody else's. */
static void
begin(bool six)
{
	struct stack_config a = config(1, six), b = config(2, six);

	now = 1000000000;
	answer = 64;
	server = (struct end){
		.ops = host_ops((struct stack_ops){.data = request})};
	client = (struct end){
		.ops = host_ops((struct stack_ops){.data = reply})};
	bytes = stack_bytes(&a);
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(memory, MAP_FAILED);
	server.s = stack_init(memory, &a, &server.ops, NULL, now);
	client.s = host_new(&b, &client.ops, NULL, now);
	assert_int_equal(
		stack_listen(server.s, six ? a.ip6 : a.ip4, PORT, 0), 0);
	for (unsigned i = 0; i < CONNS; i++)
		assert_int_equal(stack_connect(client.s, six ? a.ip6 : a.ip4,
					 PORT, 0, 0, &conn[i]),
			0);
	settle();
	touched = (struct touched){.from = (char *)server.s->tcb,
		.n = CONNS,
		.stride = sizeof(struct tcb)};
	/* The first one has nothing to acknowledge, the first sample of a round
	 * trip is stored at another place. */
	exchange(0, CONNS);
	exchange(0, CONNS);
	memset(touched.count, 0, sizeof(touched.count));
}

static void
end(void)
{
	settle();
	assert_null(stack_check(server.s));
	host_free(client.s);
	munmap(memory, bytes);
}

static unsigned
touches(size_t from, size_t to)
{
	unsigned n = 0;

	for (size_t i = from; i < to; i++)
		n += touched.count[i];
	return n;
}

static void
both_lines_and_no_other(void)
{
	assert_true(touches(0, CACHELINE) > 0);
	assert_true(touches(CACHELINE, TCB_HOT) > 0);
	for (size_t i = TCB_HOT; i < sizeof(struct tcb); i++)
		if (touched.count[i])
			fail_msg("byte %zu of a connection was touched %u "
				 "times: it stands beyond %u",
				i, touched.count[i], TCB_HOT);
}

/* --- the tests ------------------------------------------------------------*/

/* The window that the peer tells goes down and up meanwhile, timers run out and
 * are set again. */
static void
a_request_has_two_lines(void **state)
{
	(void)state;
	begin(false);
	for (unsigned i = 0; i < 30; i++) {
		exchange(0, CONNS);
		exchange(i % CONNS, 1);
	}
	both_lines_and_no_other();
	end();
}

static void
a_large_answer_has_two_lines(void **state)
{
	(void)state;
	begin(false);
	answer = 1400;
	for (unsigned i = 0; i < 30; i++)
		exchange(0, CONNS);
	both_lines_and_no_other();
	end();
}

/* Data alone, an acknowledgement of ours alone, and one of the peer's. */
static void
what_comes_has_two_lines(void **state)
{
	(void)state;
	begin(false);
	answer = 0;
	exchange(0, CONNS);
	now += 50000000; /* nothing takes the acknowledgement along */
	serve();
	assert_int_equal(client.n, CONNS);
	take(&client);
	for (unsigned i = 0; i < CONNS; i++)
		assert_int_equal(stack_send(server.s, server.s->tcb[i].handle,
					 text, 100),
			0);
	carry(&server, &client);
	take(&client);
	carry(&client, &server);
	assert_int_equal(server.n, 0);
	now += 50000000; /* nor the peer's */
	take(&client);
	carry(&client, &server);
	assert_int_equal(server.n, CONNS);
	serve();
	assert_int_equal(server.s->tcb[0].snd_una, server.s->tcb[0].snd_nxt);
	both_lines_and_no_other();
	end();
}

/* The watch sees what does not keep to it: two requests that come the wrong way
 * round. */
static void
disorder_reaches_further(void **state)
{
	struct stack_rx_frame f;

	(void)state;
	begin(false);
	ask(0, 64);
	carry(&client, &server);
	ask(0, 64);
	carry(&client, &server);
	assert_int_equal(server.n, 2);
	f = server.rx[0];
	server.rx[0] = server.rx[1];
	server.rx[1] = f;
	serve();
	assert_true(touches(TCB_HOT, sizeof(struct tcb)) > 0);
	assert_true(
		touches(offsetof(struct tcb, ooo),
			offsetof(struct tcb, ooo) + sizeof(struct ooo)) > 0);
	take(&client);
	end();
}

/* The addresses of IPv6 stand in a third line. */
static void
six_has_three_lines(void **state)
{
	const size_t addrs = offsetof(struct tcb, key.addr);

	(void)state;
	begin(true);
	for (unsigned i = 0; i < 30; i++) {
		exchange(0, CONNS);
		exchange(i % CONNS, 1);
	}
	assert_true(touches(addrs, addrs + 32) > 0);
	memset(touched.count + addrs, 0, 32 * sizeof(touched.count[0]));
	both_lines_and_no_other();
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_has_two_lines),
		cmocka_unit_test(a_large_answer_has_two_lines),
		cmocka_unit_test(what_comes_has_two_lines),
		cmocka_unit_test(disorder_reaches_further),
		cmocka_unit_test(six_has_three_lines),
	};

	if (!TOUCHED_WORKS) {
		printf("skipped: single accesses are watched on x86-64 only\n");
		return 77;
	}
	return cmocka_run_group_tests_name("engine_lines", tests, NULL, NULL);
}
