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

/* Segment k of the model is two then. */
static void
model_split(unsigned k, uint32_t len)
{
	struct seg *m = &model[k];

	memmove(m + 1, m, (count++ - k) * sizeof(*m));
	m[0].len = len;
	m[0].flags &= ~(uint32_t)SEG_FIN;
	m[1].seq += len;
	m[1].len -= len;
	m[1].flags &= ~(uint32_t)SEG_SYN;
}

/* Those that reach over an edge, by whole parts that lie within. */
static void
model_take_apart(uint32_t from, uint32_t to, uint32_t part)
{
	for (unsigned k = 0; k < count && seq_lt(model[k].seq, to); k++) {
		const struct seg *m = &model[k];
		uint32_t len = (to - m->seq) / part * part;

		if (seq_lt(m->seq, from))
			len = (from - m->seq + part - 1) / part * part;
		if (!(m->flags & SEG_SACKED) && len && len < m->len)
			model_split(k, len);
	}
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
	bool room = count + 2 * n <= NODES; /* for all that are cut */

	got.part = want.part = room && rnd(2) ? 1 + rnd(20) : 0;
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
			if (want.part)
				model_take_apart(from[i], to[i], want.part);
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
	if (count < NODES)
		model_split(k, len);
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

static void
begin(unsigned n)
{
	memset(&q, 0, sizeof(q));
	memset(&odd, 0, sizeof(odd));
	slab_init(&slab, slab_mem, NODES, sizeof(struct seg));
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

/* Of what a device has cut into hundreds: whole ones are sacked, and nobody can
 * have it cut elsewhere. Without a node for the rest it is all or nothing. */
static void
parts_are_sacked(void **state)
{
	static const struct {
		uint32_t from, to, sacked, nodes;
	} range[] = {{100, 300, 200, 3}, {101, 299, 0, 2}, {1, 200, 100, 3},
		{0, 100, 100, 2}, {0, 199, 100, 2}, {400, 500, 100, 2},
		{399, 500, 100, 2}, {401, 499, 0, 1}, {0, 500, 500, 1}};

	(void)state;
	for (unsigned i = 0; i < 9; i++) {
		struct segs_news n = {.part = 100};

		begin(0);
		assert_true(segs_add(&slab, &q, 0, 0, 500, 7, 0));
		segs_settle(&slab, &q, 0, 500);
		segs_sack(&slab, &q, &odd, range[i].from, range[i].to, &n);
		assert_int_equal(n.sacked, range[i].sacked);
		assert_int_equal(slab.used, range[i].nodes);
		segs_sack(&slab, &q, &odd, range[i].from, range[i].to, &n);
		assert_int_equal(slab.used, range[i].nodes);
		segs_clear(&slab, &q, &odd);
		assert_int_equal(slab.used, 0);
		slab.reserve = NODES - 1;
		n = (struct segs_news){.part = 100};
		assert_true(segs_add(&slab, &q, 0, 0, 500, 7, 0));
		segs_settle(&slab, &q, 0, 500);
		segs_sack(&slab, &q, &odd, range[i].from, range[i].to, &n);
		assert_int_equal(n.sacked, i == 8 ? 500 : 0);
		segs_clear(&slab, &q, &odd);
	}
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_what_a_walk_finds),
		cmocka_unit_test(reordering_is_seen_between_acknowledgements),
		cmocka_unit_test(an_ack_of_a_retransmission_gives_no_rtt),
		cmocka_unit_test(parts_are_sacked),
		cmocka_unit_test(one_alone_has_its_node_to_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
