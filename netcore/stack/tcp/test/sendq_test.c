/* sendq_test - the send queue against a list of the addresses of its bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "netcore/stack/tcp/sendq.h"

#define NODES  24
#define MEMORY 4096
#define QUEUES 2

static unsigned seed, state_of_rnd, step;

#define CHECK(x)                                                          \
	do {                                                              \
		if (!(x))                                                 \
			fail_msg("seed %u, step %u: %s", seed, step, #x); \
	} while (0)

/* What a queue should hold: for each byte where it lies, and in which node. */
struct model {
	struct sendq q;
	struct sendq_last last;
	const uint8_t *at[NODES * 128];
	uint32_t node[NODES * 128];
	uint32_t n;
};

static uint64_t slab_mem[(NODES + 1) * sizeof(struct sendq_node) / 8];
static struct slab slab;
static struct model models[QUEUES];
static uint8_t memory[MEMORY];
static uint32_t node_count;

static uint32_t
rnd(uint32_t below)
{
	return (uint32_t)rand_r(&state_of_rnd) % below;
}

static uint32_t
nodes_of(const struct model *m)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->n; i++)
		n += !i || m->node[i] != m->node[i - 1];
	return n;
}

static void
add(struct model *m)
{
	uint32_t len = 1 + rnd(rnd(2) ? 4 : 100);
	const uint8_t *p = memory + rnd(MEMORY - len);
	uint32_t used = nodes_of(&models[0]) + nodes_of(&models[1]);

	CHECK(sendq_add(&slab, &m->q, p, len) == (used < NODES));
	if (used == NODES)
		return;
	node_count++;
	for (uint32_t i = 0; i < len; i++) {
		m->at[m->n] = p + i;
		m->node[m->n++] = node_count;
	}
}

static void
ack(struct model *m)
{
	uint32_t n = rnd(4) ? rnd(m->n / 2 + 1) : rnd(m->n + 1);

	sendq_ack(&slab, &m->q, &m->last, n);
	memmove(m->at, m->at + n, (m->n - n) * sizeof(m->at[0]));
	memmove(m->node, m->node + n, (m->n - n) * sizeof(m->node[0]));
	m->n -= n;
}

static void
find(struct model *m)
{
	struct sendq_piece piece[8];
	uint32_t offset = rnd(m->n + 2), len = rnd(300), k = offset, found;
	unsigned max = rnd(8), n = 99;

	found = sendq_find(&slab, &m->q, &m->last, offset, len, piece, max, &n);
	CHECK(n <= max);
	for (unsigned i = 0; i < n; i++) {
		CHECK(piece[i].len > 0 && k + piece[i].len <= m->n);
		for (uint32_t j = 0; j < piece[i].len; j++, k++) {
			CHECK(piece[i].ptr + j == m->at[k]);
			CHECK(m->node[k] == m->node[k - j]);
		}
	}
	CHECK(found == k - offset && found <= len);
	/* Less than asked for only at the end, or when the pieces are full. */
	if (found < len && k < m->n)
		CHECK(n == max);
}

static void
queues_hold_what_their_models_hold(void **state)
{
	(void)state;
	for (seed = 1; seed <= 300; seed++) {
		state_of_rnd = seed;
		memset(models, 0, sizeof(models));
		slab_init(&slab, slab_mem, NODES, sizeof(struct sendq_node));
		for (step = 0; step < 600; step++) {
			struct model *m = &models[rnd(QUEUES)];
			uint32_t what = rnd(100);

			if (what < 35)
				add(m);
			else if (what < 55)
				ack(m);
			else
				find(m);
			CHECK(m->q.bytes == m->n);
			CHECK(slab.used ==
				nodes_of(&models[0]) + nodes_of(&models[1]));
		}
		for (int i = 0; i < QUEUES; i++) {
			sendq_clear(&slab, &models[i].q, &models[i].last);
			CHECK(!models[i].q.head && !models[i].q.bytes);
		}
		CHECK(slab.used == 0);
	}
}

