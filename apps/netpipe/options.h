/* options.h - what netpipe is told. */
#ifndef APPS_NETPIPE_OPTIONS_H
#define APPS_NETPIPE_OPTIONS_H

#include <stdint.h>

#include "dlibos/dlibos.h"

#define SIZE_MAX_BYTES (4u << 20) /* of a message; one piece holds it */
#define COUNT_MAX      1000000u

struct options {
	struct dl_addr to;
	int client; /* `to` was given */
	uint16_t port;
	uint32_t size;	/* the largest message */
	uint32_t from;	/* the smallest one; 0: was not said */
	uint32_t count; /* round trips of each size; 0: by the size */
	int nocopy;
	int json;
};

/* 0; 1: it was asked for help, which was given; or -1, and a line went to
 * stderr that says what is wrong. */
int options_parse(struct options *o, int argc, char **argv);

#endif
