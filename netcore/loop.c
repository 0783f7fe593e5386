/* loop.c - (step 1 of 8) a network core's loop, in packet order. */
#include <stdlib.h>

#include "dlibos/base/log.h"
#include "netcore/door/door.h"
#include "netcore/loop.h"

void
loop_command(void *arg, struct edge *e, const struct msg *m, unsigned n)
{
	struct domain_edge *de = arg;

	(void)n; /* the slots of a run follow its first */
	(void)e;
	door_command(de->core->user, de->of_core, m);
}

int
loop_main(struct domain_core *c)
{
	struct door door;
	struct door_config cfg = {.apps = c->domain->plan.edges};

	c->user = &door;
	while (!domain_stopping(c->domain)) {
		unsigned work = 0;

		work += hub_serve(&c->hub);
		hub_flush(&c->hub);
		hub_idle(&c->hub, work, UINT64_MAX);
	}
	return EXIT_OK;
}
