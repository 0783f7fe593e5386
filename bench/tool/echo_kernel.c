/* echo_kernel PORT - what comes goes back, by the kernel's TCP and epoll: what
 * our echo server is compared with. Ends when it is told to by a signal. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dlibos/base/log.h"

#define EVENTS 64
#define BUFFER 65536

static int
listener(uint16_t port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0)
		die(EXIT_FAIL, "no socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 128))
		die(EXIT_FAIL, "port %u: %s", port, strerror(errno));
	return fd;
}

static void
watch(int epoll, int fd)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.fd = fd};

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev))
		die(EXIT_FAIL, "epoll: %s", strerror(errno));
}

static void
take(int epoll, int listening)
{
	int fd = accept(listening, NULL, NULL), one = 1;

	if (fd < 0)
		return; /* it is gone already */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	watch(epoll, fd);
}

static void
echo(int fd)
{
	static char buf[BUFFER];
	ssize_t n = read(fd, buf, sizeof(buf));

	for (ssize_t at = 0, put; n > 0 && at < n; at += put) {
		put = send(fd, buf + at, (size_t)(n - at), MSG_NOSIGNAL);
		if (put <= 0)
			n = 0;
	}
	if (n <= 0)
		close(fd);
}

int
main(int argc, char **argv)
{
	long port = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
	struct epoll_event ev[EVENTS];
	int epoll, listening;

	if (port < 1 || port > 65535)
		die(EXIT_USAGE, "usage: echo_kernel PORT");
	listening = listener((uint16_t)port);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	watch(epoll, listening);
	for (;;) {
		int n = epoll_wait(epoll, ev, EVENTS, -1);

		for (int i = 0; i < n; i++)
			if (ev[i].data.fd == listening)
				take(epoll, listening);
			else
				echo(ev[i].data.fd);
	}
}
