/* subject.c - a program that does one thing wrong, or keeps asking its net
 * cores whatever happens to them:
 *
 *	subject exit N | segv | hang | deaf | flood | hangup | leave | escape |
 *		steady | idle | never
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "dlibos/dlibos.h"

static const char *mode;
static int number;

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void
say(const char *text)
{
	char line[128];
	int n = snprintf(line, sizeof(line), "%s %d\n", text, (int)getpid());

	if (write(STDOUT_FILENO, line, (size_t)n) < 0)
		_exit(1);
}

/* A process that keeps our stderr open and outlives us. */
static void
leave_one(int own_session)
{
	char byte;
	int left[2];

	if (pipe(left))
		_exit(1);
	if (fork()) {
		close(left[1]);
		if (read(left[0], &byte, 1) != 1)
			_exit(1);
		return;
	}
	signal(SIGTERM, SIG_IGN);
	if (own_session)
		setsid();
	say("left");
	if (write(left[1], "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static void
flood(void)
{
	static char block[65536];

	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = (char)(i % 255 + 1);
	for (size_t i = 0; i < sizeof(block); i++)
		if (block[i] == '\n')
			block[i] = '\033';
	for (int i = 0; i < 32; i++)
		if (write(STDERR_FILENO, block, sizeof(block)) < 0)
			_exit(1);
}

static void
close_channel(void)
{
	for (int fd = 3; fd < 64; fd++) {
		int type;
		socklen_t len = sizeof(type);

		if (!getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len))
			shutdown(fd, SHUT_WR);
	}
}

static void
ask(struct dl *dl, unsigned net)
{
	dl_ping(dl, net, 0, 0); /* without room: the next answer asks again */
}

static void
start(struct dl *dl, void *arg)
{
	(void)arg;
	say("started");
	if (!strcmp(mode, "exit")) {
		dl_quit(dl, number);
	} else if (!strcmp(mode, "segv")) {
		fprintf(stderr, "these are my last words\n");
		signal(SIGSEGV, SIG_DFL);
		raise(SIGSEGV);
	} else if (!strcmp(mode, "hang")) {
		for (;;)
			pause();
	} else if (!strcmp(mode, "flood")) {
		flood();
		dl_quit(dl, 0);
	} else if (!strcmp(mode, "hangup")) {
		close_channel();
	} else if (!strcmp(mode, "leave") || !strcmp(mode, "escape")) {
		leave_one(*mode == 'e');
		dl_quit(dl, 0);
	}
	for (unsigned i = 0; !strcmp(mode, "steady") && i < dl_nets(dl); i++)
		ask(dl, i);
}

static void
pong(struct dl *dl, unsigned net, uint32_t cookie, uint64_t value)
{
	static uint64_t said;
	uint64_t now = now_ms();

	(void)cookie, (void)value;
	if (now - said >= 20) {
		say("answered");
		said = now;
	}
	ask(dl, net);
}

static void
net_changed(struct dl *dl, unsigned net, int up)
{
	say(up ? "up" : "down");
	if (up && !strcmp(mode, "steady"))
		ask(dl, net);
}

int
main(int argc, char **argv)
{
	static const struct dl_program program = {
		.start = start,
		.pong = pong,
		.net_changed = net_changed,
	};

	mode = argc > 1 ? argv[1] : "idle";
	number = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 0;
	signal(SIGTERM, SIG_IGN);
	if (!strcmp(mode, "never"))
		say("waiting");
	while (!strcmp(mode, "never"))
		pause();
	return dl_run(&program, NULL);
}
