/* segs_test - the scoreboard against an array of segments that is walked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "netcore/stack/tcp/segs.h"
#include "netcore/stack/tcp/seq.h"

#define NODES  40
#define RANGES 3

static unsigned seed, state_of_rnd, step;

#define CHECK(x)                                                          \
	do {                                                              \
		if (!(x))                                                 \
			fail_msg("seed %u, step %u: %s", seed, step, #x); \
	} while (0)

static uint64_t slab_mem[(NODES + 2) * sizeof(struct seg) / 8 + 1];
static struct slab slab;
static struct segs q;
static struct segs_odd odd;
static struct seg model[NODES]; /* its `next` is not used */
static unsigned count;
static uint32_t snd_una, snd_nxt, now;

static uint32_t
rnd(uint32_t below)
{
	return (uint32_t)rand_r(&state_of_rnd) % below;
}

static uint32_t
end_of(const struct seg *g)
{
	return g->seq + g->len;
}

static void
settle(void)
{
	segs_settle(&slab, &q, snd_una, snd_nxt - snd_una);
}

/* The node of the k-th segment. */
static uint32_t
nth(unsigned k)
{
	uint32_t i;

	settle();
	i = q.head;
	while (k--)
		i = slab_next(&slab, i);
	return i;
}

/* One that was never looked at. */
static void
check_lone(void)
{
	const struct seg *m = &model[0];

	CHECK(count == 1 && slab.used == 1);
	CHECK(m->seq == snd_una && m->seq + m->len == snd_nxt);
	CHECK(q.lone_us == m->sent_us && segs_lone_flags(&q) == m->flags);
	CHECK(segs_pipe(&odd, m->len) == m->len);
	CHECK(!(odd.sacked | odd.lost | odd.resent));
	CHECK(!segs_next_lost(&odd));
}

static void
check_all(void)
{
	uint32_t out = 0, sacked = 0, lost = 0, resent = 0, flight = 0;
	uint32_t i = q.head, next_lost = 0, last = 0, fresh = 0;

	if (segs_is_lone(&q)) {
		check_lone();
		return;
	}
	for (unsigned k = 0; k < count; k++, i = slab_next(&slab, i)) {
		const struct seg *g = segs_at(&slab, i), *m = &model[k];
		uint32_t f = m->flags;

		CHECK(i && g->seq == m->seq && g->len == m->len);
		CHECK(g->flags == f && g->sent_us == m->sent_us);
		out += m->len;
		sacked += f & SEG_SACKED ? m->len : 0;
		lost += f & SEG_LOST ? m->len : 0;
		resent += f & SEG_RESENT ? m->len : 0;
		if (!(f & SEG_SACKED) && (!(f & SEG_LOST) || f & SEG_RESENT))
			flight += m->len;
		if (f & SEG_LOST && !(f & SEG_RESENT) && !next_lost)
			next_lost = i;
		if (!(f & (SEG_SACKED | SEG_LOST | SEG_RETRANS)) && !fresh)
			fresh = i;
		if (f & SEG_SACKED)
			CHECK(seq_ge(odd.high_sacked, end_of(m)));
		last = i;
	}
	CHECK(!i && q.tail == last && slab.used == count);
	CHECK(out == snd_nxt - snd_una && segs_pipe(&odd, out) == flight);
	CHECK(odd.sacked == sacked && odd.lost == lost);
	CHECK(odd.resent == resent);
	CHECK(segs_next_lost(&odd) == next_lost);
	CHECK(segs_fresh(&slab, &q, &odd) == fresh);
}

static void
send(void)
{
	uint32_t len = 1 + rnd(50), flags = 0;

	flags |= rnd(10) ? 0 : SEG_SYN;
	flags |= rnd(10) ? 0 : SEG_FIN;
	flags |= rnd(3) ? 0 : SEG_PROBE;
	CHECK(segs_add(&slab, &q, snd_una, snd_nxt, len, now, flags) ==
		(count < NODES));
	if (count == NODES)
		return;
	model[count++] = (struct seg){
		.seq = snd_nxt,
		.len = len,
		.sent_us = now,
		.flags = flags,
	};
	snd_nxt += len;
}

