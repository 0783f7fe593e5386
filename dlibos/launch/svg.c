/* svg.c - a layout as a picture that any browser shows.
 *
 * Light and dark viewers alike: the picture brings its own white ground.
 */
#include "dlibos/launch/svg.h"
#include "dlibos/launch/draw.h"

#define CELL   64 /* pixels of a core and the gap around it */
#define BOX    52
#define MARGIN 32
#define HEAD   64  /* above the grid: name and summary */
#define FOOT   56  /* below it: the legend */
#define WIDTH  480 /* the least, so that head and legend have room */

static const struct {
	const char *fill, *line, *word;
} roles[] = {
	[LAYOUT_UNUSED] = {"#f1f3f5", "#ced4da", "unused"},
	[LAYOUT_NET] = {"#d0e2ff", "#1c5fc4", "net"},
	[LAYOUT_APP] = {"#d3f3da", "#2b8a3e", "app"},
	[LAYOUT_RTC] = {"#ffe3c7", "#c2560c", "run to completion"},
};

static int
left(int x)
{
	return MARGIN + x * CELL;
}

static int
top(int y)
{
	return HEAD + y * CELL;
}

/* Names hold no byte below ' ', but a file can be called anything else. */
static void
put_text(FILE *out, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		default:
			fputc(*s >= ' ' && *s < 0x7f ? *s : '?', out);
		}
	}
}

static void
put_head(FILE *out, const struct layout *l, int width, int height)
{
	struct draw_hops hops = draw_hops(l);

	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
		"height=\"%d\" viewBox=\"0 0 %d %d\" font-family=\""
		"system-ui, sans-serif\" font-size=\"13\" fill=\"#212529\">\n"
		"<title>layout ",
		width, height, width, height);
	put_text(out, l->name);
	fprintf(out,
		"</title>\n"
		"<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n"
		"<text x=\"%d\" y=\"30\" font-size=\"18\" font-weight=\"600\">",
		width, height, MARGIN);
	put_text(out, l->name);
	fprintf(out, "</text>\n<text x=\"%d\" y=\"50\" fill=\"#495057\">",
		MARGIN);
	if (l->rtc)
		fprintf(out, "%u rtc", l->rtc);
	else
		fprintf(out,
			"%u net, %u app, %u edge%s, reach %s, hops %.2f mean, "
			"%u at most",
			l->net, l->app, layout_edges(l),
			layout_edges(l) == 1 ? "" : "s",
			l->reach == LAYOUT_ALL ? "all" : "quadrant", hops.mean,
			hops.max);
	fputs("</text>\n", out);
}

static void
put_core(FILE *out, const struct layout *l, const struct placement *p,
	unsigned i, int chosen)
{
	const struct layout_core *c = &l->core[i];
	int x = left(c->x), y = top(c->y), middle = x + CELL / 2;
	bool is_chosen = (int)i == chosen;
	bool is_peer = chosen >= 0 && layout_edge(l, i, (unsigned)chosen);

	fprintf(out,
		"<g><title>core %u, %s</title>"
		"<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"8\" "
		"fill=\"%s\" stroke=\"%s\" stroke-width=\"%s\"/>",
		i, roles[c->role].word, x + (CELL - BOX) / 2,
		y + (CELL - BOX) / 2, BOX, BOX, roles[c->role].fill,
		roles[c->role].line,
		is_chosen	  ? "4"
			: is_peer ? "3"
				  : "1.5");
	fprintf(out,
		"<text x=\"%d\" y=\"%d\" text-anchor=\"middle\" "
		"font-size=\"16\" font-weight=\"600\">%u</text>",
		middle, y + 32, i);
	if (p->cpu[i] >= 0)
		fprintf(out,
			"<text x=\"%d\" y=\"%d\" text-anchor=\"middle\" "
			"font-size=\"10\" fill=\"#495057\">cpu %d</text>",
			middle, y + 48, p->cpu[i]);
	fputs("</g>\n", out);
}

/* One path of all the lines where two quadrants, or the outside, meet. */
static void
put_borders(FILE *out, const struct layout *l)
{
	fputs("<path fill=\"none\" stroke=\"#495057\" stroke-width=\"2\" "
	      "stroke-linecap=\"round\" d=\"",
		out);
	for (int y = 0; y <= (int)l->rows; y++) {
		for (int x = 0; x <= (int)l->cols; x++) {
			if (draw_area(l, x, y) != draw_area(l, x - 1, y))
				fprintf(out, "M%d %dv%d", left(x), top(y),
					CELL);
			if (draw_area(l, x, y) != draw_area(l, x, y - 1))
				fprintf(out, "M%d %dh%d", left(x), top(y),
					CELL);
		}
	}
	fputs("\"/>\n", out);
}

/* Under the cores, so that a line ends at a box and not at a number. */
static void
put_edges(FILE *out, const struct layout *l, unsigned chosen)
{
	const struct layout_core *a = &l->core[chosen];

	fprintf(out, "<g stroke=\"%s\" stroke-width=\"2\" opacity=\"0.55\">\n",
		roles[a->role].line);
	for (unsigned i = 0; i < l->cores; i++) {
		const struct layout_core *b = &l->core[i];

		if (layout_edge(l, chosen, i))
			fprintf(out,
				"<line x1=\"%d\" y1=\"%d\" x2=\"%d\" "
				"y2=\"%d\"/>\n",
				left(a->x) + CELL / 2, top(a->y) + CELL / 2,
				left(b->x) + CELL / 2, top(b->y) + CELL / 2);
	}
	fputs("</g>\n", out);
}

static void
put_legend(FILE *out, const struct layout *l, int chosen)
{
	unsigned count[] = {[LAYOUT_UNUSED] = l->cores - layout_used(l),
		[LAYOUT_NET] = l->net,
		[LAYOUT_APP] = l->app,
		[LAYOUT_RTC] = l->rtc};
	int x = MARGIN, y = top((int)l->rows) + 20;

	for (int r = LAYOUT_UNUSED; r <= LAYOUT_RTC; r++) {
		if (!count[r])
			continue;
		fprintf(out,
			"<rect x=\"%d\" y=\"%d\" width=\"16\" height=\"16\" "
			"rx=\"4\" fill=\"%s\" stroke=\"%s\"/>"
			"<text x=\"%d\" y=\"%d\">%s</text>\n",
			x, y, roles[r].fill, roles[r].line, x + 24, y + 13,
			roles[r].word);
		x += r == LAYOUT_RTC ? 160 : 88;
	}
	if (chosen >= 0)
		fprintf(out,
			"<text x=\"%d\" y=\"%d\">edges of core %d</text>\n", x,
			y + 13, chosen);
}

void
svg_write(FILE *out, const struct layout *l, const struct placement *p,
	int chosen)
{
	int width = 2 * MARGIN + (int)l->cols * CELL;
	int height = top((int)l->rows) + FOOT;

	put_head(out, l, width < WIDTH ? WIDTH : width, height);
	put_borders(out, l);
	if (chosen >= 0)
		put_edges(out, l, (unsigned)chosen);
	for (unsigned i = 0; i < l->cores; i++)
		put_core(out, l, p, i, chosen);
	put_legend(out, l, chosen);
	fputs("</svg>\n", out);
}
