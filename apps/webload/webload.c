/* webload.c - asks a web server for one document, again and again, on many
 * connections: a closed loop, each connection with one request under way.
 *
 *	dlibos run --port ... --ip ... -- webload --to ADDR [OPTION]...
 *
 * Prints one line of JSON: requests, seconds, requests a second, latencies. One
 * core does it; others of the program stay idle.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dlibos/dlibos.h"

#define MAX_CONNS 10000
#define BUCKETS	  4096 /* of latencies: 64 to each power of two, in ns */

struct options {
	struct dl_addr to;
	uint16_t port;
	unsigned conns, warm_ms, ms;
	char path[256];
};

struct client {
	uint64_t asked; /* when */
	size_t got, want;
};

struct load {
	const struct options *opt;
	struct dl *dl;
	char *request;
	size_t request_len;
	size_t response; /* bytes of each answer; 0: not known yet */
	unsigned open;
	int measuring;
	uint64_t began, done, failed;
	uint64_t bucket[BUCKETS];
	struct dl_timer timer;
};

static struct load load;

/* --- latencies ------------------------------------------------------------*/

/* Below 64 ns one to a nanosecond; then 64 to each doubling. */
static unsigned
bucket_of(uint64_t ns)
{
	unsigned shift, i;

	if (ns < 64)
		return (unsigned)ns;
	shift = 57 - (unsigned)__builtin_clzll(ns);
	i = (shift + 1) * 64 + (unsigned)(ns >> shift & 63);
	return i < BUCKETS ? i : BUCKETS - 1;
}

static double
quantile_us(double q)
{
	uint64_t n = 0, at = (uint64_t)(q * (double)load.done);

	for (unsigned i = 0; i < BUCKETS; i++) {
		n += load.bucket[i];
		if (n > at) {
			unsigned e = i / 64;
			uint64_t ns =
				e < 1 ? i : (uint64_t)(64 + i % 64) << (e - 1);

			return (double)ns * 1e-3;
		}
	}
	return 0;
}

/* --- a connection ---------------------------------------------------------*/

static void
ask(struct dl_conn *c, struct client *cl)
{
	cl->got = 0;
	cl->asked = dl_now(load.dl);
	if (dl_send(c, load.request, load.request_len))
		dl_abort(c);
}

static void
connected(struct dl *dl, struct dl_conn *c, void *arg)
{
	struct client *cl = arg;

	(void)dl;
	load.open++;
	dl_conn_set_user(c, cl);
	ask(c, cl);
}

static void
connect_failed(struct dl *dl, void *arg, enum dl_why why)
{
	(void)arg;
	fprintf(stderr, "webload: cannot connect: %s\n", dl_why(why));
	dl_quit(dl, 1);
}

/* How long the answers are is learned from the first one. */
static size_t
length(const char *p, size_t len)
{
	static const char field[] = "Content-Length: ";
	const char *end = memmem(p, len, "\r\n\r\n", 4);
	const char *at = end
		? memmem(p, (size_t)(end - p), field, sizeof(field) - 1)
		: NULL;

	if (!at || len < 12 || memcmp(p, "HTTP/1.1 200", 12))
		return 0;
	return (size_t)(end - p) + 4 +
		strtoul(at + sizeof(field) - 1, NULL, 10);
}

static void
data(struct dl *dl, struct dl_conn *c, const void *ptr, size_t len)
{
	struct client *cl = dl_conn_user(c);

	if (!load.response) {
		load.response = length(ptr, len);
		if (!load.response) {
			fputs("webload: the answer is no document\n", stderr);
			dl_quit(dl, 1);
			return;
		}
	}
	cl->got += len;
	dl_recv_done(c, len);
	if (cl->got < load.response)
		return;
	if (load.measuring) {
		load.bucket[bucket_of(dl_now(dl) - cl->asked)]++;
		load.done++;
	}
	ask(c, cl);
}

