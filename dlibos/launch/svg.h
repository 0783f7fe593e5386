/* svg.h - a layout as a picture that any browser shows. */
#ifndef DLIBOS_LAUNCH_SVG_H
#define DLIBOS_LAUNCH_SVG_H

#include "dlibos/launch/place.h"

#include <stdio.h>

/* Writes a whole SVG document: the cores in the colours of their roles, a
 * legend, the borders of the quadrants, and the edges of the chosen core if it
 * is not negative. p is all -1 where the layout is not placed. The caller
 * looks at ferror(out). */
void svg_write(FILE *out, const struct layout *l, const struct placement *p,
	int chosen);

#endif
