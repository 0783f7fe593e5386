/* start.c - from main() to the loops of the cores. */
#include "appcore/appcore.h"

static const struct domain_ops ops = {
	.role = ROLE_APP | ROLE_NET, /* both: run-to-completion */
	.handler = event_rx,
	.edge_up = event_net_up,
	.edge_down = event_net_down,
	.show = show_core,
	.core_main = loop_main,
};

int
dl_run(const struct dl_program *program, void *arg)
{
	static struct appcore app;

	app.program = program;
	app.arg = arg;
	domain_join(&app.domain, &ops);
	app.domain.mate = program->told ? tell_rx : NULL;
	return domain_run(&app.domain);
}

unsigned
dl_core(const struct dl *dl)
{
	return dl->core->index;
}

unsigned
dl_cores(const struct dl *dl)
{
	return dl->core->domain->plan.cores;
}

unsigned
dl_processes(const struct dl *dl)
{
	return dl->core->domain->plan.processes;
}

int
dl_cpu(const struct dl *dl)
{
	return dl->core->plan.cpu;
}

unsigned
dl_nets(const struct dl *dl)
{
	return dl->nets;
}

void
dl_set_user(struct dl *dl, void *user)
{
	dl->user = user;
}

void *
dl_user(const struct dl *dl)
{
	return dl->user;
}
