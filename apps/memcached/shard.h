/* shard.h - each core has a part of the keys, in a store that nobody else
 * touches; a request for another core's key goes there and comes back.
 *
 *	the connection's core			the key's core
 *	parser: shard_get(), ...
 *	a hole in the answers
 *	shard_turn() ................. BUNDLE --> looks all keys up together,
 *	answer_fill(), all of them <-- REPLY ... runs the rest as a `guest`
 *	acked: a large item ............ ITEM --> store_returned()
 *
 * What travels is an address of something that belongs to the one who has it:
 * nothing is locked. The key's core runs the same parser over the same text, so
 * that there is one opinion about what a request means.
 *
 * A request that lies there whole - a get's key, a line, a set with its data -
 * leaves a hole, and reading goes on: up to as many as the answer has room for.
 * What a turn of the loop has for one core goes there as one bundle, and comes
 * back as one. It is bytes both ways, one behind the other: a line of memory
 * that goes from one CPU to another costs as much as some hundred instructions.
 * So an answer is copied if it is small; an item that is not is lent.
 *
 * A set that is cut, or large, stops the reading: it makes a trip of its own as
 * a struct shard_ask and comes back with an item, into which this core copies
 * the data from where they were received, and goes there again to be put. What
 * concerns all cores makes a tour of the others, and is run here in the end.
 *
 * Requests for one key meet in the order in which a connection sent them: they
 * take the same way, and what goes alone goes behind the bundle that was begun
 * before. Those for different keys may be run in another order; their answers
 * are in order.
 *
 * Bounds: the bundles of a core, and one request with data of each connection.
 * Who finds none waits unread, in turn.
 */
#ifndef APPS_MEMCACHED_SHARD_H
#define APPS_MEMCACHED_SHARD_H

#include "apps/memcached/proto.h"

#define SHARD_BUNDLE  32   /* requests of a bundle */
#define SHARD_BUNDLES 16   /* of a core, and 2 for each core that there is */
#define SHARD_SAID    4096 /* bytes of a bundle's requests */
#define SHARD_TEXT    8192 /* bytes of its answers */
#define SHARD_COPY    512  /* bytes of an answer that is copied */
#define SHARD_LONG    1024 /* that a line is answered with, but for an item */

struct binary;
struct text;

/* What a core tells another one, with an address. */
enum shard_word {
	SHARD_ASKS,  /* run this struct shard_bundle */
	SHARD_REPLY, /* it was run */
	SHARD_ASK,   /* run this struct shard_ask */
	SHARD_BACK,  /* it was run */
	SHARD_ITEM,  /* this item was sent and acknowledged */
};

enum shard_job {
	SHARD_LINE,
	SHARD_BINARY,
	SHARD_GET,   /* a key */
	SHARD_PUT,   /* the data of a set are there */
	SHARD_END,   /* they will never be */
	SHARD_COUNT, /* add your statistics */
	SHARD_RESET, /* let them begin anew */
	SHARD_DUMP,  /* go on with the list in guest.dump */
};

/* Statistics of the other cores. */
struct shard_sum {
	struct store_stats stats;
	struct store_class of[STORE_CLASSES];
};

/* What is told; the first member of what may have to wait for room. */
struct shard_post {
	struct shard_post *next; /* not told yet; free */
	uint16_t from, to;	 /* the connection's core; who is asked */
	uint8_t word;		 /* enum shard_word, while it was not told */
};

struct shard_request {
	uint16_t at, len; /* in `said` */
	uint16_t data;	  /* bytes of a set's data, behind it */
	uint8_t job;	  /* enum shard_job */
	bool binary;
	bool end;  /* of a get: the last key, an END follows */
	bool copy; /* there is room for it as text */
	struct proto_keys keys;
};

struct shard_reply {
	uint8_t pieces;
	bool broken;
};

struct shard_wait {
	struct answer_hole hole;
	struct proto *c; /* NULL: it is gone, or was heard of before */
};

/* Requests to one core, of a turn of the loop. The connection's core writes
 * `request` and `said`, the key's core `reply`, `piece` and `text`. */
struct shard_bundle {
	struct shard_post post;
	unsigned n;
	uint32_t used;	 /* bytes of `said` */
	uint32_t owes;	 /* bytes of `text` that answers may need */
	uint32_t pieces; /* that were made; of them, bytes of `text` */
	uint32_t text_used;
	struct shard_request request[SHARD_BUNDLE];
	char said[SHARD_SAID];
	struct shard_wait wait[SHARD_BUNDLE];
	struct shard_reply reply[SHARD_BUNDLE];
	struct answer_piece piece[SHARD_BUNDLE * ANSWER_HOLE];
	char text[SHARD_TEXT];
};

/* A request that goes alone. */
struct shard_ask {
	struct shard_post post;
	enum shard_job job;
	uint16_t at; /* of a tour: the next core */
	bool tour;
	bool away;	 /* the other core has it, or will have it */
	struct proto *c; /* the connection, whose `ask` it is; NULL: gone */
	struct shard_ask *later; /* that counts after it, while it is away */
	struct shard_sum *sum;
	uint32_t len; /* of the request, in guest.buf */
	struct proto guest;
	struct answer_chunk chunk;
	char text[ANSWER_CHUNK];
};

