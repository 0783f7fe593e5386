/* shard_test - what many cores answer, each with a part of the keys, is what
 * one core with all of them answers; and nothing stays held. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <pthread.h>
#include <sched.h>

#include "apps/memcached/test/shard_talk.h"

/* --- what one core answers ------------------------------------------------*/

struct alone {
	struct settings set;
	struct store *store;
	struct answer_pool pool;
	struct command core;
	struct mate mate; /* its pages */
	struct talker talker;
};

static void *
page(void *arg, size_t bytes)
{
	struct mate *m = arg;

	assert_true(m->page_count < KIT_PAGES);
	return m->pages[m->page_count++] = aligned_alloc(64, bytes);
}

static struct alone *
alone_open(void)
{
	struct alone *a = calloc(1, sizeof(*a));
	struct store_config c;

	assert_non_null(a);
	store_defaults(&c);
	c.limit = 64u << 20;
	c.hashpower = 12;
	c.page = page;
	c.arg = &a->mate;
	assert_int_equal(store_open(&a->store, &c, KIT_NOW), 0);
	a->mate.mem = malloc(answer_pool_bytes(KIT_CHUNKS));
	assert_int_equal(
		answer_pool_open(&a->pool, KIT_CHUNKS, a->mate.mem, a->store),
		0);
	a->mate.core = (struct command){
		.store = a->store, .pool = &a->pool, .set = &a->set};
	return a;
}

static void
alone_ask(struct alone *a, const char *ask, size_t len)
{
	talker_begin(&a->talker, &a->mate, ask, len);
	while (talker_turn(&a->talker))
		;
}

static void
alone_close(struct alone *a)
{
	talker_end(&a->talker);
	answer_pool_close(&a->pool);
	store_close(a->store);
	for (unsigned i = 0; i < a->mate.page_count; i++)
		free(a->mate.pages[i]);
	free(a->mate.mem);
	free(a->talker.out);
	free(a);
}

static void
same(const struct talker *t, const struct talker *want, uint64_t seed)
{
	size_t n = 0;

	while (n < t->out_len && n < want->out_len && t->out[n] == want->out[n])
		n++;
	if (n == t->out_len && n == want->out_len)
		return;
	fail_msg("seed %llu, byte %zu: '%.60s', wanted '%.60s'",
		(unsigned long long)seed, n, t->out + n, want->out + n);
}

static void
compare_alone(struct talker *t, const struct script *s, uint64_t seed)
{
	struct alone *a = alone_open();

	alone_ask(a, s->p, s->len);
	same(t, &a->talker, seed);
	assert_int_equal(t->proto.closing, a->talker.proto.closing);
	alone_close(a);
}

/* --- turns in an order that is drawn --------------------------------------*/

static void
answers_are_those_of_one_core(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 30; seed++) {
		struct script s[TALKERS];
		uint64_t order = seed;

		mates_open(&mates, TALKERS, 1 + seed % 5);
		talk_begin(s, NULL, seed, seed % 10 == 1);
		talk_run(TALKERS, &order);
		for (unsigned i = 0; i < TALKERS; i++) {
			compare_alone(&talkers[i], &s[i], seed * 100 + i);
			talker_end(&talkers[i]);
		}
		talk_drain();
		mates_close(&mates);
		for (unsigned i = 0; i < TALKERS; i++)
			free(s[i].p);
	}
}

/* --- bounds, and ends ------------------------------------------------------*/

static void
who_ends_early_leaves_nothing(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct script s[TALKERS];
		uint64_t order = seed;

		mates_open(&mates, TALKERS, 1 + seed % 9);
		talk_begin(s, "c-", seed, false);
		for (unsigned n = kit_draw(&order) % 60; n--;)
			for (unsigned i = 0; i < TALKERS; i++) {
				talker_turn(&talkers[i]);
				mate_hear(&mates.mate[i % KIT_CORES],
					kit_draw(&order) % 4);
			}
		for (unsigned i = 0; i < TALKERS; i++)
			talker_end(&talkers[i]);
		talk_drain();
		mates_close(&mates);
		for (unsigned i = 0; i < TALKERS; i++)
			free(s[i].p);
	}
}

/* So many quiet requests for keys of that core. */
static void
add_quiet(struct script *s, unsigned core, unsigned n)
{
	for (unsigned i = 0; n; i++) {
		char key[16];
		int len = snprintf(key, sizeof(key), "k%u", i);

		if (shard_of(&mates.mate[0].shard, key, (size_t)len) != core)
			continue;
		script_add(s, "mg %s q\r\n", key);
		n--;
	}
}

/* What is answered with nothing takes room until what was before it is there;
 * which may be the last that comes. */
static void
quiet_ones_are_not_waited_for(void **state)
{
	struct script s = {NULL, 0, 0};
	struct talker *t = &talkers[0];
	uint64_t order = 1;

	(void)state;
	mates_open(&mates, TALKERS, KIT_RING);
	add_quiet(&s, 0, 1);
	add_quiet(&s, 2, 200);
	script_add(&s, "mn\r\n");
	talk_say(t, &mates.mate[1], s.p);
	for (unsigned i = 0; i < 200; i++) {
		talker_turn(t);
		mate_hear(&mates.mate[2], 100);
		mate_hear(&mates.mate[1], 100);
	}
	assert_true(t->ask_len > 0);
	assert_int_equal(mates.mate[1].shard.briefs, 1);
	talk_run(1, &order);
	assert_int_equal(t->out_len, 4);
	talker_end(t);
	mates_close(&mates);
	free(s.p);
}

