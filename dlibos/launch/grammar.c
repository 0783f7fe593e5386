/* grammar.c - layout files.
 *
 * inih's handler is not told line numbers, therefore lines are read here and
 * counted: the handler runs while its line is the last one read. Reading goes
 * on to the first fault; what spans lines is checked at the end.
 */
#include "dlibos/launch/grammar.h"
#include "dlibos/launch/grammar_inside.h"
#include "dlibos/launch/text.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIGITS "0123456789abcdefghijklmnopqrstuvwxyz"

bool
grammar_bad(struct reading *r, unsigned line, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	if (r->bad_line)
		return false;
	r->bad_line = line ? line : 1;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text_explain(
		0, r->err, r->errlen, "%s:%u: %s", r->file, r->bad_line, text);
	return false;
}

/* A reader for inih, like fgets. Blanks in front of a line go: inih would take
 * such a line for the rest of the one before. */
static char *
read_line(char *buf, int size, void *reading)
{
	struct reading *r = reading;
	int c, n = 0;

	if (r->bad_line || (c = getc(r->in)) == EOF)
		return NULL;
	r->line++;
	for (; c != EOF && c != '\n'; c = getc(r->in)) {
		if ((c < ' ' && c != '\t' && c != '\r') || c == 0x7f) {
			grammar_bad(r, r->line,
				"byte 0x%02x is no text: a layout is a text "
				"file",
				(unsigned)c);
			return NULL;
		}
		if (n == GRAMMAR_LINE - 1 || n >= size - 3) {
			grammar_bad(r, r->line,
				"line of %d bytes or more: make it shorter",
				GRAMMAR_LINE);
			return NULL;
		}
		if (n || (c != ' ' && c != '\t'))
			buf[n++] = (char)c;
	}
	buf[n++] = '\n';
	buf[n] = '\0';
	return buf;
}

static int
on_value(
	void *reading, const char *section, const char *name, const char *value)
{
	struct reading *r = reading;

	if (r->bad_line)
		return 0;
	if (!strcmp(section, "layout"))
		return grammar_key(r, name, value);
	if (!strcmp(section, r->roles.section))
		return grammar_row(r, &r->roles, name, value);
	if (!strcmp(section, r->quadrants.section))
		return grammar_row(r, &r->quadrants, name, value);
	return grammar_bad(r, r->line,
		"'%.40s' in unknown section [%.40s]: use [layout], [roles] or "
		"[quadrants]",
		name, section);
}

static enum layout_role
role_of(char letter)
{
	switch (letter) {
	case 'N':
		return LAYOUT_NET;
	case 'A':
		return LAYOUT_APP;
	case 'R':
		return LAYOUT_RTC;
	}
	return LAYOUT_UNUSED;
}

static bool
set_roles(struct reading *r, struct grammar_cells *cells)
{
	struct layout *l = r->out;

	if (!r->roles.rows)
		return grammar_bad(r, r->line,
			"no cores: add a section [roles] with rows such as "
			"'0 = NNA'");
	if (!grammar_cells(r, &r->roles, l->cols, l->rows, cells))
		return false;
	l->cores = cells->count;
	if (!l->cols) {
		l->cols = layout_columns(l->cores);
		l->rows = (l->cores + l->cols - 1) / l->cols;
	}
	for (unsigned i = 0; i < l->cores; i++) {
		l->core[i].role = role_of(cells->letter[i]);
		l->core[i].x = (int)(i % l->cols);
		l->core[i].y = (int)(i / l->cols);
	}
	return true;
}

static bool
set_quadrants(struct reading *r)
{
	bool grid = r->given[GRAMMAR_GRID] > 0;
	struct layout *l = r->out;
	struct grammar_cells cells;

	if (!r->quadrants.rows)
		return true;
	if (!grammar_cells(r, &r->quadrants, grid ? l->cols : 0,
		    grid ? l->rows : 0, &cells))
		return false;
	if (cells.count != l->cores)
		return grammar_bad(r, cells.line[cells.count - 1],
			"[quadrants] has %u letters, [roles] %u: write as many",
			cells.count, l->cores);
	for (unsigned i = 0; i < l->cores; i++)
		if (cells.letter[i] != '.')
			l->core[i].quadrant =
				(int)(strchr(DIGITS, cells.letter[i]) - DIGITS);
	return true;
}

