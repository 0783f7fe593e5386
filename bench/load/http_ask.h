/* http_ask.h - HTTP as a protocol of the engine: GETs of some paths, each as
 * often as its weight says.
 *
 * A list of paths is made once and is read by all threads; each thread has a
 * http_asker, with the requests in memory that its wire can send from: they are
 * written once and never touched again.
 */
#ifndef BENCH_LOAD_HTTP_ASK_H
#define BENCH_LOAD_HTTP_ASK_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/load/proto.h"

#define HTTP_PATHS    1024
#define HTTP_PATH_MAX 1024 /* bytes */
#define HTTP_KNOWN    512  /* bytes of a head that is known again */

struct http_paths {
	unsigned n;
	char *path[HTTP_PATHS];
	uint32_t upto[HTTP_PATHS]; /* sum of the weights up to this one */
};

/* "/path" or "/path WEIGHT", weight 1 to 1000000. 0; -EINVAL; -ENOSPC; -ENOMEM.
 */
int http_paths_add(struct http_paths *p, const char *text);
/* One a line; empty lines and those with # are passed over. 0; -errno; `line`
 * is the one that is wrong. */
int http_paths_read(struct http_paths *p, const char *file, unsigned *line);
void http_paths_fini(struct http_paths *p);

/* The head of the last answer, and what it says: as long as heads come that are
 * equal byte by byte, none is read. */
struct http_known {
	uint16_t len;
	uint64_t body;
	uint8_t head[HTTP_KNOWN];
};

struct http_asker {
	const struct http_paths *paths;
	uint64_t rnd;
	struct wire_piece request[HTTP_PATHS];
	uint64_t body[HTTP_PATHS]; /* of the first answer, + 1 */
	struct http_known known;
};

extern const struct proto http_proto;

/* close: each connection has one request. 0; -ENOMEM. */
int http_asker_init(struct http_asker *a, const struct http_paths *paths,
	const char *host, bool close, uint64_t seed, const struct wire *wire,
	void *wire_arg);

#endif
