/* core.h - the program, and what an application core of it has: connections, a
 * view of a store, and the memory for both. */
#ifndef APPS_MEMCACHED_CORE_H
#define APPS_MEMCACHED_CORE_H

#include <pthread.h>

#include "apps/memcached/burst.h"
#include "apps/memcached/proto.h"
#include "apps/memcached/shard.h"
#include "apps/memcached/udp.h"
#include "dlibos/dlibos.h"

#define CORES_MAX 256
#define WORK_MS	  1 /* between ticks, while there is work */

struct client;
struct core;

/* Of all cores. */
struct program {
	struct settings set;
	pthread_mutex_t lock; /* while cores begin */
	struct store *first;
	uint64_t secret[2]; /* of which core has which key */
	uint64_t epoch;	    /* 0: not known yet */
	unsigned joined;    /* cores that have their view */
	struct core *cores[CORES_MAX];
	struct command *all[CORES_MAX];
};

struct core {
	struct command command;
	struct answer_pool pool;
	struct shard shard;
	struct program *program;
	struct dl *dl;
	struct dl_timer tick;
	struct client *clients, *free;
	struct client *resting; /* in the middle of a long answer */
	unsigned used, most; /* clients that were ever used; that there are */
	char *pages;	     /* those of the store that are not taken */
	uint64_t pages_left;
	struct udp udp;
	struct burst burst;
};

/* core_open.c: seconds since 1970, as it was when the first core began: when
 * the clock of the machine is set, nothing lives longer or shorter than it was
 * told to. */
uint32_t core_seconds(const struct core *c);

/* Memory, connections that may come, a view of the store, a pool for answers.
 * Under program.lock, with the program's settings known. 0; or not, and then a
 * line was said. */
int core_open(struct core *c);
/* One that could not begin, or NULL. */
void core_close(struct core *c);

/* Says why a core cannot begin; -EINVAL: it was said where it was seen. -1. */
int core_fails(int rc);

/* core_shard.c: of dl_program; and the core's shard, if there is more than one.
 * 0; -EINVAL, and a line has said why; -ENOMEM. */
void core_told(struct dl *dl, unsigned from, uint32_t word, uint64_t value);
void core_tell_room(struct dl *dl, unsigned core);
void core_turn(struct dl *dl);
int core_open_shard(struct core *c);

#endif
