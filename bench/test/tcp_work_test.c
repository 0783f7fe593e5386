/* tcp_work_test - what the figures of tcp_engine are of: so many frames of this
 * size for one of a kind, and checksums that are summed up where it says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/tcp_work.h"

#define N	400
#define HEADERS 66 /* Ethernet, IPv4, TCP with timestamps */

/* What the server counted for each that was counted of a work. */
struct share {
	double rx_frames, rx_bytes, tx_frames, tx_bytes;
};

static struct {
	const struct tcp_work *work;
	struct stack_counters was, is;
} watch;

static void
watch_begins(struct tcp_crowd *c)
{
	if (watch.work->ready)
		watch.work->ready(c);
	tcp_pair_settle(&c->pair);
	watch.was = *stack_counters(c->pair.server.s);
}

static uint64_t
watch_burst(struct tcp_crowd *c, unsigned *n)
{
	uint64_t cycles = watch.work->burst(c, n);

	watch.is = *stack_counters(c->pair.server.s);
	return cycles;
}

static struct share
share_of(const char *name, unsigned conns)
{
	struct tcp_work w;
	struct tcp_crowd c;
	uint64_t n;

	watch.work = tcp_work_named(name);
	assert_non_null(watch.work);
	w = *watch.work;
	w.ready = watch_begins;
	w.burst = watch_burst;
	tcp_crowd_init(&c, conns, 0);
	n = tcp_work_some(&c, &w, N);
	tcp_crowd_fini(&c);
	assert_true(n >= N && n < N + 2 * TCP_WORK_BURST);
#define SHARE(x) ((double)(watch.is.x - watch.was.x) / (double)n)
	return (struct share){SHARE(rx_frames), SHARE(rx_bytes),
		SHARE(tx_frames), SHARE(tx_bytes)};
#undef SHARE
}

static void
near(double is, double should)
{
	assert_true(is > should * 0.95 && is < should * 1.05);
}

static void
full_segments_come(void **state)
{
	struct share few = share_of("rx", 1), many = share_of("rx", 1000);

	(void)state;
	near(few.rx_frames, 1);
	near(few.rx_bytes, 1460 + HEADERS);
	near(few.tx_frames, 1.0 / 32);
	near(many.rx_frames, 1);
	near(many.rx_bytes, 1460 + HEADERS);
	assert_true(many.tx_frames > 0.4 && many.tx_frames < 0.6);
}

static void
acknowledgements_come(void **state)
{
	static const unsigned conns[] = {1, 7, 1000};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct share s = share_of("ack", conns[i]);

		near(s.rx_frames, 1);
		near(s.rx_bytes, HEADERS);
		near(s.tx_frames, 2);
		near(s.tx_bytes, 2 * (1460 + HEADERS));
	}
}

static void
requests_are_answered(void **state)
{
	static const unsigned conns[] = {1, 7, 1000};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct share s = share_of("rr64", conns[i]);

		near(s.rx_frames, 1);
		near(s.rx_bytes, 64 + HEADERS);
		near(s.tx_frames, 1);
		near(s.tx_bytes, 64 + HEADERS);
		s = share_of("rr1k", conns[i]);
		near(s.rx_bytes, 64 + HEADERS);
		near(s.tx_frames, 1);
		near(s.tx_bytes, 1024 + HEADERS);
	}
}

/* The crowd stays as it was. */
static void
visits_end(void **state)
{
	static const char *const visits[] = {"conn", "visit"};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		const struct tcp_work *w = tcp_work_named(visits[i % 2]);
		uint32_t taken;
		struct tcp_crowd c;

		tcp_crowd_init(&c, i < 2 ? 0 : 100, 0);
		taken = stack_taken(c.pair.server.s);
		assert_true(tcp_work_some(&c, w, N) >= N);
		assert_int_equal(c.pair.answers, i % 2 ? c.pair.closed : 0);
		assert_int_equal(stack_taken(c.pair.server.s), taken);
		tcp_crowd_fini(&c);
	}
}

/* A frame that was changed on the way. */
static void
checksums_are_summed_up(void **state)
{
	(void)state;
	for (int offload = 0; offload < 2; offload++) {
		struct tcp_pair p;
		uint8_t *frame;

		tcp_pair_init(&p, 1, offload ? TCP_PAIR_OFFLOAD : 0);
		tcp_pair_open(&p);
		tcp_pair_forget(&p);
		tcp_pair_ask(&p, 0, 64);
		assert_int_equal(tcp_pair_client(&p), 1);
		frame = p.client.frame;
		assert_ptr_equal(p.server.rx[0].data, frame);
		frame[HEADERS] ^= 1;
		tcp_pair_serve(&p);
		assert_int_equal(stack_counters(p.server.s)->drop_cksum,
			offload ? 0 : 1);
		assert_int_equal(p.received, offload ? 64 : 0);
		assert_int_equal(p.server.tx_n, offload);
		if (offload)
			assert_true(p.server.tx[0].flags & STACK_TX_CKSUM);
		else
			assert_string_equal(
				tcp_pair_wrong(&p), "a frame was wrong");
		tcp_pair_fini(&p);
	}
}

static void
names(void **state)
{
	(void)state;
	for (const struct tcp_work *w = tcp_works; w->name; w++)
		assert_ptr_equal(tcp_work_named(w->name), w);
	assert_null(tcp_work_named("rr65"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_segments_come),
		cmocka_unit_test(acknowledgements_come),
		cmocka_unit_test(requests_are_answered),
		cmocka_unit_test(visits_end),
		cmocka_unit_test(checksums_are_summed_up),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
