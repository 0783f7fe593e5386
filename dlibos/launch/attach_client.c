/* attach_client.c - `dlibos attach`: stands before the shell for a program that
 * runs elsewhere, in an instance. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dlibos/base/log.h"
#include "dlibos/launch/attach.h"
#include "dlibos/launch/ctl_client.h"
#include "dlibos/launch/instance.h"
#include "dlibos/launch/text.h"

#define BY_SIGNAL 128 /* and its number: what shells make of such an end */

struct options {
	const char *name;
	bool restart;
	char **program;
};

struct attached {
	const char *instance, *program;
	int launcher, signals;
	unsigned passed; /* the last signal that was */
};

static void
read_options(struct options *o, int argc, char **argv)
{
	static const struct option options[] = {
		{"name", required_argument, NULL, 'n'},
		{"restart", no_argument, NULL, 'r'},
		{NULL, 0, NULL, 0},
	};
	int c;

	*o = (struct options){.restart = false};
	opterr = 0;
	optind = 1;
	while ((c = getopt_long(argc, argv, "+", options, NULL)) >= 0)
		if (c == 'n')
			o->name = optarg;
		else if (c == 'r')
			o->restart = true;
		else
			break;
	o->program = argv + optind;
	if (c >= 0 || !*o->program)
		die(EXIT_USAGE,
			"usage: dlibos attach [--name INSTANCE] [--restart] "
			"[--] PROGRAM [ARGUMENT]...");
}

/* --- the order -----------------------------------------------------------*/

/* Returns its length. */
static size_t
write_order(struct attach_order *o, const struct options *opt)
{
	size_t at = 0;

	memcpy(o->word, ATTACH_WORD, sizeof(o->word));
	o->restart = opt->restart;
	for (o->args = 0; opt->program[o->args]; o->args++) {
		size_t n = strlen(opt->program[o->args]) + 1;

		if (n > sizeof(o->text) - at || o->args == LIMIT_ARGS)
			die(EXIT_USAGE,
				"too many arguments: an attached program gets "
				"%d and %d bytes of them at most",
				LIMIT_ARGS, LIMIT_ARG_BYTES);
		memcpy(o->text + at, opt->program[o->args], n);
		at += n;
	}
	return offsetof(struct attach_order, text) + at;
}

static void
send_order(int launcher, const struct options *opt)
{
	struct attach_order o;
	int fds[ATTACH_FDS] = {
		[ATTACH_STDIN] = STDIN_FILENO,
		[ATTACH_STDOUT] = STDOUT_FILENO,
		[ATTACH_STDERR] = STDERR_FILENO,
	};
	size_t len = write_order(&o, opt);
	int rc;

	fds[ATTACH_PROGRAM] = spawn_open(opt->program[0]);
	if (fds[ATTACH_PROGRAM] < 0)
		die(EXIT_USAGE, "program %s: %s", opt->program[0],
			strerror(-fds[ATTACH_PROGRAM]));
	fds[ATTACH_FOLDER] = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fds[ATTACH_FOLDER] < 0)
		die(EXIT_FAIL, "this folder: %s", strerror(errno));
	rc = pass_send(launcher, &o, len, fds, ATTACH_FDS);
	/* Who refuses us may have answered and hung up already. */
	if (rc && rc != -EPIPE)
		die(EXIT_FAIL, "the launcher cannot be asked: %s",
			strerror(-rc));
	close(fds[ATTACH_PROGRAM]);
	close(fds[ATTACH_FOLDER]);
}

/* --- while it runs -------------------------------------------------------*/

static int
open_signals(void)
{
	struct sigaction hup;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	/* nohup is heeded */
	if (sigaction(SIGHUP, NULL, &hup) || hup.sa_handler != SIG_IGN)
		sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static void
pass_signal(struct attached *a)
{
	struct signalfd_siginfo si;
	char text[32];
	int n;

	if (read(a->signals, &si, sizeof(si)) != sizeof(si))
		return;
	a->passed = si.ssi_signo;
	n = snprintf(text, sizeof(text), "signal %u", si.ssi_signo);
	send(a->launcher, text, (size_t)n, MSG_NOSIGNAL);
}

/* Shells tell of a signal that was not the user's; so do we. */
static int
ended_by(const struct attached *a, unsigned sig)
{
	const char *name = sigabbrev_np((int)sig);

	if (sig != a->passed)
		log_say("%s was killed by SIG%s", a->program,
			name ? name : "?");
	return BY_SIGNAL + (int)sig;
}

/* One message of the launcher. The exit status; -1: it goes on. */
static int
hear(const struct attached *a)
{
	char text[512];
	ssize_t n;
	unsigned v;

	do
		n = recv(a->launcher, text, sizeof(text) - 1, 0);
	while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	if (n <= 0)
		die(EXIT_FAIL, "instance %s: it is gone", a->instance);
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (!strncmp(text, "note ", 5)) {
		log_say("%s %s", a->program, text + 5);
		return -1;
	}
	if (!strncmp(text, "exit ", 5) && text_number(text + 5, &v))
		return (int)(v & 0xff);
	if (!strncmp(text, "signal ", 7) && text_number(text + 7, &v))
		return ended_by(a, v & 0x7f);
	if (!strncmp(text, "error: ", 7))
		die(EXIT_FAIL, "instance %s: %s", a->instance, text + 7);
	die(EXIT_FAIL, "instance %s answers in another language", a->instance);
}

static int
wait_for_end(struct attached *a)
{
	struct pollfd p[2] = {
		{.fd = a->launcher, .events = POLLIN},
		{.fd = a->signals, .events = POLLIN},
	};

	for (;;) {
		int status;

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			die(EXIT_FAIL, "poll: %s", strerror(errno));
		if (p[1].revents)
			pass_signal(a);
		status = p[0].revents ? hear(a) : -1;
		if (status >= 0)
			return status;
	}
}

int
attach_cmd(int argc, char **argv)
{
	struct options o;
	struct attached a;

	run_fill_descriptors();
	read_options(&o, argc, argv);
	a = (struct attached){
		.instance = ctl_which(o.name),
		.program = o.program[0],
	};
	a.launcher = ctl_dial(a.instance);
	a.signals = open_signals();
	if (a.signals < 0)
		die(EXIT_FAIL, "signals: %s", strerror(errno));
	send_order(a.launcher, &o);
	return wait_for_end(&a);
}
