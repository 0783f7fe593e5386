/* tcp_engine - what does the TCP engine pay for a segment, an acknowledgement,
 * a request, a connection? One side's time only, no wire and no device.
 *
 * The cycle counter is read before and after a burst of the server's work, of
 * up to 32 frames; the client's work lies between. All checksums are summed up,
 * but for what is called offload. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/opt.h"
#include "bench/report.h"
#include "bench/tcp_stream.h"
#include "bench/tcp_work.h"
#include "dlibos/base/clock.h"
#include "dlibos/base/cpu.h"
#include "dlibos/base/log.h"

/* Of the crowd of 1000 are the instructions that have no number in their name.
 */
static const struct {
	unsigned conns;
	const char *cycles, *instructions;
} sizes[] = {
	{1, "cycles_1", "instructions_1"},
	{1000, "cycles_1k", "instructions"},
	{100000, "cycles_100k", "instructions_100k"},
};

#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

/* What is a cell of the table, and what is not. */
struct results {
	struct report grid, rest;
};

/* --- cycles ---------------------------------------------------------------*/

static double
cell(const struct report *r, const char *work, const char *column)
{
	char name[REPORT_NAME];

	snprintf(name, sizeof(name), "%s_%s", work, column);
	return report_value(r, name);
}

static double
work_of_all(struct report *r, struct tcp_crowd crowd[SIZES],
	const struct tcp_work *w, unsigned n)
{
	char name[REPORT_NAME];
	double cycles[SIZES];

	for (unsigned i = 0; i < SIZES; i++) {
		cycles[i] = tcp_work_cycles(&crowd[i], w, n);
		snprintf(name, sizeof(name), "%s_%s", w->name, sizes[i].cycles);
		report_add(r, name, "cycles", cycles[i]);
		report_note(r, name, "%s", w->what);
	}
	return cycles[2] / cycles[1];
}

static double
conns_alone(const struct tcp_work *w, unsigned n)
{
	struct tcp_crowd nobody;
	double cycles;

	tcp_crowd_init(&nobody, 0, 0);
	cycles = tcp_work_cycles(&nobody, w, n);
	tcp_crowd_fini(&nobody);
	return cycles;
}

static void
round_of(struct results *r, struct tcp_crowd crowd[SIZES], bool quick)
{
	unsigned n = quick ? 20000 : 200000;
	struct tcp_stream m;

	for (const struct tcp_work *w = tcp_works; w->name; w++) {
		double ratio =
			work_of_all(&r->grid, crowd, w, w->own ? n / 10 : n);

		if (!strcmp(w->name, "rr64"))
			report_add(&r->rest, "rr64_100k_vs_1k", "ratio", ratio);
		if (!strcmp(w->name, "conn"))
			report_add(&r->rest, "conn_cycles", "cycles",
				conns_alone(w, n / 10));
	}
	m = tcp_stream(2 * n);
	report_add(&r->rest, "ack_cycles", "cycles", m.ack);
	report_add(&r->rest, "bulk_gbps", "Gbit/s", m.gbps);
	report_add(&r->rest, "bulk_wall_gbps", "Gbit/s", m.wall_gbps);
}

/* --- instructions ---------------------------------------------------------*/

/* For callgrind; says how many it were. */
static int
work(int argc, char **argv)
{
	const struct tcp_work *w = NULL;
	unsigned conns = 0, how = 0;
	struct tcp_crowd c;

	if (argc == 6 && !strcmp(argv[5], "offload"))
		how = TCP_PAIR_OFFLOAD;
	else if (argc == 6 && !strcmp(argv[5], "six"))
		how = TCP_PAIR_SIX;
	if (argc == 5 || how) {
		w = tcp_work_named(argv[3]);
		conns = (unsigned)strtoul(argv[4], NULL, 10);
	}
	if (!w || !conns || conns > 100000)
		die(EXIT_USAGE,
			"--instructions N rx|ack|rr64|rr1k|conn|visit CONNS "
			"[offload|six], 1 to 100000 connections");
	tcp_crowd_init(&c, conns, how);
	printf("%lu\n",
		(unsigned long)tcp_work_some(
			&c, w, (unsigned)strtoul(argv[2], NULL, 10)));
	tcp_crowd_fini(&c);
	return 0;
}

