/* engine_end.c - a poll loop that joins an engine to a tap. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "netcore/stack/stack.h"
#include "netcore/stack/test/tap/ends.h"
#include "netcore/stack/test/tap/pcap.h"

#define BURST	64
#define FRAME	2048
#define BUFFERS 16384u
#define WINDOW	(1u << 20)
#define AHEAD	(1u << 20) /* bytes that a connection has queued at most */
#define MTU	1500

struct engine {
	const struct job *job;
	struct stack *stack;
	void *mem; /* the stack's */
	int tap;
	FILE *pcap;
	uint32_t made, over, ahead;
	uint64_t wire_full;
	uint64_t last; /* byte, when it came or was acked */
	uint32_t frees;
	uint8_t *free[BUFFERS];
	struct job_conn conn[JOB_CONNS];
	uint64_t acked[JOB_CONNS];
};

static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* --- the program ----------------------------------------------------------*/

/* Keeps `ahead` bytes queued, then the FIN. */
static void
feed(struct engine *e, stack_conn c, uint64_t user)
{
	struct job_conn *j = &e->conn[user];
	uint64_t queued = j->sent - e->acked[user];
	const uint8_t *p;
	uint32_t len;
	int err;

	while (queued < e->ahead) {
		p = job_next(j, e->job, JOB_ENGINE, e->ahead, &len);
		if (!len)
			break;
		err = stack_send(e->stack, c, p, len);
		if (err == -ENOBUFS)
			return;
		if (err)
			job_fail("engine: stack_send: %s", strerror(-err));
		j->sent += len;
		queued += len;
	}
	if (j->may_send && !j->finished &&
		j->sent == e->job->bytes[JOB_ENGINE]) {
		j->finished = true;
		stack_shutdown(e->stack, c);
	}
}

static void
begin(struct engine *e, stack_conn c, uint64_t user)
{
	struct ip_addr ip;
	uint16_t port = 0;

	if (e->job->connect == JOB_ENGINE)
		stack_local(e->stack, c, &ip, &port);
	else
		stack_peer(e->stack, c, &ip, &port);
	job_begin(&e->conn[user], e->job, JOB_ENGINE, port);
	feed(e, c, user);
}

static void
up_accepted(void *arg, stack_conn c, uint64_t user)
{
	struct engine *e = arg;

	(void)user;
	if (e->made == e->job->conns)
		job_fail("engine: a connection too many");
	stack_set_user(e->stack, c, e->made);
	begin(e, c, e->made++);
}

static void
up_connected(void *arg, stack_conn c, uint64_t user)
{
	begin(arg, c, user);
}

static void
up_data(void *arg, stack_conn c, uint64_t user, const uint8_t *p, uint32_t len,
	void *buf)
{
	struct engine *e = arg;

	if (!job_take(&e->conn[user], e->job, JOB_ENGINE, p, len))
		job_fail("engine: wrong bytes after %llu",
			(unsigned long long)e->conn[user].got);
	e->last = now_ns();
	e->free[e->frees++] = buf;
	stack_recv_done(e->stack, c, len);
}

static void
up_acked(void *arg, stack_conn c, uint64_t user, uint32_t bytes)
{
	struct engine *e = arg;

	e->acked[user] += bytes;
	e->last = now_ns();
	if (e->acked[user] > e->conn[user].sent)
		job_fail("engine: more acked than was sent");
	feed(e, c, user);
}

static void
up_remote_closed(void *arg, stack_conn c, uint64_t user)
{
	struct engine *e = arg;
	struct job_conn *j = &e->conn[user];

	if (j->got != e->job->bytes[JOB_KERNEL])
		job_fail("engine: the end after %llu bytes",
			(unsigned long long)j->got);
	j->at_end = true;
	j->may_send = true;
	feed(e, c, user);
}

