/* fds.c - descriptors then and now. */
#include "netcore/driver/fds.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void
fds_add(struct fds *f, int fd)
{
	if (fd >= 0 && fd < FDS_MAX)
		f->bits[fd / 64] |= 1ull << (fd % 64);
}

void
fds_now(struct fds *f)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;
	unsigned long fd;
	char *end;

	memset(f, 0, sizeof(*f));
	while (d && (e = readdir(d))) {
		fd = strtoul(e->d_name, &end, 10);
		if (end != e->d_name && !*end && fd < FDS_MAX &&
			(int)fd != dirfd(d))
			fds_add(f, (int)fd);
	}
	if (d)
		closedir(d);
}

static bool
is_of(int fd, int family)
{
	int domain = -1;
	socklen_t len = sizeof(domain);

	return !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) &&
		domain == family;
}

int
fds_new_socket(const struct fds *then, int family, unsigned nth)
{
	struct fds now;

	fds_now(&now);
	for (unsigned i = 0; i < FDS_MAX / 64; i++) {
		uint64_t fresh = now.bits[i] & ~then->bits[i];

		for (; fresh; fresh &= fresh - 1) {
			int fd = (int)(i * 64) + __builtin_ctzll(fresh);

			if (is_of(fd, family) && !nth--)
				return fd;
		}
	}
	return -1;
}

void
fds_close_socket(int fd, int family)
{
	if (fd >= 0 && is_of(fd, family))
		close(fd);
}
