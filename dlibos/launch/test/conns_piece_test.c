/* conns_piece_test - the connections of an instance, whatever its domains
 * wrote; and what `dlibos conns` makes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlibos/base/clock.h"
#include "dlibos/launch/conns.h"
#include "dlibos/launch/instance.h"
#include "dlibos/launch/stat.h"
#include "dlibos/launch/test/piece_kit.h"

#define CORES 2
#define EDGES 3
#define ASKED 800		      /* by --conns */
#define CONNS plan_stack_conns(ASKED) /* slots of a core */

struct made {
	struct instance in;
	struct child child[3];
	uint8_t *mem;
};

static struct domain_conns *
table(struct made *m, unsigned core)
{
	uint8_t *t = m->mem + domain_stat_conns_at(CORES, EDGES, core, ASKED);

	return (struct domain_conns *)(void *)t;
}

/* A network domain with cores 10 and 11, one that is down, and an application's
 * that shows nothing of the kind. */
static void
make(struct made *m)
{
	struct plan_plan p = {.role = ROLE_NET,
		.cores = CORES,
		.edges = EDGES,
		.conns = ASKED};

	memset(m, 0, sizeof(*m));
	m->mem = aligned_alloc(CACHELINE_PAIR, domain_stat_bytes(&p));
	assert_non_null(m->mem);
	memset(m->mem, 0, domain_stat_bytes(&p));
	m->in.child = m->child;
	m->in.children = 3;
	m->in.opt.conns = ASKED;
	m->child[0] = (struct child){
		.name = "app0", .role = ROLE_APP, .stat.part.base = m->mem};
	m->child[1] = (struct child){.name = "net1", .role = ROLE_NET};
	m->child[2] = (struct child){.name = "net0",
		.role = ROLE_NET,
		.state = CHILD_RUNNING,
		.cores = CORES,
		.core = {10, 11}};
	m->child[2].stat.part.base = m->mem;
	m->child[2].stat.cores = CORES;
	m->child[2].stat.edges = EDGES;
}

static struct domain_conn
v4(uint8_t host, uint16_t lport, uint16_t rport)
{
	return (struct domain_conn){
		.local = {[10] = 255, 255, 192, 0, 2, 2},
		.remote = {[10] = 255, 255, 192, 0, 2, host},
		.lport = lport,
		.rport = rport,
		.app = 3,
		.state = DOMAIN_CONN_ESTABLISHED,
	};
}

static void
put(struct made *m, unsigned core, uint32_t i, struct domain_conn c)
{
	struct domain_conns *t = table(m, core);

	domain_conn_put(&t->slot[i], &c);
	if (t->slots <= i)
		t->slots = i + 1;
}

static void
lines_of_two_cores(void **state)
{
	struct domain_conn c = v4(9, 80, 1234);
	uint64_t now = clock_ns();
	struct made m;
	unsigned pieces;
	struct conns read;
	char *text;

	(void)state;
	make(&m);
	c.received = UINT64_MAX;
	c.sent = 5;
	c.unacked = 6;
	c.unread = 7;
	c.srtt_us = 8;
	c.cwnd = 9;
	c.resent = 10;
	c.opened_ns = now - 7777000000;
	c.at_ns = UINT64_MAX; /* of the future */
	put(&m, 0, 3, c);
	c.app = DOMAIN_CONN_NOBODY;
	c.state = DOMAIN_CONN_FIN_WAIT_1;
	memcpy(c.local, (uint8_t[16]){0xfd, [15] = 1}, 16);
	memcpy(c.remote, (uint8_t[16]){0xfd, [15] = 2}, 16);
	put(&m, 1, 0, c);
	text = piece_all(conns_piece, &m.in, &pieces);
	assert_int_equal(pieces, 1);
	assert_memory_equal(text,
		"net0 10 ESTABLISHED 3 192.0.2.2 80 192.0.2.9 1234 "
		"18446744073709551615 5 6 7 8 9 10 77",
		85);
	assert_non_null(strstr(
		text, " 0\nnet0 11 FIN-WAIT-1 -1 fd00::1 80 fd00::2 1234 "));
	assert_true(conns_read(&read, text));
	assert_int_equal(read.n, 2);
	assert_int_equal(read.torn, 0);
	assert_string_equal(read.one[0].state, "ESTABLISHED");
	assert_true(read.one[0].received == UINT64_MAX);
	assert_int_equal(read.one[0].age_ms / 1000, 7);
	assert_int_equal(read.one[1].app, -1);
	assert_string_equal(read.one[1].remote.text, "fd00::2");
	conns_free(&read);
	free(text);
	free(m.mem);
}