/* The model's part of an acknowledgement. */
static void
came(const struct seg *m, uint32_t high, struct segs_news *n)
{
	int32_t later = (int32_t)(m->sent_us - n->newest_us);
	bool again = m->flags & SEG_RETRANS;

	if (!n->any || later > 0 ||
		(!later && seq_gt(end_of(m), n->newest_end))) {
		n->newest_us = m->sent_us;
		n->newest_end = end_of(m);
		n->newest_retrans = again;
	}
	n->any = true;
	n->retrans |= again;
	n->reordered |= !again && seq_lt(end_of(m), high);
}

static void
model_ack(uint32_t ack, uint32_t high, struct segs_news *n)
{
	while (count && seq_le(end_of(&model[0]), ack)) {
		if (!(model[0].flags & SEG_SACKED))
			came(&model[0], high, n);
		n->flags |= model[0].flags;
		memmove(model, model + 1, --count * sizeof(model[0]));
	}
	if (count && seq_lt(model[0].seq, ack)) {
		n->flags |= model[0].flags & ~(uint32_t)SEG_FIN;
		model[0].len -= ack - model[0].seq;
		model[0].seq = ack;
		model[0].flags &= ~(uint32_t)(SEG_SYN | SEG_RESENT);
	}
	n->bytes = ack - snd_una;
	snd_una = ack;
}

static void
model_sack(uint32_t from, uint32_t to, uint32_t high, struct segs_news *n)
{
	for (unsigned k = 0; k < count; k++) {
		struct seg *m = &model[k];

		if (m->flags & SEG_SACKED || seq_lt(m->seq, from) ||
			seq_gt(end_of(m), to))
			continue;
		came(m, high, n);
		n->sacked += m->len;
		m->flags |= SEG_SACKED;
		m->flags &= ~(uint32_t)(SEG_LOST | SEG_RESENT);
	}
	for (unsigned k = 1; k < count;) { /* neighbours are one */
		struct seg *m = &model[k];

		if (!(m[0].flags & m[-1].flags & SEG_SACKED)) {
			k++;
			continue;
		}
		m[-1].len += m[0].len;
		m[-1].flags |= m[0].flags;
		memmove(m, m + 1, (--count - k) * sizeof(*m));
	}
}

static uint32_t
model_high(void)
{
	uint32_t high = snd_una;

	for (unsigned k = 0; k < count; k++)
		if (model[k].flags & SEG_SACKED)
			high = end_of(&model[k]);
	return high;
}

/* An edge, at a segment's border most often. */
static uint32_t
edge(void)
{
	if (count && rnd(4))
		return model[rnd(count)].seq;
	return snd_una + rnd(snd_nxt - snd_una + 1);
}

static void
acknowledge(void)
{
	uint32_t high = model_high(), ack = snd_una, from[RANGES], to[RANGES];
	struct segs_news got = {0}, want = {0};
	unsigned n = rnd(RANGES + 1), ack_at = rnd(n + 1);

	if (rnd(3))
		ack = rnd(20) ? seq_min(edge(), edge()) : snd_nxt;
	for (unsigned i = 0; i < n; i++) {
		uint32_t a = edge(), b = rnd(9) ? edge() : snd_nxt;

		from[i] = seq_min(a, b);
		to[i] = seq_max(a, b);
	}
	settle();
	/* The two must agree whatever comes first. */
	for (unsigned i = 0; i <= n; i++) {
		if (i == ack_at) {
			segs_ack(&slab, &q, &odd, ack, &got);
			model_ack(ack, high, &want);
		}
		if (i < n) {
			segs_sack(&slab, &q, &odd, from[i], to[i], &got);
			model_sack(from[i], to[i], high, &want);
		}
	}
	CHECK(got.bytes == want.bytes && got.sacked == want.sacked);
	CHECK(got.flags == want.flags && got.any == want.any);
	CHECK(got.rtt == (want.any && !want.retrans));
	CHECK(got.reordered == want.reordered);
	if (!want.any)
		return;
	CHECK(got.newest_us == want.newest_us);
	CHECK(got.newest_end == want.newest_end);
	CHECK(got.newest_retrans == want.newest_retrans);
	if (got.rtt)
		CHECK(got.rtt_from_us == want.newest_us);
}

