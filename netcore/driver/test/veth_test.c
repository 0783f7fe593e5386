/* veth_test - a driver on one end of a pair of interfaces, by a packet socket
 * or by an XDP socket; a packet socket of the test's at the other. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "netcore/driver/test/rig.h"
#include "netcore/driver/test/wire.h"

#define FRAMES 100000u
#define ROUND  32u

static const size_t sizes[] = {
	60, 61, 64, 127, 128, 129, 590, 1024, 1500, 1514};

#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

static const char *port, *wide; /* of one queue, and of two */
static int peer, wide_peer;

static uint8_t frame[WIRE_MAX];

static void
test_in(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, port, 1500, 0, 1);
	for (uint32_t i = 0; i < SIZES; i++) {
		wire_fill(frame, sizes[i], i);
		wire_send(peer, frame, sizes[i]);
		rig_expect(&r, sizes[i], i);
	}
	assert_int_equal(driver_rx_free(r.d), r.rx_free);
	rig_close(&r);
}

static void
test_out(void **state)
{
	static const unsigned pieces[] = {1, 2, 5, STACK_PIECES};
	struct rig r;
	uint32_t number = 0;
	size_t len;

	(void)state;
	rig_open(&r, port, 1500, 0, 1);
	for (unsigned i = 0; sizes[i] <= STACK_HEADERS; i++) {
		rig_send(&r, sizes[i], 0, ++number);
		len = wire_receive(peer, frame, sizeof(frame));
		assert_int_equal(len, sizes[i]);
		assert_true(wire_is(frame, len, number));
	}
	for (unsigned p = 0; p < sizeof(pieces) / sizeof(pieces[0]); p++)
		for (unsigned i = 4; i < SIZES; i++) {
			rig_send(&r, sizes[i], pieces[p], ++number);
			len = wire_receive(peer, frame, sizeof(frame));
			assert_int_equal(len, sizes[i]);
			assert_true(wire_is(frame, len, number));
		}
	rig_settle(&r);
	rig_close(&r);
}

/* Of IPv4, the part at `at`, from 192.0.2.1 to 192.0.2.2. */
static void
fill_fragment(unsigned at, uint16_t flags, uint16_t cksum)
{
	static const uint8_t head[] = {8, 0, 0x45, 0, 0x05, 0xdc, 0, 1};
	static const uint8_t addrs[] = {192, 0, 2, 1, 192, 0, 2, 2};

	memset(frame, 0xff, sizeof(frame)); /* for all */
	memcpy(frame + 12, head, sizeof(head));
	frame[20] = (uint8_t)((flags | at / 8) >> 8);
	frame[21] = (uint8_t)(flags | at / 8);
	frame[22] = 64;
	frame[23] = 17;
	frame[24] = (uint8_t)(cksum >> 8);
	frame[25] = (uint8_t)cksum;
	memcpy(frame + 26, addrs, sizeof(addrs));
}

/* Nobody puts them together but the stack. */
static void
test_fragments(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, port, 1500, 0, 1);
	fill_fragment(0, 0x2000, 0xd10c);
	wire_send(peer, frame, 1514);
	fill_fragment(1480, 0, 0xf053);
	wire_send(peer, frame, 1514);
	wire_fill(frame, 60, 1);
	wire_send(peer, frame, 60);
	for (unsigned i = 0; i < 3;) {
		struct pollfd p = {.fd = driver_fd(r.d), .events = POLLIN};
		struct stack_rx_frame f;

		if (!driver_rx(r.d, &f, 1)) {
			assert_int_equal(poll(&p, 1, WIRE_MS), 1);
			continue;
		}
		if (i < 2 && f.data[12] == 8 && f.data[13] == 0) {
			assert_int_equal(f.len, 1514);
			assert_int_equal(f.data[20], i++ ? 0 : 0x20);
		} else if (f.len == 60 && wire_is(f.data, 60, 1)) {
			assert_int_equal(i++, 2);
		}
		driver_release(r.d, f.buf);
	}
	rig_close(&r);
}

static void
test_descriptor(void **state)
{
	struct pollfd p = {.events = POLLIN};
	struct rig r;

	(void)state;
	rig_open(&r, port, 1500, 0, 1);
	p.fd = driver_fd(r.d);
	assert_true(p.fd >= 0);
	assert_false(driver_pending(r.d));
	assert_int_equal(poll(&p, 1, 0), 0);
	for (uint32_t i = 0; i < 50; i++) {
		wire_fill(frame, 100, i);
		wire_send(peer, frame, 100);
		assert_int_equal(poll(&p, 1, WIRE_MS), 1);
		assert_true(p.revents & POLLIN);
		/* Having looked, it is still there to be taken. */
		if (i % 2)
			assert_true(driver_pending(r.d));
		rig_expect(&r, 100, i);
		assert_false(driver_pending(r.d));
		assert_int_equal(poll(&p, 1, 0), 0);
	}
	assert_int_equal(driver_rx_free(r.d), r.rx_free);
	rig_close(&r);
}

