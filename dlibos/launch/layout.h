/* layout.h - which core has which role, and who may talk to whom.
 *
 * A layout says nothing about CPUs: place.h does. It comes from a file
 * (grammar.h, layouts/README.md) or from a ratio fitted to a machine
 * (ratio.h). Plain data, no pointers: copy it, put it on a stack.
 */
#ifndef DLIBOS_LAUNCH_LAYOUT_H
#define DLIBOS_LAUNCH_LAYOUT_H

#include "dlibos/launch/topology.h"
#include "dlibos/limits.h"

#include <stdbool.h>
#include <stddef.h>

enum layout_role { LAYOUT_UNUSED, LAYOUT_NET, LAYOUT_APP, LAYOUT_RTC };
enum layout_reach { LAYOUT_ALL, LAYOUT_QUADRANT };
enum layout_idle { LAYOUT_POLL, LAYOUT_YIELD, LAYOUT_ADAPTIVE, LAYOUT_SLEEP };
enum layout_dispatch { LAYOUT_ROUND_ROBIN, LAYOUT_LEAST_CONNS };
enum layout_domains { LAYOUT_ONE, LAYOUT_EACH };

#define LAYOUT_NO_QUADRANT (-1)

struct layout_core {
	enum layout_role role;
	int quadrant; /* below LIMIT_CORES, or LAYOUT_NO_QUADRANT */
	int x, y;     /* its place on the grid; no two cores share one */
};

/* Cores are numbered 0 to cores - 1, the unused ones too. */
struct layout {
	char name[LIMIT_NAME];
	enum layout_reach reach;
	enum layout_idle idle;
	enum layout_dispatch dispatch;
	enum layout_domains app_domains; /* processes of the app cores */
	unsigned slots;			 /* of each FIFO; a power of two */
	bool fitted; /* from a ratio: its quadrants are the machine's groups */
	unsigned cols, rows; /* the grid; not every place has a core */
	unsigned cores;
	unsigned net, app, rtc; /* cores by role */
	unsigned quadrants;	/* distinct ones; 0: none are declared */
	struct layout_core core[LIMIT_CORES];
};

/* Makes a layout of a ratio ("2:1", "1:1/quadrant"), a file (a path: it has a
 * '/' or ends in ".layout"), or a bare name NAME, which stands for
 * dir/NAME.layout. Only a ratio looks at the topology.
 *
 * 0, or -EINVAL and one line in err, which names file, line, fault and remedy;
 * *out is then undefined. A ratio always gives one net and one app core at
 * least: that a machine is too small for both is found by place(). */
int layout_load(const char *spec, const char *dir, const struct topology *t,
	struct layout *out, char *err, size_t errlen);

/* An empty layout with every default. */
void layout_init(struct layout *l);

/* Counts roles and quadrants; to be called once all cores are set. */
void layout_count(struct layout *l);

/* Whether a and b may talk: one is a net core, the other an app core in its
 * reach. The order does not matter; a number that is no core has no edges. */
bool layout_edge(const struct layout *l, unsigned a, unsigned b);

/* Edges of core a, and of the layout. */
unsigned layout_degree(const struct layout *l, unsigned a);
unsigned layout_edges(const struct layout *l);

/* Manhattan distance of two cores on the grid. */
unsigned layout_hops(const struct layout *l, unsigned a, unsigned b);

/* The core at a place of the grid, or -1. */
int layout_at(const struct layout *l, int x, int y);

/* Cores that need a CPU: all but the unused ones. */
unsigned layout_used(const struct layout *l);

/* Columns of the near-square grid that holds n things. */
unsigned layout_columns(unsigned n);

const char *layout_role_name(enum layout_role role);

#endif
