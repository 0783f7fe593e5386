/* wire.c - pairs of interfaces and packet sockets. */
#include "netcore/driver/test/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORDS 24

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

void
wire_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "wire: ");
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, "\n");
	va_end(ap);
	exit(1);
}

uint64_t
wire_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void
set(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, value, strlen(value)) < 0)
		fprintf(stderr, "wire: %s: %s\n", path, strerror(errno));
	close(fd);
}

bool
wire_enter(void)
{
	if (unshare(CLONE_NEWNET)) {
		printf("no network namespace: %s\n", strerror(errno));
		return false;
	}
	set("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
	set("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
	return true;
}

void
wire_ip(const char *words)
{
	char copy[256], *argv[WORDS] = {"ip"}, *save = NULL;
	int argc = 1, status;
	pid_t pid;

	snprintf(copy, sizeof(copy), "%s", words);
	for (char *p = strtok_r(copy, " ", &save); p && argc < WORDS - 1;
		p = strtok_r(NULL, " ", &save))
		argv[argc++] = p;
	pid = fork();
	if (pid < 0)
		wire_fail("fork: %s", strerror(errno));
	if (!pid) {
		execvp("ip", argv);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status)
		wire_fail("ip %s: status %#x", words, (unsigned)status);
}

void
wire_no_offloads(const char *interface)
{
	static const uint32_t off[] = {ETHTOOL_STXCSUM, ETHTOOL_SRXCSUM,
		ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	for (unsigned i = 0; i < sizeof(off) / sizeof(off[0]); i++) {
		struct ethtool_value v = {.cmd = off[i]};
		struct ifreq r = {.ifr_data = (void *)&v};

		snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", interface);
		/* A kind that it does not have is off. */
		if (ioctl(fd, SIOCETHTOOL, &r) && errno != EOPNOTSUPP)
			wire_fail("%s: %s", interface, strerror(errno));
	}
	close(fd);
}

void
wire_pair(const char *a, const char *b, unsigned mtu, unsigned queues)
{
	char words[200];

	snprintf(words, sizeof(words),
		"link add %s mtu %u numtxqueues %u numrxqueues %u type veth "
		"peer name %s mtu %u numtxqueues %u numrxqueues %u",
		a, mtu, queues, queues, b, mtu, queues, queues);
	wire_ip(words);
	wire_no_offloads(a);
	wire_no_offloads(b);
	snprintf(words, sizeof(words), "link set %s up", a);
	wire_ip(words);
	snprintf(words, sizeof(words), "link set %s up", b);
	wire_ip(words);
}

int
wire_socket(const char *interface)
{
	struct sockaddr_ll a = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(interface),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	int one = 1, bytes = 8 << 20;

	if (fd < 0 || bind(fd, (struct sockaddr *)(void *)&a, sizeof(a)) ||
		setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one,
			sizeof(one)))
		wire_fail(
			"packet socket on %s: %s", interface, strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	return fd;
}

void
wire_fill(uint8_t *frame, size_t len, uint32_t number)
{
	uint32_t x = number * 2654435761u + 1;

	memset(frame, 0xff, 6); /* to everybody, from nobody in particular */
	memcpy(frame + 6, "\x02\x00\x00\x00\x00\x01", 6);
	frame[12] = WIRE_TYPE >> 8;
	frame[13] = WIRE_TYPE & 0xff;
	memcpy(frame + 14, &number, 4);
	for (size_t i = 18; i < len; i++) {
		x = x * 1664525 + 1013904223;
		frame[i] = (uint8_t)(x >> 24);
	}
}

bool
wire_is(const uint8_t *frame, size_t len, uint32_t number)
{
	uint8_t want[WIRE_MAX];

	wire_fill(want, len, number);
	return !memcmp(frame, want, len);
}

void
wire_send(int fd, const uint8_t *frame, size_t len)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	while (send(fd, frame, len, 0) != (ssize_t)len) {
		if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
			wire_fail(
				"send of %zu bytes: %s", len, strerror(errno));
		poll(&p, 1, 10);
	}
}

size_t
wire_receive(int fd, uint8_t *frame, size_t max)
{
	uint64_t until = wire_now_ms() + WIRE_MS;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	ssize_t n;

	while (wire_now_ms() < until) {
		n = recv(fd, frame, max, MSG_DONTWAIT);
		if (n > 17 && frame[12] == WIRE_TYPE >> 8 &&
			frame[13] == (WIRE_TYPE & 0xff))
			return (size_t)n;
		if (n < 0)
			poll(&p, 1, 100);
	}
	wire_fail("no frame came");
}