static void
lose(void)
{
	bool forget = !rnd(4), all = !rnd(6);
	unsigned only = rnd(count);

	for (unsigned k = 0; k < count; k++) {
		struct seg *m = &model[k];

		if (all ? !forget && m->flags & SEG_SACKED
			: k != only || m->flags & SEG_SACKED)
			continue;
		if (!all)
			segs_lose(&slab, &odd, nth(k));
		m->flags &= ~(uint32_t)(SEG_RESENT | SEG_SACKED);
		m->flags |= SEG_LOST;
	}
	settle();
	if (all)
		segs_lose_all(&slab, &q, &odd, forget);
}

static void
resend(void)
{
	uint32_t i = segs_next_lost(&odd);
	unsigned k = rnd(count);

	if (i && rnd(4))
		for (k = 0; nth(k) != i; k++)
			;
	if (model[k].flags & SEG_SACKED)
		return;
	segs_resent(&slab, &odd, nth(k), now);
	model[k].sent_us = now;
	model[k].flags |= SEG_RETRANS;
	if (model[k].flags & SEG_LOST)
		model[k].flags |= SEG_RESENT;
}

static void
split(void)
{
	unsigned k = rnd(count);
	struct seg *m = &model[k];
	uint32_t len = 1 + rnd(40);

	if (len >= m->len || m->flags & SEG_SACKED)
		return;
	CHECK(segs_split(&slab, &q, &odd, nth(k), len) == (count < NODES));
	if (count == NODES)
		return;
	memmove(m + 1, m, (count++ - k) * sizeof(*m));
	m[0].len = len;
	m[0].flags &= ~(uint32_t)SEG_FIN;
	m[1].seq += len;
	m[1].len -= len;
	m[1].flags &= ~(uint32_t)SEG_SYN;
}

static void
act(void)
{
	uint32_t what = rnd(100);

	if (what < 45 || !count)
		send();
	else if (what < 65)
		acknowledge();
	else if (what < 75)
		lose();
	else if (what < 92)
		resend();
	else
		split();
}

static void
counts_are_what_a_walk_finds(void **state)
{
	(void)state;
	for (seed = 1; seed <= 300; seed++) {
		state_of_rnd = seed;
		memset(&q, 0, sizeof(q));
		memset(&odd, 0, sizeof(odd));
		slab_init(&slab, slab_mem, NODES, sizeof(struct seg));
		count = 0;
		snd_una = snd_nxt = 0u - rnd(3000);
		now = 0u - rnd(40000); /* wraps in the run, too */
		for (step = 0; step < 600; step++) {
			now += rnd(3) ? rnd(300) : 0;
			act();
			check_all();
		}
		segs_clear(&slab, &q, &odd);
		CHECK(slab.used == 0 && !q.head && !q.tail &&
			!segs_pipe(&odd, 0));
	}
}

#define MANY 5000

static uint64_t many_mem[(MANY + 2) * sizeof(struct seg) / 8 + 1];

static void
begin(unsigned n)
{
	memset(&q, 0, sizeof(q));
	memset(&odd, 0, sizeof(odd));
	slab_init(&slab, many_mem, MANY, sizeof(struct seg));
	for (unsigned i = 0; i < n; i++)
		assert_true(segs_add(&slab, &q, 0, 100 * i, 100, 1000 + i, 0));
}

/* The ranges of one acknowledgement say nothing about the order in which the
 * segments came; those of two do (RFC 8985, 6.2, step 3). */
