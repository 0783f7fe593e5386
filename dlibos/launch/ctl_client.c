/* ctl_client.c - `dlibos list`, `status`, `restart` and `stop`. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "dlibos/base/log.h"
#include "dlibos/launch/ctl_client.h"
#include "dlibos/launch/ctl_name.h"
#include "dlibos/launch/instance.h"

socklen_t
ctl_address(struct sockaddr_un *un, const char *name)
{
	int n;

	memset(un, 0, sizeof(*un));
	un->sun_family = AF_UNIX;
	n = snprintf(un->sun_path + 1, sizeof(un->sun_path) - 1,
		CTL_PREFIX "%s", name);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
		(size_t)n);
}

bool
ctl_peer_is_ours(int fd)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return false;
	return cred.uid == 0 || cred.uid == geteuid();
}

/* Names of running instances: calls `each` with every one, once. */
static unsigned
for_each_instance(void (*each)(const char *name, void *arg), void *arg)
{
	FILE *f = fopen("/proc/net/unix", "re");
	char line[512];
	unsigned n = 0;

	while (f && fgets(line, sizeof(line), f)) {
		char *at = strstr(line, " @" CTL_PREFIX);
		unsigned flags;

		/* the listening one, not its connections */
		if (!at || sscanf(line, "%*s %*x %*x %x", &flags) != 1 ||
			!(flags & 0x10000))
			continue;
		at += strlen(" @" CTL_PREFIX);
		at[strcspn(at, "\n@")] = '\0';
		if (strlen(at) >= LIMIT_NAME)
			continue;
		each(at, arg);
		n++;
	}
	if (f)
		fclose(f);
	return n;
}

static void
print_name(const char *name, void *arg)
{
	(void)arg;
	puts(name);
}

static void
keep_name(const char *name, void *arg)
{
	snprintf(arg, LIMIT_NAME, "%s", name);
}

int
ctl_dial(const char *name)
{
	struct sockaddr_un un;
	socklen_t len = ctl_address(&un, name);
	struct timeval limit = {.tv_sec = 20};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die(EXIT_FAIL, "socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&un, len))
		die(EXIT_FAIL,
			"no instance %s runs here: %s (`dlibos list` "
			"names those that do)",
			name, strerror(errno));
	if (!ctl_peer_is_ours(fd))
		die(EXIT_FAIL, "instance %s belongs to another user", name);
	return fd;
}

bool
ctl_ask(const char *name, const char *text, char *buf, size_t len)
{
	int fd = ctl_dial(name);
	ssize_t n;

	/* Who refuses us may have answered and hung up already: the answer is
	 * what counts, and comes after the error. */
	send(fd, text, strlen(text), MSG_NOSIGNAL);
	do
		n = recv(fd, buf, len - 1, 0);
	while (n < 0 && (errno == ECONNRESET || errno == EINTR));
	close(fd);
	if (n <= 0)
		die(EXIT_FAIL, "instance %s did not answer", name);
	buf[n] = '\0';
	if (strncmp(buf, "error: ", 7))
		return true;
	buf[strcspn(buf, "\n")] = '\0';
	log_say("instance %s: %s", name, buf + 7);
	return false;
}

static int
order(const char *name, const char *text)
{
	static char buf[65536];

	if (!ctl_ask(name, text, buf, sizeof(buf)))
		return EXIT_FAIL;
	fputs(buf, stdout);
	return EXIT_OK;
}

bool
instance_name_ok(const char *s)
{
	return *s && strlen(s) < LIMIT_NAME &&
		strspn(s,
			"abcdefghijklmnopqrstuvwxyz"
			"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == strlen(s);
}

static void
check_name(const char *name)
{
	if (name && !instance_name_ok(name))
		die(EXIT_USAGE, "an instance's name is " INSTANCE_NAME_IS,
			LIMIT_NAME - 1);
}

const char *
ctl_which(const char *given)
{
	static char name[LIMIT_NAME];
	unsigned n;

	check_name(given);
	if (given)
		return given;
	n = for_each_instance(keep_name, name);
	if (!n)
		die(EXIT_FAIL, "no instance runs here");
	if (n > 1)
		die(EXIT_USAGE,
			"%u instances run here: say which "
			"(`dlibos list` names them)",
			n);
	return name;
}

int
ctl_cmd(int argc, char **argv)
{
	const char *cmd = argv[0];
	char text[128];

	if (!strcmp(cmd, "list") && argc == 1) {
		for_each_instance(print_name, NULL);
		return EXIT_OK;
	}
	if ((!strcmp(cmd, "status") || !strcmp(cmd, "stop")) && argc <= 2) {
		return order(ctl_which(argv[1]), cmd);
	}
	if (!strcmp(cmd, "restart") && (argc == 2 || argc == 3)) {
		const char *domain = argv[argc - 1];

		if (!instance_name_ok(domain))
			die(EXIT_USAGE,
				"a domain's name is one that `dlibos "
				"status` shows, such as app0");
		snprintf(text, sizeof(text), "restart %s", domain);
		return order(ctl_which(argc == 3 ? argv[1] : NULL), text);
	}
	die(EXIT_USAGE,
		"usage: dlibos list | status [INSTANCE] | "
		"stop [INSTANCE] | restart [INSTANCE] DOMAIN");
}