static void
up_closed(void *arg, stack_conn c, uint64_t user, enum stack_why why)
{
	struct engine *e = arg;
	struct job_conn *j = &e->conn[user];

	(void)c;
	if (why != STACK_CLOSED || !j->at_end || !j->finished ||
		e->acked[user] != e->job->bytes[JOB_ENGINE])
		job_fail("engine: connection %llu ended by %d: sent %llu "
			 "acked %llu got %llu",
			(unsigned long long)user, why,
			(unsigned long long)j->sent,
			(unsigned long long)e->acked[user],
			(unsigned long long)j->got);
	e->over++;
}

static void
up_datagram(void *arg, const struct stack_datagram *d)
{
	(void)arg;
	(void)d;
	job_fail("engine: a datagram, and no port for it");
}

static void
up_release(void *arg, void *buf)
{
	struct engine *e = arg;

	e->free[e->frees++] = buf;
}

static const struct stack_ops ops = {
	.accepted = up_accepted,
	.connected = up_connected,
	.data = up_data,
	.acked = up_acked,
	.remote_closed = up_remote_closed,
	.closed = up_closed,
	.datagram = up_datagram,
	.release = up_release,
};

/* --- the wire -------------------------------------------------------------*/

static unsigned
receive(struct engine *e)
{
	struct stack_rx_frame f[BURST] = {0};
	unsigned n = 0;

	while (n < BURST && e->frees) {
		uint8_t *buf = e->free[e->frees - 1];
		ssize_t len = read(e->tap, buf, FRAME);
		struct iovec v = {buf, (size_t)len};

		if (len <= 0)
			break;
		e->frees--;
		if (e->pcap)
			pcap_frame(e->pcap, &v, 1);
		f[n++] = (struct stack_rx_frame){
			.data = buf, .len = (uint32_t)len, .buf = buf};
	}
	if (n)
		stack_rx(e->stack, f, n, now_ns());
	for (unsigned i = 0; i < n; i++)
		if (!f[i].kept)
			e->free[e->frees++] = f[i].buf;
	return n;
}

static void
transmit(struct engine *e)
{
	static uint8_t headers[BURST][STACK_HEADERS];
	struct stack_tx_frame f[BURST];
	struct iovec v[1 + STACK_PIECES];
	unsigned n;

	for (unsigned i = 0; i < BURST; i++)
		f[i].headers = headers[i];
	while ((n = stack_tx(e->stack, f, BURST, now_ns())))
		for (unsigned i = 0; i < n; i++) {
			v[0] = (struct iovec){headers[i], f[i].header_len};
			for (unsigned p = 0; p < f[i].pieces; p++) {
				v[1 + p].iov_base =
					(void *)(uintptr_t)f[i].piece[p].ptr;
				v[1 + p].iov_len = f[i].piece[p].len;
			}
			if (e->pcap)
				pcap_frame(e->pcap, v, 1 + f[i].pieces);
			if (writev(e->tap, v, 1 + f[i].pieces) < 0)
				e->wire_full++;
			if (f[i].buf)
				up_release(e, f[i].buf);
		}
}

/* False: the kernel's end is done. */
static bool
turn(struct engine *e, int peer)
{
	struct pollfd p[2] = {{.fd = e->tap, .events = POLLIN},
		{.fd = peer, .events = POLLIN}};
	unsigned n = receive(e);
	uint64_t now, at;
	struct timespec t = {0};
	char done;

	stack_timers(e->stack, now_ns());
	transmit(e);
	/* Nothing will wake us when all is over on both sides. */
	if (n == BURST || (peer < 0 && e->over == e->job->conns))
		return true;
	at = stack_deadline(e->stack);
	now = now_ns();
	if (at != UINT64_MAX && at > now) {
		t.tv_sec = (time_t)((at - now) / 1000000000);
		t.tv_nsec = (long)((at - now) % 1000000000);
	}
	ppoll(p, peer < 0 ? 1 : 2, at == UINT64_MAX ? NULL : &t, NULL);
	if (p[1].revents && read(peer, &done, 1) != 1)
		job_fail("the kernel's end failed");
	return !p[1].revents;
}

