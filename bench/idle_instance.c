/* idle_instance.c - the CPU time of all processes of an instance. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/idle_instance.h"
#include "dlibos/base/clock.h"
#include "dlibos/base/log.h"

#define ADDRESS	 "10.98.0.2"
#define PORT	 7
#define START_NS 30000000000u /* in which it must answer */
#define REST_MS	 1000	      /* from the last traffic to the first look */
#define LOOK_MS	 3000
#define QUICK_MS 300
#define CHILDREN 32 /* processes of an instance */
#define ROLES	 3

/* CPU time so far; a net core's and a program's processes by what they are
 * called, which begins with their role. */
struct usage {
	uint64_t all, role[ROLES];
	unsigned processes;
};

static const char *const roles[ROLES] = {"dlibos", "net", "app"};

static void
wait_ms(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

/* --- CPU time of processes -------------------------------------------------*/

/* The first line of a file of /proc; false: the process is gone. */
static bool
first_line(char *line, size_t size, pid_t pid, const char *rest)
{
	char path[96];
	FILE *f;
	bool ok;

	snprintf(path, sizeof(path), "/proc/%d/%.64s", (int)pid, rest);
	f = fopen(path, "re");
	if (!f)
		return false;
	ok = fgets(line, (int)size, f);
	fclose(f);
	return ok;
}

/* Of all threads: nanoseconds on a CPU are the first number of each. */
static uint64_t
process_ns(pid_t pid)
{
	char path[64], line[128];
	struct dirent *e;
	uint64_t ns = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	d = opendir(path);
	while (d && (e = readdir(d))) {
		if (*e->d_name == '.')
			continue;
		snprintf(path, sizeof(path), "task/%.20s/schedstat", e->d_name);
		if (first_line(line, sizeof(line), pid, path))
			ns += strtoull(line, NULL, 10);
	}
	if (d)
		closedir(d);
	return ns;
}

static void
add_process(struct usage *u, pid_t pid)
{
	uint64_t ns = process_ns(pid);
	char name[64] = "";

	first_line(name, sizeof(name), pid, "comm");
	for (unsigned i = 0; i < ROLES; i++)
		if (!strncmp(name, roles[i], strlen(roles[i])))
			u->role[i] += ns;
	u->all += ns;
	u->processes++;
}

static void
add_tree(struct usage *u, pid_t top)
{
	pid_t waits[CHILDREN] = {top};
	unsigned n = 1;

	for (unsigned i = 0; i < n; i++) {
		char line[1024], rest[64], *at = line, *end;

		add_process(u, waits[i]);
		snprintf(rest, sizeof(rest), "task/%d/children", (int)waits[i]);
		if (!first_line(line, sizeof(line), waits[i], rest))
			continue;
		for (; n < CHILDREN; at = end) {
			long pid = strtol(at, &end, 10);

			if (end == at)
				break;
			waits[n++] = (pid_t)pid;
		}
	}
}

/* --- the instance ----------------------------------------------------------*/

static bool
program(char *path, size_t size, const char *name)
{
	char self[PATH_MAX] = "";
	int n;

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return false;
	n = snprintf(path, size, "%s/../%s", dirname(self), name);
	return n > 0 && (size_t)n < size && !access(path, X_OK);
}

/* What it says goes to `log`. */
static pid_t
start(const char *dlibos, const char *echo, FILE *log)
{
	pid_t parent = getpid(), pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent || dup2(fileno(log), 1) < 0 ||
		dup2(fileno(log), 2) < 0)
		_exit(EXIT_FAIL);
	execl(dlibos, "dlibos", "run", "--port", "veth", "--ip", ADDRESS "/24",
		"--", echo, (char *)NULL);
	_exit(EXIT_FAIL);
}

/* A byte, there and back. */
static bool
answers(void)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
	};
	struct timeval t = {.tv_sec = 1};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok;
	char c = 'x';

	if (fd < 0)
		return false;
	inet_pton(AF_INET, ADDRESS, &to.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	ok = !connect(fd, (struct sockaddr *)&to, sizeof(to)) &&
		write(fd, &c, 1) == 1 && read(fd, &c, 1) == 1;
	close(fd);
	return ok;
}

static void
show_log(FILE *log)
{
	char line[512];

	rewind(log);
	while (fgets(line, sizeof(line), log))
		fputs(line, stderr);
}

static void
await(pid_t pid, FILE *log)
{
	uint64_t until = clock_ns() + START_NS;

	while (!answers()) {
		if (waitpid(pid, NULL, WNOHANG) == pid) {
			show_log(log);
			die(EXIT_FAIL, "the instance ended");
		}
		if (clock_ns() > until) {
			kill(pid, SIGTERM);
			waitpid(pid, NULL, 0);
			show_log(log);
			die(EXIT_FAIL, "the instance does not answer");
		}
		wait_ms(20);
	}
}

static void
look(struct report *r, pid_t pid, long ms)
{
	struct usage a = {0}, b = {0};
	uint64_t t = clock_ns();
	double percent;

	add_tree(&a, pid);
	wait_ms(ms);
	add_tree(&b, pid);
	percent = 100.0 / (double)(clock_ns() - t);
	report_add(r, "instance_cpu_percent", "percent",
		(double)(b.all - a.all) * percent);
	report_note(r, "instance_cpu_percent",
		"bar: under 2; all %u processes of an instance on a veth, "
		"of one CPU",
		b.processes);
	for (unsigned i = 0; i < ROLES; i++) {
		char name[REPORT_NAME];

		snprintf(name, sizeof(name), "instance_%s_cpu_percent",
			roles[i]);
		report_add(r, name, "percent",
			(double)(b.role[i] - a.role[i]) * percent);
		report_note(r, name, "processes whose name begins so");
	}
}

void
idle_instance(struct report *r, const struct opt *o)
{
	char dlibos[PATH_MAX], echo[PATH_MAX];
	FILE *log;
	pid_t pid;

	if (geteuid() || !program(dlibos, sizeof(dlibos), "dlibos") ||
		!program(echo, sizeof(echo), "echo")) {
		fprintf(stderr,
			"idle: no figure of an instance: it takes root, "
			"and dlibos and echo\n");
		return;
	}
	log = tmpfile();
	if (!log || unshare(CLONE_NEWNET))
		die(EXIT_FAIL, "no network namespace: %s", strerror(errno));
	pid = start(dlibos, echo, log);
	if (pid < 0)
		die(EXIT_FAIL, "fork: %s", strerror(errno));
	await(pid, log);
	wait_ms(o->quick ? QUICK_MS : REST_MS);
	for (unsigned i = 0; i < o->rounds; i++)
		look(r, pid, o->quick ? QUICK_MS : LOOK_MS);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	fclose(log);
}
