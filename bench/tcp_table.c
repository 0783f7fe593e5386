/* tcp_table - the throughput of a connection against loss and round trip.
 *
 *	tcp_table --write DIR	makes DIR/tcp_throughput.md and .svg
 *	tcp_table --check DIR	runs all again and compares with that table
 *
 * A change in the engine draws other losses from the same seeds, which moves a
 * cell by some percent. What moves one by more than a third is a change of
 * behaviour: look at it, then write the table anew. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/tcp_cells.h"
#include "bench/tcp_plot.h"
#include "dlibos/base/log.h"

#define TOLERANCE 0.35

static FILE *
open_in(const char *dir, const char *name, const char *mode)
{
	char path[1024];
	FILE *f;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >=
		(int)sizeof(path))
		die(EXIT_USAGE, "%s: too long", dir);
	f = fopen(path, mode);
	if (!f)
		die(EXIT_FAIL, "cannot open %s", path);
	return f;
}

static void
run(double mbit[TCP_CELLS_LOSSES][TCP_CELLS_RTTS])
{
	for (unsigned l = 0; l < TCP_CELLS_LOSSES; l++)
		for (unsigned r = 0; r < TCP_CELLS_RTTS; r++)
			mbit[l][r] = (double)tcp_cells_run(l, r) / 1e3;
}

static const char head[] =
	"# TCP throughput against loss and round trip\n"
	"\n"
	"Mbit/s of payload of one connection (CUBIC, SACK, timestamps), in the "
	"simulator: virtual\n"
	"time, so that the figures are the engine's and the same on any "
	"machine. The link takes\n"
	"1 Gbit/s, with a queue of one round trip, at least 1000 frames; "
	"frames are lost at random,\n"
	"both ways. Window 32 MiB; a second and a hundred round trips from the "
	"first byte on, slow\n"
	"start included; ten times as long at 10 %; the mean of six seeds "
	"where there is loss.\n"
	"\n";

static const char tail[] =
	"\n"
	"![the same as a plot](tcp_throughput.svg)\n"
	"\n"
	"Made by `BUILD_DIR/bench/tcp_table --write docs`. The test "
	"`tcp_throughput` runs all of it\n"
	"again and fails where a cell is off by more than a third; then make "
	"sure that it is meant,\n"
	"and write it anew. `bench/run BUILD_DIR tcp_loss` compares with RFC "
	"9438's response function.\n";

static int
write_all(const char *dir, double mbit[TCP_CELLS_LOSSES][TCP_CELLS_RTTS])
{
	FILE *md = open_in(dir, "tcp_throughput.md", "w");
	FILE *svg = open_in(dir, "tcp_throughput.svg", "w");

	fprintf(md, "%s| loss |", head);
	for (unsigned r = 0; r < TCP_CELLS_RTTS; r++)
		fprintf(md, " %g ms |", tcp_cells_rtt_us[r] / 1e3);
	fprintf(md, "\n|---|---|---|---|---|---|\n");
	for (unsigned l = 0; l < TCP_CELLS_LOSSES; l++) {
		fprintf(md, "| %g %% |", tcp_cells_loss_ppm[l] / 1e4);
		for (unsigned r = 0; r < TCP_CELLS_RTTS; r++)
			fprintf(md, " %.2f |", mbit[l][r]);
		fprintf(md, "\n");
	}
	fputs(tail, md);
	tcp_plot(svg, mbit);
	if (fclose(md) | fclose(svg))
		die(EXIT_FAIL, "%s: not written", dir);
	return 0;
}

/* Returns how many cells of a line of the table are off; -1: it is none. */
static int
check_line(char *line, unsigned l, const double *mbit)
{
	char *p = strchr(line, '%'), *end;
	int bad = 0;

	if (strncmp(line, "| ", 2) || !p ||
		strtod(line + 2, NULL) * 1e4 != tcp_cells_loss_ppm[l])
		return -1;
	p += 3;
	for (unsigned r = 0; r < TCP_CELLS_RTTS; r++, p = end + 2) {
		double was = strtod(p, &end);

		if (end == p || strncmp(end, " |", 2))
			return -1;
		if (mbit[r] >= was * (1 - TOLERANCE) - 0.01 &&
			mbit[r] <= was * (1 + TOLERANCE) + 0.01)
			continue;
		printf("loss %g %%, round trip %g ms: %.2f Mbit/s, was %.2f\n",
			tcp_cells_loss_ppm[l] / 1e4, tcp_cells_rtt_us[r] / 1e3,
			mbit[r], was);
		bad++;
	}
	return bad;
}

static int
check(const char *dir, double mbit[TCP_CELLS_LOSSES][TCP_CELLS_RTTS])
{
	FILE *md = open_in(dir, "tcp_throughput.md", "r");
	char line[256];
	unsigned l = 0;
	int bad = 0;

	while (l < TCP_CELLS_LOSSES && fgets(line, sizeof(line), md)) {
		int n = check_line(line, l, mbit[l]);

		if (n >= 0) {
			bad += n;
			l++;
		}
	}
	fclose(md);
	if (l < TCP_CELLS_LOSSES)
		die(EXIT_FAIL, "tcp_throughput.md: a line is missing");
	if (bad)
		printf("if that is meant: tcp_table --write docs\n");
	return bad != 0;
}

int
main(int argc, char **argv)
{
	double mbit[TCP_CELLS_LOSSES][TCP_CELLS_RTTS];

	if (argc != 3 ||
		(strcmp(argv[1], "--write") && strcmp(argv[1], "--check")))
		die(EXIT_USAGE, "usage: tcp_table --write|--check DIR");
	run(mbit);
	return argv[1][2] == 'w' ? write_all(argv[2], mbit)
				 : check(argv[2], mbit);
}
