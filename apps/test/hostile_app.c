/* hostile_app.c - an application core that does as it likes.
 *
 *	hostile_app [--seed N] [--count N] [--bad N] FILE PROGRAM [ARGUMENT]...
 *
 * In the first application domain PROGRAM runs instead. In all others commands
 * are made up, as fast as the edge takes them: most of them such as a program
 * might send, for connections that it has, with any offset, length, count and
 * time; one in so many (--bad) is random. A channel that was closed for that
 * ends this process with status 3, and the next life goes on: each adds the
 * commands that it sent to FILE, in a line. When there are --count of them, all
 * connections are closed, "done" is the last line, and it is quiet.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/test/first.h"
#include "apps/test/hostile.h"
#include "dlibos/base/log.h"

static struct hostile hostile;
static const char *file;
static uint64_t goal;

/* --- lives ----------------------------------------------------------------*/

/* What the lives before sent, and how many there were. */
static uint64_t
sent_before(unsigned *lives)
{
	FILE *f = fopen(file, "r");
	uint64_t sum = 0;
	char line[64];

	*lives = 0;
	if (!f)
		die(EXIT_FAIL, "%s: %s", file, strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		sum += strtoull(line, NULL, 10);
		++*lives;
	}
	fclose(f);
	return sum;
}

static void
note(const char *what, uint64_t n)
{
	FILE *f = fopen(file, "a");

	if (!f)
		die(EXIT_FAIL, "%s: %s", file, strerror(errno));
	fprintf(f, "%llu %s\n", (unsigned long long)n, what);
	fclose(f);
}

static void
edge_down(struct domain_core *c, struct domain_edge *e)
{
	(void)c;
	(void)e;
	note("commands", hostile.made);
	_exit(3);
}

static void
heard(void *arg, struct edge *e, const struct msg *m, unsigned n)
{
	(void)arg;
	(void)e;
	(void)n;
	hostile_event(&hostile, m);
}

static int
core_main(struct domain_core *c)
{
	struct domain *d = c->domain;
	struct edge *e = &d->edge[0]->edge;
	bool noted = false;

	hostile.app_bytes = d->part[PART_APP].bytes;
	while (!domain_stopping(d)) {
		unsigned work = hub_serve(&c->hub);

		if (hostile.made < goal)
			work += hostile_commands(&hostile, e);
		else if (!noted && hostile_closes(&hostile, e)) {
			note("commands", hostile.made);
			note("done", 0);
			noted = true;
		}
		hub_flush(&c->hub);
		hub_idle(&c->hub, work, noted ? UINT64_MAX : 0);
	}
	return EXIT_OK;
}

/* --- start ----------------------------------------------------------------*/

static uint64_t
number(const char *name, const char *s)
{
	char *end;
	uint64_t n = s ? strtoull(s, &end, 10) : 0;

	if (!s || *end || !n)
		die(EXIT_USAGE, "%s takes a number from 1", name);
	return n;
}

int
main(int argc, char **argv)
{
	static const struct domain_ops ops = {
		.role = ROLE_APP,
		.handler = heard,
		.edge_down = edge_down,
		.core_main = core_main,
	};
	static struct domain domain;
	uint64_t seed = 1, before;
	unsigned lives;
	int i = 1;

	goal = 10000000;
	hostile.bad_one_in = 20000;
	for (; i < argc && argv[i][0] == '-'; i += 2) {
		if (!strcmp(argv[i], "--seed"))
			seed = number(argv[i], argv[i + 1]);
		else if (!strcmp(argv[i], "--count"))
			goal = number(argv[i], argv[i + 1]);
		else if (!strcmp(argv[i], "--bad"))
			hostile.bad_one_in = number(argv[i], argv[i + 1]);
		else
			die(EXIT_USAGE, "%s is no option", argv[i]);
	}
	if (i + 2 > argc)
		die(EXIT_USAGE, "hostile_app FILE PROGRAM ...");
	file = argv[i];
	if (first_is()) {
		execv(argv[i + 1], argv + i + 1);
		die(EXIT_FAIL, "%s: %s", argv[i + 1], strerror(errno));
	}
	before = sent_before(&lives);
	goal = goal > before ? goal - before : 0;
	hostile.random = seed * 0x9e3779b97f4a7c15 + lives + 1;
	domain_join(&domain, &ops);
	return domain_run(&domain);
}
