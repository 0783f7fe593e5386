/* report.h - samples of some metrics over rounds; a table or JSON of them.
 *
 * With --json a metric is one object on one line:
 *
 *	{"bench":"...","metric":"...","value":V,"unit":"...","spread":S,
 *	 "n":N,"note":"..."}
 *
 * V is the median of N samples, S is (largest - smallest) / V: 0.1 says that
 * all samples lie within a tenth of the median. Where V is 0, S is 0 if all
 * samples are, and else 1. The output is valid JSON whatever a note holds:
 * bytes that are not ASCII are written as if they were Latin 1.
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define REPORT_METRICS 96
#define REPORT_NAME    40
#define REPORT_UNIT    16
#define REPORT_NOTE    200

struct report_metric {
	char name[REPORT_NAME];
	char unit[REPORT_UNIT];
	char note[REPORT_NOTE];
	double *sample;
	unsigned n, cap;
};

struct report {
	const char *bench;
	unsigned metrics;
	struct report_metric metric[REPORT_METRICS];
};

/* `bench` must stay. */
void report_init(struct report *r, const char *bench);
void report_fini(struct report *r);

/* One more sample; a metric comes into being with its first. v is finite. */
void report_add(
	struct report *r, const char *metric, const char *unit, double v);

/* What must be known to read the metric; replaces the note before. The metric
 * need not have samples yet, but it is shown only with some. */
void report_note(struct report *r, const char *metric, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The median of a metric's samples; NAN: it has none. */
double report_value(const struct report *r, const char *metric);

/* In the order in which the metrics came into being. */
void report_print(const struct report *r, bool json, FILE *out);

/* The median of n samples (the lower of the two in the middle), which are
 * sorted by it. n > 0. */
double report_median(double *sample, unsigned n);

#endif
