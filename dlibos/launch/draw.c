/* draw.c - a layout in a terminal: plain ASCII, 8 columns a core. */
#include "dlibos/launch/draw.h"

#include <string.h>

#define CELL 8

/* SGR codes by role, then two for a chosen core and for cores it never meets */
static const char *const role_colour[] = {"90", "34", "32", "35"};
#define COLOUR_CHOSEN "1;7"
#define COLOUR_FAR    "2"

int
draw_area(const struct layout *l, int x, int y)
{
	int core = layout_at(l, x, y);

	return core < 0 ? -2 : l->core[core].quadrant;
}

/* The border line above row y. */
static void
draw_border(FILE *out, const struct layout *l, int y)
{
	for (int x = 0; x <= (int)l->cols; x++) {
		int nw = draw_area(l, x - 1, y - 1),
		    ne = draw_area(l, x, y - 1);
		int sw = draw_area(l, x - 1, y), se = draw_area(l, x, y);
		bool upright = nw != ne || sw != se;
		bool level = nw != sw || ne != se;

		fputc(upright && level	  ? '+'
				: upright ? '|'
				: level	  ? '-'
					  : ' ',
			out);
		for (int i = 0; i < CELL - 1 && x < (int)l->cols; i++)
			fputc(ne != se ? '-' : ' ', out);
	}
	fputc('\n', out);
}

static const char *
colour_of(const struct layout *l, unsigned core, int chosen)
{
	if ((int)core == chosen)
		return COLOUR_CHOSEN;
	if (chosen >= 0 && !layout_edge(l, core, (unsigned)chosen))
		return COLOUR_FAR;
	return role_colour[l->core[core].role];
}

/* "N12", "[N12]" or "N12*". */
static void
name_text(const struct layout *l, unsigned core, int chosen, char *text)
{
	bool is_chosen = (int)core == chosen;
	bool is_peer = chosen >= 0 && layout_edge(l, core, (unsigned)chosen);

	snprintf(text, CELL, "%s%c%u%s", is_chosen ? "[" : " ",
		".NAR"[l->core[core].role], core % 1000,
		is_chosen	  ? "]"
			: is_peer ? "*"
				  : "");
}

static void
cpu_text(const struct placement *p, unsigned core, char *text)
{
	if (p->cpu[core] < 0)
		snprintf(text, CELL, " -");
	else
		snprintf(text, CELL, " cpu%d", p->cpu[core] % 1000);
}

/* One of the two lines of row y: the names, or the CPUs. */
static void
draw_row(FILE *out, const struct layout *l, const struct placement *p, int y,
	int chosen, bool colours, bool cpus)
{
	char text[CELL];

	for (int x = 0; x <= (int)l->cols; x++) {
		int core = layout_at(l, x, y);

		fputc(draw_area(l, x - 1, y) != draw_area(l, x, y) ? '|' : ' ',
			out);
		if (x == (int)l->cols)
			break;
		text[0] = '\0';
		if (core >= 0 && cpus)
			cpu_text(p, (unsigned)core, text);
		else if (core >= 0)
			name_text(l, (unsigned)core, chosen, text);
		if (colours && core >= 0)
			fprintf(out, "\033[%sm%-*s\033[0m",
				colour_of(l, (unsigned)core, chosen), CELL - 1,
				text);
		else
			fprintf(out, "%-*s", CELL - 1, text);
	}
	fputc('\n', out);
}

void
draw_grid(FILE *out, const struct layout *l, const struct placement *p,
	int chosen, bool colours)
{
	for (int y = 0; y < (int)l->rows; y++) {
		draw_border(out, l, y);
		draw_row(out, l, p, y, chosen, colours, false);
		draw_row(out, l, p, y, chosen, colours, true);
	}
	draw_border(out, l, (int)l->rows);
}

static void
draw_where(FILE *out, const struct placement *p, unsigned core)
{
	if (p->cpu[core] < 0)
		fprintf(out, "no cpu");
	else
		fprintf(out, "cpu %d, node %d", p->cpu[core], p->node[core]);
}

void
draw_peers(FILE *out, const struct layout *l, const struct placement *p,
	unsigned core)
{
	unsigned n = layout_degree(l, core), hops;

	fprintf(out, "core %u (%s, ", core,
		layout_role_name(l->core[core].role));
	draw_where(out, p, core);
	fprintf(out, "): %u peer%s\n", n, n == 1 ? "" : "s");
	for (unsigned i = 0; i < l->cores; i++) {
		if (!layout_edge(l, core, i))
			continue;
		hops = layout_hops(l, core, i);
		fprintf(out, "  %s %u: %u hop%s, ",
			layout_role_name(l->core[i].role), i, hops,
			hops == 1 ? "" : "s");
		draw_where(out, p, i);
		fputc('\n', out);
	}
}

struct draw_hops
draw_hops(const struct layout *l)
{
	struct draw_hops h = {0, 0};
	unsigned sum = 0, n = 0;

	for (unsigned a = 0; a < l->cores; a++) {
		for (unsigned b = a + 1; b < l->cores; b++) {
			unsigned hops = layout_hops(l, a, b);

			if (!layout_edge(l, a, b))
				continue;
			sum += hops;
			n++;
			if (hops > h.max)
				h.max = hops;
		}
	}
	if (n)
		h.mean = (double)sum / n;
	return h;
}
