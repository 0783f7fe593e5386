/* vacant_test - where places for programs that come later are put, and how
 * cores idle that share a CPU with one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlibos/launch/attach.h"
#include "dlibos/launch/instance.h"

static struct instance in;
static struct child child[8];

/* A network core and application cores in quadrants of their own, on a machine
 * that is made up; each core is a domain. */
static void
make(const char *machine, unsigned apps, bool oversubscribe)
{
	struct place_options po = {oversubscribe, -1};
	char err[256];

	memset(&in, 0, sizeof(in));
	memset(child, 0, sizeof(child));
	in.child = child;
	in.opt.vacant = 1;
	assert_int_equal(
		topology_load(&in.topology, machine, err, sizeof(err)), 0);
	layout_init(&in.layout);
	in.layout.cols = 1 + apps;
	in.layout.rows = 1;
	in.layout.cores = 1 + apps;
	for (unsigned i = 0; i <= apps; i++) {
		in.layout.core[i] = (struct layout_core){
			i ? LAYOUT_APP : LAYOUT_NET, (int)i, (int)i, 0};
		child[i].domain = i;
		child[i].role = i ? ROLE_APP : ROLE_NET;
		child[i].cores = 1;
		child[i].core[0] = (uint16_t)i;
	}
	in.children = in.first_place = 1 + apps;
	layout_count(&in.layout);
	assert_int_equal(place(&in.layout, &in.topology, &po, &in.placement,
				 err, sizeof(err)),
		0);
}

static void
add(unsigned n, struct attach *a)
{
	struct child *c = &child[in.children];

	c->core[0] = (uint16_t)vacant_core(&in, n);
	c->cores = 1;
	c->domain = in.children++;
	c->role = ROLE_APP;
	c->place = attach_init(a);
}

static int
cpu(unsigned domain)
{
	return in.placement.cpu[child[domain].core[0]];
}

static void
free_cores_first(void **state)
{
	struct attach a[4] = {{.taken = false}};

	(void)state;
	make("core:4 pu:2", 1, false);
	for (unsigned i = 0; i < 4; i++)
		add(i, &a[i]);
	for (unsigned i = 0; i < 4; i++)
		for (unsigned k = 0; k < i; k++)
			assert_int_not_equal(cpu(i) / 2, cpu(k) / 2);
	assert_int_equal(cpu(4), cpu(1)); /* not beside the network core */
	assert_int_equal(cpu(5), cpu(1));
	assert_int_equal(vacant_apps(&in), 5);
	in.idle = IDLE_POLL;
	assert_int_equal(vacant_idle(&in, &child[0]), IDLE_POLL);
	assert_int_equal(vacant_idle(&in, &child[1]), IDLE_YIELD);
	assert_int_equal(vacant_idle(&in, &child[2]), IDLE_POLL);
	assert_int_equal(vacant_idle(&in, &child[4]), IDLE_SLEEP);
	in.idle = IDLE_ADAPTIVE;
	assert_int_equal(vacant_idle(&in, &child[1]), IDLE_ADAPTIVE);
	assert_int_equal(vacant_idle(&in, &child[4]), IDLE_SLEEP);
}

static void
shared_in_turn(void **state)
{
	struct attach a[3] = {{.taken = false}};

	(void)state;
	make("core:3 pu:1", 2, false);
	in.layout.reach = LAYOUT_QUADRANT;
	for (unsigned i = 0; i < 3; i++)
		add(i, &a[i]);
	assert_int_equal(cpu(3), cpu(1));
	assert_int_equal(cpu(4), cpu(2));
	assert_int_equal(cpu(5), cpu(1));
	for (unsigned i = 3; i < 6; i++)
		assert_int_equal(in.layout.core[child[i].core[0]].quadrant,
			i == 4 ? 2 : 1);
	for (unsigned i = 0; i < in.layout.cores; i++)
		for (unsigned k = 0; k < i; k++)
			assert_false(
				in.layout.core[i].x == in.layout.core[k].x &&
				in.layout.core[i].y == in.layout.core[k].y);
}

static void
one_cpu(void **state)
{
	struct attach a[1] = {{.taken = false}};

	(void)state;
	make("core:1 pu:1", 1, true);
	add(0, &a[0]);
	assert_int_equal(cpu(2), cpu(0));
	assert_true(layout_edge(&in.layout, 0, child[2].core[0]));
	assert_false(layout_edge(&in.layout, 1, child[2].core[0]));
	assert_true(vacant_is(&child[2]));
	assert_false(vacant_is(&child[1]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(free_cores_first),
		cmocka_unit_test(shared_in_turn),
		cmocka_unit_test(one_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
