/* inmate.c - looks at its cell from inside, and tries to get out. One line for
 * each thing on stdout, "KEY VALUE", and "done" at the end.
 *
 *	inmate INSTANCE [DOMAIN]...
 *
 * Other domains that it has a try at, besides the network core's.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "dlibos/dlibos.h"

static const char *instance;
static char **domains;

static void
tell_status(void)
{
	static const char *const keys[] = {
		"Uid:", "Gid:", "Groups:", "NoNewPrivs:", "CapInh:", "CapPrm:",
		"CapEff:", "CapBnd:", "CapAmb:"};
	FILE *f = fopen("/proc/self/status", "r");
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
			if (!strncmp(line, keys[i], strlen(keys[i])))
				fputs(line, stdout);
	if (f)
		fclose(f);
}

static void
tell_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;

	while (d && (e = readdir(d))) {
		char path[300], target[256];
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/self/fd/%s", e->d_name);
		n = readlink(path, target, sizeof(target) - 1);
		if (n < 0 || (int)strtol(e->d_name, NULL, 10) == dirfd(d))
			continue;
		target[n] = '\0';
		printf("fd %s %s\n", e->d_name, target);
	}
	if (d)
		closedir(d);
}

/* The launcher's other child of this name, which it has since it joined. */
static pid_t
find(const char *name)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	pid_t found = 0;

	while (d && !found && (e = readdir(d))) {
		char path[300], line[128] = "";
		int parent;
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%s/stat", e->d_name);
		f = fopen(path, "r");
		if (f && fgets(line, sizeof(line), f) && strstr(line, name) &&
			sscanf(strchr(line, ')'), ") %*c %d", &parent) == 1 &&
			parent == getppid())
			found = (int)strtol(e->d_name, NULL, 10);
		if (f)
			fclose(f);
	}
	if (d)
		closedir(d);
	return found;
}

static void
result(const char *what, long rc)
{
	printf("try %s: %s\n", what, rc < 0 ? strerrorname_np(errno) : "WORKS");
}

static void
attack(const char *whom, pid_t pid)
{
	char what[64], path[64], byte = 0;
	struct iovec here = {&byte, 1}, there = {(void *)0x10000, 1};

	if (pid <= 1) { /* others than the one that is meant */
		printf("try %s: it is not found\n", whom);
		return;
	}

	snprintf(what, sizeof(what), "%s mem", whom);
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	result(what, open(path, O_RDONLY));
	snprintf(what, sizeof(what), "%s maps", whom);
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	result(what, open(path, O_RDONLY));
	snprintf(what, sizeof(what), "%s fd", whom);
	snprintf(path, sizeof(path), "/proc/%d/fd/3", (int)pid);
	result(what, open(path, O_RDONLY));
	snprintf(what, sizeof(what), "%s ptrace", whom);
	result(what, ptrace(PTRACE_SEIZE, pid, NULL, NULL));
	snprintf(what, sizeof(what), "%s readv", whom);
	result(what, process_vm_readv(pid, &here, 1, &there, 1, 0));
	snprintf(what, sizeof(what), "%s writev", whom);
	result(what, process_vm_writev(pid, &here, 1, &there, 1, 0));
	snprintf(what, sizeof(what), "%s kill 0", whom);
	result(what, kill(pid, 0));
	snprintf(what, sizeof(what), "%s kill 9", whom);
	result(what, kill(pid, SIGKILL));
}

static void
call_launcher(void)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	char answer[128] = "";
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	int n = snprintf(un.sun_path + 1, sizeof(un.sun_path) - 1, "dlibos/%s",
		instance);

	if (connect(fd, (struct sockaddr *)&un,
		    (socklen_t)(sizeof(un.sun_family) + 1 + (size_t)n)))
		perror("connect");
	send(fd, "stop", 4, MSG_NOSIGNAL);
	for (int i = 0; i < 2 && recv(fd, answer, sizeof(answer) - 1, 0) < 0;
		i++)
		;
	printf("order %s", answer);
}

static void
start(struct dl *dl, void *arg)
{
	(void)dl, (void)arg;
	printf("pid %d\n", (int)getpid());
	tell_status();
	tell_descriptors();
	attack("net", find("(net0"));
	attack("launcher", getppid());
	for (char **d = domains; *d; d++) {
		char name[32];
		pid_t pid;

		snprintf(name, sizeof(name), "(%.16s", *d);
		pid = find(name);
		if (pid != getpid())
			attack(*d, pid);
	}
	call_launcher();
	puts("done");
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	static const struct dl_program program = {.start = start};

	instance = argc > 1 ? argv[1] : "";
	domains = argv + (argc > 1 ? 2 : 1);
	setvbuf(stdout, NULL, _IOLBF, 0); /* others write there, too */
	return dl_run(&program, NULL);
}