static void
closed(struct dl *dl, struct dl_conn *c, enum dl_why why)
{
	(void)dl, (void)c, (void)why;
	load.open--;
	load.failed++;
}

static const struct dl_handler handler = {
	.connected = connected,
	.connect_failed = connect_failed,
	.data = data,
	.closed = closed,
};

/* --- a run ----------------------------------------------------------------*/

static void
finish(struct dl *dl, struct dl_timer *t)
{
	double s = (double)(dl_now(dl) - load.began) * 1e-9;

	(void)t;
	printf("{\"requests\": %llu, \"seconds\": %.3f, \"rps\": %.0f, "
	       "\"p50_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, "
	       "\"conns\": %u, \"failed\": %llu}\n",
		(unsigned long long)load.done, s, (double)load.done / s,
		quantile_us(.5), quantile_us(.99), quantile_us(.999), load.open,
		(unsigned long long)load.failed);
	fflush(stdout);
	dl_quit(dl, load.failed || !load.done);
}

static void
measure(struct dl *dl, struct dl_timer *t)
{
	load.measuring = 1;
	load.began = dl_now(dl);
	t->expired = finish;
	dl_timer_set(dl, t, load.opt->ms);
}

/* A few at a time, so that no queue of half-open ones overflows. */
static void
connect_some(struct dl *dl, struct dl_timer *t)
{
	static unsigned begun;
	static struct client client[MAX_CONNS];

	for (unsigned i = 0; i < 100 && begun < load.opt->conns; i++) {
		if (dl_connect(dl, &load.opt->to, load.opt->port, &handler,
			    &client[begun]))
			break;
		begun++;
	}
	if (begun < load.opt->conns) {
		dl_timer_set(dl, t, 10);
		return;
	}
	t->expired = measure;
	dl_timer_set(dl, t, load.opt->warm_ms);
}

static void
start(struct dl *dl, void *arg)
{
	char text[DL_ADDR_TEXT];

	if (dl_core(dl))
		return;
	load.opt = arg;
	load.dl = dl;
	load.request = dl_alloc(dl, 512);
	load.request_len = (size_t)snprintf(load.request, 512,
		"GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", load.opt->path,
		dl_addr_text(&load.opt->to, text));
	load.timer.expired = connect_some;
	dl_timer_set(dl, &load.timer, 100);
}

static int
usage(const char *wrong)
{
	fprintf(stderr,
		"webload: %s; usage: webload --to ADDR [--port N] [--path P] "
		"[--conns 1..%u] [--warm-ms N] [--ms N]\n",
		wrong, MAX_CONNS);
	return 2;
}

int
main(int argc, char **argv)
{
	static const struct dl_program program = {.start = start};
	static struct options o = {.port = 80,
		.conns = 64,
		.warm_ms = 500,
		.ms = 3000,
		.path = "/"};
	int have = 0;

	for (int i = 1; i < argc; i += 2) {
		const char *k = argv[i], *v = argv[i + 1];
		unsigned long n = v ? strtoul(v, NULL, 10) : 0;

		if (!v)
			return usage("an option lacks its value");
		if (!strcmp(k, "--to") && !dl_addr_parse(&o.to, v))
			have = 1;
		else if (!strcmp(k, "--path") && *v == '/' &&
			strlen(v) < sizeof(o.path))
			memcpy(o.path, v, strlen(v) + 1);
		else if (!strcmp(k, "--port") && n && n < 65536)
			o.port = (uint16_t)n;
		else if (!strcmp(k, "--conns") && n && n <= MAX_CONNS)
			o.conns = (unsigned)n;
		else if (!strcmp(k, "--warm-ms") && n <= 60000)
			o.warm_ms = (unsigned)n;
		else if (!strcmp(k, "--ms") && n && n <= 3600000)
			o.ms = (unsigned)n;
		else
			return usage(k);
	}
	if (!have)
		return usage("to whom?");
	return dl_run(&program, &o);
}
