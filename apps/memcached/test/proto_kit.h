/* proto_kit.h - a store and connections without a network: what goes in, and
 * what would come out. */
#ifndef APPS_MEMCACHED_TEST_PROTO_KIT_H
#define APPS_MEMCACHED_TEST_PROTO_KIT_H

#include "apps/memcached/proto.h"

#define KIT_CHUNKS 256
#define KIT_NOW	   1700000000

struct kit {
	struct settings set;
	struct store *store;
	struct answer_pool pool;
	struct command core;
	struct proto conn;
	void *mem;
	void *pages[64];
	unsigned page_count;
	char *out; /* all that was answered */
	size_t out_len, out_room;
};

void kit_begin(struct kit *k);
void kit_end(struct kit *k);

/* A new connection; what was answered is forgotten. */
void kit_connect(struct kit *k);

/* In pieces of at most `cut` bytes, each of which exists only while it is read;
 * what is answered is taken, and acknowledged. */
void kit_feed(struct kit *k, const void *p, size_t len, size_t cut);

/* On a new connection: the answer, with an end. */
const char *kit_ask(struct kit *k, const char *text);

/* Asks all in order, each on a new connection: in one store whole, in another
 * byte by byte. Fails as an assertion where an answer differs. */
struct kit_row {
	const char *ask, *answer;
	bool closes;
};
void kit_talk(const struct kit_row *rows, size_t n);

#endif
