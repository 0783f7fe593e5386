/* engine_fuzz - whatever comes from the wire and from the program, in whatever
 * order and however little room there is: the invariants hold after each step,
 * what goes out is right, each upcall is one that may come, and at the end all
 * comes back. */
#include "netcore/stack/engine/test/fuzz/play.h"

#define STEPS 2000

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes b = {data, size};
	struct stack_config cfg = play_config(&b);
	static struct play p;

	p = (struct play){.hosts = 1};
	p.rx_flags = cfg.tx_cksum ? STACK_RX_CKSUM_OK : 0;
	p.h[0] = host_new(&cfg, 5000000000);
	play_begin(&p);
	for (unsigned i = 0; i < STEPS && b.left; i++)
		play_step(&p, &b);
	play_end(&p);
	return 0;
}
