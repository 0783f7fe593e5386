/* stall_test - over loopback, a server that is stopped for a second: the open
 * loop's percentiles are those that follow from its rate and the length of the
 * stop, as it was measured. With S of T seconds stopped, the share of requests
 * that wait longer than x is (S - x) / T. So p99.9 is S - T/1000.
 *
 *	load_stall [--json]	the errors, for ./dev bench load
 */
#include <arpa/inet.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/load/http_ask.h"
#include "bench/load/wire_kernel.h"
#include "dlibos/base/clock.h"
#include "dlibos/base/log.h"

#define CONNS	2 /* so few that only they would not make the p99.9 */
#define RATE	1000
#define SECONDS 3
#define BEFORE	500 /* requests until the stop */

struct stop {
	pid_t server;
	int said; /* the server writes a byte here */
	uint64_t from, to;
};

/* One answer for each empty line that comes. */
static void
answer(int fd, unsigned *served, int say)
{
	static const char text[] =
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
	char in[4096];
	ssize_t n = recv(fd, in, sizeof(in), 0);

	for (ssize_t i = 0; i + 3 < n; i++) {
		if (memcmp(in + i, "\r\n\r\n", 4))
			continue;
		if (send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL) < 0)
			_exit(1);
		if (++*served == BEFORE && write(say, "", 1) != 1)
			_exit(1);
	}
}

static _Noreturn void
serve(int listener, int say)
{
	struct pollfd p[1 + CONNS] = {{.fd = listener, .events = POLLIN}};
	unsigned n = 1, served = 0;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (poll(p, n, -1) > 0) {
		for (unsigned i = 1; i < n; i++)
			if (p[i].revents)
				answer(p[i].fd, &served, say);
		if (!p[0].revents)
			continue;
		p[n].fd = accept(listener, NULL, NULL);
		p[n].events = POLLIN;
		if (p[n].fd >= 0 && ++n == 1 + CONNS)
			p[0].fd = -1;
	}
	_exit(1);
}

static void *
stop(void *arg)
{
	static const struct timespec second = {.tv_sec = 1};
	struct stop *s = arg;
	char c;

	if (read(s->said, &c, 1) != 1)
		return NULL;
	s->from = clock_ns();
	kill(s->server, SIGSTOP);
	nanosleep(&second, NULL); /* this is the stop, nothing is awaited */
	kill(s->server, SIGCONT);
	s->to = clock_ns();
	return NULL;
}

static uint16_t
listen_somewhere(int *fd)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);

	*fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0 || bind(*fd, (struct sockaddr *)&a, len) ||
		listen(*fd, 16) ||
		getsockname(*fd, (struct sockaddr *)&a, &len))
		die(1, "no listener on loopback");
	return ntohs(a.sin_port);
}

static void
run(struct load *l, uint16_t port)
{
	static const struct load_conf c = {.conns = CONNS,
		.depth = 1,
		.rate = RATE,
		.run_ns = SECONDS * 1000000000ull,
		.timeout_ns = 5000000000};
	static struct http_asker asker;
	static struct http_paths paths;
	static struct kernel k;
	uint32_t never = 0;

	if (http_paths_add(&paths, "/") ||
		kernel_init(&k, l, &c, "127.0.0.1", port, false) ||
		http_asker_init(
			&asker, &paths, "x", false, 1, &kernel_wire, &k) ||
		load_init(l, &c, &kernel_wire, &k, &http_proto, &asker))
		die(1, "out of memory");
	kernel_run(&k, &never);
	load_fini(l);
	kernel_fini(&k);
	http_paths_fini(&paths);
}

int
main(int argc, char **argv)
{
	static const struct {
		double q;
		const char *name;
	} look[] = {{.999, "p999"}, {.9, "p90"}};
	static struct load l;
	struct stop s = {0};
	int fd, say[2], status = 0;
	uint16_t port = listen_somewhere(&fd);
	pthread_t thread;
	double len;

	if (pipe(say))
		die(1, "no pipe");
	s.said = say[0];
	s.server = fork();
	if (!s.server)
		serve(fd, say[1]);
	close(say[1]);
	if (s.server < 0 || pthread_create(&thread, NULL, stop, &s))
		die(1, "no server");
	run(&l, port);
	kill(s.server, SIGKILL);
	waitpid(s.server, NULL, 0);
	pthread_join(thread, NULL);
	len = (double)(s.to - s.from);
	if (l.tally.done != RATE * SECONDS || tally_failed(&l.tally)) {
		tally_print(&l.tally, "", RATE, stderr);
		status = 1;
	}
	for (unsigned i = 0; i < 2; i++) {
		double got = (double)hist_at(&l.tally.hist, look[i].q);
		double want = len - (1 - look[i].q) * SECONDS * 1e9;
		double error = fabs(got / want - 1);

		if (argc < 2)
			printf("stopped for %.3f s: %s is %.3f s, expected "
			       "%.3f\n",
				len * 1e-9, look[i].name, got * 1e-9,
				want * 1e-9);
		else if (!strcmp(argv[1], "--json"))
			printf("%s %.6f\n", look[i].name, error);
		if (error > .1)
			status = 1;
	}
	return status;
}
