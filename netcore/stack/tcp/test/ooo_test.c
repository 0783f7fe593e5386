/* ooo_test - what came ahead of its turn, against a table of every byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "netcore/stack/tcp/ooo.h"
#include "netcore/stack/tcp/seq.h"

#define NODES	20
#define STREAM	8000 /* bytes in a run */
#define WINDOW	300
#define LONGEST 60
#define BUFFERS (NODES + 1)

static unsigned seed, state_of_rnd, step;

#define CHECK(x)                                                          \
	do {                                                              \
		if (!(x))                                                 \
			fail_msg("seed %u, step %u: %s", seed, step, #x); \
	} while (0)

struct buffer {
	bool kept;
	uint8_t data[LONGEST];
};

static uint64_t slab_mem[(NODES + 1) * sizeof(struct ooo_node) / 8];
static struct slab slab;
static struct ooo q;
static struct buffer buffers[BUFFERS];
/* By place in the stream; the sequence number of a place is base + place. */
static const uint8_t *have[STREAM + WINDOW];
static uint32_t stamps[STREAM + WINDOW];
static uint32_t base, nxt, stamp;

static uint32_t
rnd(uint32_t below)
{
	return (uint32_t)rand_r(&state_of_rnd) % below;
}

static struct buffer *
unused_buffer(void)
{
	for (int i = 0; i < BUFFERS; i++)
		if (!buffers[i].kept)
			return &buffers[i];
	fail_msg("seed %u, step %u: a buffer was kept twice", seed, step);
	return NULL;
}

/* The first place in [from, end) that is there, or is not; or end. */
static uint32_t
first(uint32_t from, uint32_t end, bool there)
{
	while (from < end && !!have[from] != there)
		from++;
	return from;
}

static void
give_back(struct ooo_news *news)
{
	void *buf;

	while (ooo_gone(&slab, news, &buf)) {
		struct buffer *b = buf;

		CHECK(b->kept);
		b->kept = false;
	}
}

/* What fills several gaps takes the place of all between them. */
static void
insert(void)
{
	uint32_t len = 1 + rnd(rnd(2) ? 8 : LONGEST);
	uint32_t from = nxt + rnd(WINDOW - len), end = from + len;
	uint32_t gap = first(from, end, false), to = first(gap, end, true);
	uint32_t dup = first(from, end, true);
	uint32_t dup_end = first(dup, end, false);
	struct buffer *b = unused_buffer();
	bool full = q.nodes >= NODES - slab.used;
	struct ooo_news news;
	struct ooo_range *got = &news.dup;
	enum ooo_result r;

	stamp++;
	if (to < end && have[end - 1]) /* a run that goes on beyond it stays */
		for (to = end; have[to - 1]; to--)
			;
	else if (to < end)
		to = end;
	r = ooo_insert(&slab, &q, base + from, b->data, len, b, &news);
	CHECK(got->to - got->from == dup_end - dup);
	CHECK(got->from == got->to || got->from == base + dup);
	give_back(&news);
	if (gap == end) {
		CHECK(r == OOO_DUPLICATE);
		stamps[end - 1] = stamp;
		return;
	}
	CHECK(r == (full ? OOO_FULL : OOO_KEPT));
	if (full)
		return;
	b->kept = true;
	for (uint32_t i = gap; i < to; i++) {
		have[i] = b->data + (i - from);
		stamps[i] = stamp;
	}
}

/* In order up to some place: what is behind that comes out. */
static void
take(uint32_t advance)
{
	struct ooo_node n;

	for (; advance; advance--)
		have[nxt++] = NULL;
	while (ooo_take(&slab, &q, base + nxt, &n)) {
		struct buffer *b = n.buf;

		CHECK(b->kept);
		b->kept = false;
		CHECK(n.len == 0 || n.seq == base + nxt);
		for (uint32_t i = 0; i < n.len; i++) {
			CHECK(have[nxt] == n.ptr + i);
			have[nxt++] = NULL;
		}
	}
	CHECK(!have[nxt]);
}

static const struct ooo_node *
node_at(uint32_t i)
{
	return slab_at(&slab, i);
}

static void
check_list(void)
{
	uint32_t nodes = 0, bytes = 0, held = 0, end = nxt;

	for (uint32_t i = q.head; i; i = slab_next(&slab, i)) {
		const struct ooo_node *n = slab_at(&slab, i);
		uint32_t at = n->seq - base;

		CHECK(n->len > 0 && at >= end);
		end = at + n->len;
		CHECK(end <= nxt + WINDOW);
		for (uint32_t j = 0; j < n->len; j++)
			CHECK(have[at + j] == n->ptr + j);
		nodes++;
		bytes += n->len;
	}
	for (uint32_t i = nxt; i < nxt + WINDOW; i++)
		held += !!have[i];
	CHECK(q.nodes == nodes && bytes == held);
	CHECK(slab.used == nodes);
}

/* Each run ends where the next segment does not touch it, and knows the one
 * before; each is among the others by age, both ways. */
static void
check_rings(void)
{
	uint32_t runs = 0, ages = 0, prev = 0, next, i;

	for (i = q.head; i; prev = i, i = next, runs++) {
		const struct ooo_node *n = slab_at(&slab, i), *last = n;

		CHECK(!prev || n->before == prev);
		while ((next = last->next)) {
			const struct ooo_node *m = slab_at(&slab, next);

			if (last->seq + last->len != m->seq)
				break;
			last = m;
		}
		CHECK(slab_at(&slab, n->last) == last);
	}
	CHECK(!q.head || node_at(q.head)->before == prev);
	CHECK(!q.head == !q.newest);
	for (i = q.newest; i; ages++) {
		next = node_at(i)->older;
		CHECK(node_at(next)->newer == i && ages < runs);
		i = next == q.newest ? 0 : next;
	}
	CHECK(ages == runs);
}

static void
check_ranges(void)
{
	struct ooo_range out[12];
	unsigned max = rnd(12), n = ooo_ranges(&slab, &q, out, max), all = 0;
	uint32_t newest = UINT32_MAX;

	for (uint32_t i = nxt; i < nxt + WINDOW; i++)
		all += have[i] && (i == nxt || !have[i - 1]);
	CHECK(n == (all < max ? all : max));
	/* Each is whole, is older than the one before it, and only so many
	 * others are newer. */
	for (unsigned k = 0; k < n; k++) {
		uint32_t from = out[k].from - base, to = out[k].to - base;
		uint32_t mine = 0, newer = 0;
		bool later = false;

		CHECK(from < to && first(from, to, false) == to);
		CHECK(!have[to] && (from == nxt || !have[from - 1]));
		for (uint32_t i = from; i < to; i++)
			mine = stamps[i] > mine ? stamps[i] : mine;
		CHECK(mine < newest);
		newest = mine;
		for (uint32_t i = nxt; i < nxt + WINDOW; i++) {
			later = have[i] && (later || stamps[i] > mine);
			newer += later && !have[i + 1];
		}
		CHECK(newer == k);
	}
}

static void
every_byte_is_where_it_came_from(void **state)
{
	(void)state;
	for (seed = 1; seed <= 60; seed++) {
		state_of_rnd = seed;
		base = 0u - rnd(STREAM);
		nxt = stamp = 0;
		memset(have, 0, sizeof(have));
		memset(buffers, 0, sizeof(buffers));
		memset(&q, 0, sizeof(q));
		slab_init(&slab, slab_mem, NODES, sizeof(struct ooo_node));
		for (step = 0; nxt < STREAM - WINDOW; step++) {
			if (rnd(12))
				insert();
			else
				take(rnd(rnd(2) ? 8 : WINDOW));
			check_list();
			check_rings();
			check_ranges();
		}
		take(WINDOW);
		CHECK(slab.used == 0 && !q.head && !q.newest);
		for (int i = 0; i < BUFFERS; i++)
			CHECK(!buffers[i].kept);
	}
}

/* --- by hand --------------------------------------------------------------*/

static struct ooo_news last_news;

static enum ooo_result
put(uint32_t seq, uint32_t len)
{
	enum ooo_result r = ooo_insert(
		&slab, &q, seq, buffers[0].data, len, NULL, &last_news);
	void *buf;

	while (ooo_gone(&slab, &last_news, &buf))
		;
	return r;
}

#define DUP(a, b)                                                    \
	do {                                                         \
		assert_int_equal(last_news.dup.from, (uint32_t)(a)); \
		assert_int_equal(last_news.dup.to, (uint32_t)(b));   \
	} while (0)

#define RANGE(r, a, b)                                     \
	do {                                               \
		assert_int_equal((r).from, (uint32_t)(a)); \
		assert_int_equal((r).to, (uint32_t)(b));   \
	} while (0)

static void
empty(void *mem, uint32_t nodes)
{
	memset(&q, 0, sizeof(q));
	slab_init(&slab, mem, nodes, sizeof(struct ooo_node));
}

/* Two neighbours are one duplicate sequence, over the wrap as well. */
static void
duplicates_are_reported_in_one_range(void **state)
{
	(void)state;
	empty(slab_mem, NODES);
	put(0xfffffff0, 8);
	put(0xfffffff8, 16);
	assert_int_equal(last_news.dup.from, last_news.dup.to);
	put(0xfffffff4, 10);
	DUP(0xfffffff4, 0xfffffffe);
	put(0xffffffe8, 40);
	DUP(0xfffffff0, 8);
	put(20, 4);
	put(0, 40);
	DUP(0, 16);
	assert_int_equal(slab.used, q.nodes);
}

/* One that fills two gaps takes the place of what was between them; at its ends
 * what was there stays. */
static void
all_gaps_are_filled(void **state)
{
	struct ooo_range r[2];

	(void)state;
	empty(slab_mem, NODES);
	put(100, 10);
	put(120, 5);
	put(125, 5);
	put(140, 10);
	assert_int_equal(q.nodes, 4);
	assert_int_equal(put(105, 40), OOO_KEPT);
	assert_int_equal(q.nodes, 3);
	assert_int_equal(slab.used, 3);
	assert_int_equal(ooo_ranges(&slab, &q, r, 2), 1);
	RANGE(r[0], 100, 150);
	DUP(105, 110);
	assert_int_equal(node_at(node_at(q.head)->next)->seq, 110);
	assert_int_equal(node_at(node_at(q.head)->next)->len, 30);
}

/* RFC 2018, 4: the one that the last segment is a part of comes first. */
static void
the_newest_run_comes_first(void **state)
{
	struct ooo_range r[5];

	(void)state;
	empty(slab_mem, NODES);
	for (uint32_t i = 1; i <= 5; i++)
		put(100 * i, 10);
	assert_int_equal(ooo_ranges(&slab, &q, r, 5), 5);
	for (uint32_t i = 0; i < 5; i++)
		RANGE(r[i], 100 * (5 - i), 100 * (5 - i) + 10);
	put(110, 10);
	assert_int_equal(ooo_ranges(&slab, &q, r, 3), 3);
	RANGE(r[0], 100, 120);
	RANGE(r[1], 500, 510);
	RANGE(r[2], 400, 410);
	assert_int_equal(put(302, 5), OOO_DUPLICATE);
	put(490, 10);
	assert_int_equal(ooo_ranges(&slab, &q, r, 3), 3);
	RANGE(r[0], 490, 510);
	RANGE(r[1], 300, 310);
	RANGE(r[2], 100, 120);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_is_where_it_came_from),
		cmocka_unit_test(duplicates_are_reported_in_one_range),
		cmocka_unit_test(all_gaps_are_filled),
		cmocka_unit_test(the_newest_run_comes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
