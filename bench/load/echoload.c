/* echoload.c - messages to an echo server and back, over sockets of the kernel;
 * and the same as a program of a DLibOS instance, echoload_dlibos. One small
 * message at a time is the NetPIPE pattern; large ones, some at a time, fill
 * both directions.
 *
 * A line of JSON for each size is the result (tally.h), `oneway_us` is half the
 * median. Exit status: 0; 1: something failed, or came back otherwise; 2: wrong
 * options.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load/crew.h"
#include "bench/load/echo_ask.h"
#include "dlibos/base/log.h"

struct echoload {
	struct options opt;
	unsigned size, upto; /* 0: only one size */
	bool wrong;
};

static const char *
help(void)
{
	return "  --size BYTES     of each message, 1048576 at most (64)\n"
	       "  --upto BYTES     then twice as many, and so on\n";
}

static int
own(void *arg, const char *k, const char *v)
{
	struct echoload *e = arg;

	if (!strcmp(k, "--size"))
		return options_number(v, 1, ECHO_MAX, &e->size) * 2;
	if (!strcmp(k, "--upto"))
		return options_number(v, 1, ECHO_MAX, &e->upto) * 2;
	return 0;
}

static void *
make(void *arg, unsigned i, unsigned n, const struct wire *wire, void *wire_arg)
{
	struct echoload *e = arg;
	struct echo_asker *a = malloc(sizeof(*a));

	(void)i;
	(void)n;
	if (a && !echo_asker_init(a, e->size, wire, wire_arg))
		return a;
	log_say("out of memory for messages of %u bytes", e->size);
	free(a);
	return NULL;
}

static void
collect(void *arg, void *made)
{
	struct echoload *e = arg;
	const struct echo_asker *a = made;

	if (a->wrong && !e->wrong)
		log_say("wrong echo of %u bytes: at byte %u expected 0x%02x, "
			"got 0x%02x",
			a->size, a->at, a->expected, a->got);
	e->wrong |= a->wrong;
}

/* One size. 0; 1: go no further, or the status to exit with. */
static int
run(struct echoload *e, FILE *out, bool *stopped)
{
	static struct tally sum;
	struct crew crew = {.opt = &e->opt,
		.proto = &echo_proto,
		.make = make,
		.unmake = free,
		.collect = collect,
		.arg = e};
	char first[64];
	int rc = crew_run(&crew, &sum);

	*stopped = crew.stopped;
	if (rc)
		return rc;
	snprintf(first, sizeof(first), "\"size\": %u, \"oneway_us\": %.2f, ",
		e->size, (double)hist_at(&sum.hist, .5) / 2e3);
	if (!e->wrong)
		return tally_report(&sum, first, e->opt.load.rate, out);
	tally_print(&sum, first, e->opt.load.rate, out);
	return 1;
}

static int
sizes(struct echoload *e, FILE *out)
{
	bool stopped = false;
	int rc = run(e, out, &stopped);

	while (!rc && !stopped && e->size * 2 <= e->upto) {
		e->size *= 2;
		rc = run(e, out, &stopped);
	}
	return rc;
}

int
main(int argc, char **argv)
{
	static struct echoload e;
	FILE *out;
	int rc;

	e.size = 64;
	options_defaults(&e.opt, "echoload", 7);
	e.opt.load.conns = 1;
	e.opt.own = own;
	e.opt.help = help;
	e.opt.arg = &e;
	rc = options_parse(&e.opt, argc, argv);
	if (!rc && e.upto && !crew_again) {
		log_say("here one run is all: --upto is for the kernel's "
			"sockets");
		rc = 2;
	}
	if (!rc)
		rc = options_out(&e.opt, &out);
	if (!rc)
		rc = sizes(&e, out);
	return rc < 0 ? 0 : rc;
}
