/* grammar_key.c - the keys of [layout]. */
#include "dlibos/launch/grammar_inside.h"
#include "dlibos/launch/text.h"

#include "dlibos/base/bits.h"

#include <string.h>

#define NAME_LETTERS \
	"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._+:-"

static bool
set_name(struct reading *r, const char *v)
{
	size_t n = strlen(v);

	if (!n || n >= LIMIT_NAME || v[strspn(v, NAME_LETTERS)])
		return grammar_bad(r, r->line,
			"name '%.40s': use 1 to %d letters, digits and . _ + : "
			"-",
			v, LIMIT_NAME - 1);
	memcpy(r->out->name, v, n + 1);
	return true;
}

static bool
set_grid(struct reading *r, const char *v)
{
	unsigned cols = 0, rows = 0;
	const char *s = text_number(v, &cols);

	if (!s || *s != 'x' || !(s = text_number(s + 1, &rows)) || *s ||
		!cols || !rows || cols > GRAMMAR_SIDE || rows > GRAMMAR_SIDE)
		return grammar_bad(r, r->line,
			"grid '%.40s': write COLUMNSxROWS, each 1 to %d", v,
			GRAMMAR_SIDE);
	if (cols * rows > LIMIT_CORES)
		return grammar_bad(r, r->line,
			"grid %s has %u cores: make it smaller, at most %d", v,
			cols * rows, LIMIT_CORES);
	r->out->cols = cols;
	r->out->rows = rows;
	return true;
}

/* Which of the words v is; -1 after grammar_bad(). */
static int
choose(struct reading *r, const char *key, const char *v,
	const char *const words[], const char *all)
{
	for (int i = 0; words[i]; i++)
		if (!strcmp(v, words[i]))
			return i;
	grammar_bad(r, r->line, "%s '%.40s': use %s", key, v, all);
	return -1;
}

static bool
set_reach(struct reading *r, const char *v)
{
	static const char *const words[] = {"all", "quadrant", NULL};
	int i = choose(r, "reach", v, words, "all or quadrant");

	r->out->reach = i == 1 ? LAYOUT_QUADRANT : LAYOUT_ALL;
	return i >= 0;
}

static bool
set_idle(struct reading *r, const char *v)
{
	static const char *const words[] = {
		"poll", "yield", "adaptive", "sleep", NULL};
	int i = choose(r, "idle", v, words, "poll, yield, adaptive or sleep");

	if (i >= 0)
		r->out->idle = (enum layout_idle)i;
	return i >= 0;
}

static bool
set_dispatch(struct reading *r, const char *v)
{
	static const char *const words[] = {"round-robin", "least-conns", NULL};
	int i = choose(r, "dispatch", v, words, "round-robin or least-conns");

	r->out->dispatch = i == 1 ? LAYOUT_LEAST_CONNS : LAYOUT_ROUND_ROBIN;
	return i >= 0;
}

static bool
set_slots(struct reading *r, const char *v)
{
	unsigned n = 0;
	const char *end = text_number(v, &n);

	if (!end || *end || n < LIMIT_FIFO_MIN || n > LIMIT_FIFO_MAX ||
		!is_pow2(n))
		return grammar_bad(r, r->line,
			"slots '%.40s': use a power of two from %d to %d", v,
			LIMIT_FIFO_MIN, LIMIT_FIFO_MAX);
	r->out->slots = n;
	return true;
}

static bool
set_app_domains(struct reading *r, const char *v)
{
	static const char *const words[] = {"one", "each", NULL};
	int i = choose(r, "app_domains", v, words, "one or each");

	r->out->app_domains = i == 1 ? LAYOUT_EACH : LAYOUT_ONE;
	return i >= 0;
}

static const struct {
	const char *name;
	bool (*set)(struct reading *r, const char *v);
} keys[GRAMMAR_KEYS] = {
	[GRAMMAR_NAME] = {"name", set_name},
	[GRAMMAR_GRID] = {"grid", set_grid},
	[GRAMMAR_REACH] = {"reach", set_reach},
	[GRAMMAR_IDLE] = {"idle", set_idle},
	[GRAMMAR_DISPATCH] = {"dispatch", set_dispatch},
	[GRAMMAR_SLOTS] = {"slots", set_slots},
	[GRAMMAR_APP_DOMAINS] = {"app_domains", set_app_domains},
};

bool
grammar_key(struct reading *r, const char *name, const char *value)
{
	for (int k = 0; k < GRAMMAR_KEYS; k++) {
		if (strcmp(name, keys[k].name))
			continue;
		if (r->given[k])
			return grammar_bad(r, r->line,
				"%s was given in line %u: remove one", name,
				r->given[k]);
		r->given[k] = r->line;
		return keys[k].set(r, value);
	}
	return grammar_bad(r, r->line,
		"unknown key '%.40s' in [layout]: use name, grid, reach, idle, "
		"dispatch, slots or app_domains",
		name);
}