struct shard_queue {
	struct shard_post *head, *tail;
};

struct shard_item {
	struct item *item;
	unsigned core;
};

struct shard_config {
	struct command *command; /* of this core; its pool is open */
	unsigned self, cores;
	unsigned conns;	    /* of this core, at most */
	uint64_t secret[2]; /* random, the same on all cores */
	/* Tells core `core`, whose shard_told() gets it; 0, or it cannot now:
	 * shard_room() is called when it can. */
	int (*tell)(void *arg, unsigned core, enum shard_word word, void *p);
	/* c may be read again, and has answers to send. */
	void (*resume)(void *arg, struct proto *c);
	void *arg;
};

/* Of one core. */
struct shard {
	struct shard_config is;
	struct shard_bundle *bundles;	/* all of them */
	struct shard_post *free_bundle; /* a list */
	struct shard_bundle **open;	/* for each core: begun, not sent */
	unsigned opened;		/* that are not NULL */
	struct shard_ask *asks;
	struct shard_post *free_ask;
	unsigned used, most; /* asks that were ever used; that there are */
	unsigned busy;	     /* asks that are not free */
	unsigned briefs;     /* requests in bundles, not answered yet */
	struct proto *waits, *waits_last; /* until there is one to ask by */
	unsigned waiting;
	struct shard_queue stuck;		/* not told for want of room */
	struct shard_ask *counts, *counts_last; /* tours for statistics; the
						 * first is on */
	struct shard_sum sum;
	bool summed; /* statistics are being answered with it */
	struct shard_item *items;
	unsigned items_first, items_n, items_most; /* a ring; likewise */
	uint64_t asked, served;
	uint64_t bundled; /* bundles that were sent */
	uint64_t waited;  /* connections that were not read from */
	uint64_t stalled; /* words that could not be told at once */
	/* It runs what others ask; nobody sees it. */
	struct proto guest;
	struct answer_chunk chunk;
	char text[ANSWER_CHUNK];
};

/* 0; -ENOMEM. */
int shard_open(struct shard *s, const struct shard_config *c);
/* No core runs any more. */
void shard_close(struct shard *s);

void shard_told(struct shard *s, unsigned from, enum shard_word word, void *p);
void shard_room(struct shard *s);

/* Sends what was begun; when all that has come is read. */
void shard_turn(struct shard *s);

/* --- for the parsers, if c->core->shard -----------------------------------*/

/* Whether a step may be run: it may ask once. If not, resume() will be called.
 */
bool shard_may_read(struct proto *c);

/* The core that has a key, of 1 byte at least. */
unsigned shard_of(const struct shard *s, const char *key, size_t len);

/* Whether a step that asks more than once may ask again. */
static inline bool
shard_may_ask(const struct shard *s)
{
	return s->free_bundle != NULL;
}

/* Asks that core for a key, as c->keys says; the END too, if it is the last. */
void shard_key(
	struct proto *c, unsigned core, const char *key, size_t len, bool end);

/* Whether it is another core's, and went there. `t` is the line; c->rest is
 * what is there behind it. */
bool shard_get(struct proto *c, const char *key, size_t len, bool end);
bool shard_line(struct text *t, const char *line, size_t len);
bool shard_binary(const struct binary *b, const char *whole, bool has_key,
	bool has_value);

/* The connection is over; before answer_end(). */
void shard_leave(struct proto *c);

/* store_stats() and store_class_stats(), of all cores where there are some. */
void shard_stats(struct command *c, struct store_stats *out);
bool shard_class_stats(
	struct command *c, unsigned cls, struct store_class *out);

/* --- inside ---------------------------------------------------------------*/

/* shard_post.c: tells, in order, also where some of it has to wait. */
void shard_tell(struct shard *s, struct shard_post *p, enum shard_word word);
void shard_give_back(void *arg, unsigned core, struct item *it);

/* shard_run.c, shard_serve.c: the key's core runs it. */
void shard_run(struct shard *s, struct shard_ask *a);
void shard_serve(struct shard *s, struct shard_bundle *b);

/* shard_bundle.c: a request into the bundle for that core, with `data` bytes
 * that follow it at c->rest; the bundle goes; it is back. */
void shard_brief(struct proto *c, unsigned core, enum shard_job job,
	const char *text, size_t len, size_t data);
void shard_send(struct shard *s, unsigned core);
void shard_replied(struct shard *s, struct shard_bundle *b);

/* shard.c: asks another core alone, or all others. */
void shard_data(struct proto *c, unsigned core, enum shard_job job,
	const char *text, size_t len);
void shard_dump(struct proto *c, unsigned core);
void shard_tour(
	struct proto *c, enum shard_job job, const char *text, size_t len);

/* Text of its answer that a request may need. */
static inline uint32_t
shard_owes(const struct shard_request *r)
{
	/* A get is answered by an item where it lies, if there is no room. */
	return r->job == SHARD_GET && !r->keys.with_cas ? 0 : SHARD_LONG;
}

#endif
