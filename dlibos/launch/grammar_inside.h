/* grammar_inside.h - what the files of the grammar share among themselves:
 * grammar.c (the file), grammar_key.c ([layout]), grammar_row.c ([roles] and
 * [quadrants], whose keys are the rows of a grid). */
#ifndef DLIBOS_LAUNCH_GRAMMAR_INSIDE_H
#define DLIBOS_LAUNCH_GRAMMAR_INSIDE_H

#include "dlibos/launch/grammar.h"

#define GRAMMAR_LINE 196 /* bytes of a line; inih takes no longer ones */

/* [roles] or [quadrants], as written: a row's letters without the blanks. */
struct grammar_rows {
	const char *section;
	const char *letters;	     /* those that may stand in a row */
	unsigned rows;		     /* the highest row + 1 */
	unsigned line[GRAMMAR_SIDE]; /* 0: the row is missing */
	char text[GRAMMAR_SIDE][GRAMMAR_LINE];
};

/* The rows one after the other: a letter a core, and the line it is from. */
struct grammar_cells {
	unsigned count;
	char letter[LIMIT_CORES];
	unsigned line[LIMIT_CORES];
};

/* The keys of [layout]. */
enum {
	GRAMMAR_NAME,
	GRAMMAR_GRID,
	GRAMMAR_REACH,
	GRAMMAR_IDLE,
	GRAMMAR_DISPATCH,
	GRAMMAR_SLOTS,
	GRAMMAR_APP_DOMAINS,
	GRAMMAR_KEYS
};

/* A file while it is read. */
struct reading {
	FILE *in;
	const char *file;
	struct layout *out;
	char *err;
	size_t errlen;
	unsigned line;	   /* the last one read, from 1 */
	unsigned bad_line; /* of the fault that err tells; 0: none yet */
	unsigned given[GRAMMAR_KEYS]; /* the line of each key; 0: none */
	struct grammar_rows roles, quadrants;
};

/* Keeps the first fault of a file as "FILE:LINE: text"; false. */
bool grammar_bad(struct reading *r, unsigned line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* All of these say false after they called grammar_bad(). */
bool grammar_key(struct reading *r, const char *name, const char *value);
bool grammar_row(struct reading *r, struct grammar_rows *g, const char *name,
	const char *value);

/* Checks that all rows are there, and strings them together. Without a grid
 * (cols is 0) rows are of any length. */
bool grammar_cells(struct reading *r, const struct grammar_rows *g,
	unsigned cols, unsigned rows, struct grammar_cells *out);

#endif
