/* netns.c - into a namespace, and back again. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "dlibos/launch/netns.h"

int
netns_open(const char *name)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s%s",
		strchr(name, '/') ? "" : "/run/netns/", name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET)
		return fd;
	close(fd);
	return -EINVAL;
}

int
netns_own(void)
{
	return netns_open("/proc/thread-self/ns/net");
}

int
netns_make(void)
{
	return unshare(CLONE_NEWNET) ? -errno : netns_own();
}

int
netns_enter(int fd)
{
	return setns(fd, CLONE_NEWNET) ? -errno : 0;
}
