/* top.c - `dlibos top`: what the cores of an instance do, anew each second.
 *
 * The terminal gives single keys only while we wait for one: whatever ends us
 * meanwhile, it is left as it was found. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "dlibos/base/clock.h"
#include "dlibos/base/log.h"
#include "dlibos/launch/ctl_client.h"
#include "dlibos/launch/stat.h"

#define EVERY_NS 1000000000ull

struct top {
	const char *instance;
	bool once;
	bool keys, screen; /* stdin and stdout are a terminal */
	int signal_fd;
	struct top_sample *was, *is;
};

/* SIGINT and SIGTERM are read where we wait. */
static int
signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static bool
key_is_q(void)
{
	char c;

	return read(STDIN_FILENO, &c, 1) != 1 || c == 'q' || c == 'Q';
}

/* Waits until `t`. False: that was the end. */
static bool
wait_until(const struct top *top, uint64_t t)
{
	struct pollfd p[2] = {
		{.fd = top->signal_fd, .events = POLLIN},
		{.fd = top->keys ? STDIN_FILENO : -1, .events = POLLIN},
	};
	uint64_t now;

	while ((now = clock_ns()) < t) {
		int n = poll(p, 2, (int)((t - now + 999999) / 1000000));

		if (n < 0 && errno != EINTR)
			die(EXIT_FAIL, "poll: %s", strerror(errno));
		if (n <= 0)
			continue;
		if (p[0].revents || (p[1].revents && key_is_q()))
			return false;
	}
	return true;
}

static bool
wait_raw(const struct top *top, uint64_t t)
{
	struct termios was, raw;
	bool on;

	if (!top->keys || tcgetattr(STDIN_FILENO, &was))
		return wait_until(top, t);
	raw = was;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	on = wait_until(top, t);
	tcsetattr(STDIN_FILENO, TCSANOW, &was);
	return on;
}

static void
take(struct top *top)
{
	struct top_sample *s = top->was;
	char *text = stat_fetch(top->instance);

	top->was = top->is;
	top->is = s;
	s->at = clock_ns();
	top_read(s, text);
	free(text);
}

/* As many lines as the terminal has, each over the one that was there. */
static void
draw(const char *text)
{
	struct winsize w = {.ws_row = 0};
	unsigned rows = ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) || w.ws_row < 2
		? 1000
		: w.ws_row - 1u;

	fputs("\033[H", stdout);
	while (*text && rows--) {
		size_t n = strcspn(text, "\n");

		printf("%.*s\033[K\n", (int)n, text);
		text += n + (text[n] == '\n');
	}
	fputs("\033[J", stdout);
}

static void
show(const struct top *top)
{
	char *text = top_screen(top->instance, top->was, top->is);

	if (!text)
		die(EXIT_FAIL, "out of memory");
	if (top->screen)
		draw(text);
	else
		fputs(text, stdout);
	fflush(stdout);
	free(text);
}

static void
options(struct top *top, int argc, char **argv)
{
	const char *given = NULL;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--once"))
			top->once = true;
		else if (argv[i][0] != '-' && !given)
			given = argv[i];
		else
			die(EXIT_USAGE,
				"usage: dlibos top [INSTANCE] "
				"[--once]");
	}
	top->instance = ctl_which(given);
}

int
top_cmd(int argc, char **argv)
{
	struct top top = {.once = false};

	options(&top, argc, argv);
	top.keys = isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) == getpgrp();
	top.screen = !top.once && isatty(STDOUT_FILENO);
	top.was = calloc(1, sizeof(*top.was));
	top.is = calloc(1, sizeof(*top.is));
	top.signal_fd = signals();
	if (!top.was || !top.is || top.signal_fd < 0)
		die(EXIT_FAIL, "out of memory or descriptors");
	take(&top);
	if (top.screen)
		fputs("\033[2J", stdout);
	while (wait_raw(&top, top.is->at + EVERY_NS)) {
		take(&top);
		show(&top);
		if (top.once || ferror(stdout))
			break;
	}
	close(top.signal_fd);
	free(top.was);
	free(top.is);
	return EXIT_OK;
}
