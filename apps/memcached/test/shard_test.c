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

#include "apps/memcached/test/shard_kit.h"
#include "apps/memcached/test/shard_script.h"

#define TALKERS 6

static struct mates mates;
static struct talker talkers[TALKERS];

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

/* Until nobody has anything to do. */
static void
run(unsigned n, uint64_t *seed)
{
	unsigned stuck = 0;

	for (unsigned idle = 0; idle < 4;) {
		bool busy = false, moved = false;

		for (unsigned i = 0; i < n; i++)
			if (stuck || kit_draw(seed) & 3)
				busy |= talker_turn(&talkers[i]);
			else
				busy = true;
		for (unsigned i = 0; i < n; i++)
			moved |= talkers[i].mate && talkers[i].awake;
		for (unsigned i = 0; i < KIT_CORES; i++)
			moved |= mate_hear(&mates.mate[i], kit_draw(seed) % 6);
		for (unsigned i = 0; i < KIT_CORES; i++)
			busy |= mates.mate[i].shard.busy > 0;
		idle = busy || moved ? 0 : idle + 1;
		stuck = moved ? 0 : stuck + 1;
		if (stuck > 10000)
			fail_msg("somebody is never told to go on");
	}
}

static void
drain(void)
{
	unsigned n;

	do {
		n = 0;
		for (unsigned i = 0; i < KIT_CORES; i++)
			n += mate_hear(&mates.mate[i], UINT32_MAX);
	} while (n);
}

static void
answers_are_those_of_one_core(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 30; seed++) {
		struct script s[TALKERS];
		uint64_t order = seed;

		mates_open(&mates, TALKERS, 1 + seed % 5);
		for (unsigned i = 0; i < TALKERS; i++) {
			char who[8];

			snprintf(who, sizeof(who), "c%u-", i);
			s[i] = script_text(who, seed * 100 + i, seed % 10 == 1);
			talkers[i].seed = seed + i;
			talker_begin(&talkers[i], &mates.mate[i % KIT_CORES],
				s[i].p, s[i].len);
		}
		run(TALKERS, &order);
		for (unsigned i = 0; i < TALKERS; i++) {
			compare_alone(&talkers[i], &s[i], seed * 100 + i);
			talker_end(&talkers[i]);
		}
		drain();
		mates_close(&mates);
		for (unsigned i = 0; i < TALKERS; i++)
			free(s[i].p);
	}
}

/* --- bounds, and ends ------------------------------------------------------*/

static void
say(struct talker *t, struct mate *m, const char *ask)
{
	t->seed = 1;
	talker_begin(t, m, ask, strlen(ask));
}

/* The whole answer, of a connection that ends then. */
static const char *
asked(unsigned core, const char *ask)
{
	struct talker *t = &talkers[0];
	uint64_t order = 7;

	say(t, &mates.mate[core], ask);
	run(1, &order);
	talker_end(t);
	drain();
	if (t->out_len == t->out_room)
		t->out = realloc(t->out, t->out_room += 16);
	assert_non_null(t->out);
	t->out[t->out_len] = '\0';
	return t->out;
}

static void
who_ends_early_leaves_nothing(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct script s[TALKERS];
		uint64_t order = seed;

		mates_open(&mates, TALKERS, 1 + seed % 9);
		for (unsigned i = 0; i < TALKERS; i++) {
			s[i] = script_text("c-", seed * 100 + i, false);
			talkers[i].seed = seed + i;
			talker_begin(&talkers[i], &mates.mate[i % KIT_CORES],
				s[i].p, s[i].len);
		}
		for (unsigned n = kit_draw(&order) % 60; n--;)
			for (unsigned i = 0; i < TALKERS; i++) {
				talker_turn(&talkers[i]);
				mate_hear(&mates.mate[i % KIT_CORES],
					kit_draw(&order) % 4);
			}
		for (unsigned i = 0; i < TALKERS; i++)
			talker_end(&talkers[i]);
		drain();
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
	say(t, &mates.mate[1], s.p);
	for (unsigned i = 0; i < 200; i++) {
		talker_turn(t);
		mate_hear(&mates.mate[2], 100);
		mate_hear(&mates.mate[1], 100);
	}
	assert_true(t->ask_len > 0);
	assert_int_equal(mates.mate[1].shard.busy, 1);
	run(1, &order);
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
	assert_int_equal(shard->briefs, SHARD_BRIEF);
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
	drain();
	mates_close(&mates);
	free(s.p);
}

