/* netmate.c - in the place of the network core, or in mode rtc: says what it
 * may before it drops its rights, and after. One line for each on stderr. */
#include <dirent.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dlibos/base/log.h"
#include "dlibos/domain/domain.h"

static void
tell_thread(const char *when, const char *tid)
{
	char path[300], line[256], all[256] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%s/status", tid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		size_t n = strlen(all);

		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "Cap", 3))
			snprintf(all + n, sizeof(all) - n, " %.3s %s", line + 3,
				line + 8);
	}
	if (f)
		fclose(f);
	log_say("%s caps%s", when, all);
}

static void
tell_threads(const char *when)
{
	DIR *d = opendir("/proc/self/task");
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.')
			tell_thread(when, e->d_name);
	if (d)
		closedir(d);
}

/* What a driver does first. */
static void
tell_packet(const char *when, const char *spec)
{
	const char *name = strchr(spec, ':');
	struct sockaddr_ll ll = {.sll_family = AF_PACKET};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd >= 0 && name)
		ll.sll_ifindex = (int)if_nametoindex(name + 1);
	if (fd < 0 || bind(fd, (struct sockaddr *)&ll, sizeof(ll)))
		log_say("%s packet %s", when, strerrorname_np(errno));
	else
		log_say("%s packet works on %s", when, spec);
	if (fd >= 0)
		close(fd);
}

static void
tell_place(void)
{
	const char *dir = getenv("RUNTIME_DIRECTORY");
	struct rlimit r;
	char path[300];

	snprintf(path, sizeof(path), "%s/dpdk", dir ? dir : "/none");
	log_say("directory %s",
		mkdir(path, 0700) ? strerrorname_np(errno) : "works");
	getrlimit(RLIMIT_MEMLOCK, &r);
	log_say("pins %s", r.rlim_cur == RLIM_INFINITY ? "all" : "little");
}

static void *
sleeps(void *arg)
{
	char byte;

	if (read(*(int *)arg, &byte, 1) < 0)
		abort(); /* a signal is not to be seen here */
	return NULL;
}

static int
core_main(struct domain_core *c)
{
	const char *spec = c->domain->plan.port.spec;
	int never[2], rc;
	pthread_t t;

	if (pipe(never) || pthread_create(&t, NULL, sleeps, &never[0]))
		return 1;
	tell_threads("before");
	tell_packet("before", spec);
	tell_place();
	rc = domain_drop_rights();
	log_say("dropped %d", rc);
	tell_threads("after");
	tell_packet("after", spec);
	log_say("dispatch %u", c->domain->plan.dispatch);
	log_say("done");
	while (!domain_stopping(c->domain)) {
		unsigned work = hub_serve(&c->hub);

		hub_flush(&c->hub);
		hub_idle(&c->hub, work, UINT64_MAX);
	}
	close(never[1]);
	pthread_join(t, NULL);
	close(never[0]);
	return EXIT_OK;
}

static void
command(void *arg, struct edge *e, const struct msg *m, unsigned n)
{
	(void)arg, (void)e, (void)m, (void)n;
}

int
main(void)
{
	static const struct domain_ops ops = {
		.role = (enum role)(ROLE_NET | ROLE_APP),
		.handler = command,
		.core_main = core_main,
	};
	static struct domain domain;

	domain_join(&domain, &ops);
	return domain_run(&domain);
}
