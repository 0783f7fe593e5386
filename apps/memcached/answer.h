/* answer.h - what goes out on a connection: a ring of pieces, each with the one
 * who owns its bytes until they are acknowledged.
 *
 *	first ........... sent ........... end
 *	  on their way      to be sent       room
 *
 * A piece lies in an item, which is lent (store.h) until the piece is
 * acknowledged; in a chunk of text of the pool, which is free again after its
 * last piece; or among the fixed texts, which nobody writes after the start.
 * A connection that waits for nothing holds neither.
 *
 * Where an answer is still to come from another core there is a hole, which
 * nothing behind it overtakes; what fills it may lie in items of that core's
 * store (shard.h), which are given back to it.
 *
 * All memory that pieces lie in comes from the callers' alloc(), once, when the
 * pool is made.
 */
#ifndef APPS_MEMCACHED_ANSWER_H
#define APPS_MEMCACHED_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "apps/memcached/store.h"

#define ANSWER_PIECES 128 /* a power of two */
#define ANSWER_CHUNK  4096
/* What one step of a parser may add; a step is not begun with less room. */
#define ANSWER_STEP 32
/* Of which a hole takes so many: a head, an item, and one to spare. */
#define ANSWER_HOLE 3
/* Bytes that a peer may leave unread until it is not read from. */
#define ANSWER_BYTES (1u << 20)

/* Fixed texts. */
#define ANSWER_TEXTS(X)                                                       \
	X(NONE, "")                                                           \
	X(STORED, "STORED\r\n")                                               \
	X(NOT_STORED, "NOT_STORED\r\n")                                       \
	X(EXISTS, "EXISTS\r\n")                                               \
	X(NOT_FOUND, "NOT_FOUND\r\n")                                         \
	X(DELETED, "DELETED\r\n")                                             \
	X(TOUCHED, "TOUCHED\r\n")                                             \
	X(END, "END\r\n")                                                     \
	X(CRLF, "\r\n")                                                       \
	X(OK, "OK\r\n")                                                       \
	X(RESET, "RESET\r\n")                                                 \
	X(VERSION, "VERSION 1.6.18\r\n")                                      \
	X(MN, "MN\r\n")                                                       \
	X(EN, "EN\r\n")                                                       \
	X(HD, "HD\r\n")                                                       \
	X(ERROR, "ERROR\r\n")                                                 \
	X(FORMAT, "CLIENT_ERROR bad command line format\r\n")                 \
	X(BAD_CHUNK, "CLIENT_ERROR bad data chunk\r\n")                       \
	X(EXPTIME, "CLIENT_ERROR invalid exptime argument\r\n")               \
	X(DELTA, "CLIENT_ERROR invalid numeric delta argument\r\n")           \
	X(NUMBER,                                                             \
		"CLIENT_ERROR cannot increment or decrement non-numeric "     \
		"value\r\n")                                                  \
	X(STATS_USAGE, "CLIENT_ERROR usage: stats detail on|off|dump\r\n")    \
	X(STATS_LINE, "CLIENT_ERROR bad command line\r\n")                    \
	X(SLAB_ID, "CLIENT_ERROR Illegal slab id\r\n")                        \
	X(BAD_CLASS, "BADCLASS invalid class id\r\n")                         \
	X(LIMIT_SMALL,                                                        \
		"MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m\r\n") \
	X(LIMIT_LARGE,                                                        \
		"MEMLIMIT_ADJUST_FAILED input value is megabytes not "        \
		"bytes\r\n")                                                  \
	X(LIMIT_FIXED,                                                        \
		"MEMLIMIT_ADJUST_FAILED out of bounds or unable to "          \
		"adjust\r\n")                                                 \
	X(DELETE_USAGE,                                                       \
		"CLIENT_ERROR bad command line format.  Usage: delete <key> " \
		"[noreply]\r\n")                                              \
	X(TOKEN, "CLIENT_ERROR bad token in command line format\r\n")         \
	X(FLAG, "CLIENT_ERROR invalid flag\r\n")                              \
	X(DUPLICATE, "CLIENT_ERROR duplicate flag\r\n")                       \
	X(FLAG_OR_DUPLICATE, "CLIENT_ERROR invalid or duplicate flag\r\n")    \
	X(FLAGS_LONG, "CLIENT_ERROR options flags are too long\r\n")          \
	X(SET_FLAGS_LONG, "CLIENT_ERROR options flags too long\r\n")          \
	X(META_DELTA, "CLIENT_ERROR invalid numeric delta value\r\n")         \
	X(META_INITIAL, "CLIENT_ERROR invalid numeric initial value\r\n")     \
	X(OPAQUE_LONG, "CLIENT_ERROR opaque token too long\r\n")              \
	X(KEY_CODE, "CLIENT_ERROR error decoding key\r\n")                    \
	X(MODE_LENGTH, "CLIENT_ERROR incorrect length for M token\r\n")       \
	X(MS_MODE, "CLIENT_ERROR invalid mode for ms M token\r\n")            \
	X(MA_MODE, "CLIENT_ERROR invalid mode for ma M token\r\n")            \
	X(NO_FLUSH, "CLIENT_ERROR flush_all not allowed\r\n")                 \
	X(NO_SHUTDOWN, "ERROR: shutdown not enabled\r\n")                     \
	X(SHUTDOWN_MODE, "CLIENT_ERROR invalid shutdown mode\r\n")            \
	X(TOO_LARGE, "SERVER_ERROR object too large for cache\r\n")           \
	X(NO_MEMORY, "SERVER_ERROR out of memory storing object\r\n")         \
	X(SUM_MEMORY, "SERVER_ERROR out of memory\r\n")

