/* core_shard.c - a core with a part of the keys, on the network's loop. */
#include <errno.h>
#include <stdio.h>

#include "apps/memcached/client.h"

static int
tell(void *arg, unsigned core, enum shard_word word, void *p)
{
	struct core *c = arg;

	return dl_tell(c->dl, core, (uint32_t)word, (uintptr_t)p);
}

static void
resume(void *arg, struct proto *proto)
{
	(void)arg;
	client_resume(proto);
}

void
core_told(struct dl *dl, unsigned from, uint32_t word, uint64_t value)
{
	struct core *c = dl_user(dl);

	shard_told(&c->shard, from, (enum shard_word)word,
		(void *)(uintptr_t)value);
}

void
core_tell_room(struct dl *dl, unsigned core)
{
	struct core *c = dl_user(dl);

	(void)core;
	shard_room(&c->shard);
}

int
core_open_shard(struct core *c)
{
	struct program *p = c->program;
	struct shard_config config = {
		.command = &c->command,
		.self = dl_core(c->dl),
		.cores = p->set.threads,
		.conns = c->most,
		.secret = {p->secret[0], p->secret[1]},
		.tell = tell,
		.resume = resume,
		.arg = c,
	};

	if (!p->set.sharded || p->set.threads == 1)
		return 0;
	if (dl_cores(c->dl) > DL_TELL_CORES) {
		fprintf(stderr, "memcached: --mode sharded: at most %u cores\n",
			DL_TELL_CORES);
		return -EINVAL;
	}
	return shard_open(&c->shard, &config);
}

void
core_turn(struct dl *dl)
{
	struct core *c = dl_user(dl);

	if (!c)
		return;
	client_burst(c);
	if (c->shard.opened)
		shard_turn(&c->shard);
}
