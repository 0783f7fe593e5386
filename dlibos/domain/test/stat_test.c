/* domain_stat_test - where what is in a PART_STAT. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "dlibos/domain/domain.h"

/* Every part begins where the one before it ends, aligned, and the last ends
 * where the partition does. */
static void
parts_do_not_overlap(void **state)
{
	(void)state;
	for (uint32_t cores = 1; cores <= LIMIT_CORES; cores += 17)
		for (uint32_t edges = 0; edges <= LIMIT_EDGES; edges += 511) {
			struct plan_plan p = {.cores = cores, .edges = edges};
			uint64_t e = domain_stat_edges_at(cores);
			uint64_t t = domain_stat_tables_at(cores, edges);

			assert_int_equal(e, cores * sizeof(struct domain_stat));
			assert_int_equal(
				t - e, edges * sizeof(struct domain_edge_stat));
			assert_int_equal(domain_stat_bytes(&p) - t,
				cores * sizeof(struct domain_table));
			assert_int_equal(e % CACHELINE_PAIR, 0);
			assert_int_equal(t % CACHELINE_PAIR, 0);
		}
}

/* A core finds its own table, behind all edges, and nobody else's. */
static void
each_core_has_its_own(void **state)
{
	struct domain d = {.plan = {.cores = 3, .edges = 2}};
	struct domain_core core[3];
	uint64_t bytes = domain_stat_bytes(&d.plan);
	uint8_t *mem = aligned_alloc(CACHELINE_PAIR, bytes);

	(void)state;
	assert_non_null(mem);
	memset(mem, 0, bytes);
	d.part[PART_STAT].base = mem;
	for (unsigned i = 0; i < 3; i++) {
		static const char *const name[] = {"x"};
		const uint64_t value = i + 1;

		core[i].domain = &d;
		core[i].index = i;
		domain_show(
			domain_counters(domain_table(&core[i]), "g", name, 1),
			&value, 1);
	}
	for (unsigned i = 0; i < 3; i++) {
		const struct domain_table *t = domain_table(&core[i]);

		assert_ptr_equal(t,
			mem + 3 * sizeof(struct domain_stat) +
				2 * sizeof(struct domain_edge_stat) +
				i * sizeof(struct domain_table));
		assert_int_equal(t->n, 1);
		assert_string_equal(t->counter[0].name, "g.x");
		assert_int_equal(t->counter[0].value, i + 1);
	}
	free(mem);
}

static void
names_in_a_row(void **state)
{
	static const char *const some[] = {"one", "two"}, *const more[] = {"3"};
	static const uint64_t value[] = {11, 22}, max[] = {UINT64_MAX};
	struct domain_table *t = calloc(1, sizeof(*t));
	struct domain_counter *a, *b;

	(void)state;
	assert_non_null(t);
	a = domain_counters(t, "first", some, 2);
	b = domain_counters(t, "second", more, 1);
	assert_ptr_equal(a, t->counter);
	assert_ptr_equal(b, t->counter + 2);
	assert_int_equal(t->n, 3);
	domain_show(b, max, 1);
	domain_show(a, value, 2);
	assert_string_equal(t->counter[1].name, "first.two");
	assert_string_equal(t->counter[2].name, "second.3");
	assert_int_equal(t->counter[0].value, 11);
	assert_int_equal(t->counter[1].value, 22);
	assert_true(t->counter[2].value == UINT64_MAX);
	free(t);
}

/* What does not fit ends the process, before anything is written past it. */
static void
dies(uint32_t taken, const char *name)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		struct domain_table *t = calloc(1, sizeof(*t));

		close(STDERR_FILENO);
		if (!t)
			_exit(99);
		t->n = taken;
		domain_counters(t, "g", &name, 1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
}

static void
bounds(void **state)
{
	char name[DOMAIN_COUNTER + 1];

	(void)state;
	memset(name, 'n', sizeof(name));
	name[DOMAIN_COUNTER - 2] = '\0'; /* with "g." one byte too long */
	dies(0, name);
	dies(DOMAIN_COUNTERS, "x");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_do_not_overlap),
		cmocka_unit_test(each_core_has_its_own),
		cmocka_unit_test(names_in_a_row),
		cmocka_unit_test(bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
