/* wire_kernel.c - what is to be sent waits in a ring of pieces, and goes out
 * with one call a connection when the engine has had its turn. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bench/load/wire_kernel.h"
#include "dlibos/base/atomic.h"
#include "dlibos/base/clock.h"

#define IN_BYTES    (256u << 10) /* read at once */
#define EVENTS	    64
#define SLEEP_NS    100000000ull /* at most: somebody may have said stop */
#define SEND_PIECES 64

struct kernel_conn {
	int fd;	       /* -1: none */
	uint32_t turn; /* how often it was opened: late events are of others */
	uint32_t events;
	bool opening, dirty, over;
	uint8_t why;
	uint32_t head, tail; /* of its pieces */
	size_t first;	     /* bytes of the first that have gone */
};

static enum tally_kind
kind_of(int err)
{
	switch (err) {
	case ECONNREFUSED:
		return TALLY_REFUSED;
	case ECONNRESET:
	case EPIPE:
		return TALLY_RESET;
	case ETIMEDOUT:
		return TALLY_TIMEOUT;
	default:
		return TALLY_UNREACHABLE;
	}
}

static void
let_go(struct kernel *k, unsigned i, enum tally_kind why)
{
	struct kernel_conn *c = &k->conn[i];

	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	if (c->over)
		return;
	c->over = true;
	c->why = (uint8_t)why;
	k->over[k->over_n++] = i;
}

static void
watch(struct kernel *k, unsigned i, uint32_t events, int op)
{
	struct kernel_conn *c = &k->conn[i];
	struct epoll_event e = {
		.events = events, .data.u64 = (uint64_t)c->turn << 32 | i};

	c->events = events;
	if (epoll_ctl(k->epoll, op, c->fd, &e))
		let_go(k, i, TALLY_UNREACHABLE);
}

/* --- the wire's functions -------------------------------------------------*/

static int
wire_open(void *w, unsigned i)
{
	struct kernel *k = w;
	struct kernel_conn *c = &k->conn[i];
	int one = 1;

	if (c->over)
		return -EAGAIN;
	c->turn++;
	c->head = c->tail = 0;
	c->first = 0;
	c->opening = true;
	c->fd = socket(k->to.sin6_family,
		SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0) {
		let_go(k, i, TALLY_UNREACHABLE);
		return 0;
	}
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(c->fd, (struct sockaddr *)&k->to, k->to_len) &&
		errno != EINPROGRESS)
		let_go(k, i, kind_of(errno));
	else
		watch(k, i, EPOLLOUT, EPOLL_CTL_ADD);
	return 0;
}

static int
wire_send(void *w, unsigned i, const struct wire_piece *p, unsigned n)
{
	struct kernel *k = w;
	struct kernel_conn *c = &k->conn[i];

	if (c->fd < 0)
		return -EPIPE;
	if (k->out_ring - (c->tail - c->head) < n)
		return -EAGAIN; /* cannot be: a place for each question */
	for (unsigned j = 0; j < n; j++)
		k->out[i * k->out_ring + (c->tail++ & (k->out_ring - 1))] =
			p[j];
	if (!c->dirty) {
		c->dirty = true;
		k->dirty[k->dirty_n++] = i;
	}
	return 0;
}

static void
wire_close(void *w, unsigned i)
{
	static const struct linger hard = {.l_onoff = 1};
	struct kernel *k = w;
	int fd = k->conn[i].fd;

	if (fd >= 0)
		(void)setsockopt(
			fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	let_go(k, i, TALLY_OK);
}

static void *
wire_memory(void *w, size_t bytes)
{
	struct kernel *k = w;
	void **m = calloc(1, sizeof(void *) * 2 + bytes);

	if (!m)
		return NULL;
	m[0] = k->memory;
	k->memory = m;
	return m + 2;
}

const struct wire kernel_wire = {
	.open = wire_open,
	.send = wire_send,
	.close = wire_close,
	.memory = wire_memory,
};

/* --- sending --------------------------------------------------------------*/

/* `bytes` have gone. */
static void
gone(struct kernel *k, unsigned i, size_t bytes)
{
	struct kernel_conn *c = &k->conn[i];

	load_sent(k->load, i, bytes);
	bytes += c->first;
	while (c->head != c->tail) {
		size_t len =
			k->out[i * k->out_ring + (c->head & (k->out_ring - 1))]
				.len;

		if (bytes < len)
			break;
		bytes -= len;
		c->head++;
	}
	c->first = bytes;
}

static void
flush_one(struct kernel *k, unsigned i)
{
	struct kernel_conn *c = &k->conn[i];

	while (c->fd >= 0 && c->head != c->tail) {
		struct iovec v[SEND_PIECES];
		struct msghdr m = {.msg_iov = v};
		ssize_t n;

		for (uint32_t at = c->head;
			at != c->tail && m.msg_iovlen < SEND_PIECES; at++) {
			const struct wire_piece *p = &k->out[i * k->out_ring +
				(at & (k->out_ring - 1))];

			v[m.msg_iovlen].iov_base = (void *)(uintptr_t)p->ptr;
			v[m.msg_iovlen++].iov_len = p->len;
		}
		v[0].iov_base = (char *)v[0].iov_base + c->first;
		v[0].iov_len -= c->first;
		n = sendmsg(c->fd, &m, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			let_go(k, i, kind_of(errno));
			return;
		}
		gone(k, i, (size_t)n);
	}
	if (c->fd >= 0) {
		uint32_t want = EPOLLIN | (c->head != c->tail ? EPOLLOUT : 0);

		if (want != c->events)
			watch(k, i, want, EPOLL_CTL_MOD);
	}
}

static void
flush(struct kernel *k)
{
	while (k->dirty_n) {
		unsigned i = k->dirty[--k->dirty_n];

		k->conn[i].dirty = false;
		flush_one(k, i);
	}
}

/* --- what comes -----------------------------------------------------------*/

static void
opened(struct kernel *k, unsigned i)
{
	struct kernel_conn *c = &k->conn[i];
	socklen_t len = sizeof(int);
	int err = 0;

	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &len) || err) {
		let_go(k, i, kind_of(err));
		return;
	}
	c->opening = false;
	watch(k, i, EPOLLIN, EPOLL_CTL_MOD);
	if (c->fd >= 0)
		load_connected(k->load, i, clock_ns());
}

