/* burst.h - connections of which gets have come in this turn of the loop. They
 * are read at its end, and what they will look at is on its way until then: the
 * misses of the cache that they make are waited for together. */
#ifndef APPS_MEMCACHED_BURST_H
#define APPS_MEMCACHED_BURST_H

#include <stddef.h>
#include <stdint.h>

#define BURST_MOST 16 /* as many lines as are under way at a time */

struct client;

struct burst {
	unsigned n;
	struct burst_read {
		struct client *client;
		const char *ptr;
		size_t len;
	} read[BURST_MOST];
};

#endif
