/* tell_test - cores of one domain that tell each other things. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "appcore/appcore.h"
#include "dlibos/base/cpu.h"
#include "dlibos/domain/mesh.h"

#define CORES 3
#define TOLD  20000

/* What a value points to: whoever hears of it reads and frees it. */
struct parcel {
	uint32_t number;
	unsigned from;
};

struct teller {
	struct dl dl;
	uint32_t said[CORES], heard[CORES], rooms;
};

struct world {
	struct domain domain;
	struct domain_core core[CORES];
	struct teller *teller[CORES];
};

/* --- a world --------------------------------------------------------------*/

static struct world *
open_world(const struct dl_program *program, enum idle_policy policy)
{
	struct world *w = aligned_alloc(_Alignof(struct world), sizeof(*w));

	memset(w, 0, sizeof(*w));
	w->domain.core = w->core;
	w->domain.plan.cores = CORES;
	w->domain.plan.own_fence = !cpu_join_fences();
	w->domain.mate = program->told ? tell_rx : NULL;
	for (unsigned i = 0; i < CORES; i++) {
		struct domain_core *c = &w->core[i];
		struct teller *t = calloc(1, sizeof(*t));

		assert_non_null(t);
		c->domain = &w->domain;
		c->index = i;
		c->user = &t->dl;
		t->dl.core = c;
		t->dl.program = program;
		w->teller[i] = t;
		assert_int_equal(hub_init(&c->hub, policy, 0, NULL), 0);
		c->hub.arg = c;
	}
	mesh_open(&w->domain);
	for (unsigned i = 0; i < CORES; i++)
		mesh_join(&w->core[i]);
	return w;
}

static void
close_world(struct world *w)
{
	mesh_close(&w->domain);
	for (unsigned i = 0; i < CORES; i++) {
		hub_fini(&w->core[i].hub);
		free(w->teller[i]);
	}
	free(w);
}

static void
turn(struct teller *t, bool may_sleep)
{
	struct hub *hub = &t->dl.core->hub;
	unsigned work = hub_serve(hub);

	hub_flush(hub);
	work += tell_turn(&t->dl);
	if (may_sleep)
		hub_idle(hub, work, UINT64_MAX);
}

/* --- one at a time --------------------------------------------------------*/

static void
hear(struct dl *dl, unsigned from, uint32_t cookie, uint64_t value)
{
	struct teller *t = (struct teller *)(void *)dl;

	assert_int_equal(cookie, t->heard[from]);
	assert_int_equal(value, (uint64_t)cookie << 30);
	t->heard[from]++;
}

static void
room(struct dl *dl, unsigned core)
{
	struct teller *t = (struct teller *)(void *)dl;

	assert_int_equal(core, 2);
	t->rooms++;
}

static int
say(struct world *w, unsigned from, unsigned to)
{
	uint32_t n = w->teller[from]->said[to];
	int rc = dl_tell(&w->teller[from]->dl, to, n, (uint64_t)n << 30);

	w->teller[from]->said[to] += !rc;
	return rc;
}

static void
all_is_heard_in_order(void **state)
{
	static const struct dl_program p = {.told = hear};
	struct world *w = open_world(&p, IDLE_POLL);

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		for (unsigned from = 0; from < CORES; from++)
			for (unsigned to = 0; to < CORES; to++)
				if (from != to)
					assert_int_equal(say(w, from, to), 0);
	for (unsigned i = 0; i < 200; i++)
		turn(w->teller[i % CORES], false);
	for (unsigned i = 0; i < CORES; i++) {
		for (unsigned k = 0; k < CORES; k++)
			assert_int_equal(
				w->teller[i]->heard[k], i == k ? 0 : 1000);
		assert_int_equal(w->teller[i]->dl.count.tells, 2000);
		assert_int_equal(w->teller[i]->dl.count.told, 2000);
	}
	close_world(w);
}

