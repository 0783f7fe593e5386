/* rtc.c - run-to-completion: a network core and an application core in one
 * thread, with calls for messages.
 *
 * What the network core says is a call of the program's callback, from within
 * the stack; what the program says, there or anywhere, waits until the program
 * has returned, so that neither meets itself on the call stack (edge.c). So the
 * network core's end is busy but while it serves commands. The rest is the same
 * code as in two processes. */
#include <stdlib.h>

#include "appcore/appcore.h"
#include "dlibos/base/clock.h"
#include "dlibos/base/log.h"
#include "netcore/core.h"

struct rtc {
	struct netcore net;
	struct domain_edge up; /* the application's end */
	struct edge down;      /* the network core's */
	struct dl *dl;
};

static void
command(void *arg, struct edge *e, const struct msg *m, unsigned n)
{
	struct rtc *r = arg;

	(void)e, (void)n; /* the slots of a run follow its first */
	door_command(&r->net.door, 0, m);
}

static void
join(struct rtc *r, struct domain_core *c)
{
	struct edge_config up = {
		.in = MSG_EVENT, .handler = event_rx, .arg = &r->up};
	struct edge_config down = {
		.in = MSG_COMMAND, .handler = command, .arg = r};
	struct domain *d = c->domain;

	r->up.core = c;
	if (edge_init_direct(&r->up.edge, &up) ||
		edge_init_direct(&r->down, &down))
		die(EXIT_FAIL, "out of memory for core %u", c->plan.id);
	edge_join_direct(&r->up.edge, &r->down);
	r->down.busy = true;
	/* What the application would map of a network domain is our own. */
	d->peer[0].conns = d->plan.conns;
	d->peer[0].data.base = d->part[PART_RX].base;
	conns_app(&r->net.publish.conns, 0, c->plan.id);
	netcore_app_up(&r->net, 0, &r->down, &d->part[PART_APP], 0, 0);
	event_net_here(r->dl, &r->up);
}

void
rtc_show(struct rtc *r)
{
	netcore_rest(&r->net);
}

/* What the program has said; and what it is to be told, of which there is some
 * only if the network core spoke while it was at work. */
static unsigned
talk(struct rtc *r)
{
	unsigned work;

	r->down.busy = false;
	work = edge_serve(&r->down, LIMIT_PARK);
	work += edge_serve(&r->up.edge, LIMIT_PARK);
	r->down.busy = true;
	return work;
}

/* The program's share of a turn: also what other cores tell it, and pokes. */
static unsigned
serve(void *arg)
{
	struct rtc *r = arg;
	unsigned work;

	work = hub_serve(&r->dl->core->hub);
	work += talk(r);
	timer_run(r->dl);
	command_retry(r->dl);
	room_turn(r->dl);
	work += udp_turn(r->dl);
	if (r->dl->program->turn)
		r->dl->program->turn(r->dl);
	if (r->up.edge.parked || r->down.parked)
		work += talk(r);
	return work;
}

static unsigned
turn(struct rtc *r, struct hub *hub)
{
	unsigned work;

	r->dl->now = clock_ns();
	show_turn(r->dl);
	work = netcore_turn(&r->net, serve, r);
	hub_flush(hub);
	work += tell_turn(r->dl);
	return work + r->up.edge.parked + r->down.parked + !!r->dl->udp_news;
}

void
rtc_run(struct dl *dl)
{
	struct hub *hub = &dl->core->hub;
	struct rtc *r = aligned_alloc(
		CACHELINE_PAIR, round_up(sizeof(*r), CACHELINE_PAIR));

	if (!r)
		die(EXIT_FAIL, "out of memory for core %u", dl->core->plan.id);
	memset(r, 0, sizeof(*r));
	r->dl = dl;
	netcore_open(&r->net, dl->core, NULL);
	netcore_watch(&r->net, hub);
	dl->rtc = r;
	join(r, dl->core);
	dl->program->start(dl, dl->arg);
	while (!domain_stopping(dl->core->domain)) {
		unsigned work = turn(r, hub);
		uint64_t t = work ? 0 : netcore_deadline(&r->net);

		if (timer_deadline(dl) < t)
			t = timer_deadline(dl);
		hub_idle(hub, work, t);
	}
	dl->rtc = NULL;
	netcore_app_down(&r->net, 0, NULL); /* to the end of the port */
	netcore_close(&r->net);
	edge_fini(&r->up.edge);
	edge_fini(&r->down);
	free(r);
}