static void
reordering_is_seen_between_acknowledgements(void **state)
{
	struct segs_news one = {0}, two = {0};

	(void)state;
	begin(5);
	segs_sack(&slab, &q, &odd, 300, 400, &one);
	segs_sack(&slab, &q, &odd, 100, 200, &one);
	segs_ack(&slab, &q, &odd, 100, &one);
	assert_false(one.reordered);
	segs_sack(&slab, &q, &odd, 200, 300, &two);
	assert_true(two.reordered);
	segs_clear(&slab, &q, &odd);
}

/* Segments that waited behind one sent again give no sample either. */
static void
an_ack_of_a_retransmission_gives_no_rtt(void **state)
{
	struct segs_news news = {0}, later = {0};

	(void)state;
	begin(3);
	segs_lose(&slab, &odd, q.head);
	segs_resent(&slab, &odd, q.head, 5000);
	segs_ack(&slab, &q, &odd, 200, &news);
	assert_true(news.any && news.newest_retrans && news.retrans);
	assert_int_equal(news.newest_us, 5000);
	assert_false(news.rtt);
	segs_ack(&slab, &q, &odd, 300, &later);
	assert_true(later.rtt);
	assert_int_equal(later.rtt_from_us, 1002);
}

/* One alone touches no node until something happens to it, and holds one all
 * the same: nobody else gets the last. */
static void
one_alone_has_its_node_to_come(void **state)
{
	static uint64_t mem[2 * sizeof(struct seg) / 8 + 1];
	struct segs_news n = {0};

	(void)state;
	memset(&q, 0, sizeof(q));
	memset(&odd, 0, sizeof(odd));
	slab_init(&slab, mem, 1, sizeof(struct seg));
	for (int turn = 0; turn < 3; turn++) {
		assert_true(segs_add(&slab, &q, 100, 100, 10, 7, SEG_FIN));
		assert_true(segs_is_lone(&q));
		assert_int_equal(slab.used, 1);
		assert_int_equal(slab.fresh, 1 + !!turn);
		assert_int_equal(slab_get(&slab), 0);
		segs_settle(&slab, &q, 100, 10);
		if (turn) {
			segs_ack(&slab, &q, &odd, 104, &n);
			assert_false(segs_is_lone(&q));
			assert_int_equal(
				segs_at(&slab, q.head)->flags, SEG_FIN);
		} else {
			assert_int_equal(slab_get_spare(&slab), 0);
			assert_int_equal(segs_at(&slab, q.head)->sent_us, 7);
		}
		segs_clear(&slab, &q, &odd);
		assert_int_equal(slab.used, 0);
	}
}

/* --- what it costs: nodes that are looked at ------------------------------*/

/* The first of a window is lost, all others come, one an acknowledgement. */
static void
one_hole_costs_nothing(void **state)
{
	(void)state;
	begin(MANY);
	for (unsigned i = 1; i < MANY; i++) {
		struct segs_news n = {0};

		segs_sack(&slab, &q, &odd, 100, 100 * i + 100, &n);
		assert_int_equal(n.sacked, 100);
		assert_true(n.visits <= 3);
	}
	assert_int_equal(slab.used, 2);
	assert_int_equal(odd.sacked, 100 * (MANY - 1));
}

/* Every fourth is lost; an acknowledgement repeats the two ranges before (RFC
 * 2018, 4). Later they come, the lowest first, each between two ranges. */
static void
many_holes_cost_little(void **state)
{
	struct segs_news last = {0};

	(void)state;
	begin(MANY);
	for (unsigned i = 0; i < MANY; i++) {
		struct segs_news n = {0};
		uint32_t run = i / 4 * 400;

		if (i % 4 == 0)
			continue;
		segs_sack(&slab, &q, &odd, run + 100, 100 * i + 100, &n);
		for (uint32_t k = 1; k <= 2 && k * 400 <= run; k++)
			segs_sack(&slab, &q, &odd, run + 100 - k * 400,
				run + 400 - k * 400, &n);
		assert_int_equal(n.sacked, 100);
		assert_true(n.visits <= 12);
	}
	assert_int_equal(slab.used, MANY / 2);
	for (unsigned i = 4; i < MANY; i += 4) {
		struct segs_news n = {0};

		segs_sack(&slab, &q, &odd, 100, 100 * i + 400, &n);
		assert_int_equal(n.sacked, 100);
		assert_true(n.visits <= 4);
	}
	assert_int_equal(slab.used, 2);
	segs_ack(&slab, &q, &odd, 100 * MANY, &last);
	assert_int_equal(slab.used, 0);
}

