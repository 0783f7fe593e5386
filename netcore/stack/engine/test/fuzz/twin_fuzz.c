/* twin_fuzz - two engines to which the same happens stay the same, to the last
 * byte that they send: one as it is, and one that takes nothing by the plain
 * way, gets the frames of a burst one by one, or has more room than it needs.
 * The first byte says which. */
#include "netcore/stack/engine/test/fuzz/play.h"

#define STEPS 2000

enum twin {
	TWIN_CLOSER = 1,
	TWIN_SINGLY = 2,
	TWIN_ROOMY = 4,
};

static void
same_conn(const struct tcb *a, const struct tcb *b)
{
	MUST(a->state == b->state && a->handle == b->handle);
	if (a->state == TCP_CLOSED)
		return;
	MUST(a->snd_una == b->snd_una && a->snd_nxt == b->snd_nxt);
	MUST(a->snd_wnd == b->snd_wnd && a->max_wnd == b->max_wnd);
	MUST(a->rcv_nxt == b->rcv_nxt && a->rcv_adv == b->rcv_adv);
	MUST(a->rcv_space == b->rcv_space);
	MUST(a->cc.cwnd == b->cc.cwnd && a->cc.ssthresh == b->cc.ssthresh);
	MUST(a->srtt_us == b->srtt_us && a->rto_ms == b->rto_ms);
	MUST(a->ts_recent == b->ts_recent);
	MUST(a->sendq.bytes == b->sendq.bytes);
	MUST(a->segs.out == b->segs.out && a->segs.lost == b->segs.lost);
	MUST(a->segs.sacked == b->segs.sacked && a->ooo.bytes == b->ooo.bytes);
	MUST(a->rexmit == b->rexmit && a->t_rexmit == b->t_rexmit);
	MUST(a->t_delack == b->t_delack && a->t_life == b->t_life);
}

static void
same(const struct play *p)
{
	const struct host *a = p->h[0], *b = p->h[1];

	MUST(a->upcalls == b->upcalls);
	for (uint32_t i = 0; i < a->cfg.conns; i++)
		same_conn(&a->s->tcb[i], &b->s->tcb[i]);
	MUST(a->frames == b->frames);
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
