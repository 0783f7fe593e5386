/* hub_test - cores that sleep and are woken, by every policy; dead peers. */
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dlibos/base/clock.h"
#include "dlibos/base/cpu.h"
#include "noc/test/pair.h"

#define ROUNDS 2000

struct core {
	struct hub hub;
	struct edge *e;
	enum idle_policy policy;
	uint64_t got;
	bool own_fence;
};

static void
pong(void *arg, struct edge *e, const struct msg *m, unsigned n)
{
	struct core *c = arg;
	struct msg back = {.type = MSG_PONG, .conn = m->conn};

	(void)n;
	c->got++;
	edge_send(e, &back, 1);
}

static void
turn(struct core *c)
{
	unsigned work = hub_serve(&c->hub);

	hub_flush(&c->hub);
	hub_idle(&c->hub, work, UINT64_MAX);
}

static void *
answer(void *arg)
{
	struct core *c = arg;

	while (c->got < ROUNDS)
		turn(c);
	return NULL;
}

static void
count(void *arg, struct edge *e, const struct msg *m, unsigned n)
{
	struct core *c = arg;

	(void)e, (void)n;
	assert_int_equal(m->conn, c->got);
	c->got++;
}

/* Both sides sleep whenever they may; one lost wake-up and this test takes
 * LIMIT_SLEEP_MS for it, which the count of timed sleeps shows. */
static void
ping_pong(enum idle_policy policy, bool own_fence)
{
	struct core a = {.policy = policy}, b = {.policy = policy};
	pthread_t t;
	struct pair p;

	pair_make(&p, 8);
	assert_int_equal(hub_init(&a.hub, policy, 1000, NULL), 0);
	assert_int_equal(hub_init(&b.hub, policy, 1000, NULL), 0);
	pair_open(&p, 0, 8, count, &a);
	pair_open(&p, 1, 8, pong, &b);
	p.end[0].own_fence = p.end[1].own_fence = own_fence;
	a.hub.own_fence = b.hub.own_fence = own_fence;
	assert_int_equal(hub_add(&a.hub, &p.end[0]), 0);
	assert_int_equal(hub_add(&b.hub, &p.end[1]), 0);
	assert_int_equal(pthread_create(&t, NULL, answer, &b), 0);
	for (uint32_t i = 0; i < ROUNDS; i++) {
		struct msg m = {.type = MSG_PING, .conn = i};

		assert_true(edge_send(&p.end[0], &m, 1));
		hub_flush(&a.hub);
		while (a.got == i)
			turn(&a);
	}
	pthread_join(t, NULL);
	if (policy == IDLE_SLEEP) {
		uint64_t most = (uint64_t)LIMIT_SLEEP_MS * 1000000;

		assert_true(a.hub.count->sleeps > 0);
		assert_true(a.hub.count->asleep_ns / a.hub.count->sleeps <
			most / 2);
	}
	if (policy <= IDLE_YIELD)
		assert_int_equal(a.hub.count->sleeps, 0);
	hub_fini(&a.hub);
	hub_fini(&b.hub);
	pair_free(&p);
}

static void
every_policy_delivers(void **state)
{
	(void)state;
	for (int p = IDLE_YIELD; p < IDLE_POLICIES; p++) {
		ping_pong((enum idle_policy)p, false);
		ping_pong((enum idle_policy)p, true);
	}
	if (cpu_count() > 1)
		ping_pong(IDLE_POLL, false);
	else
		print_message("one CPU: two pollers were left out\n");
}

static void
policies_have_names(void **state)
{
	(void)state;
	for (int p = 0; p < IDLE_POLICIES; p++)
		assert_int_equal(idle_policy(idle_name(p)), p);
	assert_int_equal(idle_policy("lazy"), -1);
}

static void
note_down(void *arg, struct edge *e)
{
	*(struct edge **)arg = e;
}

/* A peer process sends three messages and is killed while we sleep. */
static void
a_dead_peer_is_served_then_dropped(void **state)
{
	struct inbox in = {0};
	struct edge *down = NULL;
	struct hub hub;
	struct pair p;
	pid_t pid;

	(void)state;
	pair_make(&p, 8);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		struct msg m = {.type = MSG_PING};

		close(p.bell[1].read_fd);
		close(p.bell[0].write_fd);
		pair_open(&p, 0, 8, inbox_put, &in);
		for (int i = 0; i < 3; i++)
			edge_send(&p.end[0], &m, 1);
		edge_flush(&p.end[0]);
		kill(getpid(), SIGKILL);
	}
	close(p.bell[1].write_fd);
	close(p.bell[0].read_fd);
	assert_int_equal(hub_init(&hub, IDLE_SLEEP, 0, NULL), 0);
	hub.on_down = note_down;
	hub.arg = &down;
	pair_open(&p, 1, 8, inbox_put, &in);
	assert_int_equal(hub_add(&hub, &p.end[1]), 0);
	while (!down) {
		unsigned work = hub_serve(&hub);

		hub_flush(&hub);
		hub_idle(&hub, work, UINT64_MAX);
	}
	assert_ptr_equal(down, &p.end[1]);
	assert_int_equal(down->down, EDGE_PEER_GONE);
	assert_int_equal(in.n, 3);
	assert_int_equal(hub.edges, 0);
	waitpid(pid, NULL, 0);
	hub_fini(&hub);
	pair_free(&p);
}

struct poked {
	struct hub hub;
	unsigned times;
};

