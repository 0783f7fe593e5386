/* report.c - medians and spreads, as a table or as JSON. */
#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report.h"
#include "dlibos/base/log.h"

void
report_init(struct report *r, const char *bench)
{
	memset(r, 0, sizeof(*r));
	r->bench = bench;
}

void
report_fini(struct report *r)
{
	for (unsigned i = 0; i < r->metrics; i++)
		free(r->metric[i].sample);
	r->metrics = 0;
}

static struct report_metric *
find(struct report *r, const char *name)
{
	struct report_metric *m;

	for (unsigned i = 0; i < r->metrics; i++)
		if (!strcmp(r->metric[i].name, name))
			return &r->metric[i];
	assert(r->metrics < REPORT_METRICS && strlen(name) < REPORT_NAME);
	m = &r->metric[r->metrics++];
	snprintf(m->name, sizeof(m->name), "%s", name);
	return m;
}

void
report_add(struct report *r, const char *metric, const char *unit, double v)
{
	struct report_metric *m = find(r, metric);

	assert(isfinite(v));
	if (m->n == m->cap) {
		m->cap = m->cap ? 2 * m->cap : 8;
		m->sample = realloc(m->sample, m->cap * sizeof(double));
		if (!m->sample)
			die(EXIT_FAIL, "out of memory");
	}
	snprintf(m->unit, sizeof(m->unit), "%s", unit);
	m->sample[m->n++] = v;
}

void
report_note(struct report *r, const char *metric, const char *fmt, ...)
{
	struct report_metric *m = find(r, metric);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(m->note, sizeof(m->note), fmt, ap);
	va_end(ap);
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double
report_median(double *sample, unsigned n)
{
	assert(n);
	qsort(sample, n, sizeof(*sample), by_size);
	return sample[(n - 1) / 2];
}

double
report_value(const struct report *r, const char *metric)
{
	for (unsigned i = 0; i < r->metrics; i++) {
		const struct report_metric *m = &r->metric[i];

		if (m->n && !strcmp(m->name, metric))
			return report_median(m->sample, m->n);
	}
	return NAN;
}

static void
put_string(const char *s, FILE *out)
{
	putc('"', out);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			fprintf(out, "\\u%04x", c);
		else
			putc(c, out);
	}
	putc('"', out);
}

static void
print_json(const char *bench, const struct report_metric *m, double median,
	FILE *out)
{
	double range = m->sample[m->n - 1] - m->sample[0];
	double spread = median != 0 ? range / fabs(median) : range != 0;

	fputs("{\"bench\":", out);
	put_string(bench, out);
	fputs(",\"metric\":", out);
	put_string(m->name, out);
	fprintf(out, ",\"value\":%.6g,\"unit\":", median);
	put_string(m->unit, out);
	fprintf(out, ",\"spread\":%.4g,\"n\":%u,\"note\":", spread, m->n);
	put_string(m->note, out);
	fputs("}\n", out);
}

static void
print_row(const struct report_metric *m, double median, FILE *out)
{
	char range[40];

	snprintf(range, sizeof(range), "%.4g..%.4g", m->sample[0],
		m->sample[m->n - 1]);
	fprintf(out, "%-28s %9.4g  %-19s %-8s %5u  %s\n", m->name, median,
		range, m->unit, m->n, m->note);
}

void
report_print(const struct report *r, bool json, FILE *out)
{
	if (!json)
		fprintf(out, "%s\n%-28s %9s  %-19s %-8s %5s  %s\n", r->bench,
			"metric", "median", "min..max", "unit", "n", "note");
	for (unsigned i = 0; i < r->metrics; i++) {
		const struct report_metric *m = &r->metric[i];
		double median;

		if (!m->n)
			continue;
		median = report_median(m->sample, m->n);
		if (json)
			print_json(r->bench, m, median, out);
		else
			print_row(m, median, out);
	}
}
