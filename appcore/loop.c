/* loop.c - (up, step 6 of 8) an application core's loop. */
#include <stdlib.h>
#include <string.h>

#include "appcore/appcore.h"
#include "dlibos/base/clock.h"
#include "dlibos/base/log.h"

/* The App partition is cut into equal pieces, one a core: an allocator has
 * one owner. */
static void
make_heap(struct dl *dl)
{
	const struct part *app = &dl->core->domain->part[PART_APP];
	uint64_t piece = app->bytes / dl_cores(dl) & ~(uint64_t)0xffff;
	int rc = heap_init(&dl->heap, app->base + piece * dl_core(dl), piece);

	if (rc)
		die(EXIT_FAIL, "core %u: a heap of %llu bytes: %s",
			dl->core->plan.id, (unsigned long long)piece,
			strerror(-rc));
}

/* The edges that were there before the core's structure. */
static void
find_nets(struct dl *dl)
{
	struct domain *d = dl->core->domain;

	for (unsigned i = 0; i < d->edges; i++)
		if (d->edge[i]->core == dl->core &&
			atomic_load_32(&d->edge[i]->state) == DOMAIN_EDGE_UP)
			event_net_here(dl, d->edge[i]);
}

static struct dl *
make_core(struct domain_core *c)
{
	/* domain is the first member of appcore */
	struct appcore *app = (struct appcore *)(void *)c->domain;
	struct dl *dl = calloc(1, sizeof(*dl));

	if (!dl)
		die(EXIT_FAIL, "out of memory for core %u", c->plan.id);
	dl->core = c;
	dl->arg = app->arg;
	dl->program = app->program;
	dl->owes_tail = &dl->owes;
	for (unsigned i = LIMIT_ATTEMPTS; i-- > 0;)
		attempt_free(dl, &dl->attempt[i]);
	make_heap(dl);
	keep_open(dl);
	show_open(dl);
	c->user = dl;
	find_nets(dl);
	return dl;
}

static void
run(struct dl *dl)
{
	struct hub *hub = &dl->core->hub;

	dl->program->start(dl, dl->arg);
	hub_flush(hub);
	while (!domain_stopping(dl->core->domain)) {
		unsigned work = 0;

		dl->now = clock_ns();
		show_turn(dl);
		work += hub_serve(hub);
		timer_run(dl);
		command_retry(dl);
		room_turn(dl);
		work += udp_turn(dl);
		if (dl->program->turn)
			dl->program->turn(dl);
		hub_flush(hub);
		work += tell_turn(dl);
		hub_idle(hub, work, timer_deadline(dl));
	}
}

int
loop_main(struct domain_core *c)
{
	struct dl *dl = make_core(c);
	int status;

	dl->now = clock_ns();
	if (c->domain->plan.mode == PLAN_MODE_RTC)
		rtc_run(dl);
	else
		run(dl);
	status = dl->status;
	heap_fini(&dl->heap);
	for (unsigned i = 0; i < LIMIT_CORES; i++)
		conn_table_free(&dl->net[i]);
	free(dl);
	return status;
}

void
dl_quit(struct dl *dl, int status)
{
	dl->status = status;
	domain_stop(dl->core->domain);
}

uint64_t
dl_now(const struct dl *dl)
{
	return dl->now;
}