/* More than fits into a message: each comes once, in order. */
static void
many_pieces(void **state)
{
	struct made m;
	unsigned pieces;
	struct conns read;
	char *text;

	(void)state;
	make(&m);
	for (unsigned core = 0; core < CORES; core++)
		for (unsigned i = 0; i < CONNS; i++)
			put(&m, core, i,
				v4(1, (uint16_t)(5000 - i),
					(uint16_t)(7 + core)));
	text = piece_all(conns_piece, &m.in, &pieces);
	assert_true(pieces > 1);
	assert_true(conns_read(&read, text));
	assert_int_equal(read.n, CORES * CONNS);
	for (unsigned i = 0; i < CORES * CONNS; i++) {
		assert_int_equal(read.one[i].local.port, 5001 - CONNS + i / 2);
		assert_int_equal(read.one[i].remote.port, 7 + i % 2);
	}
	conns_free(&read);
	free(text);
	free(m.mem);
}

/* A domain that lies: about how many there are, in what states; and one that
 * died while it wrote. */
static void
hostile(void **state)
{
	struct made m;
	struct domain_conn c = v4(1, 80, 1);
	char piece[STAT_PIECE];
	unsigned pieces;
	struct conns read;
	char *text;

	(void)state;
	make(&m);
	put(&m, 1, CONNS - 1, c); /* nothing is behind it */
	table(&m, 1)->slots = UINT32_MAX;
	table(&m, 0)->slots = UINT32_MAX;
	c.state = DOMAIN_CONN_STATES;
	put(&m, 0, 1, c);
	c.state = UINT16_MAX;
	put(&m, 0, 2, c);
	memset(&c, 0xff, sizeof(c));
	c.state = DOMAIN_CONN_TIME_WAIT;
	put(&m, 0, 3, c);
	table(&m, 0)->slot[4].seq = 1;
	memset(&table(&m, 0)->slot[5], 0xff, sizeof(struct domain_conn_slot));
	text = piece_all(conns_piece, &m.in, &pieces);
	assert_true(conns_read(&read, text));
	assert_int_equal(read.torn, 2);
	assert_int_equal(read.n, 2);
	assert_int_equal(read.one[1].local.port, 65535);
	assert_int_equal(read.one[1].app, -1);
	assert_int_equal(read.one[1].age_ms, 0);
	assert_true(read.one[1].received == UINT64_MAX);
	conns_free(&read);
	free(text);
	/* Orders for what there is not. */
	conns_piece(&m.in, 2, CORES * CONNS, piece, sizeof(piece));
	assert_string_equal(piece, "end\n");
	conns_piece(&m.in, 2, UINT32_MAX, piece, sizeof(piece));
	assert_string_equal(piece, "end\n");
	conns_piece(&m.in, 77, 0, piece, sizeof(piece));
	assert_string_equal(piece, "end\n");
	free(m.mem);
}

/* --- the client ----------------------------------------------------------*/

#define REST " 1 2 3 4 5 6 7 8 9\n"

