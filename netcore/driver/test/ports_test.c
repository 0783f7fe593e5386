/* ports_test - ports of the other kinds: a tap, files; and jumbo frames. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "netcore/driver/cut.h"
#include "netcore/driver/own.h"
#include "netcore/driver/test/rig.h"
#include "netcore/driver/test/wire.h"

#define FRAMES 20000u
#define ROUND  32u

static uint8_t frame[WIRE_MAX];

static void
there_and_back(struct rig *r, int peer, uint32_t frames, uint32_t longest)
{
	size_t len, want;

	for (uint32_t number = 0; number < frames; number += ROUND) {
		for (uint32_t i = 0; i < ROUND; i++) {
			len = 60 + (number + i) * 7 % (longest - 59);
			wire_fill(frame, len, number + i);
			wire_send(peer, frame, len);
		}
		rig_echo(r, ROUND);
		for (uint32_t i = 0; i < ROUND; i++) {
			want = 60 + (number + i) * 7 % (longest - 59);
			len = wire_receive(peer, frame, sizeof(frame));
			assert_int_equal(len, want);
			assert_true(wire_is(frame, len, number + i));
		}
	}
	rig_settle(r);
}

static void
test_tap(void **state)
{
	struct pollfd p = {.events = POLLIN};
	struct rig r;
	int peer;

	(void)state;
	rig_open(&r, "tap:dltap", 1500, 0, 1);
	wire_ip("link set dltap up");
	peer = wire_socket("dltap");
	assert_true(driver_caps(r.d)->link);
	p.fd = driver_fd(r.d);
	assert_true(p.fd >= 0);
	assert_int_equal(poll(&p, 1, 0), 0);
	wire_fill(frame, 100, 1);
	wire_send(peer, frame, 100);
	while (poll(&p, 1, WIRE_MS) != 1) /* DPDK's tap sends signals */
		assert_int_equal(errno, EINTR);
	rig_expect(&r, 100, 1);
	there_and_back(&r, peer, FRAMES, 1514);
	for (unsigned pieces = 1; pieces <= STACK_PIECES; pieces++) {
		rig_send(&r, 1514, pieces, pieces);
		assert_int_equal(
			wire_receive(peer, frame, sizeof(frame)), 1514);
		assert_true(wire_is(frame, 1514, pieces));
	}
	rig_settle(&r);
	close(peer);
	rig_close(&r);
}

/* Pieces that cross pages go out as they are, from a port that wants them cut:
 * as many as a frame may have, and more frames than there are buffers. */
static void
test_cut(void **state)
{
	struct driver_count c;
	struct rig r;
	int peer;

	(void)state;
	rig_open(&r, "tap:dltap", 1500, 0, 1);
	wire_ip("link set dltap up");
	peer = wire_socket("dltap");
	r.d->cuts = CUT_MORE;
	for (uint32_t i = 0; i < 50 * STACK_PIECES; i++) {
		rig_send(&r, 1514, 1 + i % STACK_PIECES, i);
		assert_int_equal(
			wire_receive(peer, frame, sizeof(frame)), 1514);
		assert_true(wire_is(frame, 1514, i));
	}
	rig_settle(&r);
	driver_stats(r.d, &c);
	assert_true(c.tx_cut > 0);
	assert_int_equal(c.tx_copied, 0);
	close(peer);
	rig_close(&r);
}

/* A tap holds buffers of each queue, whichever is closed first. */
static void
test_tap_queues(void **state)
{
	struct rig r[RIG_QUEUES];
	char why[256];

	(void)state;
	for (unsigned first = 0; first < RIG_QUEUES; first++) {
		rig_open(&r[0], "tap:dltap", 1500, 0, 2);
		rig_open(&r[1], "tap:dltap", 1500, 1, 2);
		assert_true(driver_caps(r[0].d)->link);
		rig_close(&r[first]);
		assert_false(driver_caps(r[!first].d)->link);
		assert_int_equal(rig_try(&r[first], "tap:dltap", 1500, first, 2,
					 why, sizeof(why)),
			-EBUSY);
		assert_non_null(strstr(why, "being closed"));
		rig_close(&r[first]);
		rig_close(&r[!first]);
	}
}

static void
test_jumbo(void **state)
{
	struct rig r;
	int peer;

	(void)state;
	wire_pair("dlj0", "dlj1", 9000, 1);
	peer = wire_socket("dlj1");
	rig_open(&r, "afpacket:dlj0", 9000, 0, 1);
	wire_fill(frame, 9014, 1);
	wire_send(peer, frame, 9014);
	rig_expect(&r, 9014, 1);
	there_and_back(&r, peer, 640, 9014);
	rig_close(&r);
	rig_open(&r, "afpacket:dlj0", 1500, 0, 1); /* below the interface's */
	there_and_back(&r, peer, 640, 1514);
	rig_close(&r);
	close(peer);
}

/* --- files ----------------------------------------------------------------*/

static void
put(FILE *f, const void *bytes, size_t n)
{
	assert_int_equal(fwrite(bytes, 1, n, f), n);
}

static void
write_pcap(const char *path, uint32_t frames)
{
	uint32_t head[6] = {0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1};
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	put(f, head, sizeof(head));
	for (uint32_t i = 0; i < frames; i++) {
		uint32_t len = 60 + i * 13, record[4] = {i, 0, len, len};

		wire_fill(frame, len, i);
		put(f, record, sizeof(record));
		put(f, frame, len);
	}
	fclose(f);
}

static void
read_pcap(const char *path, uint32_t frames)
{
	uint32_t head[6], record[4];
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	assert_int_equal(fread(head, 1, sizeof(head), f), sizeof(head));
	for (uint32_t i = 0; i < frames; i++) {
		assert_int_equal(fread(record, 1, 16, f), 16);
		assert_int_equal(record[2], 60 + i * 13);
		assert_int_equal(fread(frame, 1, record[2], f), record[2]);
		assert_true(wire_is(frame, record[2], i));
	}
	assert_int_equal(fread(record, 1, 16, f), 0);
	fclose(f);
}

static void
test_pcap(void **state)
{
	char dir[] = "/tmp/dl-driver-XXXXXX", in[64], out[64], spec[200];
	struct stack_rx_frame f;
	struct rig r;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(in, sizeof(in), "%s/in.pcap", dir);
	snprintf(out, sizeof(out), "%s/out.pcap", dir);
	snprintf(spec, sizeof(spec), "pcap:rx=%s,tx=%s", in, out);
	write_pcap(in, 100);
	rig_open(&r, spec, 1500, 0, 1);
	rig_echo(&r, 100);
	rig_settle(&r);
	assert_int_equal(driver_rx(r.d, &f, 1), 0);
	assert_int_equal(driver_rx_free(r.d), r.rx_free);
	rig_close(&r);
	read_pcap(out, 100);
	unlink(in);
	unlink(out);
	rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tap),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_tap_queues),
		cmocka_unit_test(test_jumbo),
		cmocka_unit_test(test_pcap),
	};

	if (!wire_enter())
		return 77;
	return cmocka_run_group_tests_name("ports", tests, NULL, NULL);
}
