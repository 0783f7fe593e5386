/* opt.c - the words of the command line. */
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/opt.h"
#include "dlibos/base/log.h"

#define USAGE "usage: [--json] [--quick] [--cpus A,B] [--rounds N]"

static long
number(const char *s, char **end, long max)
{
	long v;

	errno = 0;
	v = strtol(s, end, 10);
	if (*end == s || errno || v < 0 || v > max)
		die(EXIT_USAGE, "%s: not a number from 0 to %ld", s, max);
	return v;
}

static void
cpus_given(struct opt *o, const char *s)
{
	char *end;

	o->cpu[0] = (int)number(s, &end, CPU_SETSIZE - 1);
	if (*end != ',')
		die(EXIT_USAGE, "--cpus %s: two CPUs are needed, A,B", s);
	o->cpu[1] = (int)number(end + 1, &end, CPU_SETSIZE - 1);
	if (*end || o->cpu[0] == o->cpu[1])
		die(EXIT_USAGE, "--cpus: two different CPUs are needed, A,B");
}

static void
cpus_found(struct opt *o, const cpu_set_t *set)
{
	int n = 0;

	for (int i = 0; i < CPU_SETSIZE && n < 2; i++)
		if (CPU_ISSET(i, set))
			o->cpu[n++] = i;
	if (n < 2)
		die(EXIT_USAGE, "two CPUs are needed, and there is only one");
}

static void
choose_cpus(struct opt *o)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set))
		die(EXIT_FAIL, "cannot read the CPU affinity");
	if (o->cpu[0] < 0)
		cpus_found(o, &set);
	for (int i = 0; i < 2; i++)
		if (!CPU_ISSET(o->cpu[i], &set))
			die(EXIT_USAGE, "CPU %d: not ours to use", o->cpu[i]);
}

void
opt_parse(struct opt *o, int argc, char **argv)
{
	static const struct option longs[] = {
		{"json", no_argument, NULL, 'j'},
		{"quick", no_argument, NULL, 'q'},
		{"cpus", required_argument, NULL, 'c'},
		{"rounds", required_argument, NULL, 'r'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	char *end;
	int c;

	*o = (struct opt){.cpu = {-1, -1}};
	while ((c = getopt_long(argc, argv, "", longs, NULL)) >= 0) {
		switch (c) {
		case 'j':
			o->json = true;
			break;
		case 'q':
			o->quick = true;
			break;
		case 'c':
			cpus_given(o, optarg);
			break;
		case 'r':
			o->rounds =
				(unsigned)number(optarg, &end, OPT_ROUNDS_MAX);
			if (*end || !o->rounds)
				die(EXIT_USAGE,
					"--rounds %s: not a number "
					"from 1",
					optarg);
			break;
		case 'h':
			puts(USAGE);
			exit(EXIT_OK);
		default:
			die(EXIT_USAGE, USAGE);
		}
	}
	if (optind < argc)
		die(EXIT_USAGE, "%s: unexpected; " USAGE, argv[optind]);
	if (!o->rounds)
		o->rounds = o->quick ? OPT_ROUNDS_QUICK : OPT_ROUNDS;
	choose_cpus(o);
}
