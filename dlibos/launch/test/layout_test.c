/* layout_test - the shipped layouts, their edges, and ratios. */
#include "layout_table.h"

#include "dlibos/launch/ratio.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* The quadrant of a core on the 6x6 grid, worked out by hand. */
static unsigned
quadrant_of(unsigned core)
{
	return core / 18 * 2 + core % 6 / 3;
}

static void
shipped_layouts_count_right(void **state)
{
	struct layout l;

	(void)state;
	for (unsigned i = 0; i < SHIPPED; i++) {
		load_layout(&l, shipped[i].name, NULL);
		assert_string_equal(l.name, shipped[i].name);
		assert_int_equal(l.cores, 36);
		assert_int_equal(l.cols * l.rows, 36);
		assert_int_equal(l.net, shipped[i].net);
		assert_int_equal(l.app, shipped[i].app);
		assert_int_equal(l.rtc, shipped[i].rtc);
		assert_int_equal(l.quadrants, shipped[i].quadrants);
		assert_int_equal(layout_edges(&l), shipped[i].edges);
		assert_int_equal(l.slots, LIMIT_FIFO);
		assert_int_equal(l.idle, LAYOUT_ADAPTIVE);
		assert_int_equal(l.app_domains, LAYOUT_ONE);
	}
}

/* Every pair of all layouts, against roles and quadrants. */
static void
shipped_edges_are_exact(void **state)
{
	struct layout l;

	(void)state;
	for (unsigned i = 0; i < SHIPPED; i++) {
		bool all = strstr(shipped[i].name, "quadrant") == NULL;
		unsigned n = 0;

		load_layout(&l, shipped[i].name, NULL);
		for (unsigned a = 0; a < 36; a++) {
			for (unsigned b = 0; b < 36; b++) {
				bool mixed = l.core[a].role + l.core[b].role ==
						LAYOUT_NET + LAYOUT_APP &&
					l.core[a].role != l.core[b].role;
				bool want = mixed && !l.rtc &&
					(all ||
						quadrant_of(a) ==
							quadrant_of(b));

				assert_int_equal(layout_edge(&l, a, b), want);
				n += want;
			}
		}
		assert_int_equal(n, 2 * shipped[i].edges);
	}
}

static void
shipped_roles_stand_where_the_file_says(void **state)
{
	struct layout l;

	(void)state;
	load_layout(&l, "d-1to2-quadrant", NULL);
	for (unsigned i = 0; i < 36; i++) {
		bool net = i / 6 % 3 == i % 6 % 3;

		assert_int_equal(l.core[i].role, net ? LAYOUT_NET : LAYOUT_APP);
		assert_int_equal(l.core[i].quadrant, quadrant_of(i));
		assert_int_equal(layout_degree(&l, i), net ? 6 : 3);
	}
	load_layout(&l, "b-naive", NULL);
	for (unsigned i = 0; i < 36; i++)
		assert_int_equal(
			l.core[i].role, i < 18 ? LAYOUT_NET : LAYOUT_APP);
}

static void
hops_are_manhattan(void **state)
{
	struct layout l;

	(void)state;
	load_layout(&l, "b-naive", NULL);
	assert_int_equal(layout_hops(&l, 0, 35), 10);
	assert_int_equal(layout_hops(&l, 35, 0), 10);
	assert_int_equal(layout_hops(&l, 7, 7), 0);
	assert_int_equal(layout_hops(&l, 5, 6), 6);
	assert_int_equal(layout_at(&l, 5, 5), 35);
	assert_int_equal(layout_at(&l, 6, 5), -1);
}

static void
a_number_that_is_no_core_has_no_edge(void **state)
{
	struct layout l;

	(void)state;
	load_layout(&l, "b-naive", NULL);
	assert_true(layout_edge(&l, 0, 35));
	assert_false(layout_edge(&l, 0, 36));
	assert_false(layout_edge(&l, 0, 53));
	assert_false(layout_edge(&l, UINT32_MAX, 35));
}

