/* open_test - opening what cannot be opened: one clear line each, and nothing
 * is left. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "netcore/driver/driver.h"
#include "netcore/driver/fds.h"
#include "netcore/driver/test/rig.h"
#include "netcore/driver/test/wire.h"

static void
refused(const char *port, uint16_t mtu, unsigned queue, unsigned queues,
	const char *want)
{
	struct rig r;
	char why[256] = "";
	int rc = rig_try(&r, port, mtu, queue, queues, why, sizeof(why));

	if (!rc || !strstr(why, want) || strchr(why, '\n'))
		fail_msg("%s: %d, '%s'", port, rc, why);
	assert_null(r.d);
	rig_close(&r);
}

static void
test_refused(void **state)
{
	(void)state;
	refused("nonsense", 1500, 0, 1, "there are afpacket:");
	refused("afpacket:nothere0", 1500, 0, 1, "no interface");
	refused("afpacket:dl0", 9000, 0, 1, "dl0 has 1500");
	refused("afpacket:dl0", 100, 0, 1, "576 to 9000");
	refused("afpacket:dl0", 1500, 1, 1, "no such queue");
	refused("afpacket:dl0", 1500, 0, 17, "no such queue");
	refused("afxdp:dl0", 9000, 0, 1, "too much for an XDP");
	refused("tap:dl0", 1500, 0, 1, "tap:dl0: ");
	refused("vdev:net_nonsense0", 1500, 0, 1, "net_nonsense0: ");
	refused("vdev:net_null0,nonsense=1", 1500, 0, 1, "net_null0");
	refused("pcap:rx=/dev/null", 1500, 0, 1, "pcap:rx=/dev/null: ");
	refused("pci:0000:7f:1f.7", 1500, 0, 1, "begun without");
}

static void
test_memory(void **state)
{
	struct part rx, tx;
	struct driver_config c = {.port = "afpacket:dl0",
		.rx = &rx,
		.txhdr = &tx,
		.label = "driver-test"};
	struct driver *d;
	char why[256];

	(void)state;
	assert_int_equal(part_create(&rx, PART_RX, 4096, -1, "test"), 0);
	assert_int_equal(part_create(&tx, PART_TXHDR, 4096, -1, "test"), 0);
	assert_int_equal(driver_open(&d, &c, why, sizeof(why)), -ENOMEM);
	assert_non_null(strstr(why, "memory for 2 frames"));
	c.rx = NULL;
	assert_int_equal(driver_open(&d, &c, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "two partitions"));
	part_close(&rx);
	part_close(&tx);
}

static void
test_label(void **state)
{
	static const char *const bad[] = {NULL, "", "a/b", "..", "a b", "a=b",
		"-x,y", "a-label-that-is-longer-than-it-may-be"};
	struct part rx, tx;
	struct driver_config c = {
		.port = "afpacket:dl0", .rx = &rx, .txhdr = &tx};
	struct driver *d;
	char why[256];

	(void)state;
	assert_int_equal(part_create(&rx, PART_RX, 1 << 20, -1, "test"), 0);
	assert_int_equal(part_create(&tx, PART_TXHDR, 1 << 20, -1, "test"), 0);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		c.label = bad[i];
		assert_int_equal(
			driver_open(&d, &c, why, sizeof(why)), -EINVAL);
		assert_non_null(strstr(why, "no label"));
	}
	part_close(&rx);
	part_close(&tx);
}

/* The process has the descriptors that it had, and may run where it might. Of
 * XDP sockets this is not so: libxdp keeps a descriptor of a map. */
static void
test_nothing_left(void **state)
{
	cpu_set_t before, after;
	struct fds then, now;
	struct rig r;

	(void)state;
	rig_open(&r, "afpacket:dl0", 1500, 0, 1);
	rig_close(&r);
	fds_now(&then);
	sched_getaffinity(0, sizeof(before), &before);
	for (unsigned i = 0; i < 3; i++) {
		rig_open(&r, "afpacket:dl0", 1500, 0, 1);
		rig_close(&r);
		rig_open(&r, "tap:dltap", 1500, 0, 1);
		rig_close(&r);
		rig_open(&r, "vdev:net_null0,size=64", 1500, 0, 1);
		rig_close(&r);
	}
	fds_now(&now);
	sched_getaffinity(0, sizeof(after), &after);
	assert_memory_equal(&then, &now, sizeof(then));
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_not_equal(access("/var/run/dpdk", F_OK), 0);
	assert_null(getenv("RUNTIME_DIRECTORY"));
}

