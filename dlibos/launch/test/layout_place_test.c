/* layout_place_test - topologies, and a CPU for every core. */
#include "layout_table.h"

#include "dlibos/launch/place.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>

static struct topology t;
static struct layout l;
static struct placement p;
static char err[512];

static int
put(const char *machine, const char *spec, bool oversubscribe, int nic)
{
	struct place_options o = {oversubscribe, nic};

	load_topology(&t, machine);
	load_layout(&l, spec, &t);
	err[0] = '\0';
	return place(&l, &t, &o, &p, err, sizeof(err));
}

static const struct topology_pu *
pu_of(unsigned core)
{
	for (unsigned i = 0; i < t.pus; i++)
		if (t.pu[i].os == p.cpu[core])
			return &t.pu[i];
	fail_msg("core %u: cpu %d is not of this machine", core, p.cpu[core]);
	return NULL;
}

/* Every used core has a CPU of its own, and its node; no hardware thread is
 * in use while a physical core is free. */
static void
check_placement(void)
{
	unsigned used[TOPOLOGY_PUS] = {0}, cores = 0, threads = 0;

	for (unsigned i = 0; i < l.cores; i++) {
		if (l.core[i].role == LAYOUT_UNUSED) {
			assert_int_equal(p.cpu[i], -1);
			continue;
		}
		assert_int_equal(used[p.cpu[i]]++, 0);
		assert_int_equal(p.node[i], pu_of(i)->node);
		if (pu_of(i)->smt)
			threads++;
		else
			cores++;
	}
	for (unsigned i = l.cores; i < LIMIT_CORES; i++)
		assert_int_equal(p.cpu[i], -1);
	assert_int_equal(cores + threads, layout_used(&l));
	if (threads)
		assert_int_equal(cores, t.cores);
	assert_false(p.oversubscribed);
}

static void
synthetic_machines_read_right(void **state)
{
	(void)state;
	load_topology(&t, NUMA_36);
	assert_int_equal(t.pus, 36);
	assert_int_equal(t.cores, 36);
	assert_int_equal(t.l3s, 4);
	assert_int_equal(t.nodes, 4);
	assert_int_equal(t.pu[35].l3, 3);
	assert_int_equal(t.pu[35].node, 3);
	load_topology(&t, "pack:2 [numa] l3:2 core:3 pu:2");
	assert_int_equal(t.pus, 24);
	assert_int_equal(t.cores, 12);
	assert_int_equal(t.l3s, 4);
	assert_int_equal(t.nodes, 2);
	assert_int_equal(t.packages, 2);
	assert_int_equal(t.pu[7].smt, 1);
	assert_int_equal(t.pu[7].core, 3);
	assert_int_equal(t.pu[7].l3, 1);
	load_topology(&t, "pu:3");
	assert_int_equal(t.cores, 3);
	assert_int_equal(t.l3s, 0);
	assert_int_equal(t.pu[0].l3, -1);
	assert_int_equal(t.packages, 1);
}

static void
machines_that_cannot_be_are_refused(void **state)
{
	(void)state;
	assert_int_equal(
		topology_load(&t, "six cores", err, sizeof(err)), -EINVAL);
	assert_one_line(err);
	assert_non_null(strstr(err, "'six cores'"));
	assert_int_equal(
		topology_load(&t, "core:1025 pu:1", err, sizeof(err)), -E2BIG);
	assert_one_line(err);
	assert_non_null(strstr(err, "taskset"));
}

static void
this_machine_ends_at_the_affinity(void **state)
{
	cpu_set_t all, one;
	int cpu = 0;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	load_topology(&t, NULL);
	assert_int_equal(t.pus, CPU_COUNT(&all));
	for (unsigned i = 0; i < t.pus; i++)
		assert_true(CPU_ISSET(t.pu[i].os, &all));
	while (!CPU_ISSET(cpu, &all))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	load_topology(&t, NULL);
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
	assert_int_equal(t.pus, 1);
	assert_int_equal(t.cores, 1);
	assert_int_equal(t.pu[0].os, cpu);
	assert_int_equal(t.pu[0].smt, 0);
}

