/* shard_run.c - the key's side: what another core asks is run as if it had been
 * read from a connection; and the sums that statistics are. */
#include <string.h>

#include "apps/memcached/shard.h"

static void
guest_begin(struct shard *s, struct shard_ask *a)
{
	struct proto *g = &a->guest;

	proto_begin(g, s->is.command);
	g->step = g->binary ? binary_request : text_line;
	g->skip = 0;
	g->guest = true;
	answer_begin_lone(&g->out, s->is.command->pool, &a->chunk);
}

/* Sums, but where all cores say the same, or the most is meant. */
static void
add(uint64_t *to, const uint64_t *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] += from[i];
}

static uint64_t
most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void
stats_add(struct store_stats *to, const struct store_stats *from)
{
	struct store_stats was = *to;

	add((uint64_t *)to, (const uint64_t *)from, sizeof(*to) / 8);
	to->hash_power_level =
		most(was.hash_power_level, from->hash_power_level);
	to->hash_is_expanding =
		most(was.hash_is_expanding, from->hash_is_expanding);
}

static void
class_add(struct store_class *to, const struct store_class *from)
{
	struct store_class was = *to;

	add((uint64_t *)to, (const uint64_t *)from, sizeof(*to) / 8);
	to->chunk_size = most(was.chunk_size, from->chunk_size);
	to->chunks_per_page = most(was.chunks_per_page, from->chunks_per_page);
	to->age_hot = most(was.age_hot, from->age_hot);
	to->age_warm = most(was.age_warm, from->age_warm);
	to->age = most(was.age, from->age);
}

static void
count(struct store *store, struct shard_sum *sum)
{
	struct store_stats stats;
	struct store_class cls;

	store_stats(store, &stats);
	stats_add(&sum->stats, &stats);
	for (unsigned i = 1; store_class_stats(store, i, &cls); i++)
		class_add(&sum->of[i], &cls);
}

void
shard_stats(struct command *c, struct store_stats *out)
{
	store_stats(c->store, out);
	if (c->shard && c->shard->summed)
		stats_add(out, &c->shard->sum.stats);
}

bool
shard_class_stats(struct command *c, unsigned cls, struct store_class *out)
{
	if (!store_class_stats(c->store, cls, out))
		return false;
	if (c->shard && c->shard->summed)
		class_add(out, &c->shard->sum.of[cls]);
	return true;
}

void
shard_run(struct shard *s, struct shard_ask *a)
{
	struct proto *g = &a->guest;
	struct store *store = s->is.command->store;

	switch (a->job) {
	case SHARD_PUT:
		/* Its answer was taken when it came with the item. */
		answer_begin_lone(&g->out, s->is.command->pool, &a->chunk);
		g->defers = g->ready = false;
		proto_data_done(g);
		return;
	case SHARD_END:
		store_release(store, g->set.item);
		g->set.item = NULL;
		return;
	default:
		break;
	}
	guest_begin(s, a);
	switch (a->job) {
	case SHARD_LINE:
		text_command(g, g->buf, a->len);
		break;
	case SHARD_BINARY:
		binary_run(g, g->buf);
		break;
	case SHARD_COUNT:
		count(store, a->sum);
		break;
	case SHARD_RESET:
		store_stats_reset(store);
		break;
	case SHARD_DUMP:
		dump_some(g);
		g->step = text_dump;
		break;
	default:
		break;
	}
	g->defers = true;
}
