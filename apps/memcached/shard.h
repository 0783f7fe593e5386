/* shard.h - each core has a part of the keys, in a store that nobody else
 * touches; a request for another core's key goes there and comes back.
 *
 *	the connection's core			the key's core
 *	parser ..... shard_line(), ... --ASK-->	runs it as a `guest` that has
 *	a hole in the answers			no connection
 *	answer_fill() .............. <--BACK--
 *	acked: the item of a get ----ITEM-->	store_returned()
 *
 * What travels is the address of a struct shard_ask, which belongs to the one
 * who has it: nothing is locked. The key's core runs the same parser over the
 * same text, so that there is one opinion about what a request means.
 *
 * A request whose end is known - a get's key, a line without data, a binary
 * request without a value - leaves a hole, and reading goes on: up to as many
 * as the answer has room for. One that may be followed by data stops the
 * reading: it comes back with an item, into which this core copies the data
 * from where they were received, and goes there again to be put. What concerns
 * all cores makes a tour of the others, and is run here in the end.
 *
 * Requests for one key meet in the order in which a connection sent them: they
 * take the same way. Those for different keys may be run in another order;
 * their answers are in order.
 *
 * Bounds: SHARD_BRIEF holes of a core, and one request with data of each
 * connection. Who finds none waits unread, in turn.
 */
#ifndef APPS_MEMCACHED_SHARD_H
#define APPS_MEMCACHED_SHARD_H

#include "apps/memcached/proto.h"

#define SHARD_BRIEF 256

struct binary;
struct text;

/* What a core tells another one, with an address. */
enum shard_word {
	SHARD_ASK,  /* run this struct shard_ask */
	SHARD_BACK, /* it was run */
	SHARD_ITEM, /* this item was sent and acknowledged */
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

struct shard_ask {
	enum shard_job job;
	uint16_t from, to; /* the connection's core; who is asked */
	uint16_t at;	   /* of a tour: the next core */
	bool brief;	   /* has a hole; else it is its connection's `ask` */
	bool tour;
	bool away;	 /* the other core has it, or will have it */
	uint8_t word;	 /* while it could not be told */
	struct proto *c; /* the connection; NULL: it is gone. Of brief ones:
			  * if the hole has an answer */
	struct shard_ask *next;	 /* free; or not told yet */
	struct shard_ask *later; /* that counts after it, while it is away */
	struct shard_sum *sum;
	struct answer_hole hole;
	uint32_t len; /* of the request, in guest.buf */
	struct proto guest;
	struct answer_chunk chunk;
	char text[ANSWER_CHUNK];
};

struct shard_queue {
	struct shard_ask *head, *tail;
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
	struct shard_ask *asks, *free;
	unsigned used, most; /* asks that were ever used; that there are */
	unsigned busy;	     /* that are not free */
	unsigned briefs;
	struct proto *waits, *waits_last; /* until there is one to ask by */
	unsigned waiting;
	struct shard_queue stuck;  /* not told for want of room */
	struct shard_queue counts; /* tours for statistics; the head is on */
	struct shard_sum sum;
	bool summed; /* statistics are being answered with it */
	struct shard_item *items;
	unsigned items_first, items_n, items_most; /* a ring; likewise */
	uint64_t asked, served;
	uint64_t waited;  /* connections that were not read from */
	uint64_t stalled; /* words that could not be told at once */
};

/* 0; -ENOMEM. */
int shard_open(struct shard *s, const struct shard_config *c);
/* No core runs any more. */
void shard_close(struct shard *s);

void shard_told(struct shard *s, unsigned from, enum shard_word word, void *p);
void shard_room(struct shard *s);

/* --- for the parsers, if c->core->shard -----------------------------------*/

/* Whether a step may be run: it may take one ask. If not, resume() will be
 * called. */
bool shard_may_read(struct proto *c);

/* Whether it is another core's, and went there. `t` is the line. */
bool shard_get(struct proto *c, const char *key, size_t len);
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

/* shard_run.c: the key's core runs it. */
void shard_run(struct shard *s, struct shard_ask *a);

/* The core that has a key, of 1 byte at least. */
unsigned shard_of(const struct shard *s, const char *key, size_t len);

/* Asks another core, or all others. */
void shard_brief(struct proto *c, unsigned core, enum shard_job job,
	const char *text, size_t len);
void shard_data(struct proto *c, unsigned core, enum shard_job job,
	const char *text, size_t len);
void shard_dump(struct proto *c, unsigned core);
void shard_tour(
	struct proto *c, enum shard_job job, const char *text, size_t len);

#endif
