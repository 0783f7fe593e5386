/* spec_test - ports as users write them, right and wrong. */
#include "netcore/driver/spec.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dlibos/limits.h"

static const struct spec_for with = {
	.number = 3, .queues = 2, .mtu = 1500, .room = 1728};

static void
good(const char *text, const char *device, const char *args)
{
	char why[256] = "";
	struct spec s;

	if (spec_parse(&s, text, &with, why, sizeof(why)))
		fail_msg("%s: %s", text, why);
	assert_string_equal(s.device, device);
	assert_string_equal(s.args, args);
}

static void
test_good(void **state)
{
	(void)state;
	good("afpacket:lo", "net_af_packet3",
		"net_af_packet3,iface=lo,qpairs=2,blocksz=53248,framesz=1664,"
		"framecnt=1024");
	good("afxdp:lo", "net_af_xdp3",
		"net_af_xdp3,iface=lo,start_queue=0,queue_count=2,"
		"busy_budget=0");
	good("afxdp:lo,queue=7,trust", "net_af_xdp3",
		"net_af_xdp3,iface=lo,start_queue=7,queue_count=2,"
		"busy_budget=0");
	good("tap:dl0", "net_tap3", "net_tap3,iface=dl0");
	good("memif:name", "net_memif3",
		"net_memif3,role=client,id=0,socket=name,socket-abstract=yes,"
		"bsize=1536,rsize=10,zero-copy=no");
	good("memif:@name,server,id=9", "net_memif3",
		"net_memif3,role=server,id=9,socket=name,socket-abstract=yes,"
		"bsize=1536,rsize=10,zero-copy=no");
	good("memif:/run/m.sock,client", "net_memif3",
		"net_memif3,role=client,id=0,socket=/run/m.sock,"
		"socket-abstract=no,bsize=1536,rsize=10,zero-copy=no");
	good("pcap:rx=/dev/null", "net_pcap3", "net_pcap3,rx_pcap=/dev/null");
	good("pcap:tx=/tmp/x,rx=/dev/null", "net_pcap3",
		"net_pcap3,rx_pcap=/dev/null,tx_pcap=/tmp/x");
	good("pci:0000:01:00.0", "0000:01:00.0", "0000:01:00.0");
	good("pci:01:00.0", "0000:01:00.0", "0000:01:00.0");
	good("vdev:net_null0,size=64", "net_null0", "net_null0,size=64");
}

static void
test_bad(void **state)
{
	static const struct {
		const char *text, *why;
		int err;
	} bad[] = {
		{"", "there are afpacket:", EINVAL},
		{":", "there are afpacket:", EINVAL},
		{"afpacket", "there are afpacket:", EINVAL},
		{"afpack:lo", "there are afpacket:", EINVAL},
		{"afpacketx:lo", "there are afpacket:", EINVAL},
		{"afpacket:", "said like this", EINVAL},
		{"afpacket:,", "what is ''", EINVAL},
		{"afpacket:nothere0", "no interface nothere0", ENODEV},
		{"afpacket:lo,", "what is ''", EINVAL},
		{"afpacket:lo,queue=1", "what is 'queue=1'", EINVAL},
		{"afpacket:a-name-that-is-too-long", "no name of an", EINVAL},
		{"afpacket:l[o", "said like this", EINVAL},
		{"afpacket:lo iface=eth0", "said like this", EINVAL},
		{"afxdp:lo,queue=", "what is 'queue='", EINVAL},
		{"afxdp:lo,queue=-1", "what is 'queue=-1'", EINVAL},
		{"afxdp:lo,queue=4096", "what is", EINVAL},
		{"afxdp:lo,queue=99999999999999999999", "what is", EINVAL},
		{"tap:a/b", "no name of an interface", EINVAL},
		{"memif:s,id=65536", "what is", EINVAL},
		{"memif:s,master", "what is 'master'", EINVAL},
		{"memif:,server", "said like this", EINVAL},
		{"pcap:/dev/null", "what is '/dev/null'", EINVAL},
		{"pcap:tx=/tmp/x", "said like this", EINVAL},
		{"pcap:rx=/nowhere/at/all", "No such file", ENOENT},
		{"pci:eth0", "no address of a device", EINVAL},
		{"pci:01:00.0,trust,more", "what is 'more'", EINVAL},
		{"vdev:", "said like this", EINVAL},
		{"vdev:,iface=lo", "said like this", EINVAL},
		{"afpacket:lo\nx", "does not print", EINVAL},
	};
	char why[256], longer[LIMIT_PORT + 8];
	struct spec s;
	int rc;

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		why[0] = 0;
		rc = spec_parse(&s, bad[i].text, &with, why, sizeof(why));
		if (rc != -bad[i].err || !strstr(why, bad[i].why))
			fail_msg("'%s': %d, '%s'", bad[i].text, rc, why);
		assert_null(strchr(why, '\n'));
	}
	memset(longer, 'x', sizeof(longer));
	memcpy(longer, "afpacket:", 9);
	longer[sizeof(longer) - 1] = 0;
	assert_int_equal(
		spec_parse(&s, longer, &with, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "longer than"));
}

static void
test_trust(void **state)
{
	char why[256];
	struct spec s;

	(void)state;
	assert_int_equal(spec_parse(&s, "tap:a", &with, why, sizeof(why)), 0);
	assert_false(s.trust);
	assert_int_equal(
		spec_parse(&s, "tap:a,trust", &with, why, sizeof(why)), 0);
	assert_true(s.trust);
}

/* DPDK takes the ring of a packet socket to be one array, and refuses frames
 * that would not fit into a buffer. */
static void
test_rings(void **state)
{
	char why[256];
	struct spec s;

	(void)state;
	for (unsigned mtu = 576; mtu <= 9000; mtu += 4) {
		unsigned block, frame, count, room = mtu + spec_around("tap:");
		struct spec_for f = {.queues = 1, .mtu = mtu, .room = room};

		assert_int_equal(
			spec_parse(&s, "afpacket:lo", &f, why, sizeof(why)), 0);
		assert_int_equal(sscanf(strstr(s.args, "blocksz="),
					 "blocksz=%u,framesz=%u,framecnt=%u",
					 &block, &frame, &count),
			3);
		assert_int_equal(block % 4096, 0);
		assert_int_equal(block % frame, 0);
		assert_int_equal(count % (block / frame), 0);
		assert_true(frame - 32 <= room);
		assert_true(frame - 66 >= mtu + 18); /* with a VLAN's tag */
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_trust),
		cmocka_unit_test(test_rings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