/* What the kernel has, one buffer at a time; a last one that is not full was
 * all. */
static void
readable(struct kernel *k, unsigned i)
{
	struct kernel_conn *c = &k->conn[i];
	ssize_t n;

	do {
		n = recv(c->fd, k->in, IN_BYTES, 0);
		if (n > 0)
			load_bytes(k->load, i, k->in, (size_t)n, clock_ns());
		else if (n == 0)
			let_go(k, i, TALLY_OK);
		else if (errno != EAGAIN && errno != EINTR)
			let_go(k, i, kind_of(errno));
	} while (n == IN_BYTES && c->fd >= 0);
}

static void
event(struct kernel *k, const struct epoll_event *e)
{
	unsigned i = (unsigned)(e->data.u64 & 0xffffffff);
	struct kernel_conn *c = &k->conn[i];

	if (c->fd < 0 || c->turn != e->data.u64 >> 32)
		return;
	if (c->opening) {
		opened(k, i);
		return;
	}
	if (e->events & EPOLLOUT)
		flush_one(k, i);
	if (c->fd >= 0 && (e->events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		readable(k, i);
}

/* Only of those that are owed now: what the engine opens may end at once. */
static void
tell_over(struct kernel *k)
{
	unsigned n = k->over_n;

	for (unsigned j = 0; j < n; j++) {
		unsigned i = k->over[j];

		k->conn[i].over = false;
		load_closed(k->load, i, k->conn[i].why, clock_ns());
	}
	k->over_n -= n;
	memmove(k->over, k->over + n, k->over_n * sizeof(*k->over));
}

void
kernel_run(struct kernel *k, const uint32_t *stop)
{
	struct load *l = k->load;
	struct epoll_event e[EVENTS];

	load_start(l, clock_ns());
	while (!load_over(l) && !atomic_load_32(stop)) {
		uint64_t now = clock_ns(), next = load_turn(l, now), wait;
		struct timespec t = {0};
		int n;

		flush(k);
		wait = next > now && !k->over_n && !k->spin ? next - now : 0;
		t.tv_nsec = (long)(wait < SLEEP_NS ? wait : SLEEP_NS);
		n = epoll_pwait2(k->epoll, e, EVENTS, &t, NULL);
		for (int i = 0; i < n; i++) {
			event(k, &e[i]);
			load_turn(l, l->now);
			flush(k);
		}
		tell_over(k);
	}
	load_finish(l, clock_ns());
}

/* --- begin and end --------------------------------------------------------*/

static int
address(struct kernel *k, const char *to, uint16_t port)
{
	struct sockaddr_in *four = (struct sockaddr_in *)(void *)&k->to;

	if (inet_pton(AF_INET, to, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		k->to_len = sizeof(*four);
		return 0;
	}
	if (inet_pton(AF_INET6, to, &k->to.sin6_addr) != 1)
		return -EINVAL;
	k->to.sin6_family = AF_INET6;
	k->to.sin6_port = htons(port);
	k->to_len = sizeof(k->to);
	return 0;
}

int
kernel_init(struct kernel *k, struct load *l, const struct load_conf *c,
	const char *to, uint16_t port, bool spin)
{
	int rc;

	memset(k, 0, sizeof(*k));
	k->epoll = -1;
	k->load = l;
	k->spin = spin;
	k->conns = c->conns;
	k->out_ring = 1;
	while (k->out_ring < c->depth * WIRE_PIECES)
		k->out_ring *= 2;
	rc = address(k, to, port);
	if (rc)
		return rc;
	k->conn = calloc(c->conns, sizeof(*k->conn));
	k->out = calloc((size_t)c->conns * k->out_ring, sizeof(*k->out));
	k->dirty = calloc(c->conns, sizeof(*k->dirty));
	k->over = calloc((size_t)c->conns * 2, sizeof(*k->over));
	k->in = malloc(IN_BYTES);
	k->epoll = epoll_create1(EPOLL_CLOEXEC);
	rc = k->epoll < 0 ? -errno : 0;
	if (!k->conn || !k->out || !k->dirty || !k->over || !k->in)
		rc = -ENOMEM;
	for (unsigned i = 0; k->conn && i < c->conns; i++)
		k->conn[i].fd = -1;
	if (rc)
		kernel_fini(k);
	return rc;
}

void
kernel_fini(struct kernel *k)
{
	for (unsigned i = 0; k->conn && i < k->conns; i++)
		if (k->conn[i].fd >= 0)
			close(k->conn[i].fd);
	if (k->epoll >= 0)
		close(k->epoll);
	while (k->memory) {
		void *next = *(void **)k->memory;

		free(k->memory);
		k->memory = next;
	}
	free(k->conn);
	free(k->out);
	free(k->dirty);
	free(k->over);
	free(k->in);
	memset(k, 0, sizeof(*k));
	k->epoll = -1;
}
