/* spawn.c - a domain becomes a process. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "dlibos/base/clock.h"
#include "dlibos/base/log.h"
#include "dlibos/launch/instance.h"

extern char **environ;

static int
open_in_path(const char *name)
{
	const char *p = getenv("PATH");

	while (p && *p) {
		size_t n = strcspn(p, ":");
		char path[PATH_MAX];
		int fd;

		snprintf(path, sizeof(path), "%.*s/%s", (int)n, p, name);
		fd = access(path, X_OK) ? -1
					: open(path, O_PATH | O_CLOEXEC);
		if (fd >= 0)
			return fd;
		p += n + (p[n] == ':');
	}
	return -ENOENT;
}

int
spawn_open(const char *program)
{
	int fd;

	if (!strchr(program, '/'))
		return open_in_path(program);
	if (access(program, X_OK))
		return -errno;
	fd = open(program, O_PATH | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Every descriptor but the three and the channel ends with the exec. */
static int
leave_descriptors(int channel, int words)
{
	int null = open("/dev/null", O_RDONLY);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
		dup2(words, STDERR_FILENO) < 0 ||
		syscall(SYS_close_range, 3, ~0u, CLOSE_RANGE_CLOEXEC) ||
		fcntl(channel, F_SETFD, 0))
		return -errno;
	return 0;
}

static _Noreturn void
become(struct instance *in, struct child *c, int channel, int words,
	pid_t launcher)
{
	int fd = c->role == ROLE_NET ? in->netcore_fd : in->program_fd;
	char number[16];
	const char *what = "descriptors";
	sigset_t none;
	int rc;

	log_name("");
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setsid(); /* the terminal's Ctrl-C is the launcher's */
	rc = leave_descriptors(channel, words);
	if (!rc)
		rc = confine(c->role == ROLE_APP ? in->opt.user : NULL,
			launcher, &what);
	if (rc)
		die(EXIT_FAIL, "cannot be confined: %s: %s", what,
			strerror(-rc));
	snprintf(number, sizeof(number), "%d", channel);
	setenv(PLAN_ENV, number, 1);
	execveat(fd, "", c->argv, environ, AT_EMPTY_PATH);
	if (errno == ENOENT) /* a script: its interpreter must open it */
		execvp(c->argv[0], c->argv);
	die(EXIT_FAIL, "cannot run %s: %s", c->argv[0], strerror(errno));
}

int
spawn(struct instance *in, struct child *c)
{
	int sock[2], words[2], rc;
	pid_t launcher = getpid();

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock))
		return -errno;
	if (pipe2(words, O_CLOEXEC)) {
		rc = -errno;
		goto close_sock;
	}
	fcntl(words[0], F_SETFL, O_NONBLOCK);
	fcntl(sock[0], F_SETFL, O_NONBLOCK);
	fflush(NULL);
	c->pid = fork();
	if (c->pid < 0) {
		rc = -errno;
		goto close_words;
	}
	if (!c->pid)
		become(in, c, sock[1], words[1], launcher);
	close(sock[1]);
	close(words[1]);
	c->channel = sock[0];
	c->words_fd = words[0];
	c->state = CHILD_MAKING;
	c->line_len = 0;
	c->last_words[0] = '\0';
	c->killed = false;
	c->deadline = clock_ns() + LIMIT_START_MS * 1000000ull;
	return 0;
close_words:
	close(words[0]);
	close(words[1]);
close_sock:
	close(sock[0]);
	close(sock[1]);
	return rc;
}
