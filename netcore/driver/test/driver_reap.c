/* driver_reap - one frame is sent, and no other: does the driver say that the
 * device has let go of its memory? For a device on vfio-pci, with an interface
 * of the kernel's at the other end of its wire.
 *
 *	driver_reap PORT INTERFACE
 */
#include <poll.h>
#include <stdio.h>

#include "netcore/driver/test/rig.h"
#include "netcore/driver/test/wire.h"

#define FRAME	1000u
#define REAP_MS 20000 /* an emulated machine, whose CPUs others use */
#define ROUNDS	700u  /* more than any ring has room for */

static void
reaped(struct rig *r)
{
	uint64_t until = wire_now_ms() + REAP_MS;

	while (driver_tx_done(r->d) != driver_tx_sent(r->d)) {
		driver_tx(r->d, NULL, 0);
		driver_tx_reap(r->d);
		if (wire_now_ms() > until)
			wire_fail("%llu frames sent, %llu let go of",
				(unsigned long long)driver_tx_sent(r->d),
				(unsigned long long)driver_tx_done(r->d));
		poll(NULL, 0, 1);
	}
}

int
main(int argc, char **argv)
{
	static uint8_t frame[WIRE_MAX];
	static struct rig r;
	int wire;

	if (argc != 3) {
		fprintf(stderr, "driver_reap PORT INTERFACE\n");
		return 2;
	}
	wire = wire_socket(argv[2]);
	rig_open(&r, argv[1], 1500, 0, 1);
	rig_await_link(&r, wire);
	if (driver_caps(r.d)->lazy)
		wire_fail("%s says that it is lazy", driver_caps(r.d)->name);
	for (uint32_t i = 1; i <= ROUNDS; i++) {
		rig_send(&r, FRAME, 1 + i % 2, i);
		if (wire_receive(wire, frame, sizeof(frame)) != FRAME ||
			!wire_is(frame, FRAME, i))
			wire_fail("frame %u came otherwise", i);
		reaped(&r);
	}
	printf("ok each of %u lone frames was let go of\n", ROUNDS);
	rig_close(&r);
	return 0;
}