/* --- start and end --------------------------------------------------------*/

static struct ip_addr
address(const struct job *j, unsigned host)
{
	return j->ip6 ? (struct ip_addr){JOB_NET6, host}
		      : ip_addr_v4((JOB_ENGINE4 & ~0xffu) | host);
}

static void
start(struct engine *e)
{
	const struct job *j = e->job;
	struct stack_config c = {
		.conns = 2 * JOB_CONNS,
		.half_open = JOB_CONNS,
		.listeners = 1,
		.send_refs = 16384,
		.segs = 65536,
		.ooo = 8192,
		.rcv_window = j->conns > 16 ? WINDOW / 16 : WINDOW,
		.time_wait_ms = 500,
		.mac = {2, 0, 0, 9, 0, 1},
		.mtu = MTU,
		.ip4 = ip_addr_v4(JOB_ENGINE4),
		.ip4_bits = 24,
		.ip6 = {JOB_NET6, 1},
		.ip6_bits = 64,
	};
	size_t bytes;
	stack_conn conn;
	uint8_t *mem;

	if (getrandom(c.secret, sizeof(c.secret), 0) != sizeof(c.secret))
		job_fail("getrandom: %s", strerror(errno));
	bytes = (stack_bytes(&c) + 63) & ~(size_t)63;
	mem = aligned_alloc(64, bytes);
	if (!mem)
		job_fail("no memory");
	memset(mem, 0, bytes);
	e->mem = mem;
	e->stack = stack_init(mem, &c, &ops, e, now_ns());
	if (j->connect == JOB_KERNEL) {
		if (stack_listen(e->stack, (struct ip_addr){0}, JOB_PORT, 0))
			job_fail("engine: cannot listen");
		return;
	}
	for (e->made = 0; e->made < j->conns; e->made++)
		if (stack_connect(e->stack, address(j, 2), JOB_PORT, 0, e->made,
			    &conn))
			job_fail("engine: cannot connect");
}

static void
print_figures(const struct engine *e, uint64_t ns)
{
	const struct stack_counters *c = stack_counters(e->stack);
	uint64_t each = e->job->bytes[0] + e->job->bytes[1];
	struct rusage u;
	double cpu;

	getrusage(RUSAGE_SELF, &u);
	cpu = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
		(double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
	printf("%.1f MB/s, %.2f s, %.0f %% of a CPU;",
		(double)(each * e->job->conns) * 1e3 / (double)ns,
		(double)ns / 1e9, cpu * 1e11 / (double)ns);
#define X(name)      \
	if (c->name) \
		printf(" " #name " %llu", (unsigned long long)c->name);
	STACK_COUNTERS(X)
#undef X
	printf(" wire_full %llu\n", (unsigned long long)e->wire_full);
}

void
engine_end(const struct job *j, int tap, int peer, FILE *pcap)
{
	struct engine *e = calloc(1, sizeof(*e));
	uint8_t *buffers = malloc((size_t)BUFFERS * FRAME);
	uint64_t from = now_ns();
	const char *broken;

	if (!e || !buffers)
		job_fail("no memory");
	e->job = j;
	e->tap = tap;
	e->pcap = pcap;
	e->ahead = j->conns > 16 ? AHEAD / 16 : AHEAD;
	for (unsigned i = 0; i < BUFFERS; i++)
		e->free[e->frees++] = buffers + (size_t)i * FRAME;
	start(e);
	while (e->over < j->conns)
		if (!turn(e, peer))
			peer = -1;
	print_figures(e, e->last - from);
	/* The last ACK may be lost: answer until the kernel is content. */
	while (peer >= 0 && turn(e, peer))
		;
	broken = stack_check(e->stack);
	if (broken)
		job_fail("engine: %s", broken);
	if (e->frees != BUFFERS)
		job_fail("engine: %u buffers are missing", BUFFERS - e->frees);
	free(e->mem);
	free(buffers);
	free(e);
}