static void
who_does_not_listen_is_told_no_more(void **state)
{
	static const struct dl_program p = {.told = hear, .tell_room = room};
	struct world *w = open_world(&p, IDLE_POLL);
	struct teller *t = w->teller[0];

	(void)state;
	for (unsigned i = 0; i < LIMIT_MATE + LIMIT_PARK; i++)
		assert_int_equal(say(w, 0, 2), 0);
	assert_int_equal(say(w, 0, 2), -EAGAIN);
	assert_int_equal(say(w, 0, 2), -EAGAIN);
	assert_int_equal(say(w, 0, 1), 0);
	turn(t, false);
	assert_int_equal(t->rooms, 0);
	for (unsigned i = 0; i < 1000; i++) {
		turn(w->teller[2], false);
		turn(t, false);
	}
	assert_int_equal(t->rooms, 1);
	assert_int_equal(t->dl.count.tells_refused, 2);
	assert_int_equal(w->teller[2]->heard[0], LIMIT_MATE + LIMIT_PARK);
	assert_int_equal(say(w, 0, 2), 0);
	close_world(w);
}

static void
nobody_else_is_told(void **state)
{
	static const struct dl_program mute = {0}, p = {.told = hear};
	struct world *w = open_world(&p, IDLE_POLL);
	struct dl *dl = &w->teller[1]->dl;

	(void)state;
	assert_int_equal(dl_tell(dl, 1, 0, 0), -EINVAL);
	assert_int_equal(dl_tell(dl, CORES, 0, 0), -EINVAL);
	assert_int_equal(dl_tell(dl, 0, 0, 1ull << 63), -EINVAL);
	close_world(w);
	w = open_world(&mute, IDLE_POLL);
	assert_int_equal(dl_tell(&w->teller[1]->dl, 0, 0, 0), -ENOTCONN);
	close_world(w);
}

/* --- all at once ----------------------------------------------------------*/

static void
take(struct dl *dl, unsigned from, uint32_t cookie, uint64_t value)
{
	struct teller *t = (struct teller *)(void *)dl;
	struct parcel *p = (struct parcel *)(uintptr_t)value;

	assert_int_equal(p->number, t->heard[from]);
	assert_int_equal(p->from, from);
	assert_int_equal(cookie, 7);
	t->heard[from]++;
	free(p);
}

/* As far as it goes; tell_room() goes on. */
static void
give(struct dl *dl, unsigned to)
{
	struct teller *t = (struct teller *)(void *)dl;

	while (t->said[to] < TOLD) {
		struct parcel *p = malloc(sizeof(*p));
		int rc;

		assert_non_null(p);
		*p = (struct parcel){t->said[to], dl_core(dl)};
		rc = dl_tell(dl, to, 7, (uintptr_t)p);
		if (rc) {
			assert_int_equal(rc, -EAGAIN);
			free(p);
			return;
		}
		t->said[to]++;
	}
}

static bool
done(const struct teller *t)
{
	const struct mesh *m = t->dl.core->domain->mesh;
	unsigned self = t->dl.core->index;

	for (unsigned i = 0; i < CORES; i++)
		if (i != self &&
			(t->heard[i] < TOLD || t->said[i] < TOLD ||
				mesh_end(m, self, i)->edge.parked))
			return false;
	return true;
}

static void *
live(void *arg)
{
	struct teller *t = arg;

	for (unsigned i = 0; i < CORES; i++)
		if (i != t->dl.core->index)
			give(&t->dl, i);
	while (!done(t))
		turn(t, true);
	hub_flush(&t->dl.core->hub);
	return NULL;
}

static void
all_tell_all(enum idle_policy policy)
{
	static const struct dl_program p = {.told = take, .tell_room = give};
	struct world *w = open_world(&p, policy);
	pthread_t thread[CORES];

	for (unsigned i = 0; i < CORES; i++)
		assert_int_equal(
			pthread_create(&thread[i], NULL, live, w->teller[i]),
			0);
	for (unsigned i = 0; i < CORES; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	for (unsigned i = 0; i < CORES; i++)
		assert_true(done(w->teller[i]));
	close_world(w);
}

static void
all_tell_all_and_sleep(void **state)
{
	(void)state;
	all_tell_all(IDLE_SLEEP);
}

static void
all_tell_all_and_yield(void **state)
{
	(void)state;
	all_tell_all(IDLE_YIELD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_heard_in_order),
		cmocka_unit_test(who_does_not_listen_is_told_no_more),
		cmocka_unit_test(nobody_else_is_told),
		cmocka_unit_test(all_tell_all_and_sleep),
		cmocka_unit_test(all_tell_all_and_yield),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
