/* options.c - the words of the command line. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load/options.h"
#include "dlibos/base/log.h"

#define RATE_MAX    1e8
#define SECONDS_MAX 86400

static const char text[] =
	"  --to ADDR        the server's address\n"
	"  --port N\n"
	"  -c N             connections, of all threads together (64; "
	"echoload 1)\n"
	"  -t N             threads, each with its share (1)\n"
	"  -d SECONDS       that are measured (3)\n"
	"  --warm SECONDS   before that (0.5)\n"
	"  --rate R         open loop: so many a second, due whatever becomes\n"
	"                   of those before; latency counts from then\n"
	"  --arrival equal|poisson|etc  the distances of those (equal)\n"
	"  --poisson        the same as --arrival poisson\n"
	"  --seed N         of all that is random (1)\n"
	"  --pipeline N     under way on each connection (1)\n"
	"  --timeout SECONDS  until a question is given up (2)\n"
	"  --spin           poll, do not sleep\n"
	"  --json FILE      write the result there\n";

void
options_defaults(struct options *o, const char *name, uint16_t port)
{
	*o = (struct options){.name = name,
		.port = port,
		.threads = 1,
		.load = {.conns = 64,
			.depth = 1,
			.seed = 1,
			.warm_ns = 500000000,
			.run_ns = 3000000000,
			.timeout_ns = 2000000000}};
	log_name(name);
}

bool
options_number(
	const char *text_, unsigned long low, unsigned long high, unsigned *v)
{
	char *end;
	unsigned long n;

	if (!text_ || *text_ < '0' || *text_ > '9')
		return false;
	errno = 0;
	n = strtoul(text_, &end, 10);
	if (errno || *end || n < low || n > high)
		return false;
	*v = (unsigned)n;
	return true;
}

bool
options_real(const char *text_, double low, double high, double *v)
{
	char *end;
	double x;

	if (!text_ || !*text_)
		return false;
	x = strtod(text_, &end);
	if (*end || !isfinite(x) || x < low || x > high)
		return false;
	*v = x;
	return true;
}

static bool
seconds(const char *value, double low, uint64_t *ns)
{
	double s;

	if (!options_real(value, low, SECONDS_MAX, &s))
		return false;
	*ns = (uint64_t)(s * 1e9);
	return true;
}

static bool
arrival(const char *value, enum arrival_kind *kind)
{
	static const char *const name[] = {
		[ARRIVAL_EQUAL] = "equal",
		[ARRIVAL_POISSON] = "poisson",
		[ARRIVAL_ETC] = "etc",
	};

	for (unsigned i = 0; value && i < sizeof(name) / sizeof(*name); i++)
		if (!strcmp(value, name[i]))
			return *kind = (enum arrival_kind)i, true;
	return false;
}

/* Words that it took; 0: not one of these, or its value is no good. */
static int
common(struct options *o, const char *k, const char *v)
{
	struct load_conf *l = &o->load;
	unsigned n;

	if (!strcmp(k, "--poisson"))
		l->arrival = ARRIVAL_POISSON;
	else if (!strcmp(k, "--arrival"))
		return arrival(v, &l->arrival) * 2;
	else if (!strcmp(k, "--spin"))
		o->spin = true;
	else if (!strcmp(k, "--to") && v)
		return o->to = v, 2;
	else if (!strcmp(k, "--json") && v)
		return o->json = v, 2;
	else if (!strcmp(k, "--port") && options_number(v, 1, 65535, &n))
		return o->port = (uint16_t)n, 2;
	else if (!strcmp(k, "--seed") && options_number(v, 0, ~0u, &n))
		return l->seed = n, 2;
	else if (!strcmp(k, "-c"))
		return options_number(v, 1, LOAD_CONNS_MAX * OPTIONS_THREADS,
			       &l->conns) *
			2;
	else if (!strcmp(k, "-t"))
		return options_number(v, 1, OPTIONS_THREADS, &o->threads) * 2;
	else if (!strcmp(k, "--pipeline"))
		return options_number(v, 1, LOAD_DEPTH_MAX, &l->depth) * 2;
	else if (!strcmp(k, "--rate"))
		return options_real(v, 1e-3, RATE_MAX, &l->rate) * 2;
	else if (!strcmp(k, "-d"))
		return seconds(v, .01, &l->run_ns) * 2;
	else if (!strcmp(k, "--warm"))
		return seconds(v, 0, &l->warm_ns) * 2;
	else if (!strcmp(k, "--timeout"))
		return seconds(v, .01, &l->timeout_ns) * 2;
	else
		return 0;
	return 1;
}

static int
wrong(const struct options *o, const char *what, const char *word)
{
	fprintf(stderr, "%s: %s%s; --help lists what there is\n", o->name, what,
		word);
	return 2;
}

int
options_parse(struct options *o, int argc, char **argv)
{
	for (int i = 1; i < argc;) {
		const char *v = i + 1 < argc ? argv[i + 1] : NULL;
		int took;

		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			printf("%s: options, and what they are by default\n"
			       "%s%s",
				o->name, text, o->help());
			return -1;
		}
		took = common(o, argv[i], v);
		if (!took)
			took = o->own(o->arg, argv[i], v);
		if (!took)
			return wrong(o, "no good: ", argv[i]);
		i += took;
	}
	if (!o->to)
		return wrong(o, "--to whom?", "");
	if (o->load.conns < o->threads)
		return wrong(o, "each thread needs a connection", "");
	if (o->load.conns > LOAD_CONNS_MAX * o->threads)
		return wrong(o, "too many connections for a thread", "");
	if (o->load.one && o->load.depth > 1)
		return wrong(
			o, "--pipeline: a connection has one question", "");
	return 0;
}

int
options_out(const struct options *o, FILE **out)
{
	*out = o->json ? fopen(o->json, "we") : stdout;
	if (!*out)
		log_say("%s: %s", o->json, strerror(errno));
	return *out ? 0 : 2;
}

struct load_conf
options_share(const struct options *o, unsigned i)
{
	struct load_conf c = o->load;

	c.conns = o->load.conns / o->threads + (i < o->load.conns % o->threads);
	c.rate = o->load.rate / o->threads;
	c.seed = o->load.seed * OPTIONS_THREADS + i;
	return c;
}
