/* launch_kit.c - see launch_kit.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dlibos/launch/ctl_name.h"
#include "dlibos/launch/test/launch_kit.h"

#define ARGS 31

char kit_dir[64];

/* Launchers to be ended if the test fails. Its own variables are gone then. */
static pid_t alive[8];
#define ALIVE (sizeof(alive) / sizeof(*alive))

static unsigned entries_before;

/* Replaces one process number by another. */
static void
note(pid_t old, pid_t new)
{
	for (unsigned i = 0; i < ALIVE; i++)
		if (alive[i] == old) {
			alive[i] = new;
			return;
		}
}

uint64_t
kit_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static unsigned
entries(const char *dir)
{
	DIR *d = opendir(dir);
	unsigned n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

int
kit_setup(void **state)
{
	(void)state;
	/* What outlives a launcher becomes ours, and is seen. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	/* Abstract names belong to a network namespace: in one of our own, no
	 * instance of anybody else is in the way. Without the right to make
	 * one, the names must do. */
	if (unshare(CLONE_NEWNET) && !geteuid())
		print_message("no network namespace: %s\n", strerror(errno));
	snprintf(kit_dir, sizeof(kit_dir), "/tmp/launch-test-XXXXXX");
	if (!mkdtemp(kit_dir) || chmod(kit_dir, 0755))
		return -1;
	setenv("TMPDIR", kit_dir, 1);
	entries_before = entries("/dev/shm");
	return 0;
}

static int
remove_dir(void)
{
	DIR *d = opendir(kit_dir);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.')
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
	return rmdir(kit_dir);
}

/* Waits until no child of ours is left: by itself, or ended by us. */
static bool
childless(void)
{
	uint64_t until = kit_now_ms() + 3000;
	bool well = true;
	int pid;

	while (waitpid(-1, NULL, WNOHANG) >= 0) {
		FILE *f;

		if (kit_now_ms() < until) {
			poll(NULL, 0, 5);
			continue;
		}
		well = false;
		f = fopen("/proc/thread-self/children", "re");
		while (f && fscanf(f, "%d", &pid) == 1) {
			fprintf(stderr, "process %d is left\n", pid);
			kill(pid, SIGKILL);
		}
		if (f)
			fclose(f);
	}
	return well;
}

int
kit_teardown(void **state)
{
	bool well;

	(void)state;
	for (unsigned i = 0; i < ALIVE; i++)
		if (alive[i]) {
			kill(alive[i], SIGKILL);
			alive[i] = 0;
		}
	well = childless();
	if (entries("/dev/shm") > entries_before)
		fprintf(stderr, "something new lies in /dev/shm\n");
	return remove_dir() || !well || entries("/dev/shm") > entries_before
		? -1
		: 0;
}

/* --- a run ---------------------------------------------------------------*/

static void
start_program(struct run *r, const char *const *argv)
{
	int p[TEXTS][2];

	memset(r, 0, sizeof(*r));
	for (int i = 0; i < TEXTS; i++) {
		assert_int_equal(pipe2(p[i], O_CLOEXEC), 0);
		r->fd[i] = p[i][0];
		fcntl(r->fd[i], F_SETFL, O_NONBLOCK);
		r->text[i] = calloc(1, TEXT_MAX);
		assert_non_null(r->text[i]);
	}
	fflush(NULL);
	r->pid = fork();
	if (!r->pid) {
		dup2(p[OUT][1], STDOUT_FILENO);
		dup2(p[ERR][1], STDERR_FILENO);
		execvp(argv[0], (char **)(uintptr_t)argv);
		_exit(127);
	}
	assert_true(r->pid > 0);
	for (int i = 0; i < TEXTS; i++)
		close(p[i][1]);
	note(0, r->pid);
}

static void
start(struct run *r, const char *arg, va_list ap)
{
	const char *argv[ARGS + 2] = {DLIBOS};
	int n = 1;

	for (; arg && n < ARGS; arg = va_arg(ap, const char *))
		argv[n++] = arg;
	start_program(r, argv);
}

void
kit_start_shell(struct run *r, const char *cmd)
{
	start_program(r, (const char *[]){"sh", "-c", cmd, NULL});
}

void
kit_shell(struct run *r, int status, const char *cmd)
{
	kit_start_shell(r, cmd);
	kit_end(r, status);
}

void
kit_start(struct run *r, const char *arg, ...)
{
	va_list ap;

	va_start(ap, arg);
	start(r, arg, ap);
	va_end(ap);
}

/* What does not fit is read and forgotten. */
static bool
read_one(struct run *r, int i)
{
	char rest[4096];
	size_t room = TEXT_MAX - 1 - r->len[i];
	ssize_t n;

	if (r->fd[i] < 0)
		return false;
	n = room ? read(r->fd[i], r->text[i] + r->len[i], room)
		 : read(r->fd[i], rest, sizeof(rest));
	if (n > 0 && room)
		r->len[i] += (size_t)n;
	if (!n) {
		close(r->fd[i]);
		r->fd[i] = -1;
	}
	r->text[i][r->len[i]] = '\0';
	return n > 0;
}

void
kit_read(struct run *r)
{
	for (int i = 0; i < TEXTS; i++)
		while (read_one(r, i))
			;
}

unsigned
kit_count(const char *in, const char *text)
{
	unsigned n = 0;

	for (; (in = strstr(in, text)); in += strlen(text))
		n++;
	return n;
}

static void
wait_for_text(struct run *r)
{
	struct pollfd p[TEXTS];

	for (int i = 0; i < TEXTS; i++)
		p[i] = (struct pollfd){.fd = r->fd[i], .events = POLLIN};
	poll(p, TEXTS, 50);
	for (int i = 0; i < TEXTS; i++)
		read_one(r, i);
}

void
kit_await(struct run *r, int which, const char *text, unsigned n)
{
	uint64_t until = kit_now_ms() + WAIT_MS;

	while (kit_count(r->text[which], text) < n) {
		if (kit_now_ms() > until || (r->fd[OUT] < 0 && r->fd[ERR] < 0))
			fail_msg("\"%s\" was not said %u times:\n%.4000s\n"
				 "%.4000s",
				text, n, r->text[OUT], r->text[ERR]);
		wait_for_text(r);
	}
}

void
kit_end(struct run *r, int status)
{
	uint64_t until = kit_now_ms() + WAIT_MS;
	pid_t pid = r->pid;

	while (waitpid(pid, &r->status, WNOHANG) != pid) {
		if (kit_now_ms() > until)
			fail_msg("the launcher hangs");
		wait_for_text(r);
	}
	kit_read(r);
	note(pid, 0);
	r->pid = 0;
	if (WIFEXITED(r->status) && WEXITSTATUS(r->status) == status)
		return;
	fail_msg("status %x instead of %d:\n%.4000s", r->status, status,
		r->text[ERR]);
}

void
kit_free(struct run *r)
{
	for (int i = 0; i < TEXTS; i++) {
		if (r->fd[i] >= 0)
			close(r->fd[i]);
		free(r->text[i]);
	}
	note(r->pid, 0);
}

void
kit_finish(struct run *r, int status, const char *arg, ...)
{
	va_list ap;

	va_start(ap, arg);
	start(r, arg, ap);
	va_end(ap);
	kit_end(r, status);
}

/* --- looking -------------------------------------------------------------*/

unsigned
kit_lines(const struct run *r)
{
	const char *s = r->text[ERR];
	unsigned n = 0;

	while (*s) {
		size_t len = strcspn(s, "\n");

		n += !strncmp(s, "dlibos: ", 8) &&
			strncmp(s, "dlibos: no 2 MiB", 16) &&
			strncmp(s, "dlibos: cores share", 19);
		s += len + (s[len] == '\n');
	}
	return n;
}

int
kit_order(char *buf, size_t len, const char *cmd, const char *arg1,
	const char *arg2)
{
	struct run r;
	int status;

	kit_start(&r, cmd, arg1, arg1 ? arg2 : NULL, NULL);
	while (waitpid(r.pid, &status, WNOHANG) != r.pid) {
		wait_for_text(&r);
	}
	kit_read(&r);
	snprintf(buf, len, "%s%s", r.text[OUT], r.text[ERR]);
	kit_free(&r);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

pid_t
kit_domain(const char *instance, const char *domain)
{
	static char buf[65536];
	const char *s;
	char name[32];
	int pid;

	kit_order(buf, sizeof(buf), "status", instance, NULL);
	for (s = buf; (s = strchr(s, '\n'));) {
		s++;
		if (sscanf(s, "%31s %*s process %d", name, &pid) == 2 &&
			!strcmp(name, domain))
			return pid;
	}
	return 0;
}

int
kit_dial(const char *instance)
{
	struct sockaddr_un un;
	socklen_t len = ctl_address(&un, instance);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (!connect(fd, (struct sockaddr *)&un, len))
		return fd;
	close(fd);
	return -1;
}

const char *
kit_hear(int fd)
{
	static char buf[65536];
	struct pollfd p = {.fd = fd, .events = POLLIN};
	ssize_t n;

	if (poll(&p, 1, WAIT_MS) != 1)
		return "nothing in time";
	do
		n = recv(fd, buf, sizeof(buf) - 1, 0);
	while (n < 0 && errno == ECONNRESET);
	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

void
kit_answered(struct run *r, pid_t app)
{
	char line[64];

	snprintf(line, sizeof(line), "answered %d\n", (int)app);
	kit_read(r);
	kit_await(r, OUT, line, kit_count(r->text[OUT], line) + 1);
}

bool
kit_socket_exists(const char *text)
{
	FILE *f = fopen("/proc/net/unix", "re");
	char line[512];
	bool found = false;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		found |= strstr(line, text) != NULL;
	fclose(f);
	return found;
}

unsigned
kit_fds(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	return entries(path);
}

unsigned
kit_maps(pid_t pid)
{
	char path[64], line[512];
	unsigned n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	f = fopen(path, "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, "memfd:dl-") != NULL;
	fclose(f);
	return n;
}

void
kit_await_death(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = {.fd = fd, .events = POLLIN};

	if (fd < 0 && errno == ESRCH)
		return;
	assert_true(fd >= 0);
	if (poll(&p, 1, WAIT_MS) != 1)
		fail_msg("process %d lives on", (int)pid);
	close(fd);
}

const char *
kit_file(const char *name, const char *text, int mode)
{
	static char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", kit_dir, name);
	f = fopen(path, "we");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, (mode_t)mode), 0);
	return path;
}
