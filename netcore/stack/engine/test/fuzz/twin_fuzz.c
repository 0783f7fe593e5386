/* twin_fuzz - two engines to which the same happens stay the same, to the last
 * byte that they send: one as it is, and one that takes nothing by the plain
 * way, gets the frames of a burst one by one, or has more room than it needs.
 * The first byte says which. */
#include <string.h>

#include "netcore/stack/engine/test/fuzz/play.h"

#define STEPS 2000

enum twin {
	TWIN_CLOSER = 1,
	TWIN_SINGLY = 2,
	TWIN_ROOMY = 4,
};

#define SAME(field)                                                 \
	do {                                                        \
		if (a->field != b->field)                           \
			fprintf(stderr, #field ": %llu and %llu\n", \
				(unsigned long long)a->field,       \
				(unsigned long long)b->field);      \
		same &= a->field == b->field;                       \
	} while (0)

static void
same_conn(const struct tcb *a, const struct tcb *b)
{
	bool same = true;

	SAME(state);
	SAME(handle);
	if (a->state == TCP_CLOSED && same)
		return;
	SAME(snd_una);
	SAME(snd_nxt);
	SAME(snd_wnd);
	SAME(max_wnd);
	SAME(rcv_nxt);
	SAME(rcv_adv);
	SAME(rcv_space);
	SAME(cc.cwnd);
	SAME(cc.ssthresh);
	SAME(srtt_us);
	SAME(rttvar_us);
	SAME(ts_recent);
	SAME(sendq.bytes);
	SAME(odd.lost);
	SAME(odd.sacked);
	SAME(ooo.nodes);
	SAME(rexmit);
	SAME(t_rexmit);
	SAME(t_delack);
	SAME(t_life);
	MUST(same);
}

static void
same(const struct play *p)
{
	const struct host *a = p->h[0], *b = p->h[1];

	MUST(!memcmp(a->upcalls, b->upcalls, sizeof(a->upcalls)));
	for (uint32_t i = 0; i < a->cfg.conns; i++)
		same_conn(&a->s->tcb[i], &b->s->tcb[i]);
	MUST(!memcmp(a->frames, b->frames, sizeof(a->frames)));
}

static void
more_room(struct stack_config *c)
{
	c->segs += 100;
	c->send_refs += 100;
	c->ooo += 100;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes b = {data, size};
	uint8_t how = take8(&b);
	struct stack_config cfg = play_config(&b);
	static struct play p;

	p = (struct play){.hosts = 2, .singly = how & TWIN_SINGLY};
	p.rx_flags = cfg.tx_cksum ? STACK_RX_CKSUM_OK : 0;
	if (how & TWIN_ROOMY)
		cfg.segs = cfg.send_refs = cfg.ooo = 2000;
	p.h[0] = host_new(&cfg, 5000000000);
	if (how & TWIN_ROOMY)
		more_room(&cfg);
	p.h[1] = host_new(&cfg, 5000000000);
	p.h[1]->closer = how & TWIN_CLOSER;
	play_begin(&p);
	for (unsigned i = 0; i < STEPS && b.left; i++) {
		play_step(&p, &b);
		same(&p);
	}
	play_end(&p);
	return 0;
}
