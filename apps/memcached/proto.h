/* proto.h - a connection: bytes in, pieces of answers out (answer.h).
 *
 * No input or output and no clock: proto_read() is given bytes as they came,
 * cut anywhere, and adds pieces to `out`; the caller sends them, and says
 * what is acknowledged. The first byte says which protocol is spoken. A line
 * or a request that lies in one piece is read there; one that is cut is
 * gathered in `buf`. The data of a set go from the piece into their item.
 *
 * Order: proto_begin(), proto_read() as bytes come, proto_end(). When `closing`
 * is set, nothing more is read: the caller closes when all is sent, or at once
 * if out.broken.
 */
#ifndef APPS_MEMCACHED_PROTO_H
#define APPS_MEMCACHED_PROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "apps/memcached/answer.h"
#include "apps/memcached/command.h"
#include "apps/memcached/store.h"

#define PROTO_LINE 2048 /* bytes of a line, its end included; but for gets */
#define PROTO_ECHO 400	/* bytes that a meta set says again */

struct proto;

/* A state: takes bytes of which there is at least one. Returns how many it is
 * done with; 0 only if the state is another one now, it pauses, or it is
 * closing. */
typedef size_t proto_step(struct proto *c, const char *p, size_t len);

/* A set whose data are on their way. */
struct proto_set {
	struct item *item;
	char *to;
	uint64_t left; /* bytes of data */
	struct store_how how;
	/* With all the data there; `good`: their end is as it must be. */
	void (*done)(struct proto *c, bool good);
	bool quiet;
	uint8_t tail; /* bytes of the end that came */
	bool bad_tail;
	bool want_cas;
	/* meta: flags to be said again; binary: the opaque and the opcode */
	uint16_t echo_len, echo_cas; /* where the cas is to be put in */
	uint32_t opaque;
	uint8_t opcode;
	uint8_t refusal; /* binary: what is answered instead */
	bool last;	 /* and the connection ends */
	char echo[PROTO_ECHO];
};

/* Of a get of any number of keys, read one by one. */
struct proto_keys {
	bool with_cas, touch;
	bool any;      /* there was a key */
	bool awaited;  /* the exptime of a gat is still to come */
	uint8_t ahead; /* keys of which the store was told already */
	int32_t exptime;
};

/* A list of items, step by step. */
struct proto_dump {
	struct store_walk walk;
	uint32_t left; /* items that may still be told */
	uint16_t core; /* whose they are, where each core has a part */
	bool meta;     /* as lru_crawler tells them, not as cachedump */
	bool end;      /* of the items of that core */
};

/* What is there behind a request that is being run; `taken`: bytes of it that
 * went with the request. Without shards it is not told. */
struct proto_rest {
	const char *p;
	size_t len, taken;
};

/* The key of a get of which the store was told, until it is read. */
struct proto_ahead {
	const char *key;
	uint32_t hash;
};

struct shard_ask;

struct proto {
	proto_step *step;
	struct command *core;
	uint32_t held;	/* bytes of buf */
	uint32_t blank; /* spaces that the line has begun with */
	bool closing, binary;
	bool pauses; /* between two steps of a long answer */
	struct proto_ahead ahead;
	struct proto_keys keys;
	uint64_t skip; /* bytes that nobody wants */
	struct answer out;
	struct proto_set set;
	struct proto_dump dump;
	/* shard.h: a request whose end another core has to tell; those who wait
	 * until they may ask; that all others have run what is run now. */
	struct shard_ask *ask;
	struct proto_rest rest;
	struct proto *next, *prev;
	bool waits, toured;
	/* It is part of a request from another core, and not a connection;
	 * which `defers` what is to be done with the data of a set until it is
	 * with the owner of the item again. */
	bool guest, defers, ready;
	char buf[PROTO_LINE];
};

void proto_begin(struct proto *c, struct command *core);

/* Returns how many bytes are done with; fewer than len only when the answer has
 * no room (go on after acked()), with `closing`, or with `pauses`: then it is
 * to be called again soon, even if nothing happens. */
size_t proto_read(struct proto *c, const char *p, size_t len);

/* text_get.c, for who has several connections to read: whether what came on
 * this one is a plain get, and nothing else; then its memory is on its way. It
 * may be near (store.h) some time later, and read after that, before anything
 * else that comes on the connection: proto_read() takes all of it. */
bool proto_ahead(struct proto *c, const char *p, size_t len);

/* The connection is over; nothing is held any more. */
void proto_end(struct proto *c);

/* --- for the parsers ------------------------------------------------------*/

/* Where text commands and binary requests begin. */
proto_step text_line;
proto_step binary_request;

/* text_line.c, binary.c: a key of a get, as c->keys says, without an END; and a
 * request whose head, extras and key lie in one piece. */
void text_get(struct proto *c, const char *key, size_t len);
void binary_run(struct proto *c, const char *whole);

/* text_dump.c: what c->dump asks, of this core's items, as much as an answer of
 * its own has room for; and the state that does it for all cores. Its line ends
 * when it does: the line feed is still to be read. */
void dump_some(struct proto *c);
proto_step text_dump;

/* With all data there: what proto_data() promised. */
void proto_data_done(struct proto *c);

/* Skips so many bytes, and goes on with `then`. */
void proto_skip(struct proto *c, uint64_t bytes);

/* The data of set.item come next: as much as it has, and the end of the line
 * if it is text. */
void proto_data(struct proto *c, struct item *it);

/* A whole line of text without its end. */
void text_command(struct proto *c, const char *line, size_t len);

#endif