/* What is lost is marked, found and sent again without a search. */
static void
losses_are_found_at_once(void **state)
{
	(void)state;
	begin(MANY);
	for (unsigned i = 0; i < MANY; i++) {
		uint32_t first = segs_fresh(&slab, &q, &odd);

		assert_int_equal(segs_at(&slab, first)->seq, 100 * i);
		segs_lose(&slab, &odd, first);
	}
	assert_int_equal(segs_fresh(&slab, &q, &odd), 0);
	for (unsigned i = 0; i < MANY; i++) {
		assert_int_equal(
			segs_at(&slab, segs_next_lost(&odd))->seq, 100 * i);
		segs_resent(&slab, &odd, segs_next_lost(&odd), 9000 + i);
		if (i % 3 == 2) { /* the oldest of these is lost again */
			uint32_t again = segs_at(&slab, odd.again)->seq;

			segs_lose(&slab, &odd, odd.again);
			assert_int_equal(
				segs_at(&slab, segs_next_lost(&odd))->seq,
				again);
			segs_resent(
				&slab, &odd, segs_next_lost(&odd), 9000 + i);
		}
	}
	assert_int_equal(segs_next_lost(&odd), 0);
}

/* A peer that acknowledges nothing but what is far away from all it has
 * acknowledged: there is an end to the work, and still it gets there. */
static void
far_ranges_cost_so_much_and_no_more(void **state)
{
	unsigned times = 0;
	struct segs_news n;

	(void)state;
	begin(MANY);
	do {
		n = (struct segs_news){0};
		segs_sack(&slab, &q, &odd, 480000, 480100, &n);
		segs_sack(&slab, &q, &odd, 440000, 440100, &n);
		assert_true(n.visits <= SEGS_VISITS);
		times++;
	} while (n.cut);
	assert_in_range(times, 8, 20);
	assert_true(odd.sacked >= 100);
	/* Ranges in the middle of segments change nothing, and cost no more. */
	for (uint32_t i = 0; i < 100; i++) {
		n = (struct segs_news){0};
		segs_sack(&slab, &q, &odd, 2150 * i + 10, 2150 * i + 20, &n);
		assert_true(n.visits <= SEGS_VISITS && !n.sacked);
	}
}

/* A third of all are sacked alone, and then ranges come in the middle. */
static void
far_runs_cost_so_much_and_no_more(void **state)
{
	unsigned cut = 0;

	(void)state;
	begin(MANY);
	for (unsigned i = 1; i < MANY; i += 3) {
		struct segs_news n = {0};

		segs_sack(&slab, &q, &odd, 100 * i, 100 * i + 100, &n);
		assert_true(n.visits <= 4);
	}
	for (unsigned i = 2; i < MANY; i += 3) {
		struct segs_news n = {0};
		unsigned at = i * 7 % MANY;

		segs_sack(&slab, &q, &odd, 100 * at, 100 * at + 100, &n);
		assert_true(n.visits <= SEGS_VISITS);
		cut += n.cut;
	}
	assert_true(cut > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_what_a_walk_finds),
		cmocka_unit_test(reordering_is_seen_between_acknowledgements),
		cmocka_unit_test(an_ack_of_a_retransmission_gives_no_rtt),
		cmocka_unit_test(one_alone_has_its_node_to_come),
		cmocka_unit_test(one_hole_costs_nothing),
		cmocka_unit_test(many_holes_cost_little),
		cmocka_unit_test(losses_are_found_at_once),
		cmocka_unit_test(far_ranges_cost_so_much_and_no_more),
		cmocka_unit_test(far_runs_cost_so_much_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
