/* layout_table.h - what the layout tests share. */
#ifndef DLIBOS_LAUNCH_TEST_LAYOUT_TABLE_H
#define DLIBOS_LAUNCH_TEST_LAYOUT_TABLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "dlibos/launch/layout.h"
#include "dlibos/launch/topology.h"

#define NUMA_36	 "numa:4 l3:1 core:9 pu:1"
#define TWO	 "core:2 pu:1"
#define BIG	 "numa:2 l3:4 core:16 pu:2" /* 128 cores, 8 L3s, 256 CPUs */
#define ONE_CORE "core:1 pu:2"

struct shipped {
	const char *name;
	unsigned net, app, rtc, edges, quadrants;
};

static const struct shipped shipped[] = {
	{"a-rtc", 0, 0, 36, 0, 0},
	{"b-naive", 18, 18, 0, 18 * 18, 0},
	{"c-1to2-all", 12, 24, 0, 12 * 24, 4},
	{"d-1to2-quadrant", 12, 24, 0, 4 * 3 * 6, 4},
	{"e-1to1-all", 16, 20, 0, 16 * 20, 4},
	{"f-1to1-quadrant", 16, 20, 0, 4 * 4 * 5, 4},
	{"g-2to1-all", 24, 12, 0, 24 * 12, 4},
	{"h-2to1-quadrant", 24, 12, 0, 4 * 6 * 3, 4},
};
#define SHIPPED (sizeof(shipped) / sizeof(shipped[0]))

static inline void
load_topology(struct topology *t, const char *synthetic)
{
	char err[256] = "";
	int rc = topology_load(t, synthetic, err, sizeof(err));

	if (rc)
		fail_msg("%s", err);
}

static inline void
load_layout(struct layout *l, const char *spec, const struct topology *t)
{
	char err[512] = "";

	if (layout_load(spec, DL_LAYOUT_DIR, t, l, err, sizeof(err)))
		fail_msg("%s", err);
}

static inline void
assert_one_line(const char *err)
{
	assert_true(*err);
	assert_null(strchr(err, '\n'));
}

#endif
