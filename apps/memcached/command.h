/* command.h - what the connections of a core share, and what is the same in
 * all protocols.
 */
#ifndef APPS_MEMCACHED_COMMAND_H
#define APPS_MEMCACHED_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "apps/memcached/answer.h"
#include "apps/memcached/settings.h"
#include "apps/memcached/store.h"

/* Counted by the one who knows: the program, or a parser. */
struct command_counters {
	uint64_t curr_connections, total_connections, rejected_connections;
	uint64_t bytes_read, bytes_written;
	uint64_t yields;      /* a peer that did not read was not read from */
	uint64_t line_long;   /* connections that ended by a long line */
	uint64_t http;	      /* ... by a request of HTTP */
	uint64_t bad_binary;  /* ... by what is no binary request */
	uint64_t send_failed; /* ... by an answer that could not be sent */
};

/* One for each core. */
struct command {
	struct store *store;
	struct answer_pool *pool;
	const struct settings *set;
	struct command_counters n;
	struct command_counters base; /* n as of the last reset */
	/* Those of all cores, `cores` of them, for statistics; NULL: only its
	 * own. They are read without a lock: a number may be a little old. */
	struct command *const *all;
	unsigned cores;
	struct shard *shard; /* NULL: all keys are in this store */
	uint32_t started;    /* second */
	bool shutdown;	     /* a peer asked for the end */
};

/* One statistic, as text. */
typedef void command_emit(void *to, const char *name, size_t name_len,
	const char *value, size_t value_len);

enum command_stats {
	COMMAND_STATS, /* emitted, an end is to follow */
	COMMAND_STATS_RESET,
	COMMAND_STATS_UNKNOWN,
};

/* "stats" with that sub-command; what is 0 long: the general ones. */
enum command_stats command_stats(struct command *c, const char *what,
	size_t len, command_emit *emit, void *to);

#endif
