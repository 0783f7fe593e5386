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
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "apps/memcached/options.h"
#include "apps/memcached/proto.h"
#include "apps/memcached/shard.h"
#include "apps/memcached/udp.h"
#include "dlibos/dlibos.h"

#define TICK_MS	    100 /* the clock, and a look whether there is work */
#define WORK_MS	    1	/* while the store has work */
#define WORK_BUDGET 256 /* items looked at in a tick */
#define CORES_MAX   256

#define NS_PER_SECOND 1000000000u

/* Chunks of text: one a connection, as far as that goes, and some. */
#define CHUNKS_MAX 1024
#define CHUNKS_MIN 128

struct client {
	struct dl_conn *conn;
	struct core *core;
	struct client *free;
	struct client *rests; /* the next one that rests */
	bool resting;
	bool eof;    /* nothing more comes */
	bool closed; /* by us */
	struct proto proto;
};

/* Of all cores. */
struct program {
	struct settings set;
	pthread_mutex_t lock; /* while cores begin */
	struct store *first;
	uint64_t secret[2]; /* of which core has which key */
	uint64_t epoch;	    /* 0: not known yet */
	unsigned joined;    /* cores that have their view */
	struct core *cores[CORES_MAX];
	struct command *all[CORES_MAX];
};

struct core {
	struct command command;
	struct answer_pool pool;
	struct shard shard;
	struct program *program;
	struct dl *dl;
	struct dl_timer tick;
	struct client *clients, *free;
	struct client *resting; /* in the middle of a long answer */
	unsigned used, most; /* clients that were ever used; that there are */
	char *pages;	     /* those of the store that are not taken */
	uint64_t pages_left;
	struct udp udp;
};

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

/* It goes on with the next tick. */
static void
rest(struct client *cl)
{
	struct core *c = cl->core;

	dl_timer_set(c->dl, &c->tick, WORK_MS);
	if (cl->resting)
		return;
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

static void *
page_of(struct core *c, size_t bytes)
{
	char *p = c->pages;

	if (c->pages_left < bytes)
		return NULL;
	c->pages += bytes;
	c->pages_left -= bytes;
	return p;
}

/* Its own first, and in one store for all also another's. A page is taken once
 * and for good, so that a lock costs nothing. */
static void *
page(void *arg, size_t bytes)
{
	struct core *c = arg;
	struct program *p = c->program;
	void *got;

	bytes = (bytes + 63) & ~(size_t)63;
	if (p->set.sharded)
		return page_of(c, bytes);
	pthread_mutex_lock(&p->lock);
	got = page_of(c, bytes);
	for (unsigned i = 0; !got && i < p->set.threads; i++)
		if (p->cores[i])
			got = page_of(p->cores[i], bytes);
	pthread_mutex_unlock(&p->lock);
	return got;
}

/* Since 1970, as it was at the start: when the clock of the machine is set,
 * nothing lives longer or shorter than it was told to. */
static uint32_t
seconds(const struct core *c)
{
	return (uint32_t)((c->program->epoch + dl_now(c->dl)) / NS_PER_SECOND);
}

/* When dl_now() was 0. */
static uint64_t
find_epoch(struct dl *dl)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec -
		dl_now(dl);
}

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

	store_clock(c->command.store, seconds(c));
	wake(c);
	/* A table that is too small makes chains of all gets meanwhile. */
	if (store_work(c->command.store, WORK_BUDGET) || c->resting)
		dl_timer_set(dl, t, WORK_MS);
	else
		dl_timer_set(dl, t, TICK_MS);
}

/* Each core's share, rounded up to whole pages. */
static uint64_t
share(const struct settings *s)
{
	uint64_t page_size = s->item_max > 1u << 20 ? s->item_max : 1u << 20;
	uint64_t pages = (s->limit + page_size - 1) / page_size;

	return (pages + s->threads - 1) / s->threads * page_size;
}

static int
take_memory(struct core *c, unsigned chunks, void **text)
{
	const struct settings *s = &c->program->set;
	size_t bytes = answer_pool_bytes(chunks);
	size_t udp = s->udp_port ? UDP_BYTES : 0;

	c->pages_left = share(s);
	c->pages = dl_alloc(c->dl, c->pages_left);
	*text = dl_alloc(c->dl, bytes);
	if (c->pages && *text)
		return 0;
	fprintf(stderr,
		"memcached: the App memory has no room for -m %llu: dlibos run "
		"--app-memory %llu would do\n",
		(unsigned long long)(s->limit >> 20),
		(unsigned long long)(((c->pages_left + bytes + udp) *
						     s->threads >>
					     20) +
			2));
	return -ENOMEM;
}

static int
open_store(struct core *c)
{
	struct program *p = c->program;
	const struct settings *s = &p->set;
	struct store_config config;
	const char *why;
	int rc;

	if (p->first && !s->sharded)
		return store_join(&c->command.store, p->first, c);
	store_defaults(&config);
	config.limit = s->sharded ? share(s) : s->limit;
	config.item_max = s->item_max;
	config.chunk_min = s->chunk_min;
	config.factor = s->factor;
	config.hashpower = s->hashpower;
	config.stripes = s->lockpower;
	config.no_evict = s->no_evict;
	config.no_move = s->no_move;
	config.temp_ttl = s->temp_ttl;
	config.hot_percent = s->hot_percent;
	config.warm_percent = s->warm_percent;
	config.hot_factor = s->hot_factor;
	config.warm_factor = s->warm_factor;
	config.shared = s->threads > 1 && !s->sharded;
	/* What one core calls its items, no other does. */
	config.cas = s->sharded ? (uint64_t)dl_core(c->dl) << 48 : 0;
	config.page = page;
	config.arg = c;
	if (getrandom(config.secret, sizeof(config.secret), 0) !=
		sizeof(config.secret))
		return -EIO;
	why = store_complaint(&config);
	if (why) {
		fprintf(stderr, "memcached: %s\n", why);
		return -EINVAL;
	}
	rc = store_open(&c->command.store, &config, seconds(c));
	if (!rc && !p->first)
		p->first = c->command.store;
	return rc;
}

static int
begin(struct core *c)
{
	struct program *p = c->program;
	const struct settings *s = &p->set;
	unsigned chunks;
	void *text;

	c->most = (s->conns + s->threads - 1) / s->threads;
	chunks = CHUNKS_MIN + (c->most < CHUNKS_MAX ? c->most : CHUNKS_MAX);
	if (take_memory(c, chunks, &text))
		return -1;
	c->clients = calloc(c->most, sizeof(*c->clients));
	if (!c->clients || open_store(c) ||
		answer_pool_open(&c->pool, chunks, text, c->command.store)) {
		fputs("memcached: it cannot begin: out of memory\n", stderr);
		return -1;
	}
	c->command.pool = &c->pool;
	c->command.set = s;
	c->command.all = p->all;
	c->command.cores = s->threads;
	c->command.started = seconds(c);
	if (open_shard(c)) {
		fputs("memcached: it cannot begin: out of memory\n", stderr);
		return -1;
	}
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
	if (!p->epoch)
		p->epoch = find_epoch(dl);
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
