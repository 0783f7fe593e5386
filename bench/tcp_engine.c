/* tcp_engine - what does the TCP engine pay for a request, a connection, an
 * acknowledgement, a byte? One side's time only, no wire and no device.
 *
 * The cycle counter is read before and after a burst of the server's work, of
 * 32 frames; the client's work lies between. All checksums are summed up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/opt.h"
#include "bench/raw.h"
#include "bench/report.h"
#include "bench/tcp_pair.h"
#include "dlibos/base/clock.h"
#include "dlibos/base/cpu.h"
#include "dlibos/base/log.h"

#define BURST 32

/* --- the order of visits --------------------------------------------------*/

static uint32_t *
shuffled(unsigned n)
{
	uint32_t *order = malloc(n * sizeof(*order));
	uint64_t x = 88172645463325252;

	if (!order)
		die(EXIT_FAIL, "no memory");
	for (unsigned i = 0; i < n; i++) {
		unsigned k;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		k = (unsigned)(x % (i + 1));
		order[i] = order[k];
		order[k] = i;
	}
	return order;
}

/* --- the work; each returns cycles of the server for one of n -------------*/

struct visits {
	struct tcp_pair pair;
	uint32_t *order;
	unsigned at;
};

static void
visits_init(struct visits *v, unsigned conns)
{
	tcp_pair_init(&v->pair, conns);
	tcp_pair_open(&v->pair);
	v->order = shuffled(conns);
	v->at = 0;
}

static void
visits_fini(struct visits *v)
{
	tcp_pair_fini(&v->pair);
	free(v->order);
}

static uint64_t
burst_of_requests(struct visits *v)
{
	struct tcp_pair *p = &v->pair;
	uint64_t t;

	for (unsigned i = 0; i < BURST; i++) {
		tcp_pair_request(p, v->order[v->at]);
		if (++v->at == p->conns)
			v->at = 0;
	}
	tcp_pair_client(p);
	t = clock_cycles();
	tcp_pair_serve(p);
	return clock_cycles() - t;
}

/* The median of RAW_SLICES slices: others want the CPU, too. */
static double
requests(struct visits *v, unsigned n)
{
	double slice[RAW_SLICES];
	unsigned bursts = n / BURST / RAW_SLICES + 1;
	uint64_t before = v->pair.answers;

	for (unsigned s = 0; s < RAW_SLICES; s++) {
		uint64_t cycles = 0;

		for (unsigned i = 0; i < bursts; i++)
			cycles += burst_of_requests(v);
		slice[s] = (double)cycles / bursts / BURST;
	}
	tcp_pair_settle(&v->pair);
	if (v->pair.answers - before != (uint64_t)bursts * RAW_SLICES * BURST)
		die(EXIT_FAIL, "requests were not answered once each");
	return report_median(slice, RAW_SLICES);
}

static uint64_t
burst_of_conns(struct tcp_pair *p)
{
	uint64_t cycles = 0, t;

	tcp_pair_visit(p, BURST);
	while (tcp_pair_client(p) || p->server.tx_n) {
		t = clock_cycles();
		tcp_pair_serve(p);
		cycles += clock_cycles() - t;
	}
	return cycles;
}

static double
conns(unsigned n)
{
	unsigned bursts = n / BURST / RAW_SLICES + 1;
	double slice[RAW_SLICES];
	struct tcp_pair p;

	tcp_pair_init(&p, 0);
	for (unsigned s = 0; s < RAW_SLICES; s++) {
		uint64_t cycles = 0;

		for (unsigned i = 0; i < bursts; i++)
			cycles += burst_of_conns(&p);
		slice[s] = (double)cycles / bursts / BURST;
	}
	if (p.closed != (uint64_t)bursts * RAW_SLICES * BURST)
		die(EXIT_FAIL, "connections did not come to their end");
	tcp_pair_fini(&p);
	return report_median(slice, RAW_SLICES);
}

struct stream {
	double ack;	  /* cycles of one */
	double gbps;	  /* payload, in the sender's time */
	double wall_gbps; /* in everybody's */
	uint64_t acks;
};

static void
slice_of_stream(struct tcp_pair *p, unsigned bursts, struct stream *m)
{
	uint64_t take = 0, give = 0, t, begin = clock_cycles();
	uint64_t from = p->acked, acks = 0, hz = clock_hz();
	double bits;

	for (unsigned i = 0; i < bursts; i++) {
		acks += p->server.rx_n;
		t = clock_cycles();
		tcp_pair_take(p);
		take += clock_cycles() - t;
		t = clock_cycles();
		tcp_pair_give(p);
		give += clock_cycles() - t;
		tcp_pair_sink(p);
	}
	bits = (double)(p->acked - from) * 8 * (double)hz / 1e9;
	m->ack = (double)take / (double)acks;
	m->gbps = bits / (double)(take + give);
	m->wall_gbps = bits / (double)(clock_cycles() - begin);
	m->acks += acks;
}

static void
stream_init(struct tcp_pair *p)
{
	struct stream warm;

	tcp_pair_init(p, 1);
	tcp_pair_open(p);
	p->streams = true;
	for (unsigned i = 0; i < 4; i++)
		stack_send(p->server.s, p->stream, p->bulk + i * 32768, 32768);
	slice_of_stream(p, 64, &warm);
}

