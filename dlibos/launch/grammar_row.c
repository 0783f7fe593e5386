/* grammar_row.c - a section whose keys are the rows of a grid. */
#include "dlibos/launch/grammar_inside.h"
#include "dlibos/launch/text.h"

#include <string.h>

bool
grammar_row(struct reading *r, struct grammar_rows *g, const char *name,
	const char *value)
{
	const char *end;
	unsigned row, n = 0;

	end = text_number(name, &row);
	if (!end || *end || row >= GRAMMAR_SIDE)
		return grammar_bad(r, r->line,
			"'%.40s' is no row of [%s]: keys are row numbers, 0 to "
			"%d",
			name, g->section, GRAMMAR_SIDE - 1);
	if (g->line[row])
		return grammar_bad(r, r->line,
			"row %u of [%s] was given in line %u: remove one", row,
			g->section, g->line[row]);
	for (const char *c = value; *c; c++) {
		if (*c == ' ' || *c == '\t')
			continue;
		if (!strchr(g->letters, *c))
			return grammar_bad(r, r->line,
				"'%c' in row %u of [%s]: use only %s and "
				"blanks",
				*c > ' ' && *c < 0x7f ? *c : '?', row,
				g->section, g->letters);
		g->text[row][n++] = *c;
	}
	if (!n)
		return grammar_bad(r, r->line,
			"row %u of [%s] is empty: give it letters (%s), or "
			"remove it",
			row, g->section, g->letters);
	g->line[row] = r->line;
	if (row >= g->rows)
		g->rows = row + 1;
	return true;
}

static bool
row_fits(struct reading *r, const struct grammar_rows *g, unsigned k,
	unsigned cols, unsigned rows)
{
	size_t n = strlen(g->text[k]);

	if (k >= rows)
		return grammar_bad(r, g->line[k],
			"row %u of [%s] is outside of the %ux%u grid: its rows "
			"are 0 to %u",
			k, g->section, cols, rows, rows - 1);
	if (!g->line[k])
		return grammar_bad(r, r->line,
			"row %u of [%s] is missing: add '%u = ...'", k,
			g->section, k);
	if (cols && n != cols)
		return grammar_bad(r, g->line[k],
			"row %u of [%s] has %zu letters: write %u, as the "
			"%ux%u grid has columns",
			k, g->section, n, cols, cols, rows);
	return true;
}

bool
grammar_cells(struct reading *r, const struct grammar_rows *g, unsigned cols,
	unsigned rows, struct grammar_cells *out)
{
	out->count = 0;
	if (!cols)
		rows = g->rows;
	for (unsigned k = 0; k < rows || k < g->rows; k++) {
		if (k >= rows && !g->line[k])
			continue;
		if (!row_fits(r, g, k, cols, rows))
			return false;
		for (const char *c = g->text[k]; *c; c++) {
			if (out->count == LIMIT_CORES)
				return grammar_bad(r, g->line[k],
					"[%s] has more than %d cores: take "
					"some away",
					g->section, LIMIT_CORES);
			out->letter[out->count] = *c;
			out->line[out->count++] = g->line[k];
		}
	}
	return true;
}
