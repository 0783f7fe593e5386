/* idle.c - when to spin, to yield and to sleep. */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dlibos/base/atomic.h"
#include "dlibos/base/clock.h"
#include "dlibos/base/cpu.h"
#include "noc/idle.h"

static const char *const names[IDLE_POLICIES] = {
	[IDLE_POLL] = "poll",
	[IDLE_YIELD] = "yield",
	[IDLE_ADAPTIVE] = "adaptive",
	[IDLE_SLEEP] = "sleep",
	[IDLE_SHARING] = "sharing",
};

int
idle_policy(const char *name)
{
	for (int i = 0; i < IDLE_POLICIES; i++)
		if (!strcmp(name, names[i]))
			return i;
	return -1;
}

const char *
idle_name(enum idle_policy p)
{
	return p < IDLE_POLICIES ? names[p] : "?";
}

void
idle_init(struct idle *i, enum idle_policy p, uint64_t spin_ns)
{
	*i = (struct idle){
		.policy = p,
		.spin_cycles =
			clock_cycles_from_ns(spin_ns ? spin_ns : IDLE_SPIN_NS),
	};
}

bool
idle_turn(struct idle *i)
{
	uint64_t now;

	switch (i->policy) {
	case IDLE_SLEEP:
		return true;
	case IDLE_YIELD:
		sched_yield();
		return false;
	case IDLE_ADAPTIVE:
	case IDLE_SHARING:
		now = clock_cycles();
		if (!i->since)
			i->since = now;
		if (now - i->since >= i->spin_cycles)
			return true;
		break;
	default:
		break;
	}
	cpu_relax();
	return false;
}

/* --- measuring ----------------------------------------------------------*/

#define ROUNDS 31

struct wake {
	int cpu, in, out;
};

/* Answers each byte with one. The asker gives it time to fall asleep. */
static void *
answer(void *arg)
{
	struct wake *w = arg;
	char c;

	cpu_pin(w->cpu);
	while (read(w->in, &c, 1) == 1 && write(w->out, &c, 1) == 1)
		;
	return NULL;
}

static int
by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Half the round trip: each way wakes one sleeper. */
static uint64_t
ask(int in, int out)
{
	uint64_t ns[ROUNDS];
	char c = 0;

	for (int i = 0; i < ROUNDS; i++) {
		uint64_t t;

		usleep(100);
		t = clock_ns();
		if (write(out, &c, 1) != 1 || read(in, &c, 1) != 1)
			return 0;
		ns[i] = (clock_ns() - t) / 2;
	}
	qsort(ns, ROUNDS, sizeof(*ns), by_size);
	return ns[ROUNDS / 2];
}

uint64_t
idle_measure_wake(int from, int to)
{
	int there[2], back[2];
	struct wake w = {.cpu = to};
	cpu_set_t before;
	pthread_t thread;
	uint64_t ns = 0;

	if (pipe(there))
		return 0;
	if (pipe(back))
		goto close_there;
	w.in = there[0];
	w.out = back[1];
	pthread_getaffinity_np(pthread_self(), sizeof(before), &before);
	if (pthread_create(&thread, NULL, answer, &w))
		goto close_back;
	if (!cpu_pin(from))
		ns = ask(back[0], there[1]);
	close(there[1]);
	there[1] = -1;
	pthread_join(thread, NULL);
	pthread_setaffinity_np(pthread_self(), sizeof(before), &before);
close_back:
	close(back[0]);
	close(back[1]);
close_there:
	close(there[0]);
	if (there[1] >= 0)
		close(there[1]);
	return ns;
}
