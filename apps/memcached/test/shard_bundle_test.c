/* shard_bundle_test - what goes to another core together, what it takes, and
 * what it holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "apps/memcached/test/shard_talk.h"

/* --- what is held ---------------------------------------------------------*/

/* A slow reader holds items of others, that are too large to be copied, but no
 * means to ask. */
static void
who_does_not_read_holds_nobody_up(void **state)
{
	struct script s = {NULL, 0, 0}, want = {NULL, 0, 0};
	struct talker *t = &talkers[1];

	(void)state;
	mates_open(&mates, TALKERS, KIT_RING);
	for (unsigned i = 0; i < 90; i++)
		script_add(&s, "set k%u 0 0 %u\r\n%0*u\r\n", i, SHARD_COPY + 1,
			SHARD_COPY + 1, i);
	talk_asked(0, s.p);
	s.len = 0;
	for (unsigned i = 0; i < 90; i++)
		script_add(&s, "get k%u\r\n", i);
	talk_say(t, &mates.mate[1], s.p);
	for (unsigned i = 0; i < 200; i++) {
		size_t used = proto_read(&t->proto, t->ask, t->ask_len);

		t->ask += used;
		t->ask_len -= used;
		talk_drain();
	}
	assert_false(mate_is_asking(&mates.mate[1]));
	for (unsigned i = 1; i <= 3; i++)
		script_add(&want, "VALUE k%u 0 %u\r\n%0*u\r\n", i,
			SHARD_COPY + 1, SHARD_COPY + 1, i);
	script_add(&want, "END\r\n");
	assert_string_equal(talk_asked(1, "get k1 k2 k3\r\n"), want.p);
	/* What they hold survives its end, and is given back with theirs. */
	assert_string_equal(talk_asked(2, "flush_all\r\n"), "OK\r\n");
	talker_end(t);
	talk_drain();
	talk_asked(0, s.p); /* which unlinks what was flushed */
	mates_close(&mates);
	free(s.p);
	free(want.p);
}

/* There are fewer chunks of text than connections that do not read: from then
 * on a get is answered without. */
static void
a_get_needs_no_text(void **state)
{
	static struct talker many[2 * KIT_CHUNKS];
	struct script s = {NULL, 0, 0};

	(void)state;
	mates_open(&mates, 2 * KIT_CHUNKS, KIT_RING);
	for (unsigned i = 0; i < 10; i++)
		script_add(&s, "set k%u 0 0 1\r\nx\r\n", i);
	talk_asked(0, s.p);
	s.len = 0;
	for (unsigned i = 0; i < 10; i++)
		script_add(&s, "get k%u\r\n", i);
	for (unsigned i = 0; i < 2 * KIT_CHUNKS; i++) {
		many[i].seed = i;
		talker_begin(&many[i], &mates.mate[0], s.p, s.len);
		assert_int_equal(proto_read(&many[i].proto, s.p, s.len), s.len);
		talk_drain();
		assert_false(many[i].proto.out.broken);
		assert_int_equal(many[i].proto.out.holes, 0);
		assert_int_equal(many[i].proto.out.bytes,
			10 * strlen("VALUE k0 0 1\r\nx\r\nEND\r\n"));
	}
	assert_true(mates.mate[0].pool.left > 0);
	for (unsigned i = 0; i < 2 * KIT_CHUNKS; i++)
		talker_end(&many[i]);
	talk_drain();
	assert_non_null(talk_asked(2, "mn\r\n"));
	mates_close(&mates);
	free(s.p);
}

static bool
was_told(unsigned from, unsigned core)
{
	const struct mate_ring *r = &mates.mate[from].to[core];

	return r->head != r->tail;
}

/* While items wait to go back to one core, no other is asked for more. */
static void
items_go_back_before_more_is_asked(void **state)
{
	struct script s = {NULL, 0, 0};
	struct talker *holder = &talkers[1], *t = &talkers[2];
	struct shard *shard = &mates.mate[0].shard;
	char key[8];
	unsigned n = 0;

	(void)state;
	mates_open(&mates, TALKERS, 1);
	for (unsigned i = 0; i < 30; i++)
		script_add(&s, "set k%u 0 0 %u\r\n%0*u\r\n", i, SHARD_COPY + 1,
			SHARD_COPY + 1, i);
	talk_asked(0, s.p);
	s.len = 0;
	for (unsigned i = 0; i < 30; i++)
		script_add(&s, "get k%u\r\n", i);
	talk_say(holder, &mates.mate[0], s.p);
	proto_read(&holder->proto, s.p, s.len);
	talk_drain();
	talker_end(holder);
	assert_true(shard->items_n > 0);
	do
		snprintf(key, sizeof(key), "x%u", n++);
	while (shard_of(shard, key, strlen(key)) != 2);
	s.len = 0;
	script_add(&s, "get %s\r\n", key);
	talk_say(t, &mates.mate[0], s.p);
	proto_read(&t->proto, s.p, s.len);
	mate_hear(&mates.mate[2], UINT32_MAX); /* there is room for it */
	shard_turn(shard);
	for (unsigned i = 0; i < 30; i++) {
		mate_hear(&mates.mate[2], UINT32_MAX);
		shard_room(shard);
	}
	assert_true(was_told(0, 1));
	assert_false(was_told(0, 2));
	assert_non_null(shard->stuck.head);
	talk_drain();
	assert_int_equal(shard->items_n, 0);
	assert_int_equal(t->proto.out.bytes, strlen("END\r\n"));
	talker_end(t);
	mates_close(&mates);
	free(s.p);
}

