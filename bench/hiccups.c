/* hiccups - how much of two CPUs is somebody else's, and how late would a
 * server without a fault be for that? */
#include <stdlib.h>

#include "bench/duo.h"
#include "bench/gaps.h"
#include "bench/opt.h"
#include "bench/report.h"
#include "dlibos/base/clock.h"
#include "dlibos/base/log.h"

#define LEAST_NS 5000 /* a shorter gap is the loop's own */
#define LONG_NS	 500000
#define ASK_NS	 10000 /* that work comes in */

struct sides {
	struct gaps side[2];
	uint64_t late[GAPS_LATE];
	uint64_t span;
};

static void
look(struct gaps *g, uint64_t span)
{
	gaps_find(g, span, clock_cycles_from_ns(LEAST_NS));
}

static void
client(void *arg)
{
	struct sides *s = arg;

	look(&s->side[0], s->span);
}

static void
server(void *arg)
{
	struct sides *s = arg;

	look(&s->side[1], s->span);
}

static void
late(struct report *r, struct sides *s, const char *metric, unsigned percent,
	unsigned permille)
{
	uint64_t every = clock_cycles_from_ns(ASK_NS);

	report_add(r, metric, "us",
		(double)clock_ns_from_cycles(gaps_late(&s->side[0], &s->side[1],
			every, every * percent / 100, permille, s->late)) *
			1e-3);
}

int
main(int argc, char **argv)
{
	struct sides *s = malloc(sizeof(*s));
	struct report r;
	struct opt o;

	opt_parse(&o, argc, argv);
	if (!s)
		die(EXIT_FAIL, "out of memory");
	clock_hz();
	report_init(&r, "hiccups");
	s->span = clock_cycles_from_ns(o.quick ? 500000000 : 3000000000);
	for (unsigned i = 0; i < o.rounds; i++) {
		uint64_t most;

		duo_run(o.cpu, client, server, s);
		for (unsigned k = 0; k < 2; k++) {
			report_add(&r, "gone_percent", "%",
				100 * gaps_part(&s->side[k], 0));
			report_add(&r, "gone_long_percent", "%",
				100 *
					gaps_part(&s->side[k],
						clock_cycles_from_ns(LONG_NS)));
			most = gaps_longest(&s->side[k]);
			report_add(&r, "longest_us", "us",
				(double)clock_ns_from_cycles(most) * 1e-3);
		}
		late(&r, s, "ideal_p50_us_at_80", 80, 500);
		late(&r, s, "ideal_p99_us_at_80", 80, 990);
		late(&r, s, "ideal_p99_us_at_50", 50, 990);
	}
	report_note(&r, "gone_percent", "of each CPU, in gaps above 5 us");
	report_note(&r, "gone_long_percent", "in gaps above 500 us");
	report_note(&r, "ideal_p99_us_at_80",
		"a client on CPU %d, a server on CPU %d that is 80 %% busy: "
		"nobody can do better",
		o.cpu[0], o.cpu[1]);
	report_print(&r, o.json, stdout);
	report_fini(&r);
	free(s);
	return 0;
}
