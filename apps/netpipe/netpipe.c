/* netpipe.c - the NetPIPE pattern: how long is a message of each size under
 * way, and how much of it a second?
 *
 *	dlibos run --port veth --ip 10.7.0.2/24 -- netpipe
 *	dlibos run --port veth --ip 10.7.0.3/24 -- netpipe --to 10.7.0.2
 *
 * The first is the server, the second the client, which measures.
 */
#include "apps/netpipe/netpipe.h"

struct netpipe {
	struct options o;
	struct client *client; /* on the first core, if it is one */
};

static void
start(struct dl *dl, void *arg)
{
	struct netpipe *n = arg;

	if (n->o.client)
		client_start(dl, &n->o, &n->client);
	else
		server_start(dl, &n->o);
}

int
main(int argc, char **argv)
{
	static const struct dl_program program = {.start = start};
	struct netpipe n = {.client = NULL};
	int status = options_parse(&n.o, argc, argv);

	if (status)
		return status < 0 ? 2 : 0;
	status = dl_run(&program, &n);
	client_free(n.client);
	return status;
}
