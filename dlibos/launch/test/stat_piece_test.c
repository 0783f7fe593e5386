/* stat_piece_test - the lines of an instance, whatever its domains wrote; and
 * what `dlibos top` makes of such lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlibos/launch/instance.h"
#include "dlibos/launch/stat.h"
#include "dlibos/launch/test/piece_kit.h"

#define CORES 4
#define EDGES 3

/* Bytes behind the partition that look like names. */
#define BEHIND 4096

struct made {
	struct instance in;
	struct child child[2];
	uint8_t *mem;
};

static struct domain_table *
table(struct made *m, unsigned core)
{
	uint8_t *t = m->mem + domain_stat_tables_at(CORES, EDGES);

	return &((struct domain_table *)(void *)t)[core];
}

static struct domain_stat *
core_stat(struct made *m, unsigned core)
{
	return &((struct domain_stat *)(void *)m->mem)[core];
}

static struct domain_edge_stat *
edge_stat(struct made *m, unsigned i)
{
	uint8_t *e = m->mem + domain_stat_edges_at(CORES);

	return &((struct domain_edge_stat *)(void *)e)[i];
}

/* A domain with cores 10 to 13, and one that is down. */
static void
make(struct made *m)
{
	struct plan_plan p = {.cores = CORES, .edges = EDGES};

	memset(m, 0, sizeof(*m));
	m->mem = aligned_alloc(CACHELINE_PAIR, domain_stat_bytes(&p) + BEHIND);
	assert_non_null(m->mem);
	memset(m->mem, 0, domain_stat_bytes(&p));
	memset(m->mem + domain_stat_bytes(&p), 'b', BEHIND);
	m->in.child = m->child;
	m->in.children = 2;
	m->child[0] = (struct child){.name = "net0",
		.role = ROLE_NET,
		.state = CHILD_RUNNING,
		.pid = 77,
		.cores = CORES,
		.core = {10, 11, 12, 13}};
	m->child[0].stat.part.base = m->mem;
	m->child[0].stat.cores = CORES;
	m->child[0].stat.edges = EDGES;
	m->child[1] = (struct child){.name = "app0", .role = ROLE_APP};
	for (unsigned i = 0; i < CORES; i++)
		m->in.placement.cpu[10 + i] = (int)i;
}

static void
fill(struct domain_table *t, unsigned core)
{
	char name[DOMAIN_COUNTER];
	const char *const names = name;

	for (unsigned i = 0; i < DOMAIN_COUNTERS; i++) {
		uint64_t v = i;

		snprintf(name, sizeof(name), "counter_of_core_%u_number_%03u",
			core, i);
		domain_show(domain_counters(t, "long", &names, 1), &v, 1);
	}
}

