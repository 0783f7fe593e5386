/* layout.c - who may talk to whom, and where a layout comes from. */
#include "dlibos/launch/layout.h"
#include "dlibos/launch/grammar.h"
#include "dlibos/launch/ratio.h"
#include "dlibos/launch/text.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
layout_init(struct layout *l)
{
	memset(l, 0, sizeof(*l));
	l->idle = LAYOUT_ADAPTIVE;
	l->slots = LIMIT_FIFO;
	for (unsigned i = 0; i < LIMIT_CORES; i++)
		l->core[i].quadrant = LAYOUT_NO_QUADRANT;
}

void
layout_count(struct layout *l)
{
	bool seen[LIMIT_CORES] = {false};
	unsigned count[LAYOUT_RTC + 1] = {0};

	l->quadrants = 0;
	for (unsigned i = 0; i < l->cores; i++) {
		int q = l->core[i].quadrant;

		count[l->core[i].role]++;
		if (q != LAYOUT_NO_QUADRANT && !seen[q]) {
			seen[q] = true;
			l->quadrants++;
		}
	}
	l->net = count[LAYOUT_NET];
	l->app = count[LAYOUT_APP];
	l->rtc = count[LAYOUT_RTC];
}

static bool
is_pair(enum layout_role a, enum layout_role b)
{
	return (a == LAYOUT_NET && b == LAYOUT_APP) ||
		(a == LAYOUT_APP && b == LAYOUT_NET);
}

bool
layout_edge(const struct layout *l, unsigned a, unsigned b)
{
	if (a >= l->cores || b >= l->cores)
		return false;
	if (!is_pair(l->core[a].role, l->core[b].role))
		return false;
	if (l->reach == LAYOUT_ALL)
		return true;
	return l->core[a].quadrant != LAYOUT_NO_QUADRANT &&
		l->core[a].quadrant == l->core[b].quadrant;
}

unsigned
layout_degree(const struct layout *l, unsigned a)
{
	unsigned n = 0;

	for (unsigned b = 0; b < l->cores; b++)
		n += layout_edge(l, a, b);
	return n;
}

unsigned
layout_edges(const struct layout *l)
{
	unsigned n = 0;

	for (unsigned a = 0; a < l->cores; a++)
		if (l->core[a].role == LAYOUT_NET)
			n += layout_degree(l, a);
	return n;
}

unsigned
layout_hops(const struct layout *l, unsigned a, unsigned b)
{
	return (unsigned)(abs(l->core[a].x - l->core[b].x) +
		abs(l->core[a].y - l->core[b].y));
}

int
layout_at(const struct layout *l, int x, int y)
{
	for (unsigned i = 0; i < l->cores; i++)
		if (l->core[i].x == x && l->core[i].y == y)
			return (int)i;
	return -1;
}

unsigned
layout_used(const struct layout *l)
{
	return l->net + l->app + l->rtc;
}

unsigned
layout_columns(unsigned n)
{
	unsigned c = 1;

	while (c * c < n)
		c++;
	return c;
}

const char *
layout_role_name(enum layout_role role)
{
	static const char *const name[] = {"unused", "net", "app", "rtc"};

	return name[role];
}

static bool
is_path(const char *spec)
{
	size_t n = strlen(spec), ext = strlen(".layout");

	return strchr(spec, '/') ||
		(n > ext && !strcmp(spec + n - ext, ".layout"));
}

int
layout_load(const char *spec, const char *dir, const struct topology *t,
	struct layout *out, char *err, size_t errlen)
{
	char path[PATH_MAX];
	int n;

	if (!*spec)
		return text_explain(-EINVAL, err, errlen,
			"the layout has an empty name: give a ratio such as "
			"1:1, or a layout file");
	if (ratio_is(spec))
		return ratio_fit(spec, t, out, err, errlen);
	if (is_path(spec))
		return grammar_load(spec, out, err, errlen);
	n = snprintf(path, sizeof(path), "%s/%s.layout", dir, spec);
	if (n < 0 || (size_t)n >= sizeof(path) || access(path, F_OK) < 0)
		return text_explain(-EINVAL, err, errlen,
			"%s: no such layout in %s: `dlibos layout list` shows "
			"them; a file of your own is named ./%s",
			spec, dir, spec);
	return grammar_load(path, out, err, errlen);
}
