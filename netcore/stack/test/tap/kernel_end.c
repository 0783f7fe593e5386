/* kernel_end.c - the kernel's side: one process, epoll, sockets that do not
 * block. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netcore/stack/test/tap/ends.h"

#define CHUNK 65536u

struct kernel_conn {
	struct job_conn c;
	int fd;
};

struct kernel {
	const struct job *job;
	int epoll, listener;
	uint32_t made, over;
	struct kernel_conn conn[JOB_CONNS];
};

static socklen_t
address(struct sockaddr_storage *a, const struct job *j, unsigned host)
{
	struct sockaddr_in *a4 = (struct sockaddr_in *)(void *)a;
	struct sockaddr_in6 *a6 = (struct sockaddr_in6 *)(void *)a;

	memset(a, 0, sizeof(*a));
	if (!j->ip6) {
		a4->sin_family = AF_INET;
		a4->sin_port = htons(JOB_PORT);
		a4->sin_addr.s_addr = htonl((JOB_ENGINE4 & ~0xffu) | host);
		return sizeof(*a4);
	}
	a6->sin6_family = AF_INET6;
	a6->sin6_port = htons(JOB_PORT);
	for (int i = 0; i < 8; i++)
		a6->sin6_addr.s6_addr[i] = (uint8_t)(JOB_NET6 >> (56 - 8 * i));
	a6->sin6_addr.s6_addr[15] = (uint8_t)host;
	return sizeof(*a6);
}

static uint16_t
client_port(const struct kernel *k, int fd)
{
	struct sockaddr_storage a;
	socklen_t len = sizeof(a);
	struct sockaddr_in6 *a6 = (struct sockaddr_in6 *)(void *)&a;

	/* The port is in the same place in both families. */
	if (k->job->connect == JOB_KERNEL
			? getsockname(fd, (struct sockaddr *)&a, &len)
			: getpeername(fd, (struct sockaddr *)&a, &len))
		job_fail("kernel: no name: %s", strerror(errno));
	return ntohs(a6->sin6_port);
}

static void
watch(struct kernel *k, int fd, uint32_t events, void *what)
{
	struct epoll_event e = {.events = events, .data.ptr = what};

	if (epoll_ctl(k->epoll, EPOLL_CTL_ADD, fd, &e))
		job_fail("kernel: epoll: %s", strerror(errno));
}

static void
begin(struct kernel *k, int fd)
{
	struct kernel_conn *c = &k->conn[k->made++];

	c->fd = fd;
	job_begin(&c->c, k->job, JOB_KERNEL, client_port(k, fd));
	watch(k, fd, EPOLLIN | EPOLLOUT | EPOLLET, c);
}

static void
receive(struct kernel *k, struct kernel_conn *c)
{
	static uint8_t buf[CHUNK];
	ssize_t n;

	while (!c->c.at_end && (n = read(c->fd, buf, sizeof(buf))) >= 0) {
		if (!job_take(&c->c, k->job, JOB_KERNEL, buf, (uint32_t)n))
			job_fail("kernel: wrong bytes after %llu",
				(unsigned long long)c->c.got);
		c->c.at_end = n == 0;
		if (c->c.at_end && c->c.got != k->job->bytes[JOB_ENGINE])
			job_fail("kernel: the end after %llu bytes",
				(unsigned long long)c->c.got);
		c->c.may_send |= c->c.at_end;
	}
	if (!c->c.at_end && errno != EAGAIN)
		job_fail("kernel: read: %s", strerror(errno));
}

static void
transmit(struct kernel *k, struct kernel_conn *c)
{
	const uint8_t *p;
	uint32_t len;
	ssize_t n;

	while ((p = job_next(&c->c, k->job, JOB_KERNEL, CHUNK, &len)), len) {
		n = send(c->fd, p, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			job_fail("kernel: send: %s", strerror(errno));
		c->c.sent += (uint64_t)n;
	}
	if (c->c.may_send && !c->c.finished) {
		c->c.finished = true;
		shutdown(c->fd, SHUT_WR);
	}
}

static void
step(struct kernel *k, struct kernel_conn *c, uint32_t events)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (c->c.over)
		return;
	if (events & EPOLLERR) {
		getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &len);
		job_fail("kernel: a connection broke: %s", strerror(err));
	}
	if (events & EPOLLIN)
		receive(k, c);
	transmit(k, c);
	if (c->c.at_end && c->c.finished) {
		c->c.over = true;
		k->over++;
		close(c->fd);
	}
}

/* Where the default is another one, such as BBR, which answers no loss. */
static int
open_socket(int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		job_fail("kernel: socket: %s", strerror(errno));
	setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5);
	return fd;
}

static void
start(struct kernel *k, int ready)
{
	struct sockaddr_storage a;
	socklen_t len =
		address(&a, k->job, k->job->connect == JOB_KERNEL ? 1 : 2);

	if (k->job->connect == JOB_KERNEL) {
		for (uint32_t i = 0; i < k->job->conns; i++) {
			int fd = open_socket(a.ss_family);

			if (connect(fd, (struct sockaddr *)&a, len) &&
				errno != EINPROGRESS)
				job_fail(
					"kernel: connect: %s", strerror(errno));
			begin(k, fd);
		}
	} else {
		k->listener = open_socket(a.ss_family);
		if (bind(k->listener, (struct sockaddr *)&a, len) ||
			listen(k->listener, (int)k->job->conns))
			job_fail("kernel: listen: %s", strerror(errno));
		watch(k, k->listener, EPOLLIN, NULL);
	}
	if (write(ready, "r", 1) != 1)
		job_fail("kernel: nobody to tell");
}

void
kernel_end(const struct job *j, int ready)
{
	struct kernel *k = calloc(1, sizeof(*k));
	struct epoll_event e[64];
	int n, fd;

	if (!k)
		job_fail("no memory");
	k->job = j;
	k->epoll = epoll_create1(EPOLL_CLOEXEC);
	start(k, ready);
	while (k->over < j->conns) {
		n = epoll_wait(k->epoll, e, 64, -1);
		for (int i = 0; i < n; i++)
			if (e[i].data.ptr)
				step(k, e[i].data.ptr, e[i].events);
			else if (k->made < j->conns &&
				(fd = accept4(k->listener, NULL, NULL,
					 SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
				begin(k, fd);
	}
	if (write(ready, "d", 1) != 1)
		job_fail("kernel: nobody to tell");
	free(k);
}