/* Two ports, and the same one twice. */
static void
test_several(void **state)
{
	struct rig a, b, c;
	char why[256];

	(void)state;
	rig_open(&a, "afpacket:dl0", 1500, 0, 1);
	rig_open(&b, "afpacket:dl1", 1500, 0, 1);
	assert_int_equal(
		rig_try(&c, "afpacket:dl0", 1500, 0, 1, why, sizeof(why)),
		-EBUSY);
	assert_non_null(strstr(why, "open already"));
	rig_close(&c);
	rig_send(&a, 300, 2, 5);
	rig_expect(&b, 300, 5);
	rig_send(&b, 301, 2, 6);
	rig_expect(&a, 301, 6);
	rig_close(&a);
	rig_close(&b);
}

/* Where there is no room, frames are refused, and then taken in their order. */
static void
test_full(void **state)
{
	struct stack_tx_frame f = {.header_len = 60};
	struct stack_rx_frame in;
	struct driver_count c;
	struct rig a, b;
	unsigned sent = 0;

	(void)state;
	/* A port that has not started takes nothing off our hands. */
	rig_open(&a, "afpacket:dl0", 1500, 0, 2);
	f.headers = a.headers;
	while (driver_tx_room(a.d)) {
		wire_fill(a.headers, 60, sent++);
		assert_int_equal(driver_tx(a.d, &f, 1), 1);
	}
	assert_true(sent >= 256);
	assert_int_equal(driver_tx(a.d, &f, 1), 0);
	assert_int_equal(driver_tx_waiting(a.d), sent);
	driver_stats(a.d, &c);
	assert_int_equal(c.tx_refused, 1);
	rig_open(&b, "afpacket:dl1", 1500, 0, 1);
	{
		struct rig second;

		rig_open(&second, "afpacket:dl0", 1500, 1, 2);
		for (unsigned i = 0; i < sent; i++) {
			driver_tx(a.d, NULL, 0);
			rig_expect(&b, 60, i);
		}
		rig_settle(&a);
		rig_send(&a, 60, 0, 0);
		while (!driver_rx(b.d, &in, 1))
			driver_tx(a.d, NULL, 0);
		rig_close(&second);
	}
	/* What still waits when it ends is let go of: here, a buffer of
	 * another driver's. */
	f.buf = in.buf;
	f.pieces = 1;
	f.len = in.len;
	f.piece[0] = (struct stack_piece){in.data, in.len};
	assert_int_equal(driver_tx(a.d, &f, 1), 1);
	assert_int_equal(driver_tx_waiting(a.d), 1);
	assert_int_equal(driver_rx_free(b.d), b.rx_free - 1);
	rig_close(&a);
	assert_int_equal(driver_rx_free(b.d), b.rx_free);
	rig_close(&b);
}

/* Buffers for what is sent: a quarter of them stays for what comes. */
static void
test_take(void **state)
{
	struct rig r;
	uint32_t all, room = 0, n = 0;
	uint8_t *p;
	void **buf;

	(void)state;
	rig_open(&r, "afpacket:dl0", 1500, 0, 1);
	all = driver_caps(r.d)->rx_buffers;
	buf = calloc(all, sizeof(*buf));
	assert_non_null(buf);
	while (n < all && (p = driver_take(r.d, &buf[n], &room))) {
		assert_true(room >= 1500 && p >= r.rx.base &&
			p + room <= r.rx.base + r.rx.bytes);
		memset(p, (int)n, room);
		n++;
	}
	assert_true(n && driver_rx_free(r.d) >= all / 4);
	assert_true(driver_rx_free(r.d) <= all / 4 + 1);
	while (n)
		driver_release(r.d, buf[--n]);
	free(buf);
	rig_settle(&r);
	rig_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_label),
		cmocka_unit_test(test_nothing_left),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_take),
	};

	if (!wire_enter())
		return 77;
	wire_pair("dl0", "dl1", 1500, 1);
	return cmocka_run_group_tests_name("open", tests, NULL, NULL);
}
