/* memcached.c - keys and values in memory.
 *
 *	dlibos run --port veth --ip 10.7.0.2/24 --app-memory 80 --
 *		memcached -m 64
 *
 * A get is answered by a reference to the item where it lies, and what is set
 * goes from where it was received into its item: one copy. proto.h knows the
 * protocols and store.h the memory; this file knows connections and cores.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "apps/memcached/core.h"
#include "apps/memcached/options.h"

#define TICK_MS	    100 /* the clock, and a look whether there is work */
#define WORK_MS	    1	/* while the store has work */
#define WORK_BUDGET 256 /* items looked at in a tick */

/* --- sending --------------------------------------------------------------*/

static void
give_up(struct client *cl)
{
	if (cl->closed)
		return;
	cl->closed = true;
	dl_abort(cl->conn);
}

/* Sends what there is room for; room() goes on. */
static void
flush(struct client *cl)
{
	struct answer *a = &cl->proto.out;
	unsigned n;

	while (!cl->closed && (n = answer_ready(a, DL_PIECES))) {
		struct dl_piece p[DL_PIECES];
		uint64_t bytes = 0;
		int rc;

		for (unsigned i = 0; i < n; i++) {
			const struct answer_piece *from = answer_at(a, i);

			p[i] = (struct dl_piece){from->ptr, from->len};
			bytes += from->len;
		}
		rc = dl_sendv(cl->conn, p, n, 0);
		if (rc == -EAGAIN)
			return;
		if (rc) {
			cl->core->command.n.send_failed++;
			give_up(cl);
			return;
		}
		answer_sent(a, n);
		cl->core->command.n.bytes_written += bytes;
	}
}

/* After anything happened: sends, and closes when that was the last. */
static void
settle(struct client *cl)
{
	struct answer *a = &cl->proto.out;

	if (a->broken)
		give_up(cl);
	flush(cl);
	if (cl->closed || answer_unsent(a) ||
		(cl->proto.ask && cl->proto.ask->away))
		return;
	if (cl->proto.closing || cl->eof) {
		cl->closed = true;
		dl_close(cl->conn); /* what was sent still arrives */
	}
	if (cl->core->command.shutdown)
		dl_quit(cl->core->dl, 0);
}

/* --- reading --------------------------------------------------------------*/

/* It goes on with the next tick, which is not put off any further. */
static void
rest(struct client *cl)
{
	struct core *c = cl->core;

	if (cl->resting)
		return;
	if (!c->resting)
		dl_timer_set(c->dl, &c->tick, WORK_MS);
	cl->resting = true;
	cl->rests = c->resting;
	c->resting = cl;
}

static void
data(struct dl *dl, struct dl_conn *conn, const void *ptr, size_t len)
{
	struct client *cl = dl_conn_user(conn);
	size_t used = len;

	(void)dl;
	if (!cl->proto.closing)
		used = proto_read(&cl->proto, ptr, len);
	if (cl->proto.closing)
		used = len;
	cl->core->command.n.bytes_read += used;
	dl_recv_done(conn, used);
	if (used < len) {
		/* It stays where it is, and the peer's window shrinks. */
		if (cl->proto.rests)
			rest(cl);
		else
			cl->core->command.n.yields++;
		dl_keep(conn, (const char *)ptr + used, len - used);
	}
	settle(cl);
}

static void
acked(struct dl *dl, struct dl_conn *conn, size_t bytes)
{
	struct client *cl = dl_conn_user(conn);

	(void)dl;
	answer_acked(&cl->proto.out, bytes);
}

static void
room(struct dl *dl, struct dl_conn *conn)
{
	(void)dl;
	settle(dl_conn_user(conn));
}

static void
remote_closed(struct dl *dl, struct dl_conn *conn)
{
	struct client *cl = dl_conn_user(conn);

	(void)dl;
	cl->eof = true;
	settle(cl);
}

/* --- connections ----------------------------------------------------------*/

