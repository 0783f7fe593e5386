/* draw.h - a layout in a terminal. */
#ifndef DLIBOS_LAUNCH_DRAW_H
#define DLIBOS_LAUNCH_DRAW_H

#include "dlibos/launch/place.h"

#include <stdio.h>

/* Draws the grid with role, number and CPU of every core, and a line where
 * two quadrants meet. chosen, if not negative, is set in brackets and its
 * peers get a star. p is all -1 where the layout is not placed. */
void draw_grid(FILE *out, const struct layout *l, const struct placement *p,
	int chosen, bool colours);

/* The peers of a core, a line each, with hops and CPU. */
void draw_peers(FILE *out, const struct layout *l, const struct placement *p,
	unsigned core);

/* What lies at a place of the grid: a quadrant; -1: a core in none; -2: no
 * core, or the outside. A border runs between two different ones. */
int draw_area(const struct layout *l, int x, int y);

/* What both the summary line and the SVG say. The mean is over all edges; 0
 * where there are none. */
struct draw_hops {
	double mean;
	unsigned max;
};
struct draw_hops draw_hops(const struct layout *l);

#endif