enum answer_text {
#define X(name, text) ANSWER_##name,
	ANSWER_TEXTS(X)
#undef X
		ANSWER_TEXTS_END
};

struct answer_chunk {
	char *mem;
	uint32_t used;
	uint32_t pieces;
	bool lone; /* of no pool: the answer has only this one */
	struct answer_chunk *next; /* while it is free */
};

struct answer_fixed {
	const char *ptr;
	uint32_t len;
};

/* One for each core. */
struct answer_pool {
	struct store *store;
	struct answer_chunk *free;
	uint32_t left;		     /* that are free */
	struct answer_chunk *chunks; /* all of them */
	struct answer_fixed fixed[ANSWER_TEXTS_END];
	uint64_t no_chunk; /* connections that ended for want of one */
	/* Gives an item of another core's store back. NULL: there are none. */
	void (*give_back)(void *arg, unsigned core, struct item *it);
	void *arg;
	char trash[ANSWER_CHUNK];
};

struct answer_piece {
	const char *ptr;
	void *owner; /* an item, a chunk or a hole; NULL: nobody */
	uint32_t len;
	bool is_item;
	bool is_hole;
	uint16_t store; /* of an item: 0: our own; or whose, + 1 */
};

struct answer {
	struct answer_pool *pool;
	struct answer_chunk *chunk; /* where text goes on */
	uint32_t first, sent, end;
	uint32_t part;	/* bytes of the first piece that are acknowledged */
	uint32_t holes; /* that are not filled */
	uint64_t bytes; /* of all pieces, but for that part */
	bool broken;	/* no chunk was left: the connection is to end */
	struct answer_piece ring[ANSWER_PIECES];
};

/* Lies with the one who will fill it. */
struct answer_hole {
	struct answer *answer; /* NULL: it was filled, or nobody waits */
	uint32_t at;
};

/* Bytes of memory that a pool of so many chunks takes of alloc(). */
size_t answer_pool_bytes(unsigned chunks);

/* `mem` is of that many bytes, and may be sent from. 0; -ENOMEM. */
int answer_pool_open(
	struct answer_pool *p, unsigned chunks, void *mem, struct store *store);
void answer_pool_close(struct answer_pool *p);

void answer_begin(struct answer *a, struct answer_pool *p);
/* The connection is over: nothing is held any more. */
void answer_end(struct answer *a);

/* Whether a step may add its pieces. */
static inline bool
answer_has_room(const struct answer *a)
{
	return ANSWER_PIECES - (a->end - a->first) >= ANSWER_STEP &&
		a->bytes < ANSWER_BYTES;
}

void answer_fixed(struct answer *a, enum answer_text text);

/* Room for `n` bytes, at most ANSWER_CHUNK, of which commit sends the first.
 * Never NULL: without memory it is room that nobody reads, and the answer is
 * broken. */
char *answer_reserve(struct answer *a, size_t n);
void answer_commit(struct answer *a, size_t n);
void answer_copy(struct answer *a, const void *p, size_t n);

/* Bytes inside an item that the caller holds. With `last` the caller's hold
 * is given away: this is the last piece of it. */
void answer_item(
	struct answer *a, struct item *it, const char *p, size_t n, bool last);

/* Pieces and holes that are not sent. */
static inline unsigned
answer_unsent(const struct answer *a)
{
	return a->end - a->sent;
}

/* How many pieces may be sent now, at most `max`; none behind a hole, so that
 * there may be more behind the last one. Who has sent them asks again, until
 * it is 0: then nothing can be sent before something is added. */
unsigned answer_ready(struct answer *a, unsigned max);

/* The i-th piece that is to be sent. */
static inline const struct answer_piece *
answer_at(const struct answer *a, unsigned i)
{
	return &a->ring[(a->sent + i) & (ANSWER_PIECES - 1)];
}

static inline void
answer_sent(struct answer *a, unsigned pieces)
{
	a->sent += pieces;
}

/* The oldest bytes that were sent are acknowledged. */
void answer_acked(struct answer *a, size_t bytes);

/* --- answer_hole.c: answers from another core ------------------------------*/

/* An answer of its own, to be taken to pieces by the functions below: its text
 * goes into `c`, whose memory has ANSWER_CHUNK bytes, and nowhere else. */
void answer_begin_lone(
	struct answer *a, struct answer_pool *p, struct answer_chunk *c);

/* Something is still to come here. The hole stays where it is until it is
 * filled, or answer_end() has let go of it. */
void answer_dig(struct answer *a, struct answer_hole *h);

/* What core number `core` answers: `n` pieces into the hole, or all of `from`,
 * a lone answer, behind what is there; it is empty then. Text is copied; items
 * are given away. `broken`: it is not all of it. */
void answer_fill(struct answer_hole *h, const struct answer_piece *p,
	unsigned n, bool broken, unsigned core);
void answer_append(struct answer *a, struct answer *from, unsigned core);

/* The same, but nobody wants it: `pool` knows how to give items back. */
void answer_refuse(struct answer_pool *pool, const struct answer_piece *p,
	unsigned n, unsigned core);
void answer_discard(struct answer_pool *p, struct answer *from, unsigned core);

#endif
