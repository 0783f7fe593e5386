/* echo_client ADDR PORT BYTES COUNT - round trips to an echo server over a
 * kernel socket, one after the other. Prints their median and 99 % in us. The
 * first tenth warms up, and what comes back is compared. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "bench/report.h"
#include "dlibos/base/clock.h"
#include "dlibos/base/log.h"

#define BYTES_MAX 65536
#define COUNT_MAX 1000000
#define PATIENCE  10 /* seconds for an answer */

static unsigned
number(const char *s, unsigned max)
{
	char *end;
	unsigned long v = strtoul(s, &end, 10);

	if (*s < '0' || *s > '9' || *end || !v || v > max)
		die(EXIT_USAGE, "%s: not a number from 1 to %u", s, max);
	return (unsigned)v;
}

static int
reach(const char *addr, const char *port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)number(port, 65535)),
	};
	struct timeval t = {.tv_sec = PATIENCE};
	int fd, one = 1;

	if (inet_pton(AF_INET, addr, &to.sin_addr) != 1)
		die(EXIT_USAGE, "%s: not an IPv4 address", addr);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)))
		die(EXIT_FAIL, "%s port %s: %s", addr, port, strerror(errno));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	return fd;
}

static void
go_round(int fd, const char *out, char *in, size_t bytes)
{
	size_t got = 0;

	if (write(fd, out, bytes) != (ssize_t)bytes)
		die(EXIT_FAIL, "cannot send: %s", strerror(errno));
	while (got < bytes) {
		ssize_t n = read(fd, in + got, bytes - got);

		if (n <= 0)
			die(EXIT_FAIL, "no answer: %s",
				n ? strerror(errno) : "the end");
		got += (size_t)n;
	}
}

int
main(int argc, char **argv)
{
	static char out[BYTES_MAX], in[BYTES_MAX];
	unsigned bytes, count, warm;
	double *us;
	int fd;

	if (argc != 5)
		die(EXIT_USAGE, "usage: echo_client ADDR PORT BYTES COUNT");
	bytes = number(argv[3], BYTES_MAX);
	count = number(argv[4], COUNT_MAX);
	warm = count / 10 + 1;
	us = calloc(count, sizeof(*us));
	if (!us)
		die(EXIT_FAIL, "out of memory");
	for (unsigned i = 0; i < bytes; i++)
		out[i] = (char)(i % 251);
	fd = reach(argv[1], argv[2]);
	for (unsigned i = 0; i < warm + count; i++) {
		uint64_t t = clock_ns();

		go_round(fd, out, in, bytes);
		if (i >= warm)
			us[i - warm] = (double)(clock_ns() - t) * 1e-3;
		else if (memcmp(in, out, bytes))
			die(EXIT_FAIL, "an answer is not what was sent");
	}
	close(fd);
	printf("%.3f", report_median(us, count));
	printf(" %.3f\n", us[(uint64_t)(count - 1) * 99 / 100]);
	free(us);
	return EXIT_OK;
}
