/* figures BENCH [--json] - reads samples from stdin, a line each of metric,
 * unit, value and, perhaps, note, tabs between them; prints the report. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report.h"
#include "dlibos/base/log.h"

static const char *
field(char **rest, const char *line)
{
	const char *s = strsep(rest, "\t");

	if (!s || !*s)
		die(EXIT_FAIL, "not METRIC, UNIT, VALUE: %s", line);
	return s;
}

static void
sample(struct report *r, char *line)
{
	char *rest = line, *end;
	const char *metric = field(&rest, line), *unit = field(&rest, line);
	const char *value = field(&rest, line);
	double v = strtod(value, &end);

	if (strlen(metric) >= REPORT_NAME || *end || !isfinite(v))
		die(EXIT_FAIL, "%s: not a sample: %s", metric, value);
	report_add(r, metric, unit, v);
	if (rest)
		report_note(r, metric, "%s", rest);
}

int
main(int argc, char **argv)
{
	bool json = argc == 3 && !strcmp(argv[2], "--json");
	static struct report r;
	char line[512];

	if (argc != 2 && !json)
		die(EXIT_USAGE, "usage: figures BENCH [--json]");
	report_init(&r, argv[1]);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		sample(&r, line);
	}
	if (!r.metrics)
		die(EXIT_FAIL, "no sample at all");
	report_print(&r, json, stdout);
	report_fini(&r);
	return EXIT_OK;
}
