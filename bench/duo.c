/* duo.c - threads that begin together, each on its CPU. */
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "bench/duo.h"
#include "dlibos/base/atomic.h"
#include "dlibos/base/cpu.h"
#include "dlibos/base/log.h"

struct side {
	duo_fn *fn;
	void *arg;
	uint32_t *there;
	int cpu;
};

static void *
run_side(void *arg)
{
	struct side *s = arg;
	int rc = cpu_pin(s->cpu);

	if (rc)
		die(EXIT_FAIL, "CPU %d: %s", s->cpu, strerror(-rc));
	ck_pr_inc_32(s->there);
	while (atomic_load_acq_32(s->there) < 2)
		cpu_relax();
	s->fn(s->arg);
	return NULL;
}

void
duo_run(const int cpu[2], duo_fn *a, duo_fn *b, void *arg)
{
	uint32_t there = 0;
	struct side side[2] = {
		{a, arg, &there, cpu[0]},
		{b, arg, &there, cpu[1]},
	};
	pthread_t thread[2];

	for (int i = 0; i < 2; i++)
		if (pthread_create(&thread[i], NULL, run_side, &side[i]))
			die(EXIT_FAIL, "cannot start a thread");
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
}

void *
duo_memory(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED)
		die(EXIT_FAIL, "out of memory");
	return p;
}

void
duo_free(void *p, size_t bytes)
{
	munmap(p, bytes);
}
