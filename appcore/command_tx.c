/* command_tx.c - (down, step 1 of 5) functions become commands. */
#include <assert.h>
#include <errno.h>

#include "appcore/appcore.h"

static int
command(struct dl *dl, unsigned net, const struct msg *m)
{
	struct domain_edge *e;

	if (net >= dl->nets || !dl->net[net])
		return -ENOTCONN;
	e = dl->net[net];
	return edge_send(&e->edge, m, 1) ? 0 : -EAGAIN;
}

int
dl_ping(struct dl *dl, unsigned net, uint32_t cookie, uint64_t value)
{
	struct msg m = {.type = MSG_PING, .conn = cookie, .ref = value};

	assert(!(value >> 63));
	return command(dl, net, &m);
}
