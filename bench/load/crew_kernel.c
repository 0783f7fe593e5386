/* crew_kernel.c - a thread for each engine, and sockets of the kernel. The
 * first thread of the program watches, and hears the user. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

#include "bench/load/crew.h"
#include "bench/load/progress.h"
#include "bench/load/wire_kernel.h"
#include "dlibos/base/atomic.h"
#include "dlibos/base/clock.h"
#include "dlibos/base/log.h"

const bool crew_again = true;

struct member {
	struct load load;
	struct kernel kernel;
	void *made;
	pthread_t thread;
	bool loaded, runs;
	uint32_t over;
	uint32_t *stop;
};

static void *
run(void *arg)
{
	struct member *m = arg;

	(void)prctl(PR_SET_TIMERSLACK, 1ul); /* ns */
	kernel_run(&m->kernel, m->stop);
	if (m->load.stop) /* of no use to the others either */
		atomic_store_32(m->stop, 1);
	atomic_store_32(&m->over, 1);
	return NULL;
}

static int
prepare(struct crew *c, struct member *m, unsigned i)
{
	const struct options *o = c->opt;
	struct load_conf conf = options_share(o, i);
	int rc = kernel_init(
		&m->kernel, &m->load, &conf, o->to, o->port, o->spin);

	if (rc == -EINVAL) {
		log_say("%s is no address", o->to);
		return 2;
	}
	if (!rc) {
		m->made = c->make(
			c->arg, i, o->threads, &kernel_wire, &m->kernel);
		if (!m->made)
			return 1;
		rc = load_init(&m->load, &conf, &kernel_wire, &m->kernel,
			c->proto, m->made);
		m->loaded = !rc;
	}
	if (rc)
		log_say("thread %u: %s", i, strerror(-rc));
	return rc ? 1 : 0;
}

/* Until all are at their ends. The signals are blocked in all threads. */
static void
watch(struct crew *c, struct member *m, unsigned n, uint32_t *stop,
	const sigset_t *set)
{
	static const struct timespec tick = {
		.tv_nsec = PROGRESS_MS / 5 * 1000000};
	struct progress p;
	unsigned over = 0, ticks = 0;

	progress_begin(&p);
	while (over < n) {
		uint64_t done = 0;

		if (sigtimedwait(set, NULL, &tick) > 0) {
			atomic_store_32(stop, 1);
			c->stopped = true;
		}
		over = 0;
		for (unsigned i = 0; i < n; i++) {
			over += atomic_load_32(&m[i].over);
			done += atomic_load_acq_64(&m[i].load.tally.done);
		}
		if (++ticks % 5 == 0)
			progress_show(&p, &m->load, done, c->goal, clock_ns());
	}
	progress_end(&p);
}

static void
more_files(void)
{
	struct rlimit r;

	if (!getrlimit(RLIMIT_NOFILE, &r)) {
		r.rlim_cur = r.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &r);
	}
}

int
crew_run(struct crew *c, struct tally *sum)
{
	unsigned n = c->opt->threads, begun = 0;
	struct member *m = calloc(n, sizeof(*m));
	uint32_t stop = 0;
	sigset_t set;
	int rc = m ? 0 : 1;

	memset(sum, 0, sizeof(*sum));
	more_files();
	/* For good: one that comes between two runs ends the second one. */
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	for (unsigned i = 0; i < n && !rc; i++)
		rc = prepare(c, &m[i], i);
	for (; begun < n && !rc; begun++) {
		m[begun].stop = &stop;
		m[begun].runs =
			!pthread_create(&m[begun].thread, NULL, run, &m[begun]);
		if (!m[begun].runs) {
			log_say("cannot start thread %u", begun);
			atomic_store_32(&stop, 1);
			rc = 1;
			break;
		}
	}
	if (m)
		watch(c, m, begun, &stop, &set);
	for (unsigned i = 0; m && i < n; i++) {
		if (m[i].runs)
			pthread_join(m[i].thread, NULL);
		if (m[i].loaded) {
			tally_merge(sum, &m[i].load.tally);
			load_fini(&m[i].load);
		}
		if (m[i].made && c->collect)
			c->collect(c->arg, m[i].made);
		if (m[i].made)
			c->unmake(m[i].made);
		if (m[i].kernel.conn)
			kernel_fini(&m[i].kernel);
	}
	free(m);
	return rc;
}