static bool
check_roles(struct reading *r, const struct grammar_cells *cells)
{
	const struct layout *l = r->out;
	unsigned last = cells->line[l->cores - 1];

	if (!layout_used(l))
		return grammar_bad(r, last,
			"all cores are unused: give some the letters N and A, "
			"or R");
	for (unsigned i = 0; i < l->cores; i++)
		if (l->core[i].role == LAYOUT_RTC && l->net + l->app)
			return grammar_bad(r, cells->line[i],
				"core %u is R beside cores that are N or A: "
				"use R alone, or N and A",
				i);
	if (!l->rtc && (!l->net || !l->app))
		return grammar_bad(r, last,
			"there is no %s core: make one core %s at least",
			l->net ? "app" : "net", l->net ? "A" : "N");
	return true;
}

static bool
check_reach(struct reading *r, const struct grammar_cells *cells)
{
	const struct layout *l = r->out;

	if (l->reach != LAYOUT_QUADRANT || l->rtc)
		return true;
	if (!r->quadrants.rows)
		return grammar_bad(r, r->given[GRAMMAR_REACH],
			"reach = quadrant without quadrants: add a section "
			"[quadrants], or use reach = all");
	for (unsigned i = 0; i < l->cores; i++) {
		enum layout_role role = l->core[i].role;

		if (role == LAYOUT_UNUSED || layout_degree(l, i))
			continue;
		return grammar_bad(r, cells->line[i],
			"core %u (%s) has no %s core in its quadrant to talk "
			"to: change [roles] or [quadrants], or use reach = all",
			i, layout_role_name(role),
			role == LAYOUT_NET ? "app" : "net");
	}
	return true;
}

/* A file without a name is called like the file. */
static void
default_name(struct layout *l, const char *file)
{
	const char *base = strrchr(file, '/');
	size_t n = 0;

	if (l->name[0])
		return;
	base = base ? base + 1 : file;
	for (; base[n] && n < LIMIT_NAME - 1; n++) {
		if (n && !strcmp(base + n, ".layout"))
			break;
		l->name[n] = base[n] > ' ' && base[n] < 0x7f ? base[n] : '_';
	}
}

int
grammar_read(FILE *in, const char *file, struct layout *out, char *err,
	size_t errlen)
{
	struct reading r = {.in = in,
		.file = file,
		.out = out,
		.err = err,
		.errlen = errlen,
		.roles = {.section = "roles", .letters = "NAR."},
		.quadrants = {.section = "quadrants", .letters = DIGITS "."}};
	struct grammar_cells cells;
	int line;

	layout_init(out);
	line = ini_parse_stream(read_line, &r, on_value, &r);
	if (line > 0 && (!r.bad_line || (unsigned)line < r.bad_line)) {
		r.bad_line = 0;
		grammar_bad(&r, (unsigned)line,
			"neither [section] nor KEY = VALUE: see "
			"layouts/README.md");
	}
	if (line < 0 || ferror(in))
		grammar_bad(&r, r.line, "cannot be read: %s", strerror(EIO));
	if (r.bad_line || !set_roles(&r, &cells) || !set_quadrants(&r))
		return -EINVAL;
	layout_count(out);
	if (!check_roles(&r, &cells) || !check_reach(&r, &cells))
		return -EINVAL;
	default_name(out, file);
	return 0;
}

int
grammar_load(const char *path, struct layout *out, char *err, size_t errlen)
{
	/* O_NONBLOCK: a FIFO without a writer is refused, not waited for. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rc;
	struct stat st;
	FILE *in;

	if (fd < 0)
		return text_explain(-EINVAL, err, errlen,
			"%s: %s: name a layout file that you can read", path,
			strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return text_explain(-EINVAL, err, errlen,
			"%s: not a file: name a layout file", path);
	}
	in = fdopen(fd, "r");
	if (!in) {
		close(fd);
		return text_explain(
			-EINVAL, err, errlen, "%s: no memory to read it", path);
	}
	rc = grammar_read(in, path, out, err, errlen);
	fclose(in);
	return rc;
}
