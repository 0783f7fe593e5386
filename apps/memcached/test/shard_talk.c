/* shard_talk.c - turns of several connections. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "apps/memcached/test/shard_talk.h"

struct mates mates;
struct talker talkers[TALKERS];

void
talk_begin(struct script s[TALKERS], const char *who, uint64_t seed, bool large)
{
	for (unsigned i = 0; i < TALKERS; i++) {
		char own[8];

		snprintf(own, sizeof(own), "c%u-", i);
		s[i] = script_text(who ? who : own, seed * 100 + i, large);
		talkers[i].seed = seed + i;
		talker_begin(&talkers[i], &mates.mate[i % KIT_CORES], s[i].p,
			s[i].len);
	}
}

void
talk_run(unsigned n, uint64_t *seed)
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
			busy |= mate_is_asking(&mates.mate[i]);
		idle = busy || moved ? 0 : idle + 1;
		stuck = moved ? 0 : stuck + 1;
		if (stuck > 10000)
			fail_msg("somebody is never told to go on");
	}
}

void
talk_drain(void)
{
	unsigned n;

	do {
		n = 0;
		for (unsigned i = 0; i < KIT_CORES; i++)
			n += mate_hear(&mates.mate[i], UINT32_MAX);
	} while (n);
}

void
talk_say(struct talker *t, struct mate *m, const char *ask)
{
	t->seed = 1;
	talker_begin(t, m, ask, strlen(ask));
}

const char *
talk_asked(unsigned core, const char *ask)
{
	struct talker *t = &talkers[0];
	uint64_t order = 7;

	talk_say(t, &mates.mate[core], ask);
	talk_run(1, &order);
	talker_end(t);
	talk_drain();
	if (t->out_len == t->out_room)
		t->out = realloc(t->out, t->out_room += 16);
	assert_non_null(t->out);
	t->out[t->out_len] = '\0';
	return t->out;
}

int
talk_free(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TALKERS; i++)
		free(talkers[i].out);
	return 0;
}