static void
shipped_layouts_fit_36_and_128_cores(void **state)
{
	static const char *const machines[] = {NUMA_36, BIG};

	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		for (unsigned i = 0; i < SHIPPED; i++) {
			for (int nic = -1; nic < 2; nic++) {
				assert_int_equal(
					put(machines[m], shipped[i].name, false,
						nic),
					0);
				check_placement();
			}
		}
	}
}

static void
check_quadrants_in_l3(void)
{
	assert_true(p.quadrants_real);
	for (unsigned a = 0; a < l.cores; a++)
		for (unsigned b = 0; b < l.cores; b++)
			if (l.core[a].quadrant == l.core[b].quadrant)
				assert_int_equal(pu_of(a)->l3, pu_of(b)->l3);
}

static void
a_quadrant_lies_in_one_l3(void **state)
{
	static const char *const specs[] = {"d-1to2-quadrant",
		"f-1to1-quadrant", "h-2to1-quadrant", "c-1to2-all",
		"e-1to1-all", "g-2to1-all", "2:1", "1:1/quadrant"};
	static const char *const machines[] = {NUMA_36, BIG};
	unsigned cores[8];

	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		for (unsigned i = 0; i < 8; i++) {
			assert_int_equal(
				put(machines[m], specs[i], false, -1), 0);
			check_placement();
			check_quadrants_in_l3();
			memset(cores, 0, sizeof(cores));
			for (unsigned c = 0; c < l.cores; c++)
				cores[pu_of(c)->l3]++;
			for (unsigned g = 0; g < 8; g++)
				assert_true(cores[g] == 0 ||
					cores[g] == l.cores / l.quadrants);
		}
	}
}

static void
a_quadrant_too_large_for_an_l3_lies_in_a_node(void **state)
{
	(void)state;
	assert_int_equal(
		put("numa:4 l3:2 core:5 pu:1", "f-1to1-quadrant", false, 2), 0);
	check_placement();
	assert_true(p.quadrants_real);
	for (unsigned a = 0; a < l.cores; a++)
		for (unsigned b = 0; b < l.cores; b++)
			if (l.core[a].quadrant == l.core[b].quadrant)
				assert_int_equal(p.node[a], p.node[b]);
	assert_int_equal(p.node[0], 2);
}

static void
a_quadrant_too_large_for_a_node_is_declared_only(void **state)
{
	(void)state;
	assert_int_equal(
		put("numa:8 l3:1 core:5 pu:1", "f-1to1-quadrant", false, -1),
		0);
	check_placement();
	assert_false(p.quadrants_real);
	assert_int_equal(put(NUMA_36, "b-naive", false, -1), 0);
	assert_false(p.quadrants_real);
}

/* 36 cores on 32 physical ones: four hardware threads, and no more. */
static void
hardware_threads_come_last(void **state)
{
	unsigned threads = 0;

	(void)state;
	assert_int_equal(put("numa:2 core:16 pu:2", "a-rtc", false, 1), 0);
	check_placement();
	for (unsigned i = 0; i < l.cores; i++)
		threads += pu_of(i)->smt == 1;
	assert_int_equal(threads, 4);
	assert_int_equal(
		put("numa:4 l3:1 core:8 pu:2", "d-1to2-quadrant", false, -1),
		0);
	check_placement();
	check_quadrants_in_l3();
}

/* Quadrants of 7 and 2 on two L3s of four cores: the 7 would have to take
 * three hardware threads while the other L3 has two cores free. */
static void
a_quadrant_is_no_reason_to_waste_a_core(void **state)
{
	struct place_options o = {false, -1};

	(void)state;
	load_topology(&t, "numa:2 l3:1 core:4 pu:2");
	layout_init(&l);
	l.cores = 9;
	l.reach = LAYOUT_QUADRANT;
	for (unsigned i = 0; i < 9; i++) {
		l.core[i].role = i % 2 ? LAYOUT_NET : LAYOUT_APP;
		l.core[i].quadrant = i >= 7;
	}
	layout_count(&l);
	assert_int_equal(place(&l, &t, &o, &p, err, sizeof(err)), 0);
	check_placement();
	assert_false(p.quadrants_real);
}

