/* tcp_plot.c - the picture, written as SVG. */
#include <math.h>

#include "bench/tcp_plot.h"

#define LEFT   70.0
#define TOP    20.0
#define WIDTH  480.0
#define HEIGHT 300.0

#define RTT_FROM  -1.0 /* 0.1 ms */
#define RTT_TO	  2.4
#define MBIT_FROM -1.0
#define MBIT_TO	  3.0

static const char *const color[TCP_CELLS_LOSSES] = {
	"#1b6ca8", "#2a9d3f", "#c98a00", "#c2410c", "#7b2d8b"};

static double
x_of(double rtt_us)
{
	return LEFT +
		WIDTH * (log10(rtt_us / 1e3) - RTT_FROM) / (RTT_TO - RTT_FROM);
}

static double
y_of(double mbit)
{
	double v = log10(mbit > 0.1 ? mbit : 0.1);

	return TOP + HEIGHT * (MBIT_TO - v) / (MBIT_TO - MBIT_FROM);
}

static void
axes(FILE *out)
{
	for (unsigned r = 0; r < TCP_CELLS_RTTS; r++)
		fprintf(out,
			"<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f'/>"
			"<text x='%.1f' y='%.1f' text-anchor='middle'>%g ms"
			"</text>\n",
			x_of(tcp_cells_rtt_us[r]), TOP,
			x_of(tcp_cells_rtt_us[r]), TOP + HEIGHT,
			x_of(tcp_cells_rtt_us[r]), TOP + HEIGHT + 18,
			tcp_cells_rtt_us[r] / 1e3);
	for (double v = 0.1; v < 1001; v *= 10)
		fprintf(out,
			"<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f'/>"
			"<text x='%.1f' y='%.1f' text-anchor='end'>%g</text>\n",
			LEFT, y_of(v), LEFT + WIDTH, y_of(v), LEFT - 8,
			y_of(v) + 4, v);
	fprintf(out,
		"<text x='%.1f' y='%.1f' text-anchor='middle'>round trip"
		"</text>\n<text transform='translate(16 %.1f) rotate(-90)' "
		"text-anchor='middle'>Mbit/s</text>\n",
		LEFT + WIDTH / 2, TOP + HEIGHT + 38, TOP + HEIGHT / 2);
}

static void
curve(FILE *out, unsigned l, const double *mbit)
{
	unsigned last = TCP_CELLS_RTTS - 1;

	fprintf(out,
		"<g fill='%s' stroke='none'>"
		"<polyline fill='none' stroke='%s' stroke-width='2' points='",
		color[l], color[l]);
	for (unsigned r = 0; r < TCP_CELLS_RTTS; r++)
		fprintf(out, "%.1f,%.1f ", x_of(tcp_cells_rtt_us[r]),
			y_of(mbit[r]));
	fprintf(out, "'/>");
	for (unsigned r = 0; r < TCP_CELLS_RTTS; r++)
		fprintf(out, "<circle cx='%.1f' cy='%.1f' r='3.5'/>",
			x_of(tcp_cells_rtt_us[r]), y_of(mbit[r]));
	fprintf(out, "<text x='%.1f' y='%.1f'>%g %%</text></g>\n",
		x_of(tcp_cells_rtt_us[last]) + 10, y_of(mbit[last]) + 4,
		tcp_cells_loss_ppm[l] / 1e4);
}

void
tcp_plot(FILE *out, double mbit[TCP_CELLS_LOSSES][TCP_CELLS_RTTS])
{
	double w = LEFT + WIDTH + 60, h = TOP + HEIGHT + 50;

	fprintf(out,
		"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %g %g' "
		"width='%g' height='%g' font-family='sans-serif' "
		"font-size='12'>\n<title>Throughput of one connection against "
		"round trip, a line for each loss</title>\n"
		"<rect width='100%%' height='100%%' fill='#fff'/>\n"
		"<g stroke='#ddd' fill='#333'><g stroke-width='1'>\n",
		w, h, w, h);
	fprintf(out, "<style>text { stroke: none }</style>\n");
	axes(out);
	fprintf(out, "</g></g>\n");
	for (unsigned l = 0; l < TCP_CELLS_LOSSES; l++)
		curve(out, l, mbit[l]);
	fprintf(out, "</svg>\n");
}
