/* rights.c - the end of what the launcher left for opening a port.
 *
 * A capability is a thread's, not a process's, and DPDK has made threads of
 * its own by then. So each thread is asked by a signal to drop its own, and
 * afterwards the kernel is asked whether any is left. A thread that was made
 * meanwhile has what its maker had, so that is done until all are found
 * without. The bounding set is empty since before the exec.
 */
#include <dirent.h>
#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "dlibos/base/clock.h"
#include "dlibos/domain/domain.h"

#define ASK SIGRTMAX

/* Permitted and effective are what counts; without these there is no ambient
 * one either, says the kernel. */
static int
drop_own(void)
{
	struct __user_cap_header_struct h = {
		.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

	return syscall(SYS_capset, &h, none) ? -errno : 0;
}

static void
asked(int sig)
{
	int keep = errno;

	(void)sig;
	drop_own();
	errno = keep;
}

static bool
has_any(pid_t tid)
{
	struct __user_cap_header_struct h = {
		.version = _LINUX_CAPABILITY_VERSION_3, .pid = tid};
	struct __user_cap_data_struct c[_LINUX_CAPABILITY_U32S_3];
	unsigned any = 0;

	if (syscall(SYS_capget, &h, c))
		return errno != ESRCH; /* it ended meanwhile */
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		any |= c[i].permitted | c[i].effective | c[i].inheritable;
	return any != 0;
}

/* Asks those threads that have some; how many these were, or -errno. */
static int
ask_others(void)
{
	DIR *d = opendir("/proc/self/task");
	struct dirent *e;
	int n = 0;

	if (!d)
		return -errno;
	while ((e = readdir(d))) {
		pid_t tid = (pid_t)strtol(e->d_name, NULL, 10);

		if (tid <= 0 || !has_any(tid))
			continue;
		n++;
		syscall(SYS_tgkill, getpid(), tid, ASK);
	}
	closedir(d);
	return n;
}

int
domain_drop_rights(void)
{
	struct sigaction ask = {.sa_handler = asked, .sa_flags = SA_RESTART};
	const struct timespec pause = {.tv_nsec = 1000000};
	uint64_t until = clock_ns() + LIMIT_STOP_MS * 1000000ull;
	int rc = drop_own(), n;

	if (!rc && sigaction(ASK, &ask, NULL))
		rc = -errno;
	if (rc)
		return rc;
	/* One that blocks signals would keep us here for ever. */
	while ((n = ask_others()) > 0 && clock_ns() < until)
		nanosleep(&pause, NULL);
	/* Sent twice to a thread that was slow, it may still be to come: its
	 * handler stays. */
	return n > 0 ? -EBUSY : n;
}
