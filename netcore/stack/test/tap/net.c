/* net.c - the namespace and its tap. */
#include "netcore/stack/test/tap/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "netcore/stack/test/tap/job.h"

#define QUEUE 16384 /* frames: a full window must not overrun the tap */

static void
set(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, value, strlen(value)) < 0)
		fprintf(stderr, "stack_tap: %s stays as it is: %s\n", path,
			strerror(errno));
	close(fd);
}

bool
net_enter(void)
{
	if (unshare(CLONE_NEWNET)) {
		printf("no network namespace: %s\n", strerror(errno));
		return false;
	}
	if (access("/dev/net/tun", R_OK | W_OK)) {
		printf("/dev/net/tun: %s\n", strerror(errno));
		return false;
	}
	/* Nobody else is on this wire. */
	set("/proc/sys/net/ipv6/conf/default/router_solicitations", "0");
	return true;
}

static void
control(const char *name, unsigned long request, struct ifreq *r)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(r->ifr_name, IFNAMSIZ, "%s", name);
	if (fd < 0 || ioctl(fd, request, r))
		job_fail("%s: %s", name, strerror(errno));
	close(fd);
}

void
net_up(const char *name, bool mute)
{
	struct ifreq r = {.ifr_qlen = QUEUE};
	char path[128];

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6",
		name);
	if (mute)
		set(path, "1");
	control(name, SIOCSIFTXQLEN, &r);
	memset(&r, 0, sizeof(r));
	control(name, SIOCGIFFLAGS, &r);
	r.ifr_flags |= IFF_UP;
	if (mute)
		r.ifr_flags |= IFF_NOARP;
	control(name, SIOCSIFFLAGS, &r);
}

int
net_tap(const char *name, bool mute)
{
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	struct ifreq r = {0};

	snprintf(r.ifr_name, IFNAMSIZ, "%s", name);
	r.ifr_flags = IFF_TAP | IFF_NO_PI;
	if (fd < 0 || ioctl(fd, TUNSETIFF, &r))
		job_fail("tap %s: %s", name, strerror(errno));
	net_up(name, mute);
	return fd;
}

/* By netlink, for ioctl() cannot say IFA_F_NODAD: an address would be there
 * only when a work queue has looked at it, at some later time. */
static void
address6(const char *name)
{
	struct {
		struct nlmsghdr h;
		struct ifaddrmsg a;
		struct rtattr local;
		uint8_t addr[16];
	} r = {
		.h = {.nlmsg_len = sizeof(r),
			.nlmsg_type = RTM_NEWADDR,
			.nlmsg_flags =
				NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE},
		.a = {.ifa_family = AF_INET6,
			.ifa_prefixlen = 64,
			.ifa_flags = IFA_F_NODAD,
			.ifa_index = if_nametoindex(name)},
		.local = {.rta_len = RTA_LENGTH(16), .rta_type = IFA_LOCAL},
	};
	struct {
		struct nlmsghdr h;
		struct nlmsgerr e;
		uint8_t more[256];
	} answer;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	for (int i = 0; i < 8; i++)
		r.addr[i] = (uint8_t)(JOB_NET6 >> (56 - 8 * i));
	r.addr[15] = 2;
	if (fd < 0 || send(fd, &r, sizeof(r), 0) != (ssize_t)sizeof(r) ||
		recv(fd, &answer, sizeof(answer), 0) < 0)
		job_fail("netlink: %s", strerror(errno));
	if (answer.e.error)
		fprintf(stderr, "stack_tap: no IPv6 address: %s\n",
			strerror(-answer.e.error));
	close(fd);
}

void
net_addresses(const char *name)
{
	struct ifreq r = {0};
	struct sockaddr_in *a = (struct sockaddr_in *)(void *)&r.ifr_addr;

	a->sin_family = AF_INET;
	a->sin_addr.s_addr = htonl(JOB_KERNEL4);
	control(name, SIOCSIFADDR, &r);
	a->sin_addr.s_addr = htonl(0xffffff00u);
	control(name, SIOCSIFNETMASK, &r);
	address6(name);
}

pid_t
net_bridge(char **argv, int *out)
{
	int end[2];
	char c = 0;
	pid_t pid;

	if (pipe2(end, O_CLOEXEC))
		job_fail("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		job_fail("fork: %s", strerror(errno));
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(end[1], STDOUT_FILENO);
		execv(argv[0], argv);
		_exit(127);
	}
	close(end[1]);
	*out = end[0];
	while (c != '\n')
		if (read(*out, &c, 1) != 1)
			job_fail("%s did not start", argv[0]);
	return pid;
}

bool
net_bridge_end(pid_t pid, int out)
{
	char text[1024];
	ssize_t n;
	int status;

	kill(pid, SIGTERM);
	while ((n = read(out, text, sizeof(text))) > 0)
		fwrite(text, 1, (size_t)n, stdout);
	close(out);
	if (waitpid(pid, &status, 0) != pid || status) {
		fprintf(stderr, "stack_tap: the bridge did not end well\n");
		return false;
	}
	return true;
}