static void
note_poke(void *arg)
{
	((struct poked *)arg)->times++;
}

static void *
poke(void *arg)
{
	hub_poke(&((struct poked *)arg)->hub);
	return NULL;
}

static void
a_poke_wakes(void **state)
{
	struct poked s = {.times = 0};
	pthread_t t;

	(void)state;
	assert_int_equal(hub_init(&s.hub, IDLE_SLEEP, 0, NULL), 0);
	s.hub.on_poke = note_poke;
	s.hub.arg = &s;
	assert_int_equal(pthread_create(&t, NULL, poke, &s), 0);
	while (!s.times)
		hub_idle(&s.hub, hub_serve(&s.hub), UINT64_MAX);
	pthread_join(t, NULL);
	hub_fini(&s.hub);
}

static void
one_more(void *n)
{
	++*(unsigned *)n;
}

static void
a_deadline_ends_a_sleep(void **state)
{
	unsigned told = 0;
	struct hub hub;
	uint64_t until = clock_ns() + 3000000;

	(void)state;
	assert_int_equal(hub_init(&hub, IDLE_SLEEP, 0, NULL), 0);
	hub.on_sleep = one_more;
	hub.arg = &told;
	while (clock_ns() < until)
		hub_idle(&hub, 0, until);
	assert_int_equal(told, hub.count->sleeps);
	assert_int_equal(hub.count->asleep_since, 0);
	assert_true(hub.count->sleeps >= 1);
	assert_true(hub.count->asleep_ns < 900000000);
	hub_fini(&hub);
}

/* A poke that was served between its word and its ring ends one sleep only. */
#define LOOK_NS 20000000u

/* A sleep may cost as much as there is between two looks. */
static void
who_has_to_look_spins_as_long(void **state)
{
	struct core c = {.policy = IDLE_ADAPTIVE};
	uint64_t began = clock_ns();

	(void)state;
	assert_int_equal(hub_init(&c.hub, c.policy, 1000, NULL), 0);
	hub_look(&c.hub, LOOK_NS);
	hub_look(&c.hub, 1); /* the longest counts */
	while (!c.hub.count->sleeps)
		hub_idle(&c.hub, 0, 0);
	/* The clocks of the two measures differ by less than that. */
	assert_true(clock_ns() - began >= LOOK_NS - LOOK_NS / 20);
	hub_idle(&c.hub, 0, 0); /* nothing came: no spinning again */
	assert_int_equal(c.hub.count->sleeps, 2);
	hub_fini(&c.hub);
}

static void
a_poke_that_rings_late_is_silenced(void **state)
{
	struct hub hub;

	(void)state;
	assert_int_equal(hub_init(&hub, IDLE_SLEEP, 0, NULL), 0);
	hub_poke(&hub);
	atomic_store_32(&hub.poked, 0);
	hub_idle(&hub, 0, UINT64_MAX);
	assert_false(hub.fresh_sleep);
	hub_idle(&hub, 0, clock_ns() + 1000000);
	assert_true(hub.fresh_sleep); /* it ended by time */
	hub_fini(&hub);
}

/* Whether the hub sleeps when there was something to do just now. */
static bool
sleeps(struct hub *h)
{
	uint64_t before = h->count->sleeps;

	hub_idle(h, 1, UINT64_MAX);
	hub_idle(h, 0, clock_ns() + 1000000);
	return h->count->sleeps > before;
}

/* A core that shares its CPU leaves it to a peer that may want it. */
static void
who_shares_a_cpu_spins_while_the_others_sleep(void **state)
{
	struct msg m = {.type = MSG_PING};
	struct inbox in = {0};
	struct hub hub;
	struct pair p;

	(void)state;
	pair_make(&p, 8);
	assert_int_equal(hub_init(&hub, IDLE_SHARING, 1000000000, NULL), 0);
	assert_false(sleeps(&hub)); /* nobody is there */
	pair_open(&p, 0, 8, inbox_put, &in);
	pair_open(&p, 1, 8, inbox_put, &in);
	assert_int_equal(hub_add(&hub, &p.end[0]), 0);
	assert_true(sleeps(&hub));
	edge_fall_asleep(&p.end[1]);
	assert_false(sleeps(&hub));
	assert_true(edge_send(&p.end[0], &m, 1));
	hub_flush(&hub);
	assert_true(sleeps(&hub)); /* for it was rung for */
	edge_wake(&p.end[1]);
	assert_true(sleeps(&hub));
	hub_fini(&hub);
	pair_free(&p);
}

static void
waking_can_be_measured(void **state)
{
	uint64_t ns = idle_measure_wake(0, cpu_count() > 1 ? 1 : 0);

	(void)state;
	print_message("waking: %llu ns\n", (unsigned long long)ns);
	assert_true(ns > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_policy_delivers),
		cmocka_unit_test(policies_have_names),
		cmocka_unit_test(a_dead_peer_is_served_then_dropped),
		cmocka_unit_test(a_poke_wakes),
		cmocka_unit_test(a_poke_that_rings_late_is_silenced),
		cmocka_unit_test(a_deadline_ends_a_sleep),
		cmocka_unit_test(who_has_to_look_spins_as_long),
		cmocka_unit_test(who_shares_a_cpu_spins_while_the_others_sleep),
		cmocka_unit_test(waking_can_be_measured),
	};

	signal(SIGPIPE, SIG_IGN);
	cpu_join_fences();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