/* Spaces before one line are counted, not those of a connection. */
static void
spaces_are_of_their_line(void **state)
{
	struct script s = {NULL, 0, 0};
	struct talker *t = &talkers[0];

	(void)state;
	mates_open(&mates, TALKERS, KIT_RING);
	for (unsigned i = 0; i < 9; i++)
		script_add(&s, "%*sget k%u\r\n", PROTO_LINE / 4, "", i);
	talk_say(t, &mates.mate[0], s.p);
	assert_int_equal(proto_read(&t->proto, s.p, s.len), s.len);
	talk_drain();
	assert_int_equal(t->proto.out.bytes, 9 * strlen("END\r\n"));
	talker_end(t);
	mates_close(&mates);
	free(s.p);
}

/* --- how many words it takes ----------------------------------------------*/

static uint32_t
words(unsigned from)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < KIT_CORES; i++)
		n += mates.mate[from].to[i].head;
	return n;
}

/* All that is read until a turn ends, from whichever connection. */
static void
a_turn_is_one_bundle_for_each_core(void **state)
{
	struct script s = {NULL, 0, 0};

	(void)state;
	mates_open(&mates, TALKERS, KIT_RING);
	for (unsigned i = 0; i < 4; i++)
		script_add(&s,
			"get k%u k%u k%u\r\nset k%u 0 0 2\r\nab\r\nmn\r\n", i,
			i + 10, i + 20, i);
	for (unsigned i = 0; i < 2; i++) {
		talk_say(&talkers[i], &mates.mate[0], s.p);
		assert_int_equal(
			proto_read(&talkers[i].proto, s.p, s.len), s.len);
	}
	assert_int_equal(words(0), 0);
	talk_drain();
	assert_int_equal(words(0), 2);
	assert_int_equal(words(1) + words(2), 2);
	assert_int_equal(mates.mate[0].shard.used, 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(talkers[i].proto.out.holes, 0);
		talker_end(&talkers[i]);
	}
	mates_close(&mates);
	free(s.p);
}

/* Answers that are copied, but for which there is not room enough: some lie
 * where they are. */
static void
what_has_no_room_is_lent(void **state)
{
	struct script s = {NULL, 0, 0}, want = {NULL, 0, 0};
	const struct shard_bundle *b;

	(void)state;
	mates_open(&mates, TALKERS, KIT_RING);
	b = mates.mate[0].shard.bundles;
	for (unsigned i = 0; i < 90; i++)
		script_add(&s, "set k%u 0 0 480\r\n%0480u\r\n", i, i);
	talk_asked(0, s.p);
	s.len = 0;
	for (unsigned i = 0; i < 90; i++) {
		script_add(&s, "get k%u\r\n", i);
		script_add(&want, "VALUE k%u 0 480\r\n%0480u\r\nEND\r\n", i, i);
	}
	assert_string_equal(talk_asked(0, s.p), want.p);
	for (unsigned i = 0; i < 2; i++) {
		talk_say(&talkers[i], &mates.mate[0], s.p);
		proto_read(&talkers[i].proto, s.p, s.len);
	}
	talk_drain();
	for (unsigned i = 0; i < SHARD_BUNDLES; i++)
		assert_true(b[i].text_used <= SHARD_TEXT);
	for (unsigned i = 0; i < 2; i++)
		talker_end(&talkers[i]);
	talk_drain();
	mates_close(&mates);
	free(s.p);
	free(want.p);
}

/* What was asked before is asked before it there. */
static void
what_goes_alone_overtakes_nothing(void **state)
{
	struct script s = {NULL, 0, 0};
	struct talker *t = &talkers[0];

	(void)state;
	mates_open(&mates, TALKERS, 3);
	for (unsigned i = 0; i < 10; i++)
		script_add(&s, "set k%u 0 0 1\r\nx\r\n", i);
	script_add(&s, "flush_all\r\n");
	talk_say(t, &mates.mate[0], s.p);
	assert_int_equal(proto_read(&t->proto, s.p, s.len), s.len);
	talk_drain();
	assert_null(t->proto.ask);
	talker_end(t);
	assert_string_equal(
		talk_asked(0, "get k0 k1 k2 k3 k4 k5 k6 k7 k8 k9\r\n"),
		"END\r\n");
	mates_close(&mates);
	free(s.p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_does_not_read_holds_nobody_up),
		cmocka_unit_test(a_get_needs_no_text),
		cmocka_unit_test(items_go_back_before_more_is_asked),
		cmocka_unit_test(spaces_are_of_their_line),
		cmocka_unit_test(a_turn_is_one_bundle_for_each_core),
		cmocka_unit_test(what_has_no_room_is_lent),
		cmocka_unit_test(what_goes_alone_overtakes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, talk_free);
}
