/* bell.c - a pipe that wakes. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "noc/bell.h"

int
bell_make(struct bell *b)
{
	int fd[2];

	if (pipe2(fd, O_NONBLOCK | O_CLOEXEC))
		return -errno;
	b->read_fd = fd[0];
	b->write_fd = fd[1];
	return 0;
}

int
bell_ring(int write_fd)
{
	if (write(write_fd, "", 1) == 1 || errno == EAGAIN)
		return 0;
	return errno == EINTR ? bell_ring(write_fd) : -errno;
}

bool
bell_hush(int read_fd)
{
	char buf[256];
	ssize_t n;

	/* One read: a peer that rings without end must not keep us here, and
	 * what is left wakes us once more, no harm done. */
	n = read(read_fd, buf, sizeof(buf));
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}
