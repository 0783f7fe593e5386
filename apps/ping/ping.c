/* ping.c - how fast do the network cores of this instance answer?
 *
 *	dlibos run -- ping [--count N] [--window N] [--json]
 *
 * An example of a whole program: each core asks all network cores that it may
 * talk to, first one question at a time, for the latency, then with a window of
 * them under way, for the rate. The last core that is done prints the result
 * and ends the program.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dlibos/dlibos.h"

#define MAX_CORES 256
#define SAMPLES	  65536

struct options {
	uint32_t count;
	uint32_t window;
	int json;
};

/* What a core knows. Each has its own; nobody else writes it. */
struct core {
	const struct options *opt;
	uint32_t sent, answered, wrong;
	int streaming;	   /* the second part: many under way */
	uint64_t began;	   /* of this part, in ns */
	uint64_t *latency; /* half round trips in ns, in dl_alloc() memory */
	uint64_t median, p99;
	double rate;
};

static struct core cores[MAX_CORES];
static atomic_uint done;

static uint64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Sends what the window allows, to the network cores in turn. */
static void
ask(struct dl *dl, struct core *c)
{
	uint32_t window = c->streaming ? c->opt->window : 1;

	while (c->sent < c->opt->count && c->sent - c->answered < window) {
		unsigned net = c->sent % dl_nets(dl);

		if (dl_ping(dl, net, c->sent, now()))
			return; /* later, after an answer */
		c->sent++;
	}
}

static int
by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void
report(struct dl *dl, const struct core *c, unsigned index)
{
	if (c->opt->json)
		printf("{\"core\": %u, \"cpu\": %d, \"oneway_ns\": %llu, "
		       "\"p99_ns\": %llu, \"pings_per_s\": %.0f}\n",
			index, dl_cpu(dl), (unsigned long long)c->median,
			(unsigned long long)c->p99, c->rate);
	else
		printf("app core %u: one way %llu ns (p99 %llu ns), "
		       "%.2f million pings answered a second\n",
			index, (unsigned long long)c->median,
			(unsigned long long)c->p99, c->rate * 1e-6);
}

static void
finish(struct dl *dl)
{
	int wrong = 0;

	if (atomic_fetch_add(&done, 1) + 1 < dl_cores(dl))
		return;
	for (unsigned i = 0; i < dl_cores(dl); i++) {
		report(dl, &cores[i], i);
		wrong |= cores[i].wrong != 0;
	}
	dl_quit(dl, wrong);
}

static void
next_part(struct dl *dl, struct core *c)
{
	uint64_t ns = now() - c->began;
	uint32_t n = c->opt->count < SAMPLES ? c->opt->count : SAMPLES;

	if (c->streaming) {
		c->rate = (double)c->opt->count * 1e9 / (double)ns;
		finish(dl);
		return;
	}
	qsort(c->latency, n, sizeof(*c->latency), by_size);
	c->median = c->latency[n / 2];
	c->p99 = c->latency[(uint64_t)n * 99 / 100];
	dl_free(dl, c->latency);
	c->streaming = 1;
	c->sent = c->answered = 0;
	c->began = now();
	ask(dl, c);
}

static void
pong(struct dl *dl, unsigned net, uint32_t cookie, uint64_t value)
{
	struct core *c = dl_user(dl);

	c->wrong += !c->streaming && cookie != c->answered;
	(void)net;
	if (!c->streaming)
		c->latency[cookie % SAMPLES] = (now() - value) / 2;
	if (++c->answered == c->opt->count)
		next_part(dl, c);
	else
		ask(dl, c);
}

static void
start(struct dl *dl, void *arg)
{
	struct core *c = &cores[dl_core(dl)];

	c->opt = arg;
	c->latency = dl_alloc(dl, SAMPLES * sizeof(*c->latency));
	if (!c->latency) {
		fprintf(stderr, "no memory for %d samples\n", SAMPLES);
		dl_quit(dl, 1);
		return;
	}
	dl_set_user(dl, c);
	c->began = now();
	ask(dl, c);
}

static void
net_changed(struct dl *dl, unsigned net, int up)
{
	if (up)
		return;
	fprintf(stderr, "network core %u is gone\n", net);
	dl_quit(dl, 1);
}

static uint32_t
number(const char *s)
{
	char *end;
	unsigned long n = s ? strtoul(s, &end, 10) : 0;

	if (!s || *end || !n || n > 1000000000) {
		fprintf(stderr, "ping: --count and --window take a number\n");
		exit(2);
	}
	return (uint32_t)n;
}

int
main(int argc, char **argv)
{
	static const struct dl_program program = {
		.start = start,
		.pong = pong,
		.net_changed = net_changed,
	};
	static struct options opt = {1000000, 256, 0};

	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--json"))
			opt.json = 1;
		else if (!strcmp(argv[i], "--count"))
			opt.count = number(argv[++i]);
		else if (!strcmp(argv[i], "--window"))
			opt.window = number(argv[++i]);
		else {
			fprintf(stderr,
				"usage: ping [--count N] "
				"[--window N] [--json]\n");
			return 2;
		}
	return dl_run(&program, &opt);
}
