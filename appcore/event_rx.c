/* event_rx.c - (up, step 7 of 8) events become callbacks. */
#include "appcore/appcore.h"
#include "dlibos/base/log.h"

static void
changed(struct dl *dl, struct domain_edge *e, int up)
{
	unsigned net = e->of_core;

	dl->net[net] = up ? e : NULL;
	if (net >= dl->nets)
		dl->nets = net + 1;
	if (dl->program->net_changed)
		dl->program->net_changed(dl, net, up);
}

void
event_net_up(struct domain_core *c, struct domain_edge *e)
{
	if (c->user)
		changed(c->user, e, 1);
}

void
event_net_down(struct domain_core *c, struct domain_edge *e)
{
	if (c->user)
		changed(c->user, e, 0);
}

void
event_rx(void *arg, struct edge *edge, const struct msg *m, unsigned n)
{
	struct domain_edge *e = arg;
	struct dl *dl = e->core->user;

	(void)edge, (void)n;
	switch (m->type) {
	case MSG_PONG:
		if (dl->program->pong)
			dl->program->pong(dl, e->of_core, m->conn, m->ref);
		break;
	default: /* a network core only speaks of what we asked it for */
		log_say("event %s without a command before it",
			msg_name(m->type));
		edge->down = EDGE_BAD_MESSAGES;
		break;
	}
}