static void
accepted(struct dl *dl, struct dl_conn *conn, void *arg)
{
	struct core *c = arg;
	struct client *cl = c->free;

	(void)dl;
	if (cl)
		c->free = cl->free;
	else if (c->used < c->most)
		cl = &c->clients[c->used++];
	dl_conn_set_user(conn, cl);
	if (!cl) {
		c->command.n.rejected_connections++;
		dl_abort(conn);
		return;
	}
	cl->conn = conn;
	cl->core = c;
	cl->eof = cl->closed = false;
	proto_begin(&cl->proto, &c->command);
	c->command.n.curr_connections++;
	c->command.n.total_connections++;
}

static void
closed(struct dl *dl, struct dl_conn *conn, enum dl_why why)
{
	struct client *cl = dl_conn_user(conn);

	(void)dl;
	(void)why;
	if (!cl)
		return;
	proto_end(&cl->proto);
	cl->conn = NULL;
	cl->core->command.n.curr_connections--;
	cl->free = cl->core->free;
	cl->core->free = cl;
}

static const struct dl_handler handler = {
	.accepted = accepted,
	.data = data,
	.acked = acked,
	.room = room,
	.remote_closed = remote_closed,
	.closed = closed,
};

/* --- keys of other cores --------------------------------------------------*/

static int
tell(void *arg, unsigned core, enum shard_word word, void *p)
{
	struct core *c = arg;

	return dl_tell(c->dl, core, (uint32_t)word, (uintptr_t)p);
}

static void
resume(void *arg, struct proto *proto)
{
	struct client *cl = (struct client *)(void *)((char *)proto -
		offsetof(struct client, proto));

	(void)arg;
	flush(cl); /* empty answers take room until then */
	dl_read_on(cl->conn);
	settle(cl);
}

static void
told(struct dl *dl, unsigned from, uint32_t word, uint64_t value)
{
	struct core *c = dl_user(dl);

	shard_told(&c->shard, from, (enum shard_word)word,
		(void *)(uintptr_t)value);
}

static void
tell_room(struct dl *dl, unsigned core)
{
	struct core *c = dl_user(dl);

	(void)core;
	shard_room(&c->shard);
}

static int
open_shard(struct core *c)
{
	struct program *p = c->program;
	struct shard_config config = {
		.command = &c->command,
		.self = dl_core(c->dl),
		.cores = p->set.threads,
		.conns = c->most,
		.secret = {p->secret[0], p->secret[1]},
		.tell = tell,
		.resume = resume,
		.arg = c,
	};

	if (!p->set.sharded || p->set.threads == 1)
		return 0;
	if (dl_cores(c->dl) > DL_TELL_CORES) {
		fprintf(stderr, "memcached: --mode sharded: at most %u cores\n",
			DL_TELL_CORES);
		return -EINVAL;
	}
	return shard_open(&c->shard, &config);
}

/* --- a core ---------------------------------------------------------------*/

/* Some that rested may have ended, and others rest again. */
static void
wake(struct core *c)
{
	struct client *cl = c->resting, *next;

	for (c->resting = NULL; cl; cl = next) {
		next = cl->rests;
		cl->resting = false;
		if (cl->conn)
			resume(c, &cl->proto);
	}
}

static void
tick(struct dl *dl, struct dl_timer *t)
{
	struct core *c = t->arg;

	store_clock(c->command.store, core_seconds(c));
	wake(c);
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
	rc = open_shard(c);
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
	} else if (dl_listen(c->dl, at, s->port, &handler, c)) {
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
	c = calloc(1, sizeof(*c));
	rc = c ? 0 : -ENOMEM;
	if (c) {
		c->program = p;
		c->dl = dl;
		dl_set_user(dl, c);
		rc = begin(c);
	}
	pthread_mutex_unlock(&p->lock);
	if (rc) {
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
		.start = start, .told = told, .tell_room = tell_room};
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
