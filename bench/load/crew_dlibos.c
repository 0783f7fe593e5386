/* crew_dlibos.c - an engine on each application core of an instance. The
 * launcher ends the program when the user has enough; what there is by then
 * counts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load/crew.h"
#include "bench/load/progress.h"
#include "bench/load/wire_dlibos.h"
#include "dlibos/base/atomic.h"
#include "dlibos/base/clock.h"
#include "dlibos/base/log.h"

const bool crew_again = false; /* a program has one dl_run() */

struct member {
	struct load load;
	struct dlibos wire;
	void *made;
	bool loaded;
};

struct team {
	struct crew *crew;
	struct member member[OPTIONS_THREADS];
	uint32_t cores, over; /* how many there are; at their ends */
	uint32_t failed;      /* the status of one that could not begin */
	struct progress progress;
	struct dl_timer timer;
};

static void
over(struct dlibos *w)
{
	struct team *t = w->arg;

	if (ck_pr_faa_32(&t->over, 1) + 1 == atomic_load_32(&t->cores) ||
		w->load->stop)
		dl_quit(w->dl, 0);
}

static void
show(struct dl *dl, struct dl_timer *timer)
{
	struct team *t = timer->arg;
	uint64_t done = 0;

	for (unsigned i = 0; i < t->cores; i++)
		done += atomic_load_acq_64(&t->member[i].load.tally.done);
	progress_show(&t->progress, &t->member->load, done, t->crew->goal,
		dl_now(dl));
	dl_timer_set(dl, timer, PROGRESS_MS);
}

static int
prepare(struct team *t, struct dl *dl, unsigned i)
{
	struct crew *c = t->crew;
	struct options o = *c->opt;
	struct member *m = &t->member[i];
	struct load_conf conf;
	int rc;

	o.threads = dl_cores(dl);
	if (o.load.conns < o.threads) {
		log_say("%u connections are too few for %u cores", o.load.conns,
			o.threads);
		return 2;
	}
	conf = options_share(&o, i);
	rc = dlibos_init(&m->wire, &m->load, dl, conf.conns, o.to, o.port);
	if (rc == -EINVAL) {
		log_say("%s is no address", o.to);
		return 2;
	}
	if (!rc) {
		m->made = c->make(c->arg, i, o.threads, &dlibos_wire, &m->wire);
		if (!m->made)
			return 1;
		rc = load_init(&m->load, &conf, &dlibos_wire, &m->wire,
			c->proto, m->made);
	}
	if (rc) {
		log_say("core %u: %s", i, strerror(-rc));
		return 1;
	}
	m->loaded = true;
	return 0;
}

static void
start(struct dl *dl, void *arg)
{
	struct team *t = arg;
	unsigned i = dl_core(dl);
	struct member *m = &t->member[i < OPTIONS_THREADS ? i : 0];
	int rc = 2;

	atomic_store_32(&t->cores, dl_cores(dl));
	if (dl_cores(dl) > OPTIONS_THREADS)
		log_say("%u cores at most", OPTIONS_THREADS);
	else
		rc = prepare(t, dl, i);
	if (rc) {
		atomic_store_32(&t->failed, (uint32_t)rc);
		dl_quit(dl, rc);
		return;
	}
	if (!i) {
		progress_begin(&t->progress);
		t->timer.expired = show;
		t->timer.arg = t;
		if (t->progress.on)
			dl_timer_set(dl, &t->timer, PROGRESS_MS);
	}
	m->wire.over = over;
	m->wire.arg = t;
	dl_set_user(dl, &m->wire);
	dlibos_start(&m->wire);
}

static void
end_turn(struct dl *dl)
{
	if (dl_user(dl))
		dlibos_turn(dl_user(dl));
}

int
crew_run(struct crew *c, struct tally *sum)
{
	static const struct dl_program program = {
		.start = start,
		.turn = end_turn,
	};
	struct team *t = calloc(1, sizeof(*t));
	int rc;

	memset(sum, 0, sizeof(*sum));
	if (!t)
		return 1;
	t->crew = c;
	rc = dl_run(&program, t);
	progress_end(&t->progress);
	for (unsigned i = 0; i < OPTIONS_THREADS; i++) {
		struct member *m = &t->member[i];

		if (m->loaded) {
			load_finish(&m->load, clock_ns());
			tally_merge(sum, &m->load.tally);
			load_fini(&m->load);
		}
		if (m->made && c->collect)
			c->collect(c->arg, m->made);
		if (m->made)
			c->unmake(m->made);
		dlibos_fini(&m->wire);
	}
	if (!rc)
		rc = (int)t->failed;
	free(t);
	return rc;
}
