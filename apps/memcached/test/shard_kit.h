/* shard_kit.h - cores that have a part of the keys each, and connections to
 * them, without a network: words travel by rings of the kit's own, so that the
 * cores may be threads, or take turns in an order that is drawn. */
#ifndef APPS_MEMCACHED_TEST_SHARD_KIT_H
#define APPS_MEMCACHED_TEST_SHARD_KIT_H

#include "apps/memcached/shard.h"

#define KIT_CORES  3
#define KIT_RING   64 /* a power of two */
#define KIT_PAGES  64
#define KIT_CHUNKS 64
#define KIT_NOW	   1700000000

struct mate_word {
	enum shard_word word;
	void *p;
};

/* One producer, one consumer. */
struct mate_ring {
	uint32_t head, tail, room;
	struct mate_word word[KIT_RING];
};

struct mate {
	struct mates *all;
	unsigned self;
	struct settings set;
	struct store *store;
	struct answer_pool pool;
	struct command core;
	struct shard shard;
	struct mate_ring to[KIT_CORES];
	bool refused; /* a word */
	void *mem, *pages[KIT_PAGES];
	unsigned page_count;
};

/* `room` words are under way from one to another, at most. */
struct mates {
	struct mate mate[KIT_CORES];
};

/* A connection to one of them, and all that it says. */
struct talker {
	struct proto proto;
	struct mate *mate; /* NULL: it has ended */
	const char *ask;   /* not read yet */
	size_t ask_len;
	char *out;
	size_t out_len, out_room;
	size_t acked; /* of out_len */
	/* What was sent must still be the same when it is acknowledged. */
	struct talker_piece {
		const char *ptr;
		size_t at, len;
	} piece[ANSWER_PIECES];
	unsigned first, pieces;
	bool awake; /* something has happened since it was read from */
	uint64_t seed;
};

void mates_open(struct mates *m, unsigned conns, unsigned room);
/* Nothing is held any more; it fails as an assertion. */
void mates_close(struct mates *m);

/* What others told this one, up to `most` words, and then the end
 * of its turn. Returns how many. */
unsigned mate_hear(struct mate *m, unsigned most);

void talker_begin(
	struct talker *t, struct mate *m, const char *ask, size_t len);
/* A random piece is read, and some of what was answered acknowledged; returns
 * whether anything is left to be done. */
bool talker_turn(struct talker *t);
void talker_end(struct talker *t);

/* It waits for other cores. */
bool mate_is_asking(const struct mate *m);

uint64_t kit_draw(uint64_t *seed);

#endif