static void
every_node_is_given_once(void **state)
{
	struct sendq_last last = {0};
	struct sendq q = {0};

	(void)state;
	slab_init(&slab, slab_mem, NODES, sizeof(struct sendq_node));
	for (int turn = 0; turn < 3; turn++) {
		for (int i = 0; i < NODES; i++)
			assert_true(sendq_add(&slab, &q, memory + i, 1));
		assert_false(sendq_add(&slab, &q, memory, 1));
		assert_int_equal(slab.failures, turn + 1);
		assert_int_equal(q.bytes, NODES);
		if (turn & 1)
			sendq_ack(&slab, &q, &last, NODES);
		else
			sendq_clear(&slab, &q, &last);
		assert_int_equal(slab.used, 0);
	}
}

/* The bytes are never touched, so that they need not be there. */
static void
bytes_stay_countable(void **state)
{
	const uint8_t *p = (const uint8_t *)(uintptr_t)0x100000000;
	struct sendq_piece piece[2];
	struct sendq_last last = {0};
	struct sendq q = {0};
	unsigned n;

	(void)state;
	slab_init(&slab, slab_mem, NODES, sizeof(struct sendq_node));
	assert_true(sendq_add(&slab, &q, p, INT32_MAX));
	assert_false(sendq_add(&slab, &q, p, 1));
	assert_false(sendq_add(&slab, &q, p, UINT32_MAX));
	assert_int_equal(slab.used, 1);
	sendq_ack(&slab, &q, &last, INT32_MAX - 10);
	assert_true(sendq_add(&slab, &q, p, INT32_MAX - 10));
	assert_int_equal(
		sendq_find(&slab, &q, &last, 5, 100, piece, 2, &n), 100);
	assert_int_equal(n, 2);
	assert_ptr_equal(piece[0].ptr, p + INT32_MAX - 5);
	assert_int_equal(piece[0].len, 5);
	assert_ptr_equal(piece[1].ptr, p);
	sendq_ack(&slab, &q, &last, INT32_MAX - 1);
	assert_int_equal(sendq_find(&slab, &q, &last, 0, 9, piece, 2, &n), 1);
	assert_ptr_equal(piece[0].ptr, p + INT32_MAX - 11);
	sendq_ack(&slab, &q, &last, 1);
	assert_int_equal(slab.used, 0);
}

/* Old data that goes again piece by piece, and new data in between, are found
 * from where each was left: what lies before and between is made such that a
 * walk over it would lead elsewhere. */
static void
nothing_is_found_from_the_head(void **state)
{
	struct sendq_piece piece[2];
	struct sendq_last last = {0};
	struct sendq q = {0};
	unsigned n;

	(void)state;
	slab_init(&slab, slab_mem, NODES, sizeof(struct sendq_node));
	for (int i = 0; i < 20; i++)
		assert_true(sendq_add(&slab, &q, memory + 10 * i, 10));
	sendq_find(&slab, &q, &last, 140, 10, piece, 2, &n);
	for (uint32_t i = 2; i < 7; i++) {
		struct sendq_node *before = slab_at(&slab, i - 1);
		struct sendq_node *between = slab_at(&slab, i + 2);

		sendq_find(&slab, &q, &last, 10 * i, 10, piece, 2, &n);
		assert_ptr_equal(piece[0].ptr, memory + 10 * i);
		before->len += 1000;
		between->len += 1000;
		sendq_find(&slab, &q, &last, 130 + 10 * i, 10, piece, 2, &n);
		assert_ptr_equal(piece[0].ptr, memory + 130 + 10 * i);
		before->len -= 1000;
		sendq_find(&slab, &q, &last, 10 * i, 10, piece, 2, &n);
		assert_ptr_equal(piece[0].ptr, memory + 10 * i);
		between->len -= 1000;
	}
	sendq_clear(&slab, &q, &last);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queues_hold_what_their_models_hold),
		cmocka_unit_test(every_node_is_given_once),
		cmocka_unit_test(bytes_stay_countable),
		cmocka_unit_test(nothing_is_found_from_the_head),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
