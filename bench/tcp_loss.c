/* tcp_loss - does a bulk transfer under random loss reach what the response
 * function of CUBIC (RFC 9438, 5) promises?
 *
 * Two engines under virtual time, one connection, each data frame lost with
 * probability p, acknowledgements never. The link has no bandwidth limit, and
 * the receive window is 2 MiB, 7 times the largest window expected: nothing
 * but loss is the limit. The start, of 30 losses, is not counted. */
#include <stdio.h>

#include "bench/opt.h"
#include "bench/report.h"
#include "bench/tcp_response.h"
#include "netcore/stack/engine/test/bulk.h"

#define WINDOW (2u << 20)
#define WARM   30 /* losses */

static const uint32_t losses_ppm[] = {100, 300, 1000, 3000, 10000, 30000};
static const unsigned rtts_ms[] = {1, 10, 30, 100};

/* How long n losses take at the rate expected. */
static uint64_t
time_of(double losses, double p, double rtt_s)
{
	return (uint64_t)(losses / p / tcp_response(p, rtt_s) * rtt_s * 1e9);
}

struct cell {
	double ratio;
	struct bulk_result r;
};

static struct cell
run(uint32_t ppm, unsigned rtt_ms, unsigned losses, uint64_t seed)
{
	double p = ppm / 1e6, rtt = rtt_ms / 1e3;
	struct bulk_job job = {
		.seed = seed,
		.there = {.delay_ns = rtt_ms * 500000ull, .loss = ppm},
		.back = {.delay_ns = rtt_ms * 500000ull},
		.window = WINDOW,
		.warm_ns = time_of(WARM, p, rtt) + rtt_ms * 50000000ull,
		.run_ns = time_of(losses, p, rtt),
	};
	struct cell c = {.r = bulk_run(&job)};

	c.ratio = (double)c.r.bytes / BULK_MSS /
		((double)job.run_ns / 1e9 / rtt) / tcp_response(p, rtt);
	return c;
}

static void
add(struct bulk_result *sum, const struct bulk_result *r)
{
	sum->lost += r->lost;
	sum->sender.retransmits += r->sender.retransmits;
	sum->sender.timeouts += r->sender.timeouts;
	sum->sender.tail_probes += r->sender.tail_probes;
	sum->sender.recoveries += r->sender.recoveries;
}

/* Seeds are samples; the mean of a cell is what counts. */
static double
cell(struct report *r, const struct opt *o, uint32_t ppm, unsigned rtt_ms)
{
	unsigned losses = o->quick ? 60 : 150, seeds = o->rounds;
	char name[REPORT_NAME];
	struct bulk_result sum = {0};
	double total = 0;

	snprintf(name, sizeof(name), "goodput_vs_rfc9438_p%g_rtt%u", ppm / 1e4,
		rtt_ms);
	for (unsigned i = 0; i < seeds; i++) {
		struct cell c = run(ppm, rtt_ms, losses, i + 1);

		total += c.ratio;
		add(&sum, &c.r);
	}
	report_add(r, name, "ratio", total / seeds);
	report_note(r, name,
		"%g %%, %u ms: %.1f segments expected; of %llu lost: sent "
		"again %llu, recoveries %llu, probes %llu, timeouts %llu",
		ppm / 1e4, rtt_ms, tcp_response(ppm / 1e6, rtt_ms / 1e3),
		(unsigned long long)sum.lost,
		(unsigned long long)sum.sender.retransmits,
		(unsigned long long)sum.sender.recoveries,
		(unsigned long long)sum.sender.tail_probes,
		(unsigned long long)sum.sender.timeouts);
	return total / seeds;
}

int
main(int argc, char **argv)
{
	double min = 1e9;
	struct report r;
	struct opt o;

	opt_parse(&o, argc, argv);
	report_init(&r, "tcp_loss");
	for (unsigned i = 0; i < sizeof(losses_ppm) / sizeof(uint32_t); i++)
		for (unsigned k = 0; k < sizeof(rtts_ms) / sizeof(unsigned);
			k++) {
			double v = cell(&r, &o, losses_ppm[i], rtts_ms[k]);

			min = v < min ? v : min;
		}
	report_add(&r, "min", "ratio", min);
	report_note(&r, "min", "bar 0.9");
	report_print(&r, o.json, stdout);
	report_fini(&r);
	return 0;
}