static void
ratios_round_to_the_nearest(void **state)
{
	static const struct {
		unsigned cores, n, m, net;
	} table[] = {
		{2, 1, 1, 1},
		{2, 2, 1, 1},
		{2, 1, 99, 1},
		{3, 1, 1, 1},
		{9, 1, 1, 4},
		{9, 1, 2, 3},
		{9, 2, 1, 6},
		{36, 1, 1, 18},
		{36, 2, 1, 24},
		{36, 1, 2, 12},
		{5, 99, 1, 4},
		{8, 1, 2, 3},
		{256, 99, 98, 129},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_int_equal(
			ratio_net(table[i].cores, table[i].n, table[i].m),
			table[i].net);
}

static void
a_ratio_fits_the_machine(void **state)
{
	static const struct {
		const char *machine, *ratio;
		unsigned net, app, edges, quadrants;
	} table[] = {
		{TWO, "1:1", 1, 1, 1, 0},
		{TWO, "2:1", 1, 1, 1, 0},
		{TWO, "2:1/quadrant", 1, 1, 1, 1},
		{"core:9 pu:1", "1:1", 4, 5, 20, 0},
		{"core:9 pu:2", "1:1", 4, 5, 20, 0},
		{NUMA_36, "2:1", 24, 12, 288, 4},
		{NUMA_36, "1:1", 18, 18, 324, 4},
		{NUMA_36, "1:1/quadrant", 16, 20, 80, 4},
		{BIG, "1:1", 64, 64, 4096, 8},
		{BIG, "1:3/quadrant", 32, 96, 384, 8},
		{"numa:2 core:4 pu:1", "1:1/quadrant", 4, 4, 8, 2},
		{"numa:2 l3:2 core:1 pu:1", "1:1/quadrant", 2, 2, 2, 2},
		{"numa:2 core:1 pu:1", "1:1/quadrant", 1, 1, 1, 1},
		{"core:300 pu:1", "1:1", 128, 128, 16384, 0},
		{ONE_CORE, "1:1", 1, 1, 1, 0},
	};
	struct topology t;
	struct layout l;

	(void)state;
	for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		load_topology(&t, table[i].machine);
		load_layout(&l, table[i].ratio, &t);
		assert_string_equal(l.name, table[i].ratio);
		assert_int_equal(l.net, table[i].net);
		assert_int_equal(l.app, table[i].app);
		assert_int_equal(layout_edges(&l), table[i].edges);
		assert_int_equal(l.quadrants, table[i].quadrants);
		for (unsigned c = 0; c < l.cores; c++) {
			assert_true(layout_degree(&l, c) > 0);
			assert_int_equal(
				layout_at(&l, l.core[c].x, l.core[c].y), c);
			assert_in_range(l.core[c].x, 0, l.cols - 1);
			assert_in_range(l.core[c].y, 0, l.rows - 1);
		}
	}
}

static void
count_net(const struct layout *l, unsigned net[8])
{
	memset(net, 0, 8 * sizeof(net[0]));
	for (unsigned i = 0; i < l->cores; i++)
		net[l->core[i].quadrant] += l->core[i].role == LAYOUT_NET;
}

static void
every_l3_gets_its_share_of_a_ratio(void **state)
{
	struct topology t;
	struct layout l;
	unsigned net[8];

	(void)state;
	load_topology(&t, NUMA_36);
	load_layout(&l, "1:1", &t);
	count_net(&l, net);
	for (unsigned q = 0; q < 4; q++)
		assert_in_range(net[q], 4, 5);
	load_topology(&t, BIG);
	load_layout(&l, "1:1", &t);
	count_net(&l, net);
	for (unsigned q = 0; q < 8; q++)
		assert_int_equal(net[q], 8);
}

static void
what_is_no_ratio_is_refused(void **state)
{
	static const char *const bad[] = {"1:", ":1", ":", "0:1", "1:0", "-1:1",
		"1:1:1", "100:1", "1:1x", "1:1/quadrants", "1:1/", "a:b",
		"1 : 1", "99999999999999999999:1", "1:\n1"};
	struct topology t;
	struct layout l;
	char err[256];

	(void)state;
	load_topology(&t, TWO);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err[0] = '\0';
		assert_int_equal(layout_load(bad[i], DL_LAYOUT_DIR, &t, &l, err,
					 sizeof(err)),
			-EINVAL);
		assert_one_line(err);
		assert_non_null(strstr(err, "write N:M"));
	}
}

static void
a_name_that_is_nowhere_says_where_to_look(void **state)
{
	struct layout l;
	char err[512];

	(void)state;
	assert_int_equal(
		layout_load("nope", "/some/dir", NULL, &l, err, sizeof(err)),
		-EINVAL);
	assert_one_line(err);
	assert_non_null(strstr(err, "nope: no such layout in /some/dir"));
	assert_non_null(strstr(err, "dlibos layout list"));
	assert_int_equal(
		layout_load("", "/some/dir", NULL, &l, err, sizeof(err)),
		-EINVAL);
	assert_one_line(err);
	assert_int_equal(
		layout_load("x", "/some/dir", NULL, &l, NULL, 0), -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shipped_layouts_count_right),
		cmocka_unit_test(shipped_edges_are_exact),
		cmocka_unit_test(shipped_roles_stand_where_the_file_says),
		cmocka_unit_test(hops_are_manhattan),
		cmocka_unit_test(a_number_that_is_no_core_has_no_edge),
		cmocka_unit_test(ratios_round_to_the_nearest),
		cmocka_unit_test(a_ratio_fits_the_machine),
		cmocka_unit_test(every_l3_gets_its_share_of_a_ratio),
		cmocka_unit_test(what_is_no_ratio_is_refused),
		cmocka_unit_test(a_name_that_is_nowhere_says_where_to_look),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
