/* grammar.h - layout files; layouts/README.md is their one page of grammar. */
#ifndef DLIBOS_LAUNCH_GRAMMAR_H
#define DLIBOS_LAUNCH_GRAMMAR_H

#include "dlibos/launch/layout.h"

#include <stdio.h>

#define GRAMMAR_SIDE 64 /* columns and rows of a grid */

/* Reads a layout file. 0, or -EINVAL and one line in err: FILE:LINE, what is
 * wrong, and the remedy (no LINE if the file cannot be read at all). Nothing
 * in the file, however hostile, does worse. */
int grammar_load(
	const char *path, struct layout *out, char *err, size_t errlen);

/* The same from an open stream, which stays open; `file` names it. */
int grammar_read(FILE *in, const char *file, struct layout *out, char *err,
	size_t errlen);

#endif
