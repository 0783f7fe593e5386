/* netpipe.h - the two programs that netpipe is. */
#ifndef APPS_NETPIPE_NETPIPE_H
#define APPS_NETPIPE_NETPIPE_H

#include "apps/netpipe/options.h"

struct client;

/* Called once on each core; `o` stays. */
void server_start(struct dl *dl, const struct options *o);
void client_start(struct dl *dl, const struct options *o, struct client **made);

/* When no core runs any more; NULL will do. */
void client_free(struct client *c);

#endif
