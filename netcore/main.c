/* main.c - a network domain: joins the instance that started it, and runs its
 * cores. */
#include "netcore/loop.h"

static const struct domain_ops ops = {
	.role = ROLE_NET,
	.handler = loop_command,
	.edge_up = loop_edge_up,
	.edge_down = loop_edge_down,
	.core_main = loop_main,
};

int
main(void)
{
	static struct domain domain;

	domain_join(&domain, &ops);
	return domain_run(&domain);
}
