/* shard_all_test - what concerns all cores: it is done by each, and told of all
 * of them together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "apps/memcached/test/shard_talk.h"

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
	talk_asked(1, s.p);
	for (unsigned i = 0; i < KIT_CORES; i++) {
		struct store_stats n;

		store_stats(mates.mate[i].store, &n);
		assert_true(n.curr_items > 5);
		text = talk_asked(i, "get k1 k2 nok\r\nstats\r\n");
		assert_int_equal(stat_of(text, "STAT curr_items "), 60);
		assert_int_equal(stat_of(text, "STAT cmd_set "), 60);
		assert_int_equal(stat_of(text, "STAT get_hits "), 2 * (i + 1));
		assert_int_equal(stat_of(text, "STAT get_misses "), i + 1);
		text = talk_asked(i, "stats items\r\n");
		assert_int_equal(stat_of(text, "items:1:number "), 60);
		text = talk_asked(i, "stats slabs\r\n");
		assert_int_equal(stat_of(text, "used_chunks "), 60);
	}
	assert_string_equal(talk_asked(0, "stats reset\r\n"), "RESET\r\n");
	text = talk_asked(2, "stats\r\n");
	assert_int_equal(stat_of(text, "STAT cmd_set "), 0);
	assert_string_equal(talk_asked(2, "flush_all\r\nget k1 k2 k3 k4\r\n"),
		"OK\r\nEND\r\n");
	s.len = 0;
	for (unsigned i = 0; i < 60; i++)
		script_add(&s, "get k%u\r\n", i);
	text = talk_asked(1, s.p);
	for (unsigned i = 0; i < 60; i++)
		assert_memory_equal(text + 5 * i, "END\r\n", 5);
	mates_close(&mates);
	free(s.p);
}

static unsigned
lines_with(const char *text, const char *word)
{
	unsigned n = 0;

	while ((text = strstr(text, word))) {
		text += strlen(word);
		n++;
	}
	return n;
}

/* More than an answer of one core has room for. */
static void
all_are_listed(void **state)
{
	struct script s = {NULL, 0, 0};
	const char *text;
	char line[24];

	(void)state;
	mates_open(&mates, TALKERS, 2);
	for (unsigned i = 0; i < 600; i++)
		script_add(&s, "set k%u- 0 0 1 noreply\r\nx\r\n", i);
	talk_asked(1, s.p);
	for (unsigned core = 0; core < KIT_CORES; core++) {
		text = talk_asked(core, "lru_crawler metadump all\r\nmn\r\n");
		assert_int_equal(lines_with(text, "key="), 600);
		for (unsigned i = 0; i < 600; i++) {
			snprintf(line, sizeof(line), "key=k%u- ", i);
			assert_int_equal(lines_with(text, line), 1);
		}
		assert_non_null(strstr(text, "\nEND\r\nMN\r\n"));
		text = talk_asked(core, "stats cachedump 1 250\r\nmn\r\n");
		assert_int_equal(lines_with(text, "ITEM k"), 250);
		assert_non_null(strstr(text, "\r\nEND\r\nMN\r\n"));
		assert_string_equal(
			talk_asked(core, "lru_crawler crawl all\r\n"),
			"OK\r\n");
	}
	mates_close(&mates);
	free(s.p);
}

static void
a_list_may_end_early(void **state)
{
	static const char lists[] = "lru_crawler metadump all\r\n"
				    "stats cachedump 1 0\r\n";
	struct script s = {NULL, 0, 0};

	(void)state;
	for (unsigned i = 0; i < 600; i++)
		script_add(&s, "set k%u- 0 0 1 noreply\r\nx\r\n", i);
	for (uint64_t seed = 1; seed <= 100; seed++) {
		mates_open(&mates, TALKERS, 1 + seed % 5);
		talk_asked(1, s.p);
		for (unsigned i = 0; i < TALKERS; i++) {
			talkers[i].seed = seed + i;
			talker_begin(&talkers[i], &mates.mate[i % KIT_CORES],
				lists, sizeof(lists) - 1);
		}
		for (unsigned n = seed; n--;)
			for (unsigned i = 0; i < TALKERS; i++) {
				talker_turn(&talkers[i]);
				mate_hear(&mates.mate[i % KIT_CORES], n % 4);
			}
		for (unsigned i = 0; i < TALKERS; i++)
			talker_end(&talkers[i]);
		talk_drain();
		mates_close(&mates);
	}
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
			talk_say(&talkers[i], &mates.mate[i / 4],
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
		talk_run(TALKERS, &order);
		for (unsigned i = 0; i < TALKERS; i += 2) {
			struct talker *t = &talkers[i];

			assert_true(t->out_len > 1000);
			assert_memory_equal(t->out + t->out_len - 16,
				"OK\r\nEND\r\nRESET\r\n", 16);
			talker_end(t);
		}
		talk_drain();
		mates_close(&mates);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_are_flushed_counted_and_reset),
		cmocka_unit_test(all_are_listed),
		cmocka_unit_test(a_list_may_end_early),
		cmocka_unit_test(counts_take_turns),
	};

	return cmocka_run_group_tests(tests, NULL, talk_free);
}