static struct stream
stream(unsigned segments)
{
	double ack[RAW_SLICES], gbps[RAW_SLICES], wall[RAW_SLICES];
	struct stream m = {0};
	struct tcp_pair p;

	stream_init(&p);
	for (unsigned s = 0; s < RAW_SLICES; s++) {
		slice_of_stream(&p, segments / BURST / RAW_SLICES + 1, &m);
		ack[s] = m.ack;
		gbps[s] = m.gbps;
		wall[s] = m.wall_gbps;
	}
	if (stack_counters(p.server.s)->retransmits)
		die(EXIT_FAIL, "something was lost");
	tcp_pair_fini(&p);
	m.ack = report_median(ack, RAW_SLICES);
	m.gbps = report_median(gbps, RAW_SLICES);
	m.wall_gbps = report_median(wall, RAW_SLICES);
	return m;
}

static double
bytes_per_conn(void)
{
	struct stack_config c = {.conns = 1 << 17, .segs = 1, .send_refs = 1};
	size_t few = stack_bytes(&c);

	c.conns *= 2;
	return (double)(stack_bytes(&c) - few) / (1 << 17);
}

/* --- instructions ---------------------------------------------------------*/

/* At least n of them, for callgrind; says how many it were. */
static int
work(unsigned n, const char *what)
{
	struct visits v;
	uint64_t done = 0;

	if (!strncmp(what, "rr64", 4)) {
		visits_init(&v, what[4] ? 100000 : 1000);
		for (; done < n; done += BURST)
			burst_of_requests(&v);
		visits_fini(&v);
	} else if (!strcmp(what, "conn")) {
		tcp_pair_init(&v.pair, 0);
		for (; done < n; done += BURST)
			burst_of_conns(&v.pair);
		tcp_pair_fini(&v.pair);
	} else if (!strcmp(what, "ack")) {
		stream_init(&v.pair);
		done = stack_counters(v.pair.server.s)->rx_frames;
		for (unsigned i = 0; i < n / (BURST / 2) + 1; i++) {
			tcp_pair_take(&v.pair);
			tcp_pair_give(&v.pair);
			tcp_pair_sink(&v.pair);
		}
		/* Of the connection's making two came by another way. */
		done = stack_counters(v.pair.server.s)->rx_frames - 3;
		tcp_pair_fini(&v.pair);
	} else {
		die(EXIT_USAGE, "--instructions N rr64|conn|ack");
	}
	printf("%lu\n", (unsigned long)done);
	return 0;
}

static void
instructions(struct report *r, bool quick)
{
	char line[128], name[REPORT_NAME], self[512], command[1200];
	ssize_t k = readlink("/proc/self/exe", self, sizeof(self) - 1);
	FILE *f;
	double v;

	if (k < 0)
		return;
	self[k] = 0;
	snprintf(command, sizeof(command), "'%s' '%s' %u", TCP_INSTRUCTIONS,
		self, quick ? 320 : 6400);
	f = popen(command, "r");
	if (!f)
		die(EXIT_FAIL, "cannot run %s", TCP_INSTRUCTIONS);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%39s %lf", name, &v) == 2)
			report_add(r, name, "instr", v);
	if (pclose(f))
		log_say("no count of instructions: see above");
}

/* --- the report -----------------------------------------------------------*/

static void
round_of(struct report *r, struct visits few_many[2], bool quick)
{
	unsigned n = quick ? 40000 : 400000;
	double few = requests(&few_many[0], n), many;
	struct stream m;

	many = requests(&few_many[1], n);
	report_add(r, "rr64_cycles_1k", "cycles", few);
	report_add(r, "rr64_cycles_100k", "cycles", many);
	report_add(r, "rr64_100k_vs_1k", "ratio", many / few);
	report_add(r, "conn_cycles", "cycles", conns(n / 10));
	m = stream(n);
	report_add(r, "ack_cycles", "cycles", m.ack);
	report_add(r, "bulk_gbps", "Gbit/s", m.gbps);
	report_add(r, "bulk_wall_gbps", "Gbit/s", m.wall_gbps);
}

static void
notes(struct report *r)
{
	report_note(r, "rr64_cycles_1k",
		"the server's side of 64 bytes and 64 back, %u a burst", BURST);
	report_note(r, "rr64_100k_vs_1k", "bar 1.5");
	report_note(r, "conn_cycles", "accept, request, answer, close");
	report_note(r, "ack_cycles", "of two segments of 1460 bytes");
	report_note(r, "bulk_gbps", "the sender's time alone; bar 40");
	report_note(r, "bulk_wall_gbps", "with the receiver's in it");
	report_note(r, "bytes_per_conn", "bar 512");
	report_note(r, "rr64_instructions", "bar 700");
	report_note(r, "conn_instructions", "bar 4000");
}

int
main(int argc, char **argv)
{
	static struct visits v[2];
	struct report r;
	struct opt o;

	if (argc == 4 && !strcmp(argv[1], "--instructions"))
		return work((unsigned)strtoul(argv[2], NULL, 10), argv[3]);
	opt_parse(&o, argc, argv);
	cpu_pin(o.cpu[0]);
	clock_hz();
	report_init(&r, "tcp_engine");
	visits_init(&v[0], 1000);
	visits_init(&v[1], 100000);
	for (unsigned i = 0; i < o.rounds; i++)
		round_of(&r, v, o.quick);
	visits_fini(&v[0]);
	visits_fini(&v[1]);
	report_add(&r, "bytes_per_conn", "bytes", bytes_per_conn());
	instructions(&r, o.quick);
	notes(&r);
	report_print(&r, o.json, stdout);
	report_fini(&r);
	return 0;
}
