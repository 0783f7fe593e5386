/* flood_test - the deadlock test: two cores with FIFOs of 8 slots send each
 * other 10 million messages at the same time, and answer each one. Neither
 * ever waits for the other, both stay live, and everything arrives once and in
 * order. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include "dlibos/base/clock.h"
#include "dlibos/base/cpu.h"
#include "noc/test/pair.h"

#define SLOTS  8
#define MANY   (PAIR_SLOW ? 200000u : 10000000u)
#define WINDOW 1024 /* questions without an answer; bounds what is parked */

/* Side 0 asks by PING and is asked by PONG, as events and commands have
 * it; arg tells a question from an answer. */
enum {
	QUESTION = 1,
	ANSWER = 2,
};

struct side {
	struct hub hub;
	struct edge *e;
	uint8_t type;
	uint32_t asked;	   /* questions sent */
	uint32_t answered; /* answers received */
	uint32_t heard;	   /* questions received */
	uint64_t errors;
	uint64_t turns;
};

static void
take(void *arg, struct edge *e, const struct msg *m, unsigned n)
{
	struct side *s = arg;
	struct msg answer = {.type = s->type, .arg = ANSWER, .conn = m->conn};

	s->errors += n != 1;
	if (m->arg == ANSWER) {
		s->errors += m->conn != s->answered++;
		return;
	}
	s->errors += m->arg != QUESTION || m->conn != s->heard++;
	s->errors += !edge_send(e, &answer, 1);
}

static void
ask(struct side *s)
{
	unsigned burst = 32;

	while (burst-- && s->asked < MANY && s->asked - s->answered < WINDOW) {
		struct msg m = {
			.type = s->type, .arg = QUESTION, .conn = s->asked};

		if (!edge_send(s->e, &m, 1))
			return;
		s->asked++;
	}
}

static void *
run(void *arg)
{
	struct side *s = arg;

	while (s->answered < MANY || s->heard < MANY || s->e->parked) {
		unsigned work;

		ask(s);
		work = hub_serve(&s->hub);
		hub_flush(&s->hub);
		hub_idle(&s->hub, work, UINT64_MAX);
		s->turns++;
		/* A core that gets nothing done for long is a deadlock, and
		 * the test's time limit tells; errors end it at once. */
		if (s->errors)
			break;
	}
	return NULL;
}

static void
flood(enum idle_policy policy)
{
	struct side s[2] = {{.type = MSG_PING}, {.type = MSG_PONG}};
	pthread_t t;
	struct pair p;

	pair_make(&p, SLOTS);
	for (int i = 0; i < 2; i++) {
		pair_open(&p, i, SLOTS, take, &s[i]);
		s[i].e = &p.end[i];
		assert_int_equal(hub_init(&s[i].hub, policy, 0, NULL), 0);
		assert_int_equal(hub_add(&s[i].hub, s[i].e), 0);
	}
	assert_int_equal(pthread_create(&t, NULL, run, &s[1]), 0);
	run(&s[0]);
	pthread_join(t, NULL);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(s[i].errors, 0);
		assert_int_equal(s[i].asked, MANY);
		assert_int_equal(s[i].answered, MANY);
		assert_int_equal(s[i].heard, MANY);
		assert_int_equal(s[i].e->count->sent, 2 * (uint64_t)MANY);
		assert_true(s[i].e->count->parked > 0);
		assert_int_equal(s[i].e->count->refused, 0);
		print_message("side %d: %llu parked, %llu rings, "
			      "%llu sleeps\n",
			i, (unsigned long long)s[i].e->count->parked,
			(unsigned long long)s[i].e->count->rings,
			(unsigned long long)s[i].hub.count->sleeps);
		hub_fini(&s[i].hub);
	}
	pair_free(&p);
}

static void
both_stay_live_adaptive(void **state)
{
	(void)state;
	flood(IDLE_ADAPTIVE);
}

static void
both_stay_live_yielding(void **state)
{
	(void)state;
	flood(IDLE_YIELD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_stay_live_adaptive),
		cmocka_unit_test(both_stay_live_yielding),
	};

	signal(SIGPIPE, SIG_IGN);
	cpu_join_fences();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
