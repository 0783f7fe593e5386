/* port_share_test - what each of several network domains is told of the port
 * that they have together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include "dlibos/launch/port.h"

static struct plan_port
plan_of(enum port_kind kind, const char *spec, unsigned users, unsigned share)
{
	struct plan_port out = {.queue = 0};
	struct port p;

	port_init(&p);
	p.kind = kind;
	p.spec = spec;
	port_share(&p, users, "mine");
	strcpy(p.resolved, spec);
	port_plan(&p, share, &out);
	return out;
}

static void
one_has_it_alone(void **state)
{
	struct plan_port a = plan_of(PORT_VETH, "veth", 1, 0);
	struct plan_port b = plan_of(PORT_MEMIF, "memif:x", 1, 0);

	(void)state;
	assert_int_equal(a.shares + a.share, 0);
	assert_int_equal(b.shares + b.share, 0);
	assert_string_equal(b.spec, "memif:x");
}

static void
an_interface_is_shared_by_flows(void **state)
{
	static const enum port_kind kinds[] = {PORT_VETH, PORT_AFPACKET};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct plan_port a = plan_of(kinds[i], "afpacket:x", 3, 2);

		assert_string_equal(a.spec, "afpacket:x");
		assert_int_equal(a.share, 2);
		assert_int_equal(a.shares, 3);
		assert_int_equal(a.queues, 1);
	}
}

static void
queues_are_of_one_process(void **state)
{
	static const enum port_kind kinds[] = {
		PORT_TAP, PORT_AFXDP, PORT_PCI, PORT_VDEV};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct plan_port a = plan_of(kinds[i], "x:y", 3, 0);
		struct plan_port one = plan_of(kinds[i], "x:y", 1, 0);

		assert_int_equal(a.share + a.queue, 0);
		assert_int_equal(a.shares, 3);
		assert_int_equal(a.queues, 3);
		assert_int_equal(one.shares, 0);
		assert_int_equal(one.queues, 1);
	}
}

/* All domains of an instance, and those that are started again, have the same
 * key; another instance has another. */
static void
the_key_is_the_instances(void **state)
{
	struct plan_port out[3] = {{.queue = 0}};
	struct port p, q;

	(void)state;
	port_init(&p);
	port_init(&q);
	p.kind = q.kind = PORT_VETH;
	p.spec = q.spec = "veth";
	port_share(&p, 2, "mine");
	port_share(&q, 2, "mine");
	port_plan(&p, 0, &out[0]);
	port_plan(&p, 1, &out[1]);
	port_plan(&q, 1, &out[2]);
	assert_int_equal(out[0].steer_key, out[1].steer_key);
	assert_int_not_equal(out[0].steer_key, out[2].steer_key);
}

static void
memif_has_a_link_for_each(void **state)
{
	static const struct {
		const char *said, *want;
	} links[] = {
		{"memif:@x", "memif:@x,id=2"},
		{"memif:/s,server,id=7,trust",
			"memif:/s,server,id=7,trust,"
			"id=9"},
		{"memif:/s,id=1,id=40", "memif:/s,id=1,id=40,id=42"},
	};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct plan_port a = plan_of(PORT_MEMIF, links[i].said, 3, 2);

		assert_string_equal(a.spec, links[i].want);
		assert_int_equal(a.shares, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_has_it_alone),
		cmocka_unit_test(an_interface_is_shared_by_flows),
		cmocka_unit_test(queues_are_of_one_process),
		cmocka_unit_test(the_key_is_the_instances),
		cmocka_unit_test(memif_has_a_link_for_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