/* Many slow readers hold items of others, but no means to ask. */
static void
who_does_not_read_holds_nobody_up(void **state)
{
	struct script s = {NULL, 0, 0};
	struct talker *t = &talkers[1];
	unsigned n = 0;

	(void)state;
	mates_open(&mates, TALKERS, KIT_RING);
	for (unsigned i = 0; i < 90; i++) {
		script_add(&s, "set k%u 0 0 3\r\nabc\r\n", i);
		n++;
	}
	asked(0, s.p);
	s.len = 0;
	for (unsigned i = 0; i < 90; i++)
		script_add(&s, "get k%u\r\n", i);
	say(t, &mates.mate[1], s.p);
	for (unsigned i = 0; i < 200; i++) {
		size_t used = proto_read(&t->proto, t->ask, t->ask_len);

		t->ask += used;
		t->ask_len -= used;
		drain();
	}
	assert_int_equal(mates.mate[1].shard.busy, 0);
	assert_string_equal(asked(1, "get k1 k2 k3\r\n"),
		"VALUE k1 0 3\r\nabc\r\nVALUE k2 0 3\r\nabc\r\n"
		"VALUE k3 0 3\r\nabc\r\nEND\r\n");
	/* What they hold survives its end, and is given back with theirs. */
	assert_string_equal(asked(2, "flush_all\r\n"), "OK\r\n");
	talker_end(t);
	drain();
	asked(0, s.p); /* which unlinks what was flushed */
	mates_close(&mates);
	free(s.p);
}

/* --- what concerns all ----------------------------------------------------*/

static uint64_t
stat_of(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	assert_non_null(at);
	return strtoull(at + strlen(name), NULL, 10);
}

static void
all_are_flushed_counted_and_reset(void **state)
{
	struct script s = {NULL, 0, 0};
	const char *text;

	(void)state;
	mates_open(&mates, TALKERS, 2);
	for (unsigned i = 0; i < 60; i++)
		script_add(&s, "set k%u 0 0 1\r\nx\r\n", i);
	asked(1, s.p);
	for (unsigned i = 0; i < KIT_CORES; i++) {
		struct store_stats n;

		store_stats(mates.mate[i].store, &n);
		assert_true(n.curr_items > 5);
		text = asked(i, "get k1 k2 nok\r\nstats\r\n");
		assert_int_equal(stat_of(text, "STAT curr_items "), 60);
		assert_int_equal(stat_of(text, "STAT cmd_set "), 60);
		assert_int_equal(stat_of(text, "STAT get_hits "), 2 * (i + 1));
		assert_int_equal(stat_of(text, "STAT get_misses "), i + 1);
		text = asked(i, "stats items\r\n");
		assert_int_equal(stat_of(text, "items:1:number "), 60);
		text = asked(i, "stats slabs\r\n");
		assert_int_equal(stat_of(text, "used_chunks "), 60);
	}
	assert_string_equal(asked(0, "stats reset\r\n"), "RESET\r\n");
	text = asked(2, "stats\r\n");
	assert_int_equal(stat_of(text, "STAT cmd_set "), 0);
	assert_string_equal(
		asked(2, "flush_all\r\nget k1 k2 k3 k4\r\n"), "OK\r\nEND\r\n");
	s.len = 0;
	for (unsigned i = 0; i < 60; i++)
		script_add(&s, "get k%u\r\n", i);
	text = asked(1, s.p);
	for (unsigned i = 0; i < 60; i++)
		assert_memory_equal(text + 5 * i, "END\r\n", 5);
	mates_close(&mates);
	free(s.p);
}

/* Several ask for statistics at once, and some of them go away. */
static void
counts_take_turns(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed < 100; seed++) {
		uint64_t order = seed;

		mates_open(&mates, TALKERS, 3);
		for (unsigned i = 0; i < TALKERS; i++) {
			say(&talkers[i], &mates.mate[i / 4],
				"stats\r\nflush_all\r\nstats items\r\n"
				"flush_all noreply\r\nstats reset\r\n");
			talkers[i].seed = seed + i;
		}
		for (unsigned n = seed % 20; n--;)
			for (unsigned i = 0; i < TALKERS; i++) {
				talker_turn(&talkers[i]);
				mate_hear(&mates.mate[i % KIT_CORES], 1);
			}
		for (unsigned i = 1; i < TALKERS; i += 2)
			talker_end(&talkers[i]);
		run(TALKERS, &order);
		for (unsigned i = 0; i < TALKERS; i += 2) {
			struct talker *t = &talkers[i];

			assert_true(t->out_len > 1000);
			assert_memory_equal(t->out + t->out_len - 16,
				"OK\r\nEND\r\nRESET\r\n", 16);
			talker_end(t);
		}
		drain();
		mates_close(&mates);
	}
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
		run(1, &order);
		alone_ask(a, s.p, s.len);
		mask_cas(t);
		mask_cas(&a->talker);
		same(t, &a->talker, seed);
		talker_end(t);
		drain();
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
		if (busy || l->mate->shard.busy || said)
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
	for (unsigned i = 0; i < TALKERS; i++) {
		char who[8];

		snprintf(who, sizeof(who), "t%u-", i);
		s[i] = script_text(who, 1000 + i, false);
		talkers[i].seed = i;
		talker_begin(&talkers[i], &mates.mate[i % KIT_CORES], s[i].p,
			s[i].len);
	}
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
	drain();
	mates_close(&mates);
}

static int
free_talkers(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TALKERS; i++)
		free(talkers[i].out);
	return 0;
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
		cmocka_unit_test(who_does_not_read_holds_nobody_up),
		cmocka_unit_test(all_are_flushed_counted_and_reset),
		cmocka_unit_test(counts_take_turns),
		cmocka_unit_test(cores_may_be_threads),
	};

	return cmocka_run_group_tests(tests, NULL, free_talkers);
}
