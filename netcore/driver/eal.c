/* eal.c - DPDK begins, with what this machine has. */
#include "netcore/driver/eal.h"

#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dlibos/base/atomic.h"
#include "dlibos/base/log.h"
#include "netcore/driver/driver.h"

#define SAID_MAX 32   /* lines of DPDK's that are logged, the rest is counted */
#define CPU_LIST 1024 /* bytes of a list of CPUs */
#define NOWHERE	 "/dev/null"
#define ARGS	 24

/* The one thing of the room that is the process's: DPDK has it so. DPDK's own
 * thread may write a line at any time, so the lines have a lock. */
static struct {
	bool begun, pci;
	pthread_mutex_t lock;
	bool hushed;
	uint64_t lines;
	char first[200];
	char label[DRIVER_LABEL];
	char lcores[CPU_LIST];
} eal = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* --- what DPDK says -------------------------------------------------------*/

/* DPDK ends a line with a newline, or two, or none. Of what is hushed the first
 * line says most: who failed because of it complains after it. */
static void
line(const char *text, size_t n)
{
	char said[sizeof(eal.first)];

	while (n && isspace((unsigned char)text[n - 1]))
		n--;
	if (!n)
		return;
	snprintf(said, sizeof(said), "%.*s", (int)n, text);
	for (char *p = said; *p; p++)
		if (!isprint((unsigned char)*p))
			*p = ' ';
	if (strstr(said, "'" NOWHERE "/"))
		return;
	pthread_mutex_lock(&eal.lock);
	if (!eal.hushed && ++eal.lines <= SAID_MAX)
		log_say("DPDK: %s", said);
	if (eal.hushed && !eal.first[0])
		memcpy(eal.first, said, sizeof(said));
	pthread_mutex_unlock(&eal.lock);
}

static ssize_t
write_line(void *cookie, const char *text, size_t n)
{
	(void)cookie;
	line(text, n);
	return (ssize_t)n;
}

void
eal_hush(void)
{
	pthread_mutex_lock(&eal.lock);
	eal.hushed = true;
	eal.first[0] = 0;
	pthread_mutex_unlock(&eal.lock);
}

void
eal_speak(void)
{
	pthread_mutex_lock(&eal.lock);
	eal.hushed = false;
	pthread_mutex_unlock(&eal.lock);
}

const char *
eal_first(void)
{
	return eal.first;
}

uint64_t
eal_lines(void)
{
	uint64_t n;

	pthread_mutex_lock(&eal.lock);
	n = eal.lines;
	pthread_mutex_unlock(&eal.lock);
	return n;
}

/* --- the beginning --------------------------------------------------------*/

/* One logical core that may be wherever we may be, so that DPDK pins nobody. */
static int
lcores(char *to, size_t size)
{
	const char *comma = "";
	size_t at = (size_t)snprintf(to, size, "0@(");
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		return -errno;
	for (int i = 0; i < CPU_SETSIZE; i++) {
		int end = i;

		if (!CPU_ISSET(i, &set))
			continue;
		while (end + 1 < CPU_SETSIZE && CPU_ISSET(end + 1, &set))
			end++;
		at += (size_t)snprintf(
			to + at, size - at, "%s%d-%d", comma, i, end);
		if (at + 2 > size)
			return -E2BIG;
		comma = ",";
		i = end;
	}
	snprintf(to + at, size - at, ")");
	return 0;
}

static int
init(bool pci)
{
	static char words[ARGS][CPU_LIST];
	const char *args[ARGS] = {"dlibos", "--no-huge", "--no-shconf",
		"--no-telemetry", "-m", "64", "--iova-mode", "va", "--lcores",
		eal.lcores, "--file-prefix", eal.label, "--log-level",
		"lib.*:error", "--log-level", "pmd.*:error"};
	char *argv[ARGS] = {NULL};
	int argc = 0;

	/* Devices are asked for one by one later: a list of those allowed
	 * that names none keeps DPDK from taking whatever it finds. */
	args[16] = pci ? "-a" : "--no-pci";
	args[17] = pci ? "ffff:ff:1f.7" : NULL;
	for (; args[argc]; argc++) {
		snprintf(words[argc], CPU_LIST, "%s", args[argc]);
		argv[argc] = words[argc];
	}
	return rte_eal_init(argc, argv);
}

/* DPDK makes directories for files that it then does not write, and goes on
 * where it cannot make them: so it is sent to a place where nobody can. */
static int
init_nowhere(bool pci)
{
	const char *had = getenv("RUNTIME_DIRECTORY");
	char *keep = had ? strdup(had) : NULL;
	int rc;

	setenv("RUNTIME_DIRECTORY", NOWHERE, 1);
	rc = init(pci);
	if (keep)
		setenv("RUNTIME_DIRECTORY", keep, 1);
	else
		unsetenv("RUNTIME_DIRECTORY");
	free(keep);
	return rc;
}

static bool
good_label(const char *s)
{
	size_t n = s ? strspn(s,
			       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQR"
			       "STUVWXYZ0123456789-_")
		     : 0;

	return n && n < DRIVER_LABEL && !s[n];
}

/* Libraries below DPDK's XDP sockets talk of what they tried on the way. */
static void
quiet(const char *library, const char *setter)
{
	void *l = dlopen(library, RTLD_NOW | RTLD_NOLOAD);
	void *(*set)(void *print) = NULL;
	void *found = l ? dlsym(l, setter) : NULL;

	memcpy(&set, &found, sizeof(set));
	if (set)
		set(NULL);
	if (l)
		dlclose(l);
}

int
eal_begin(const char *label, bool pci, char *why, size_t size)
{
	static const cookie_io_functions_t io = {.write = write_line};
	cpu_set_t set;
	FILE *f;
	int rc;

	if (!good_label(label)) {
		snprintf(why, size, "'%.40s' is no label for a driver",
			label ? label : "");
		return -EINVAL;
	}
	if (eal.begun && (eal.pci || !pci))
		return 0;
	if (eal.begun) {
		snprintf(why, size,
			"DPDK was begun without devices in this "
			"process: open the device first");
		return -EBUSY;
	}
	snprintf(eal.label, sizeof(eal.label), "%s", label);
	rc = lcores(eal.lcores, sizeof(eal.lcores));
	f = fopencookie(NULL, "w", io);
	if (rc || !f) {
		if (f)
			fclose(f);
		snprintf(why, size, "DPDK: %s", strerror(rc ? -rc : errno));
		return -EIO;
	}
	setvbuf(f, NULL, _IOLBF, 0);
	rte_openlog_stream(f);
	sched_getaffinity(0, sizeof(set), &set);
	rc = init_nowhere(pci);
	sched_setaffinity(0, sizeof(set), &set);
	if (rc < 0) {
		snprintf(why, size, "DPDK does not begin: %s",
			eal.first[0] ? eal.first : rte_strerror(rte_errno));
		return -EIO;
	}
	quiet("libbpf.so.1", "libbpf_set_print");
	quiet("libxdp.so.1", "libxdp_set_print");
	eal.begun = true;
	eal.pci = pci;
	return 0;
}