static void
sorted(void **state)
{
	static const char text[] =
		"net0 0 ESTABLISHED 1 10.0.0.1 90 10.0.0.2 5" REST
		"net0 0 ESTABLISHED 1 fd00::1 80 fd00::2 1" REST "torn\n"
		"net0 0 CLOSING -1 10.0.0.1 80 10.0.0.10 4" REST
		"net1 2 TIME-WAIT -1 10.0.0.1 80 10.0.0.9 44" REST
		"net0 0 ESTABLISHED 1 10.0.0.1 80 10.0.0.9 5" REST;
	static const unsigned port[] = {5, 44, 4, 1, 5};
	struct conns c;

	(void)state;
	assert_true(conns_read(&c, text));
	assert_int_equal(c.n, 5);
	assert_int_equal(c.torn, 1);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(c.one[i].remote.port, port[i]);
	assert_int_equal(c.one[1].core, 2);
	assert_int_equal(c.one[4].local.port, 90);
	conns_free(&c);
}

static void
not_such_lines(void **state)
{
	static const char *const bad[] = {
		"\n",
		"torn \n",
		"net0 0 ESTABLISHED 1 10.0.0.1 90 10.0.0.2 5 1 2 3 4 5 6 7 8\n",
		"net0 0 ESTABLISHED 1 10.0.0.1 90 10.0.0.2 5 1 2 3 4 5 6 7 8 9 "
		"\n",
		"net0 0 ESTABLISHED 1 10.0.0.1 65536 10.0.0.2 5" REST,
		"net0 0 ESTABLISHED 1 10.0.0.1 80 10.0.0.x 5" REST,
		"a_name_that_is_much_too_long 0 CLOSING 1 ::1 80 ::1 5" REST,
		"net0 0 A_STATE_OF_TOO_MANY_LETTERS 1 ::1 80 ::1 5" REST,
	};
	struct conns c;

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (conns_read(&c, bad[i]))
			fail_msg("taken: %s", bad[i]);
		conns_free(&c);
	}
	assert_true(conns_read(&c, ""));
	assert_int_equal(c.n, 0);
	conns_free(&c);
}

static void
prints(const char *text, bool json, const char *want)
{
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);
	struct conns c;

	assert_non_null(f);
	assert_true(conns_read(&c, text));
	json ? conns_print_json(f, &c) : conns_print(f, &c);
	fclose(f);
	assert_string_equal(out, want);
	conns_free(&c);
	free(out);
}

static void
what_is_printed(void **state)
{
	static const char one[] =
		"net0 4 SYN-RECEIVED -1 fd00::1 80 fd00::2 999 1 2 3 4 5 6 7 "
		"65099 9\n";

	(void)state;
	prints("", false, "no connections\n");
	prints("torn\n", false, "1 more were being written: ask again\n");
	prints("", true, "{\"torn\": 0, \"connections\": []}\n");
	prints(one, false,
		"core local        remote        state         app     received"
		"         sent  unacked   unread  srtt/us     cwnd resent"
		"     age/s\n"
		"   4 [fd00::1]:80 [fd00::2]:999 SYN-RECEIVED    -            1"
		"            2        3        4        5        6      7"
		"      65.0\n");
	prints(one, true,
		"{\"torn\": 0, \"connections\": [\n"
		"  {\"domain\": \"net0\", \"core\": 4, \"local\": \"fd00::1\", "
		"\"local_port\": 80, \"remote\": \"fd00::2\", "
		"\"remote_port\": 999, \"state\": \"SYN-RECEIVED\", "
		"\"app\": null, \"received\": 1, \"sent\": 2, \"unacked\": 3, "
		"\"unread\": 4, \"srtt_us\": 5, \"cwnd\": 6, \"resent\": 7, "
		"\"age_ms\": 65099, \"record_age_ms\": 9}\n]}\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_two_cores),
		cmocka_unit_test(many_pieces),
		cmocka_unit_test(hostile),
		cmocka_unit_test(sorted),
		cmocka_unit_test(not_such_lines),
		cmocka_unit_test(what_is_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
