/* gets KEYS - what a get takes of the CPU among so many keys of USR, four that
 * come together, from their bytes to acknowledged pieces: ns, without a
 * network. The clock is that of the process, which others that want the CPU do
 * not move.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apps/memcached/proto.h"
#include "bench/load/kv_data.h"
#include "bench/load/rnd.h"
#include "dlibos/base/log.h"

#define KEYS_MAX 1000000
#define STORE	 (256u << 20)
#define CHUNKS	 16
#define TOGETHER 4
#define PIECES	 100000 /* of so many gets each, in a run */
#define RUNS	 3	/* the quickest counts */
#define ROOM	 (TOGETHER * (KV_KEY_MAX + 8))

struct gets {
	struct kv_data data;
	struct settings set;
	struct answer_pool pool;
	struct command core;
	struct proto proto;
	uint64_t rnd;
	char *text;
	uint32_t end[PIECES + 1];
};

static void *
page(void *arg, size_t bytes)
{
	(void)arg;
	return aligned_alloc(64, (bytes + 63) & ~(size_t)63);
}

static void *
need(void *p)
{
	if (!p)
		die(EXIT_FAIL, "out of memory");
	return p;
}

static void
say(struct gets *g, const char *p, size_t len)
{
	struct answer *a = &g->proto.out;

	if (proto_read(&g->proto, p, len) != len)
		die(EXIT_FAIL, "not all was read");
	answer_sent(a, answer_unsent(a));
	answer_acked(a, a->bytes);
}

static void
begin(struct gets *g, uint32_t keys)
{
	struct store_config c;

	store_defaults(&c);
	c.limit = STORE;
	c.hashpower = 20;
	c.page = page;
	if (kv_data_init(&g->data, keys, KV_USR) ||
		store_open(&g->core.store, &c, 1) ||
		answer_pool_open(&g->pool, CHUNKS,
			need(malloc(answer_pool_bytes(CHUNKS))), g->core.store))
		die(EXIT_FAIL, "out of memory");
	g->core.pool = &g->pool;
	g->core.set = &g->set;
	proto_begin(&g->proto, &g->core);
}

static void
fill(struct gets *g)
{
	char line[KV_KEY_MAX + 32];

	for (uint32_t i = 0; i < g->data.keys; i++) {
		size_t n = 4 + kv_data_key(&g->data, i, line + 4);

		memcpy(line, "set ", 4);
		memcpy(line + n, " 0 0 2\r\nxy\r\n", 12);
		say(g, line, n + 12);
	}
}

/* All that is asked, so that nothing else is in the time. */
static void
write_gets(struct gets *g)
{
	uint32_t n = 0;

	g->text = need(malloc((size_t)PIECES * ROOM));
	for (unsigned i = 0; i < PIECES * TOGETHER; i++) {
		memcpy(g->text + n, "get ", 4);
		n += 4;
		n += (uint32_t)kv_data_key(&g->data,
			rnd_below(&g->rnd, g->data.keys), g->text + n);
		memcpy(g->text + n, "\r\n", 2);
		n += 2;
		g->end[i / TOGETHER + 1] = n;
	}
}

static double
cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double
run(struct gets *g)
{
	double from = cpu_ns();

	for (unsigned i = 0; i < PIECES; i++)
		say(g, g->text + g->end[i], g->end[i + 1] - g->end[i]);
	return (cpu_ns() - from) / (PIECES * TOGETHER);
}

int
main(int argc, char **argv)
{
	static struct gets g;
	long keys = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
	struct store_stats n;
	double best = 0;

	if (keys < 1 || keys > KEYS_MAX)
		die(EXIT_USAGE, "usage: gets KEYS, 1 to %d", KEYS_MAX);
	begin(&g, (uint32_t)keys);
	fill(&g);
	write_gets(&g);
	for (unsigned i = 0; i < RUNS; i++) {
		double ns = run(&g);

		best = i && best < ns ? best : ns;
	}
	store_stats(g.core.store, &n);
	if (n.get_hits != (uint64_t)RUNS * PIECES * TOGETHER)
		die(EXIT_FAIL, "gets that found nothing: %llu",
			(unsigned long long)n.get_misses);
	printf("%.1f\n", best);
	return EXIT_OK;
}