static void
test_many(void **state)
{
	struct driver_count c;
	struct rig r;
	size_t len;

	(void)state;
	rig_open(&r, port, 1500, 0, 1);
	for (uint32_t number = 0; number < FRAMES; number += ROUND) {
		for (uint32_t i = 0; i < ROUND; i++) {
			len = 60 + (number + i) % 1400;
			wire_fill(frame, len, number + i);
			wire_send(peer, frame, len);
		}
		rig_echo(&r, ROUND);
		for (uint32_t i = 0; i < ROUND; i++) {
			len = wire_receive(peer, frame, sizeof(frame));
			assert_int_equal(len, 60 + (number + i) % 1400);
			assert_true(wire_is(frame, len, number + i));
		}
	}
	rig_settle(&r);
	assert_int_equal(driver_tx_done(r.d), FRAMES);
	driver_stats(r.d, &c);
	assert_int_equal(c.rx_frames, FRAMES);
	assert_int_equal(c.tx_frames, FRAMES);
	assert_int_equal(c.port_tx_errors, 0);
	assert_int_equal(c.log_lines, 0);
	rig_close(&r);
}

/* Nobody looks: what there is no room for is counted. */
static void
test_unseen(void **state)
{
	struct stack_rx_frame f[32];
	struct driver_count c;
	uint64_t got = 0;
	struct rig r;
	unsigned n;

	(void)state;
	rig_open(&r, port, 1500, 0, 1);
	wire_fill(frame, 60, 1);
	for (uint32_t i = 0; i < FRAMES; i++)
		wire_send(peer, frame, 60);
	while ((n = driver_rx(r.d, f, 32))) {
		for (unsigned i = 0; i < n; i++) {
			got += f[i].len == 60 && wire_is(f[i].data, 60, 1);
			driver_release(r.d, f[i].buf);
		}
	}
	driver_stats(r.d, &c);
	assert_true(got < FRAMES);
	assert_int_equal(got + c.port_ring_full + c.port_no_fill, FRAMES);
	driver_stats(r.d, &c); /* and not counted again */
	assert_int_equal(got + c.port_ring_full + c.port_no_fill, FRAMES);
	rig_close(&r);
}

static void
test_caps(void **state)
{
	const struct driver_caps *caps;
	struct rig r;

	(void)state;
	rig_open(&r, port, 1500, 0, 1);
	caps = driver_caps(r.d);
	assert_int_equal(caps->mtu, 1500);
	assert_true(caps->link);
	assert_true(caps->mac[0] || caps->mac[5]);
	assert_false(caps->tx_cksum);
	assert_true(caps->rx_buffers >= 3072);
	assert_true(caps->tx_frames >= 1024);
	assert_memory_equal(caps->name, "net_af_", 7);
	rig_close(&r);
}

/* Each frame comes to one of the queues. */
static void
test_queues(void **state)
{
	struct stack_rx_frame f[8];
	struct rig r[RIG_QUEUES];
	unsigned got = 0, n;
	uint64_t until;

	(void)state;
	rig_open(&r[0], wide, 1500, 0, 2);
	assert_int_equal(driver_rx(r[0].d, f, 8), 0); /* not started yet */
	assert_false(driver_caps(r[0].d)->link);
	rig_open(&r[1], wide, 1500, 1, 2);
	assert_true(driver_caps(r[0].d)->link);
	assert_int_not_equal(driver_fd(r[0].d), driver_fd(r[1].d));
	until = wire_now_ms() + WIRE_MS;
	for (uint32_t i = 0; i < 64; i++) {
		wire_fill(frame, 200, i);
		wire_send(wide_peer, frame, 200);
	}
	while (got < 64 && wire_now_ms() < until)
		for (unsigned q = 0; q < RIG_QUEUES; q++) {
			n = driver_rx(r[q].d, f, 8);
			got += n;
			while (n)
				driver_release(r[q].d, f[--n].buf);
		}
	assert_int_equal(got, 64);
	for (unsigned q = 0; q < RIG_QUEUES; q++) {
		rig_send(&r[q], 300, 2, q);
		wire_receive(wide_peer, frame, sizeof(frame));
		assert_true(wire_is(frame, 300, q));
		rig_settle(&r[q]);
	}
	rig_close(&r[0]);
	assert_int_equal(driver_rx(r[1].d, f, 8), 0);
	rig_close(&r[1]);
}

/* A pair of interfaces has no queues to give to XDP sockets of one port. */
static void
test_one_queue(void **state)
{
	struct rig r;
	char why[256];

	(void)state;
	assert_int_not_equal(
		rig_try(&r, wide, 1500, 0, 2, why, sizeof(why)), 0);
	assert_non_null(strstr(why, "queue count"));
	assert_null(strchr(why, '\n'));
	rig_close(&r);
	rig_open(&r, wide, 1500, 0, 1);
	rig_close(&r);
}

static int
all(const char *what, const char *spec, const char *wide_spec)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in),
		cmocka_unit_test(test_out),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_descriptor),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_unseen),
		cmocka_unit_test(test_caps),
		strncmp(what, "afxdp", 5)
			? (struct CMUnitTest)cmocka_unit_test(test_queues)
			: (struct CMUnitTest)cmocka_unit_test(test_one_queue),
	};

	port = spec;
	wide = wide_spec;
	return cmocka_run_group_tests_name(what, tests, NULL, NULL);
}

int
main(void)
{
	int bad;

	if (!wire_enter())
		return 77;
	wire_pair("dl0", "dl1", 1500, 1);
	wire_pair("dl2", "dl3", 1500, 2);
	peer = wire_socket("dl1");
	wide_peer = wire_socket("dl3");
	bad = all("afpacket", "afpacket:dl0", "afpacket:dl2");
	bad += all("afxdp", "afxdp:dl0", "afxdp:dl2");
	return bad;
}