/* Quadrants of 6, 6, 4 and 2 on three L3s of six cores. */
static void
quadrants_of_many_sizes_are_packed(void **state)
{
	struct place_options o = {false, -1};

	(void)state;
	load_topology(&t, "numa:3 l3:1 core:6 pu:1");
	layout_init(&l);
	l.cores = 18;
	l.reach = LAYOUT_QUADRANT;
	for (unsigned i = 0; i < 18; i++) {
		l.core[i].role = i % 2 ? LAYOUT_NET : LAYOUT_APP;
		l.core[i].quadrant = i < 2 ? 3 : i < 6 ? 7 : i < 12 ? 1 : 0;
	}
	layout_count(&l);
	assert_int_equal(l.quadrants, 4);
	assert_int_equal(place(&l, &t, &o, &p, err, sizeof(err)), 0);
	check_placement();
	check_quadrants_in_l3();
}

/* Quadrants of 5, 3 and 3 on L3s of six and five cores: to spread them would
 * put the 5 where both of the 3s must go. */
static void
uneven_groups_are_packed_tight(void **state)
{
	struct place_options o = {false, -1};

	(void)state;
	load_topology(&t, "numa:2 l3:1 core:6 pu:1");
	t.pus = t.cores = 11;
	layout_init(&l);
	l.cores = 11;
	l.reach = LAYOUT_QUADRANT;
	for (unsigned i = 0; i < 11; i++) {
		l.core[i].role = i % 2 ? LAYOUT_NET : LAYOUT_APP;
		l.core[i].quadrant = i < 3 ? 0 : i < 6 ? 1 : 2;
	}
	layout_count(&l);
	assert_int_equal(place(&l, &t, &o, &p, err, sizeof(err)), 0);
	check_placement();
	check_quadrants_in_l3();
}

static void
net_cores_are_near_the_nic(void **state)
{
	(void)state;
	for (int nic = 0; nic < 4; nic++) {
		unsigned near = 0;

		assert_int_equal(put(NUMA_36, "e-1to1-all", false, nic), 0);
		check_placement();
		for (unsigned i = 0; i < l.cores; i++)
			near += l.core[i].role == LAYOUT_NET &&
				p.node[i] == nic;
		assert_int_equal(near, 9);
	}
	assert_int_equal(put(BIG, "b-naive", false, 1), 0);
	for (unsigned i = 0; i < l.cores; i++)
		assert_int_equal(p.node[i], 1);
}

static void
a_ratio_keeps_its_groups_whatever_the_nic(void **state)
{
	(void)state;
	assert_int_equal(put(NUMA_36, "1:1", false, 3), 0);
	check_placement();
	check_quadrants_in_l3();
	assert_int_equal(put(BIG, "1:1", false, 1), 0);
	assert_int_equal(layout_used(&l), 128);
	for (unsigned i = 0; i < l.cores; i++)
		assert_int_equal(pu_of(i)->smt, 0);
}

static void
what_does_not_fit_says_so(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SHIPPED; i++) {
		assert_int_equal(put(TWO, shipped[i].name, false, -1), -ENOSPC);
		assert_one_line(err);
		assert_non_null(strstr(err, shipped[i].name));
		assert_non_null(strstr(err, "36 cores"));
		assert_non_null(strstr(err, "2 CPUs"));
		assert_non_null(strstr(err, "1:1"));
		assert_non_null(strstr(err, "--oversubscribe"));
		for (unsigned c = 0; c < LIMIT_CORES; c++)
			assert_int_equal(p.cpu[c], -1);
	}
}

static void
one_physical_core_is_too_few_for_a_ratio(void **state)
{
	(void)state;
	assert_int_equal(put(ONE_CORE, "1:1", false, -1), -ENOSPC);
	assert_one_line(err);
	assert_non_null(strstr(err, "2 physical cores"));
	assert_non_null(strstr(err, "--oversubscribe"));
	assert_int_equal(put(ONE_CORE, "1:1", true, -1), 0);
	check_placement();
	assert_int_equal(put("core:1 pu:1", "1:1", true, -1), 0);
	assert_true(p.oversubscribed);
	assert_int_equal(p.cpu[0], p.cpu[1]);
}