static void
instructions(struct results *r, bool quick)
{
	char line[128], name[REPORT_NAME], self[512], command[1200];
	ssize_t k = readlink("/proc/self/exe", self, sizeof(self) - 1);
	FILE *f;
	double v;

	if (k < 0)
		return;
	self[k] = 0;
	snprintf(command, sizeof(command), "'%s' '%s' %s", TCP_INSTRUCTIONS,
		self, quick ? "320 1 1000" : "6400 1 1000 100000");
	f = popen(command, "r");
	if (!f)
		die(EXIT_FAIL, "cannot run %s", TCP_INSTRUCTIONS);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%39s %lf", name, &v) == 2)
			report_add(
				strstr(name, "offload") || strstr(name, "six")
					? &r->rest
					: &r->grid,
				name, "instr", v);
	if (pclose(f))
		log_say("no count of instructions: see above");
}

/* --- the report -----------------------------------------------------------*/

static double
bytes_per_conn(void)
{
	struct stack_config c = {.conns = 1 << 17, .segs = 1, .send_refs = 1};
	size_t few = stack_bytes(&c);

	c.conns *= 2;
	return (double)(stack_bytes(&c) - few) / (1 << 17);
}

static void
notes(struct results *r)
{
	report_note(&r->rest, "rr64_100k_vs_1k", "of a round; bar 1.5");
	report_note(&r->rest, "conn_cycles", "32 at a time, and no others");
	report_note(&r->rest, "ack_cycles", "where one connection streams");
	report_note(&r->rest, "bulk_gbps", "the sender's time alone; bar 40");
	report_note(&r->rest, "bulk_wall_gbps", "with the receiver's in it");
	report_note(&r->rest, "bytes_per_conn", "bar 512");
	report_note(&r->rest, "rr64_instructions_offload",
		"1000 connections; the device sums up and verifies");
	report_note(&r->rest, "rr64_instructions_six",
		"1000 connections over IPv6");
	report_note(&r->grid, "rr64_instructions", "bar 700");
	report_note(&r->grid, "conn_instructions", "bar 4000");
}

static void
print_cell(double v)
{
	if (isnan(v))
		printf(" %8s", "-");
	else
		printf(" %8.0f", v);
}

static void
print_table(const struct report *r)
{
	printf("%-8s%27s%27s\n%-8s", "tcp_engine", "cycles", "instructions",
		"conns");
	for (unsigned i = 0; i < 2 * SIZES; i++)
		printf(" %8u", sizes[i % SIZES].conns);
	putchar('\n');
	for (const struct tcp_work *w = tcp_works; w->name; w++) {
		printf("%-8s", w->name);
		for (unsigned i = 0; i < SIZES; i++)
			print_cell(cell(r, w->name, sizes[i].cycles));
		for (unsigned i = 0; i < SIZES; i++)
			print_cell(cell(r, w->name, sizes[i].instructions));
		printf("  %s\n", w->what);
	}
	putchar('\n');
}

int
main(int argc, char **argv)
{
	static struct tcp_crowd crowd[SIZES];
	struct results r;
	struct opt o;

	if (argc > 1 && !strcmp(argv[1], "--instructions"))
		return work(argc, argv);
	opt_parse(&o, argc, argv);
	cpu_pin(o.cpu[0]);
	clock_hz();
	report_init(&r.grid, "tcp_engine");
	report_init(&r.rest, "tcp_engine");
	for (unsigned i = 0; i < SIZES; i++)
		tcp_crowd_init(&crowd[i], sizes[i].conns, 0);
	for (unsigned i = 0; i < o.rounds; i++)
		round_of(&r, crowd, o.quick);
	for (unsigned i = 0; i < SIZES; i++)
		tcp_crowd_fini(&crowd[i]);
	report_add(&r.rest, "bytes_per_conn", "bytes", bytes_per_conn());
	instructions(&r, o.quick);
	notes(&r);
	if (o.json)
		report_print(&r.grid, true, stdout);
	else
		print_table(&r.grid);
	report_print(&r.rest, o.json, stdout);
	report_fini(&r.grid);
	report_fini(&r.rest);
	return 0;
}