static unsigned
lines(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void
one_piece(void **state)
{
	struct made m;
	unsigned pieces;
	char *text;

	(void)state;
	make(&m);
	core_stat(&m, 1)->hub.busy_turns = 5;
	edge_stat(&m, 0)->core = 11;
	edge_stat(&m, 0)->peer_core = 20;
	edge_stat(&m, 0)->count.sent = UINT64_MAX;
	text = piece_all(stat_piece, &m.in, &pieces);
	assert_int_equal(pieces, 1);
	assert_non_null(strstr(text,
		"net0.role net\nnet0.state running\n"
		"net0.process 77\nnet0.restarts 0\n"));
	assert_non_null(strstr(text, "net0.core11.cpu 1\n"));
	assert_non_null(strstr(text, "net0.core11.hub.busy_turns 5\n"));
	assert_non_null(
		strstr(text, "net0.core11.to20.sent 18446744073709551615\n"));
	assert_non_null(strstr(text, "app0.state down\napp0.process 0\n"));
	/* Edges that were never opened are left out. */
	assert_int_equal(lines(text), 4 + CORES * 7 + 6 + MSG_BADS - 1 + 4);
	free(text);
	free(m.mem);
}

/* Full tables do not fit into one message: each line comes once. */
static void
many_pieces(void **state)
{
	struct made m;
	unsigned pieces;
	char *text;

	(void)state;
	make(&m);
	for (unsigned i = 0; i < CORES; i++)
		fill(table(&m, i), 10 + i);
	text = piece_all(stat_piece, &m.in, &pieces);
	assert_true(pieces > 1);
	assert_int_equal(lines(text), 4 + CORES * (7 + DOMAIN_COUNTERS) + 4);
	for (unsigned i = 0; i < CORES; i++) {
		char want[128];

		snprintf(want, sizeof(want),
			"net0.core%u.long.counter_of_core_%u_number_383 383\n",
			10 + i, 10 + i);
		assert_non_null(strstr(text, want));
	}
	free(text);
	free(m.mem);
}

/* Names that are none, numbers out of range, a place that there is not. */
static void
hostile(void **state)
{
	static const char *const bad[] = {"", "a b", "a\nnet0.x 1", "\033[2J",
		"quote\"", "Upper", "\xff"};
	struct made m;
	unsigned pieces, n = sizeof(bad) / sizeof(*bad);
	char *text, piece[STAT_PIECE];
	struct domain_table *t;

	(void)state;
	make(&m);
	t = table(&m, CORES - 1);
	t->n = UINT32_MAX;
	for (unsigned i = 0; i < n; i++)
		snprintf(t->counter[i].name, sizeof(t->counter[i].name), "%s",
			bad[i]);
	memset(t->counter[n].name, 'e', sizeof(t->counter[n].name));
	core_stat(&m, 0)->hub.asleep_since = UINT64_MAX;
	text = piece_all(stat_piece, &m.in, &pieces);
	assert_int_equal(lines(text), 4 + CORES * 7 + 1 + 4);
	for (const char *s = text; *s; s++)
		assert_true(*s == '\n' || (*s >= ' ' && *s < 0x7f));
	assert_non_null(strstr(text, "net0.core10.hub.asleep_ns 0\n"));
	free(text);
	stat_piece(&m.in, 0, 100000, piece, sizeof(piece));
	assert_memory_equal(piece, "app0.role app\n", 14);
	stat_piece(&m.in, 7, 0, piece, sizeof(piece));
	assert_string_equal(piece, "end\n");
	free(m.mem);
}

/* --- top -----------------------------------------------------------------*/

static struct top_sample was, is;

static void
read_text(struct top_sample *s, uint64_t at, const char *text)
{
	char *copy = strdup(text);

	assert_non_null(copy);
	top_read(s, copy);
	s->at = at;
	free(copy);
}

static void
a_screen(void **state)
{
	char *text;

	(void)state;
	read_text(&was, 1000000000,
		"net0.role net\nnet0.core3.cpu 2\n"
		"net0.core3.hub.clock_hz 1000\n"
		"net0.core3.hub.busy_cycles 100\n"
		"net0.core3.hub.asleep_ns 7\n"
		"net0.core3.stack.rx_frames 10\n"
		"net0.core3.stack.drop_cksum 4\n"
		"net0.core3.stack.drop_martian 9\n");
	read_text(&is, 3000000000,
		"net0.role net\nnet0.core3.cpu 2\n"
		"net0.core3.hub.clock_hz 1000\n"
		"net0.core3.hub.busy_cycles 600\n"
		"net0.core3.hub.asleep_ns 1000000007\n"
		"net0.core3.stack.rx_frames 30\n"
		"net0.core3.stack.tx_frames 2\n"
		"net0.core3.stack.drop_cksum 24\n"
		"net0.core3.stack.drop_martian 9\n"
		"net0.core3.gauge.door_conns 17\n"
		"net0.core3.to4.sent 8\nnet0.core3.to5.received 6\n"
		"app0.role app\napp0.core4.cpu 0\n"
		"app0.core4.hub.clock_hz 0\n");
	assert_int_equal(is.cores, 2);
	assert_string_equal(is.core[1].role, "app");
	text = top_screen("it", &was, &is);
	assert_non_null(text);
	assert_non_null(strstr(text,
		"net0        3   2 net    25.0   25.0    50.0         11"
		"          7       17\n"
		"         stack.drop_cksum 10/s\n"
		"app0        4   0 app     0.0    0.0     0.0 "));
	free(text);
}

/* A domain that began anew, and one that lies. */
static void
odd_samples(void **state)
{
	struct top_core a = {.clock_hz = 10, .busy_cycles = 100}, b = a;
	struct top_share s;

	(void)state;
	b.busy_cycles = 5;
	s = top_share(&a, &b, 1000000000);
	assert_true(s.busy == 0.5 && s.asleep == 0);
	b.busy_cycles = UINT64_MAX;
	b.asleep_ns = UINT64_MAX;
	s = top_share(&a, &b, 1000000000);
	assert_true(s.busy == 1 && s.asleep == 0 && s.idle == 0);
	read_text(&is, 1, "x\ny.core1\nz.core1.cpu 1\nnet0.corex.y 1\n w");
	assert_true(is.cores <= 1);
	read_text(&is, 1, "");
	assert_int_equal(is.cores, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_piece),
		cmocka_unit_test(many_pieces),
		cmocka_unit_test(hostile),
		cmocka_unit_test(a_screen),
		cmocka_unit_test(odd_samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