static void
oversubscribing_balances_the_mix(void **state)
{
	static const char *const machines[] = {
		TWO, "core:1 pu:1", "core:5 pu:1", "numa:2 core:3 pu:2"};

	(void)state;
	for (unsigned m = 0; m < 4; m++) {
		for (unsigned i = 0; i < SHIPPED; i++) {
			unsigned net[16] = {0}, app[16] = {0};

			assert_int_equal(
				put(machines[m], shipped[i].name, true, 0), 0);
			assert_true(p.oversubscribed);
			assert_false(p.quadrants_real);
			for (unsigned c = 0; c < l.cores; c++)
				(l.core[c].role == LAYOUT_APP
						? app
						: net)[p.cpu[c]]++;
			for (unsigned a = 0; a < t.pus; a++) {
				for (unsigned b = 0; b < t.pus; b++) {
					assert_true(net[a] <= net[b] + 1);
					assert_true(app[a] <= app[b] + 1);
					assert_true(net[a] + app[a] <=
						net[b] + app[b] + 1);
				}
			}
		}
	}
}

/* The first core is left to others, unless it is the only one; what remains is
 * a machine like any other. */
static void
a_core_can_be_spared(void **state)
{
	static const struct {
		const char *machine;
		unsigned pus, cores, l3s, nodes;
		int first;
	} cases[] = {
		{TWO, 1, 1, 0, 1, 1},
		{"core:1 pu:1", 1, 1, 0, 1, 0},
		{ONE_CORE, 2, 1, 0, 1, 0},
		{"numa:2 l3:1 core:1 pu:2", 2, 1, 1, 1, 2},
		{"numa:2 l3:1 core:2 pu:2", 6, 3, 2, 2, 2},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		load_topology(&t, cases[i].machine);
		topology_spare(&t);
		assert_int_equal(t.pus, cases[i].pus);
		assert_int_equal(t.cores, cases[i].cores);
		assert_int_equal(t.l3s, cases[i].l3s);
		assert_int_equal(t.nodes, cases[i].nodes);
		assert_int_equal(t.pu[0].os, cases[i].first);
		assert_int_equal(t.pu[0].core, 0);
		assert_int_equal(t.pu[0].l3, t.l3s ? 0 : -1);
		assert_int_equal(t.pu[0].package, 0);
	}
}

static void
oversubscribing_is_not_done_without_need(void **state)
{
	(void)state;
	assert_int_equal(put(NUMA_36, "d-1to2-quadrant", true, -1), 0);
	check_placement();
	assert_true(p.quadrants_real);
}

static void
the_same_is_placed_the_same_way(void **state)
{
	static struct placement first;

	(void)state;
	memset(&first, 0, sizeof(first));
	memset(&p, 0, sizeof(p));
	assert_int_equal(put(BIG, "f-1to1-quadrant", false, 1), 0);
	first = p;
	assert_int_equal(put(BIG, "f-1to1-quadrant", false, 1), 0);
	assert_memory_equal(first.cpu, p.cpu, sizeof(p.cpu));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(synthetic_machines_read_right),
		cmocka_unit_test(machines_that_cannot_be_are_refused),
		cmocka_unit_test(this_machine_ends_at_the_affinity),
		cmocka_unit_test(shipped_layouts_fit_36_and_128_cores),
		cmocka_unit_test(a_quadrant_lies_in_one_l3),
		cmocka_unit_test(a_quadrant_too_large_for_an_l3_lies_in_a_node),
		cmocka_unit_test(
			a_quadrant_too_large_for_a_node_is_declared_only),
		cmocka_unit_test(hardware_threads_come_last),
		cmocka_unit_test(a_quadrant_is_no_reason_to_waste_a_core),
		cmocka_unit_test(quadrants_of_many_sizes_are_packed),
		cmocka_unit_test(uneven_groups_are_packed_tight),
		cmocka_unit_test(net_cores_are_near_the_nic),
		cmocka_unit_test(a_ratio_keeps_its_groups_whatever_the_nic),
		cmocka_unit_test(what_does_not_fit_says_so),
		cmocka_unit_test(one_physical_core_is_too_few_for_a_ratio),
		cmocka_unit_test(oversubscribing_balances_the_mix),
		cmocka_unit_test(a_core_can_be_spared),
		cmocka_unit_test(oversubscribing_is_not_done_without_need),
		cmocka_unit_test(the_same_is_placed_the_same_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
