/* shard_talk.h - some connections to cores that have a part of the keys each,
 * which take turns in an order that is drawn. */
#ifndef APPS_MEMCACHED_TEST_SHARD_TALK_H
#define APPS_MEMCACHED_TEST_SHARD_TALK_H

#include "apps/memcached/test/shard_kit.h"
#include "apps/memcached/test/shard_script.h"

#define TALKERS 6

extern struct mates mates;
extern struct talker talkers[TALKERS];

/* Each talker begins with its own script, to core after core; its keys begin
 * with `who`, or if that is NULL with its own number. */
void talk_begin(
	struct script s[TALKERS], const char *who, uint64_t seed, bool large);

/* The first `n` of them, until nobody has anything to do. */
void talk_run(unsigned n, uint64_t *seed);
/* What one was told, all hear. */
void talk_drain(void);

void talk_say(struct talker *t, struct mate *m, const char *ask);
/* The whole answer, of a connection of the first talker that ends then. */
const char *talk_asked(unsigned core, const char *ask);

/* When all tests are done. */
int talk_free(void **state);

#endif
