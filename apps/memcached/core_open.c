/* core_open.c - what a core is given before it works. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "apps/memcached/client.h"

/* Chunks of text: one a connection, as far as that goes, and some. */
#define CHUNKS_MAX 1024
#define CHUNKS_MIN 128

#define NS_PER_SECOND 1000000000u

uint32_t
core_seconds(const struct core *c)
{
	return (uint32_t)((c->program->epoch + dl_now(c->dl)) / NS_PER_SECOND);
}

/* When dl_now() was 0. */
static uint64_t
find_epoch(struct dl *dl)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec -
		dl_now(dl);
}

static void *
page_of(struct core *c, size_t bytes)
{
	char *p = c->pages;

	if (c->pages_left < bytes)
		return NULL;
	c->pages += bytes;
	c->pages_left -= bytes;
	return p;
}

/* Its own first, and in one store for all also another's. A page is taken once
 * and for good, so that a lock costs nothing. */
static void *
page(void *arg, size_t bytes)
{
	struct core *c = arg;
	struct program *p = c->program;
	void *got;

	bytes = (bytes + 63) & ~(size_t)63;
	if (p->set.sharded)
		return page_of(c, bytes);
	pthread_mutex_lock(&p->lock);
	got = page_of(c, bytes);
	for (unsigned i = 0; !got && i < p->set.threads; i++)
		if (p->cores[i])
			got = page_of(p->cores[i], bytes);
	pthread_mutex_unlock(&p->lock);
	return got;
}

/* Each core's share, rounded up to whole pages. */
static uint64_t
share(const struct settings *s)
{
	uint64_t page_size = s->item_max > 1u << 20 ? s->item_max : 1u << 20;
	uint64_t pages = (s->limit + page_size - 1) / page_size;

	return (pages + s->threads - 1) / s->threads * page_size;
}

static int
take_memory(struct core *c, unsigned chunks, void **text)
{
	const struct settings *s = &c->program->set;
	size_t bytes = answer_pool_bytes(chunks);
	size_t udp = s->udp_port ? UDP_BYTES : 0;

	c->pages_left = share(s);
	c->pages = dl_alloc(c->dl, c->pages_left);
	*text = dl_alloc(c->dl, bytes);
	if (c->pages && *text)
		return 0;
	fprintf(stderr,
		"memcached: the App memory has no room for -m %llu: dlibos run "
		"--app-memory %llu would do\n",
		(unsigned long long)(s->limit >> 20),
		(unsigned long long)(((c->pages_left + bytes + udp) *
						     s->threads >>
					     20) +
			2));
	return -ENOMEM;
}

static int
open_store(struct core *c)
{
	struct program *p = c->program;
	const struct settings *s = &p->set;
	struct store_config config;
	const char *why;
	int rc;

	if (p->first && !s->sharded)
		return store_join(&c->command.store, p->first, c);
	store_defaults(&config);
	config.limit = s->sharded ? share(s) : s->limit;
	config.item_max = s->item_max;
	config.chunk_min = s->chunk_min;
	config.factor = s->factor;
	config.hashpower = s->hashpower;
	config.stripes = s->lockpower;
	config.no_evict = s->no_evict;
	config.no_move = s->no_move;
	config.temp_ttl = s->temp_ttl;
	config.hot_percent = s->hot_percent;
	config.warm_percent = s->warm_percent;
	config.hot_factor = s->hot_factor;
	config.warm_factor = s->warm_factor;
	config.shared = s->threads > 1 && !s->sharded;
	/* What one core calls its items, no other does. */
	config.cas = s->sharded ? (uint64_t)dl_core(c->dl) << 48 : 0;
	config.page = page;
	config.arg = c;
	if (getrandom(config.secret, sizeof(config.secret), 0) !=
		sizeof(config.secret))
		return -EIO;
	why = store_complaint(&config);
	if (why) {
		fprintf(stderr, "memcached: %s\n", why);
		return -EINVAL;
	}
	rc = store_open(&c->command.store, &config, core_seconds(c));
	if (!rc && !p->first)
		p->first = c->command.store;
	return rc;
}

int
core_fails(int rc)
{
	if (rc != -EINVAL)
		fprintf(stderr, "memcached: it cannot begin: %s\n",
			strerror(-rc));
	return -1;
}

int
core_open(struct core *c)
{
	struct program *p = c->program;
	const struct settings *s = &p->set;
	unsigned chunks;
	void *text;
	int rc;

	if (!p->epoch)
		p->epoch = find_epoch(c->dl);
	c->most = (s->conns + s->threads - 1) / s->threads;
	chunks = CHUNKS_MIN + (c->most < CHUNKS_MAX ? c->most : CHUNKS_MAX);
	if (take_memory(c, chunks, &text))
		return -1;
	c->clients = calloc(c->most, sizeof(*c->clients));
	rc = c->clients ? open_store(c) : -ENOMEM;
	if (!rc)
		rc = answer_pool_open(&c->pool, chunks, text, c->command.store);
	if (rc)
		return core_fails(rc);
	c->command.pool = &c->pool;
	c->command.set = s;
	c->command.all = p->all;
	c->command.cores = s->threads;
	c->command.started = core_seconds(c);
	return 0;
}

void
core_close(struct core *c)
{
	if (!c)
		return;
	free(c->clients);
	free(c);
}