/* Nobody hears anything, until all have asked as much as they may. */
static void
who_has_asked_too_much_is_not_read_from(void **state)
{
	static struct talker many[40];
	struct script s = {NULL, 0, 0};
	struct shard *shard = &mates.mate[0].shard;
	uint64_t waited;

	(void)state;
	mates_open(&mates, 40, KIT_RING);
	for (unsigned i = 0; i < 400; i++)
		script_add(&s, "get k%u\r\n", i);
	for (unsigned i = 0; i < 40; i++) {
		many[i].seed = i;
		talker_begin(&many[i], &mates.mate[0], s.p, s.len);
	}
	for (unsigned i = 0; i < 2000; i++)
		talker_turn(&many[i % 40]);
	assert_null(shard->free_bundle);
	assert_true(shard->briefs <=
		(SHARD_BUNDLES + 2 * KIT_CORES) * SHARD_BUNDLE);
	assert_true(many[0].ask_len > 0 && many[39].ask_len > 0);
	assert_true(shard->waiting > 0);
	waited = shard->waited;
	assert_true(waited > 0);
	for (bool busy = true; busy;) {
		busy = false;
		for (unsigned i = 0; i < 40; i++)
			busy |= talker_turn(&many[i]);
		for (unsigned i = 0; i < KIT_CORES; i++)
			mate_hear(&mates.mate[i], 8);
	}
	for (unsigned i = 0; i < 40; i++) {
		assert_int_equal(many[i].out_len, 400 * 5);
		talker_end(&many[i]);
		free(many[i].out);
	}
	talk_drain();
	mates_close(&mates);
	free(s.p);
}

/* --- the binary protocol --------------------------------------------------*/

/* Each core counts cas for itself. */
static void
mask_cas(struct talker *t)
{
	size_t at = 0;

	while (at < t->out_len) {
		const unsigned char *p = (unsigned char *)t->out + at;

		assert_true(t->out_len - at >= 24 && *p == 0x81);
		memset(t->out + at + 16, 0, 8);
		at += 24 +
			((size_t)p[8] << 24 | (size_t)p[9] << 16 |
				(size_t)p[10] << 8 | p[11]);
	}
	assert_int_equal(at, t->out_len);
}

static void
binary_answers_are_those_of_one_core(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 30; seed++) {
		struct script s = script_binary("b-", seed);
		struct alone *a = alone_open();
		struct talker *t = &talkers[0];
		uint64_t order = seed;

		mates_open(&mates, TALKERS, 1 + seed % 5);
		t->seed = seed;
		talker_begin(t, &mates.mate[seed % KIT_CORES], s.p, s.len);
		talk_run(1, &order);
		alone_ask(a, s.p, s.len);
		mask_cas(t);
		mask_cas(&a->talker);
		same(t, &a->talker, seed);
		talker_end(t);
		talk_drain();
		mates_close(&mates);
		alone_close(a);
		free(s.p);
	}
}

/* --- cores that are threads -----------------------------------------------*/

struct life {
	struct mate *mate;
	unsigned *ready; /* cores whose connections have all they want */
};

static void *
live(void *arg)
{
	struct life *l = arg;
	unsigned self = l->mate->self;
	bool said = false;

	while (__atomic_load_n(l->ready, __ATOMIC_ACQUIRE) < KIT_CORES) {
		bool busy = false;

		for (unsigned i = self; i < TALKERS; i += KIT_CORES)
			busy |= talker_turn(&talkers[i]);
		if (!mate_hear(l->mate, 100))
			sched_yield();
		if (busy || mate_is_asking(l->mate) || said)
			continue;
		said = true;
		__atomic_add_fetch(l->ready, 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void
cores_may_be_threads(void **state)
{
	struct script s[TALKERS];
	struct life life[KIT_CORES];
	pthread_t thread[KIT_CORES];
	unsigned ready = 0;

	(void)state;
	mates_open(&mates, TALKERS, 8);
	talk_begin(s, NULL, 10, false);
	for (unsigned i = 0; i < KIT_CORES; i++) {
		life[i] = (struct life){&mates.mate[i], &ready};
		assert_int_equal(
			pthread_create(&thread[i], NULL, live, &life[i]), 0);
	}
	for (unsigned i = 0; i < KIT_CORES; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	for (unsigned i = 0; i < TALKERS; i++) {
		compare_alone(&talkers[i], &s[i], 1000 + i);
		talker_end(&talkers[i]);
		free(s[i].p);
	}
	talk_drain();
	mates_close(&mates);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_those_of_one_core),
		cmocka_unit_test(binary_answers_are_those_of_one_core),
		cmocka_unit_test(who_ends_early_leaves_nothing),
		cmocka_unit_test(quiet_ones_are_not_waited_for),
		cmocka_unit_test(who_has_asked_too_much_is_not_read_from),
		cmocka_unit_test(cores_may_be_threads),
	};

	return cmocka_run_group_tests(tests, NULL, talk_free);
}
