/* ratio.c - "N:M": as many net and app cores as a machine has room for.
 *
 * Each group of the machine (L3 or NUMA node) becomes a near-square tile of
 * the grid, and the tiles are folded into a near-square again; so a group is
 * a quadrant that can be drawn.
 */
#include "dlibos/launch/ratio.h"
#include "dlibos/launch/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The physical cores of the machine, group by group. */
struct groups {
	unsigned count, cores;
	unsigned size[LIMIT_CORES];
};

bool
ratio_is(const char *spec)
{
	return spec[strcspn(spec, ":/")] == ':';
}

static int
ratio_parse(const char *spec, unsigned *n, unsigned *m, bool *quadrant)
{
	const char *s = text_number(spec, n);

	if (!s || *s != ':' || !(s = text_number(s + 1, m)))
		return -EINVAL;
	*quadrant = !strcmp(s, "/quadrant");
	if (*s && !*quadrant)
		return -EINVAL;
	if (!*n || !*m || *n > RATIO_MAX || *m > RATIO_MAX)
		return -EINVAL;
	return 0;
}

unsigned
ratio_net(unsigned cores, unsigned n, unsigned m)
{
	unsigned net = (2 * cores * n + n + m - 1) / (2 * (n + m));

	if (net < 1)
		return 1;
	return net < cores ? net : cores - 1;
}

static void
count_groups(
	const struct topology *t, enum topology_level level, struct groups *g)
{
	int ids[LIMIT_CORES];
	unsigned k;

	memset(g, 0, sizeof(*g));
	for (unsigned i = 0; i < t->pus && g->cores < LIMIT_CORES; i++) {
		int id = topology_group(t, i, level);

		if (t->pu[i].smt)
			continue;
		for (k = 0; k < g->count && ids[k] != id; k++)
			;
		if (k == g->count)
			ids[g->count++] = id;
		g->size[k]++;
		g->cores++;
	}
}

/* The finest groups that there are at least two of, and that have room for
 * `least` cores each; else the machine as one. */
static void
choose_groups(const struct topology *t, unsigned least, struct groups *g)
{
	for (int level = TOPOLOGY_L3; level < TOPOLOGY_MACHINE; level++) {
		bool room = true;

		count_groups(t, (enum topology_level)level, g);
		for (unsigned k = 0; k < g->count; k++)
			room = room && g->size[k] >= least;
		if (g->count > 1 && room)
			return;
	}
	count_groups(t, TOPOLOGY_MACHINE, g);
	if (g->size[0] < 2)
		g->cores = g->size[0] = 2; /* more than it has: place() says */
}

static unsigned
largest(const struct groups *g)
{
	unsigned most = 0;

	for (unsigned k = 0; k < g->count; k++)
		if (g->size[k] > most)
			most = g->size[k];
	return most;
}

static void
lay_group(struct layout *l, const struct groups *g, unsigned k, unsigned net)
{
	unsigned tile_cols = layout_columns(largest(g));
	unsigned tile_rows = (largest(g) + tile_cols - 1) / tile_cols;
	unsigned across = layout_columns(g->count);

	for (unsigned i = 0; i < g->size[k]; i++) {
		struct layout_core *c = &l->core[l->cores++];

		c->role = i < net ? LAYOUT_NET : LAYOUT_APP;
		c->x = (int)(k % across * tile_cols + i % tile_cols);
		c->y = (int)(k / across * tile_rows + i / tile_cols);
		if (g->count > 1 || l->reach == LAYOUT_QUADRANT)
			c->quadrant = (int)k;
		if ((unsigned)c->x >= l->cols)
			l->cols = (unsigned)c->x + 1;
		if ((unsigned)c->y >= l->rows)
			l->rows = (unsigned)c->y + 1;
	}
}

int
ratio_fit(const char *spec, const struct topology *t, struct layout *out,
	char *err, size_t errlen)
{
	unsigned n, m, net, given = 0, before = 0;
	struct groups g;
	bool quadrant;

	if (ratio_parse(spec, &n, &m, &quadrant) < 0)
		return text_explain(-EINVAL, err, errlen,
			"layout '%s' is not a ratio: write N:M or "
			"N:M/quadrant, N and M from 1 to %d; a file is named "
			"./FILE",
			spec, RATIO_MAX);
	layout_init(out);
	snprintf(out->name, sizeof(out->name), "%u:%u%s", n, m,
		quadrant ? "/quadrant" : "");
	out->reach = quadrant ? LAYOUT_QUADRANT : LAYOUT_ALL;
	out->fitted = true;
	choose_groups(t, quadrant ? 2 : 1, &g);
	net = ratio_net(g.cores, n, m);
	for (unsigned k = 0; k < g.count; k++) {
		unsigned due;

		/* All of the net cores are shared out by running sums, so that
		 * no rounding error adds up. */
		before += g.size[k];
		due = (2 * before * net + g.cores) / (2 * g.cores);
		lay_group(out, &g, k,
			quadrant ? ratio_net(g.size[k], n, m) : due - given);
		given = due;
	}
	layout_count(out);
	return 0;
}
