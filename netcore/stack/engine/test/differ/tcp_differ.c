/* tcp_differ - the engine and Linux are given the same segments and calls, step
 * by step, and must come to the same states and answers, but for what rules.c
 * explains. Needs a network namespace and a tap.
 *
 *	tcp_differ [--seeds A..B]	1..300 if not given
 *	tcp_differ -v SEED		one, both answers side by side
 *
 * What is not explained is made as short as it stays different, and printed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "netcore/stack/engine/test/differ/rules.h"

#define EXIT_SKIPPED 77
#define FAULTS_SHOWN 400

struct duel {
	struct side *engine, *kernel;
	uint32_t number; /* of connections made so far */
	uint64_t sequences, steps, faults;
	uint64_t shown_by[RULES_MOST]; /* sequences */
	const char *broken;
};

/* What became of one plan. */
struct outcome {
	unsigned fault; /* enum differ; 0: all explained */
	unsigned at;	/* the step of it */
	uint64_t rules; /* bits */
	bool broken;
};

/* --- one sequence ---------------------------------------------------------*/

static void
print_step(const struct duel *d, const struct step *s, unsigned what, int rule)
{
	printf("    ");
	plan_print(stdout, s);
	printf("\n\tengine  ");
	side_print(stdout, d->engine);
	printf("\n\tkernel  ");
	side_print(stdout, d->kernel);
	if (what) {
		printf("\n\tDIFFER ");
		for (unsigned i = 0; i < DIFFER_KINDS; i++)
			if (what >> i & 1)
				printf(" %s;", differ_name[i]);
		printf(" %s",
			rule < 0 ? "NOT EXPLAINED"
				 : rules_at((unsigned)rule)->name);
	}
	printf("\n");
}

/* False: the two have parted, and what follows cannot be compared. */
static bool
one_step(struct duel *d, const struct plan *p, const struct step *s,
	struct outcome *o, bool print)
{
	struct differ_case c = {.step = s,
		.plan = p,
		.engine = d->engine,
		.kernel = d->kernel,
		.engine_was = d->engine->seen,
		.kernel_was = d->kernel->seen};
	int rule = -1;

	side_step(d->engine, s);
	side_step(d->kernel, s);
	c.what = rules_compare(s->kind == STEP_SEG, &d->engine->seen,
		&c.engine_was, &d->kernel->seen, &c.kernel_was);
	rule = rules_find(&c);
	if (rule >= 0)
		o->rules |= 1ull << rule;
	else
		o->fault = c.what;
	if (print)
		print_step(d, s, c.what, rule);
	if (!c.what || (rule >= 0 && rules_at((unsigned)rule)->hidden))
		return rule < 0;
	return !o->fault &&
		!(c.what & ~(unsigned)(DIFFER_ANSWER | DIFFER_NUMBERS));
}

/* Steps that every plan ends with: an old segment, whose answer says what is
 * next, and all that is left to read. */
static const struct step last[] = {
	{.kind = STEP_READ, .len = 1 << 24},
	{.kind = STEP_SEG,
		.flags = WIRE_TCP_ACK,
		.seq = -1u,
		.window = 65535,
		.ts = 1 << 20},
	{.kind = STEP_READ, .len = 1 << 24},
};

static struct outcome
run(struct duel *d, const struct plan *p, bool print)
{
	struct outcome o = {0};
	unsigned n = sizeof(last) / sizeof(last[0]);

	d->number++;
	if (side_begin(d->engine, p, d->number) ||
		side_begin(d->kernel, p, d->number)) {
		o.broken = true;
		return o;
	}
	for (; o.at < p->steps + n; o.at++) {
		const struct step *s = o.at < p->steps ? &p->step[o.at]
						       : &last[o.at - p->steps];

		d->steps++;
		if (!one_step(d, p, s, &o, print))
			break;
	}
	if (d->engine->bad[0] || d->kernel->bad[0]) {
		o.broken = true;
		printf("seed %llu: %s%s\n", (unsigned long long)p->seed,
			d->engine->bad, d->kernel->bad);
	}
	side_end(d->engine);
	side_end(d->kernel);
	return o;
}

/* --- faults ---------------------------------------------------------------*/

/* Two looks are better than one: a machine that stood still for longer than
 * the kernel's shortest timer is no difference. */
static bool
lasts(struct duel *d, const struct plan *p, unsigned fault)
{
	for (unsigned i = 0; i < 3; i++)
		if (run(d, p, false).fault != fault)
			return false;
	return true;
}

static void
shrink(struct duel *d, struct plan *p, unsigned fault)
{
	bool shorter = true;

	while (shorter) {
		shorter = false;
		for (unsigned i = p->steps; i-- > 0;) {
			struct plan less = *p;

			plan_drop(&less, i);
			if (run(d, &less, false).fault != fault)
				continue;
			*p = less;
			shorter = true;
		}
	}
}

static void
show(struct duel *d, const struct plan *p)
{
	printf("seed %llu, %s, isn %u:\n", (unsigned long long)p->seed,
		p->active	       ? "the program connects"
			: p->no_listen ? "nobody listens"
				       : "the program listens",
		p->isn);
	run(d, p, true);
}

static void
sequence(struct duel *d, uint64_t seed)
{
	struct plan p;
	struct outcome o;

	plan_make(&p, seed);
	o = run(d, &p, false);
	d->sequences++;
	for (unsigned i = 0; rules_at(i); i++)
		d->shown_by[i] += o.rules >> i & 1;
	if (o.broken) {
		d->faults++;
		return;
	}
	if (!o.fault || !lasts(d, &p, o.fault) || d->faults++ >= FAULTS_SHOWN)
		return;
	shrink(d, &p, o.fault);
	show(d, &p);
}

/* --- all of it ------------------------------------------------------------*/

static void
report(const struct duel *d, uint64_t from, uint64_t to)
{
	printf("tcp_differ: seeds %llu..%llu: %llu steps, %llu sequences with "
	       "a difference that no rule explains\n",
		(unsigned long long)from, (unsigned long long)to,
		(unsigned long long)d->steps, (unsigned long long)d->faults);
	for (unsigned i = 0; rules_at(i); i++)
		printf("  %6llu  %-24s %s\n",
			(unsigned long long)d->shown_by[i], rules_at(i)->name,
			rules_at(i)->rfc);
}

static int
usage(void)
{
	fprintf(stderr, "usage: tcp_differ [--seeds A..B] | -v SEED\n");
	return 2;
}

int
main(int argc, char **argv)
{
	static struct duel d;
	uint64_t from = 1, to = 300;
	bool one = argc == 3 && !strcmp(argv[1], "-v");
	char *end;

	if (argc != 1 && !one && (argc != 3 || strcmp(argv[1], "--seeds")))
		return usage();
	if (argc == 3) {
		from = to = strtoull(argv[2], &end, 10);
		if (!one && !strncmp(end, "..", 2))
			to = strtoull(end + 2, &end, 10);
		if (*end || end == argv[2])
			return usage();
	}
	d.engine = side_engine();
	d.kernel = side_kernel();
	if (!d.kernel) {
		printf("tcp_differ: skipped: it needs root, or user "
		       "namespaces, and /dev/net/tun\n");
		return EXIT_SKIPPED;
	}
	if (one) {
		struct plan p;

		plan_make(&p, from);
		show(&d, &p);
		return 0;
	}
	for (uint64_t seed = from; seed <= to; seed++)
		sequence(&d, seed);
	report(&d, from, to);
	return d.faults ? 1 : 0;
}
