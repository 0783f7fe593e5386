/* spawn.c - a domain becomes a process. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "dlibos/base/clock.h"
#include "dlibos/base/log.h"
#include "dlibos/launch/attach.h"
#include "dlibos/launch/instance.h"
#include "dlibos/launch/netns.h"

extern char **environ;

static int
open_program(const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC), rc = 0;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		rc = -errno;
	else if (S_ISDIR(st.st_mode))
		rc = -EISDIR;
	else if (!S_ISREG(st.st_mode))
		rc = -EACCES;
	else if (access(path, X_OK))
		rc = -errno;
	if (!rc)
		return fd;
	close(fd);
	return rc;
}

static int
open_in_path(const char *name)
{
	const char *p = getenv("PATH");
	int rc = -ENOENT;

	while (*name && p && *p) {
		size_t n = strcspn(p, ":");
		char path[PATH_MAX];
		int fd;

		snprintf(path, sizeof(path), "%.*s/%s", (int)n, p, name);
		fd = open_program(path);
		if (fd >= 0)
			return fd;
		if (fd != -ENOENT && fd != -ENOTDIR)
			rc = fd;
		p += n + (p[n] == ':');
	}
	return rc;
}

int
spawn_open(const char *program)
{
	return strchr(program, '/') ? open_program(program)
				    : open_in_path(program);
}

/* Nothing of how we treat signals goes on to programs. */
static void
leave_signals(void)
{
	static const int ours[] = {SIGCHLD, SIGHUP, SIGINT, SIGPIPE, SIGTERM};
	sigset_t none;

	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		signal(ours[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Input is nobody's, output is ours, and what it says goes by us. */
static int
give_standard(int words)
{
	if (dup2(words, STDERR_FILENO) < 0)
		return -errno;
	close(STDIN_FILENO); /* the next one takes its number */
	return open("/dev/null", O_RDONLY) == STDIN_FILENO ? 0 : -errno;
}

/* Every descriptor but the three and the channel ends with the exec. */
static int
leave_descriptors(int channel)
{
	if (syscall(SYS_close_range, 3, ~0u, CLOSE_RANGE_CLOEXEC) ||
		fcntl(channel, F_SETFD, 0))
		return -errno;
	return 0;
}

/* A directory for what DPDK writes although it is told not to: a file system
 * that is mounted nowhere, found by its descriptor alone, and gone with the
 * process. Where the kernel has no such thing, DPDK looks for a place itself.
 */
static void
give_directory(void)
{
	char path[32];
	int fs = fsopen("tmpfs", FSOPEN_CLOEXEC), dir = -1;

	if (fs < 0)
		return;
	if (!fsconfig(fs, FSCONFIG_SET_STRING, "size", "1m", 0) &&
		!fsconfig(fs, FSCONFIG_SET_STRING, "nr_inodes", "64", 0) &&
		!fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0777", 0) &&
		!fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		dir = fsmount(fs, 0,
			MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
				MOUNT_ATTR_NOEXEC);
	close(fs);
	if (dir < 0)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", dir);
	setenv("RUNTIME_DIRECTORY", path, 1);
}

/* Memory of applications is pinned long after the rights are gone, so a limit
 * is lifted. Where even root may not, the right has to do. */
static uint64_t
give_pins(void)
{
	struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};

	if (!setrlimit(RLIMIT_MEMLOCK, &all) || geteuid())
		return 0;
	return 1ull << CAP_IPC_LOCK;
}

/* What a domain gets so that it can open the port; *caps are to be kept. */
static int
give_port(const struct port *p, uint64_t *caps)
{
	if (!p->kind)
		return 0;
	*caps = port_caps(p);
	if (port_pins(p))
		*caps |= give_pins();
	give_directory();
	return p->domain_ns < 0 ? 0 : netns_enter(p->domain_ns);
}

static int
program_of(const struct instance *in, const struct child *c)
{
	if (c->place)
		return c->place->fds[ATTACH_PROGRAM];
	return c->role & ROLE_APP ? in->program_fd : in->netcore_fd;
}

static _Noreturn void
become(struct instance *in, struct child *c, int channel, int words,
	pid_t launcher)
{
	int fd = program_of(in, c);
	char number[16];
	const char *what = "descriptors";
	uint64_t caps = 0;
	bool root = !geteuid();
	int rc;

	log_name("");
	leave_signals();
	setsid(); /* the terminal's Ctrl-C is the launcher's */
	rc = c->place ? attach_become(c->place) : give_standard(words);
	if (!rc)
		rc = leave_descriptors(channel);
	if (!rc && c->role & ROLE_NET) {
		what = "port";
		rc = give_port(&in->port, &caps);
	}
	if (!rc)
		rc = confine(c->role & ROLE_APP ? in->opt.user : NULL, caps,
			launcher, &what);
	if (rc) {
		log_say("cannot be confined: %s: %s", what, strerror(-rc));
		_exit(EXIT_FAIL); /* what the launcher leaves to exit() */
	}
	snprintf(number, sizeof(number), "%d", channel);
	setenv(PLAN_ENV, number, 1);
	execveat(fd, "", c->argv, environ, AT_EMPTY_PATH);
	if (errno == ENOENT) /* a script: its interpreter must open it */
		execvp(c->argv[0], c->argv);
	log_say("cannot run %s: %s%s", c->argv[0], strerror(errno),
		root && errno == EACCES ? "; it runs under a user of its own: "
					  "let others read and execute it"
					: "");
	_exit(EXIT_FAIL);
}

int
spawn(struct instance *in, struct child *c)
{
	int sock[2], words[2] = {-1, -1}, rc;
	pid_t launcher = getpid();

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock))
		return -errno;
	if (!c->place && pipe2(words, O_CLOEXEC)) {
		rc = -errno;
		goto close_sock;
	}
	if (!c->place)
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
	if (!c->place)
		close(words[1]);
	c->channel = sock[0];
	c->words_fd = words[0];
	c->state = CHILD_MAKING;
	c->joined = false;
	c->starting = true;
	c->started_at = clock_ns();
	c->line_len = 0;
	c->last_words[0] = '\0';
	c->killed = false;
	c->deadline = c->started_at + LIMIT_START_MS * 1000000ull;
	return 0;
close_words:
	if (!c->place)
		pass_close_all(words, 2);
close_sock:
	close(sock[0]);
	close(sock[1]);
	return rc;
}
