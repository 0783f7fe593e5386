/* memcached.c - keys and values in memory.
 *
 *	dlibos run --port veth --ip 10.7.0.2/24 --app-memory 80 --
 *		memcached -m 64
 *
 * A get is answered by a reference to the item where it lies, and what is set
 * goes from where it was received into its item: one copy. proto.h knows the
 * protocols, store.h the memory and client.h the connections; this file begins
 * cores.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "apps/memcached/client.h"
#include "apps/memcached/options.h"

#define TICK_MS	    100 /* the clock, and a look whether there is work */
#define WORK_BUDGET 256 /* items looked at in a tick */

static void
tick(struct dl *dl, struct dl_timer *t)
{
	struct core *c = t->arg;

	store_clock(c->command.store, core_seconds(c));
	client_wake(c);
	/* A table that is too small makes chains of all gets meanwhile. */
	if (store_work(c->command.store, WORK_BUDGET) || c->resting)
		dl_timer_set(dl, t, WORK_MS);
	else
		dl_timer_set(dl, t, TICK_MS);
}

static int
begin(struct core *c)
{
	struct program *p = c->program;
	int rc = core_open(c);

	if (rc)
		return rc;
	rc = core_open_shard(c);
	if (rc)
		return core_fails(rc);
	p->all[dl_core(c->dl)] = &c->command;
	p->cores[dl_core(c->dl)] = c;
	p->joined++;
	return 0;
}

static void
listen_at(struct core *c)
{
	const struct settings *s = &c->program->set;
	struct dl_addr addr, *at = s->addr ? &addr : NULL;

	if (at && dl_addr_parse(at, s->addr)) {
		fprintf(stderr, "memcached: -l %s is no address\n", s->addr);
		dl_quit(c->dl, 1);
	} else if (dl_listen(c->dl, at, s->port, &client_handler, c)) {
		dl_quit(c->dl, 1);
	} else if (s->udp_port &&
		udp_open(&c->udp, c->dl, at, s->udp_port, &c->command)) {
		fputs("memcached: -U: the App memory has no room for it\n",
			stderr);
		dl_quit(c->dl, 1);
	}
}

/* Nobody works before all have their view of the store. */
static void
await_others(struct dl *dl, struct dl_timer *t)
{
	struct core *c = t->arg;
	struct program *p = c->program;
	bool all;

	pthread_mutex_lock(&p->lock);
	all = p->joined == p->set.threads;
	pthread_mutex_unlock(&p->lock);
	if (!all) {
		dl_timer_set(dl, t, 1);
		return;
	}
	listen_at(c);
	t->expired = tick;
	tick(dl, t);
}

/* Clients would see keys come and go; a line of the first core says so. */
static bool
refuses(const struct settings *s, const struct dl *dl)
{
	bool apart = dl_processes(dl) > 1 && !s->apart;

	if (apart && !dl_core(dl))
		fprintf(stderr,
			"memcached: %u processes would each have keys of their "
			"own: give it application cores of one process, or "
			"--mode apart\n",
			dl_processes(dl));
	return apart;
}

static void
start(struct dl *dl, void *arg)
{
	struct program *p = arg;
	struct core *c;
	int rc;

	pthread_mutex_lock(&p->lock);
	if (!p->set.threads || p->set.threads > dl_cores(dl))
		p->set.threads = dl_cores(dl);
	if (dl_core(dl) >= p->set.threads) {
		pthread_mutex_unlock(&p->lock);
		return; /* -t left it idle */
	}
	c = refuses(&p->set, dl) ? NULL : calloc(1, sizeof(*c));
	rc = c ? 0 : -ENOMEM;
	if (c) {
		c->program = p;
		c->dl = dl;
		dl_set_user(dl, c);
		rc = begin(c);
	}
	pthread_mutex_unlock(&p->lock);
	if (rc) {
		dl_set_user(dl, NULL);
		core_close(c);
		dl_quit(dl, 1);
		return;
	}
	c->tick.expired = await_others;
	c->tick.arg = c;
	dl_timer_set(dl, &c->tick, 0);
}

int
main(int argc, char **argv)
{
	static const struct dl_program program = {
		.start = start,
		.told = core_told,
		.tell_room = core_tell_room,
		.turn = core_turn,
	};
	static struct program p = {.lock = PTHREAD_MUTEX_INITIALIZER};
	int rc = options_parse(&p.set, argc, argv);

	if (rc)
		return rc < 0 ? 2 : 0;
	if (getrandom(p.secret, sizeof(p.secret), 0) != sizeof(p.secret)) {
		fputs("memcached: no random numbers\n", stderr);
		return 1;
	}
	return dl_run(&program, &p);
}
