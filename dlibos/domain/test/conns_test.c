/* domain_conns_test - records of connections: where they lie, what a reader
 * gets, and that nothing which a writer does keeps him. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlibos/base/atomic.h"
#include "dlibos/domain/domain.h"

/* Network cores have a table each, behind all that others have, too. */
static void
tables_do_not_overlap(void **state)
{
	struct domain d = {
		.plan = {.role = ROLE_NET, .cores = 3, .edges = 5, .conns = 7}};
	struct plan_plan app = d.plan;
	uint32_t slots = plan_stack_conns(7);
	uint64_t bytes = domain_stat_bytes(&d.plan), before;
	uint8_t *mem = aligned_alloc(CACHELINE_PAIR, bytes);

	(void)state;
	assert_non_null(mem);
	d.part[PART_STAT].base = mem;
	before = domain_stat_tables_at(3, 5) + 3 * sizeof(struct domain_table);
	for (unsigned i = 0; i < 3; i++) {
		struct domain_core core = {.domain = &d, .index = i};
		uint8_t *t = (uint8_t *)domain_conns(&core);

		assert_ptr_equal(
			t, mem + before + i * domain_conns_bytes(slots));
		assert_int_equal((t - mem) % CACHELINE_PAIR, 0);
		assert_ptr_equal(&domain_conns(&core)->slot[slots],
			t + domain_conns_bytes(slots));
	}
	assert_int_equal(bytes, before + 3 * domain_conns_bytes(slots));
	app.role = ROLE_APP;
	assert_int_equal(domain_stat_bytes(&app), before);
	app.role = ROLE_NET | ROLE_APP;
	assert_int_equal(domain_stat_bytes(&app), bytes);
	free(mem);
}

static struct domain_conn
sample(void)
{
	return (struct domain_conn){
		.local = {1, 2},
		.remote = {[15] = 3},
		.lport = 80,
		.rport = 65535,
		.app = DOMAIN_CONN_NOBODY,
		.state = DOMAIN_CONN_TIME_WAIT,
		.handle = 77,
		.received = UINT64_MAX,
		.at_ns = 5,
	};
}

static void
what_was_put_is_got(void **state)
{
	struct domain_conn_slot slot = {.seq = 0};
	struct domain_conn c = sample(), got, own;

	(void)state;
	assert_true(domain_conn_get(&slot, &got));
	assert_int_equal(got.state, DOMAIN_CONN_NONE);
	domain_conn_put(&slot, &c);
	assert_true(domain_conn_get(&slot, &got));
	assert_memory_equal(&got, &c, sizeof(c));
	domain_conn_own(&slot, &own);
	assert_memory_equal(&own, &c, sizeof(c));
	c.state = DOMAIN_CONN_CLOSING;
	domain_conn_put(&slot, &c);
	assert_true(domain_conn_get(&slot, &got));
	assert_int_equal(got.state, DOMAIN_CONN_CLOSING);
}

/* A writer that stopped midway, for good: no copy, and an end. */
static void
a_torn_record_is_none(void **state)
{
	struct domain_conn_slot slot = {.seq = 0};
	struct domain_conn c = sample(), got;

	(void)state;
	domain_conn_put(&slot, &c);
	slot.seq++;
	memset(&got, 0x55, sizeof(got));
	assert_false(domain_conn_get(&slot, &got));
	assert_int_equal(got.handle, 0x55555555);
	slot.seq++;
	assert_true(domain_conn_get(&slot, &got));
	slot.seq = UINT64_MAX;
	assert_false(domain_conn_get(&slot, &got));
}

#define COPIES 20000 /* that differ; on one CPU there are few of them, so: */
#define WRITES 1000000
#define PAUSE  8

struct beside {
	struct domain_conn_slot slot;
	uint32_t stop, stopped;
};

static void *
writer(void *arg)
{
	struct beside *b = arg;
	struct domain_conn c;

	for (unsigned i = 1; i < WRITES && !atomic_load_32(&b->stop); i++) {
		memset(&c, (int)(i & 0xff), sizeof(c));
		domain_conn_put(&b->slot, &c);
		for (unsigned k = 0; k < PAUSE; k++)
			cpu_relax();
	}
	atomic_store_32(&b->stopped, 1);
	return NULL;
}

/* What a reader gets beside a writer is one record, not parts of two. */
static void
one_writes_one_reads(void **state)
{
	static struct beside b;
	struct domain_conn c;
	const uint8_t *byte = (const uint8_t *)&c;
	unsigned got = 0, last = 0;
	pthread_t t;

	(void)state;
	assert_int_equal(pthread_create(&t, NULL, writer, &b), 0);
	while (got < COPIES && !atomic_load_32(&b.stopped)) {
		if (!domain_conn_get(&b.slot, &c))
			continue;
		got += byte[0] != last;
		last = byte[0];
		for (size_t i = 1; i < sizeof(c); i++)
			assert_int_equal(byte[i], last);
	}
	atomic_store_32(&b.stop, 1);
	pthread_join(t, NULL);
	assert_true(domain_conn_get(&b.slot, &c));
}

static void
bounds(void **state)
{
	struct domain_conns t = {.slots = 5};

	(void)state;
	assert_int_equal(domain_conns_used(&t, 7), 5);
	assert_int_equal(domain_conns_used(&t, 4), 4);
	t.slots = UINT32_MAX;
	assert_int_equal(domain_conns_used(&t, 7), 7);
	assert_null(domain_conn_state(DOMAIN_CONN_NONE));
	assert_null(domain_conn_state(DOMAIN_CONN_STATES));
	assert_null(domain_conn_state(UINT16_MAX));
	for (unsigned i = 1; i < DOMAIN_CONN_STATES; i++)
		assert_non_null(domain_conn_state(i));
	assert_string_equal(
		domain_conn_state(DOMAIN_CONN_FIN_WAIT_2), "FIN-WAIT-2");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_do_not_overlap),
		cmocka_unit_test(what_was_put_is_got),
		cmocka_unit_test(a_torn_record_is_none),
		cmocka_unit_test(one_writes_one_reads),
		cmocka_unit_test(bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
