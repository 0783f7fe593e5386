/* netpipe.c - the NetPIPE pattern: how long is a message of each size under
 * way, and how much of it a second?
 *
 *	dlibos run --port veth --ip 10.7.0.2/24 -- netpipe
 *	dlibos run --port veth --ip 10.7.0.3/24 -- netpipe --to 10.7.0.2
 *
 * The first is the server, the second the client, which measures.
 */
#include "apps/netpipe/netpipe.h"

static void
start(struct dl *dl, void *arg)
{
	const struct options *o = arg;

	if (o->client)
		client_start(dl, o);
	else
		server_start(dl, o);
}

int
main(int argc, char **argv)
{
	static const struct dl_program program = {.start = start};
	struct options o;

	if (options_parse(&o, argc, argv))
		return 2;
	return dl_run(&program, &o);
}
