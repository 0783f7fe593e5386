/* cacheline - how far apart are two CPUs? */
#include "bench/opt.h"
#include "bench/raw.h"
#include "bench/report.h"

int
main(int argc, char **argv)
{
	struct report r;
	struct opt o;

	opt_parse(&o, argc, argv);
	report_init(&r, "cacheline");
	for (unsigned i = 0; i < o.rounds; i++) {
		unsigned trips = o.quick ? 500 : 5000;

		report_add(
			&r, "round_trip_ns", "ns", raw_trip_ns(o.cpu, trips));
		report_add(&r, "tight_round_trip_ns", "ns",
			raw_tight_trip_ns(o.cpu, trips));
	}
	report_note(&r, "round_trip_ns",
		"each writes a line of its own, CPUs %d and %d", o.cpu[0],
		o.cpu[1]);
	report_note(&r, "tight_round_trip_ns",
		"one line, written in turn, polled without a pause");
	report_print(&r, o.json, stdout);
	report_fini(&r);
	return 0;
}
