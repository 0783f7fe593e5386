/* pass.c - a message and its descriptors, sent and received. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mem/pass.h"

/* Room for more than is allowed: what is too much must be received in order
 * to be closed. */
#define SPACE CMSG_SPACE(sizeof(int) * 16)

int
pass_send(int sock, const void *msg, size_t len, const int *fds, unsigned n)
{
	union {
		char buf[CMSG_SPACE(sizeof(int) * PASS_FDS)];
		struct cmsghdr align;
	} control = {{0}};
	char copy[4096];
	struct iovec iov = {copy, len};
	struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1};

	if (len > sizeof(copy) || n > PASS_FDS)
		return -EMSGSIZE;
	memcpy(copy, msg, len);
	if (n) {
		struct cmsghdr *c = &control.align;

		mh.msg_control = control.buf;
		mh.msg_controllen = CMSG_SPACE(sizeof(int) * n);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * n);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * n);
	}
	while (sendmsg(sock, &mh, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		if (errno != EINTR)
			return errno == ECONNRESET ? -EPIPE : -errno;
	return 0;
}

/* Takes all descriptors out of a message; returns how many there were. */
static unsigned
take(struct msghdr *mh, int *fds, unsigned cap)
{
	unsigned n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
		size_t k;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		k = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < k; i++, n++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (n < cap)
				fds[n] = fd;
			else
				close(fd);
		}
	}
	return n;
}

ssize_t
pass_recv(int sock, void *buf, size_t cap, int fds[PASS_FDS], unsigned *n)
{
	union {
		char buf[SPACE];
		struct cmsghdr align;
	} control;
	struct iovec iov = {buf, cap};
	struct msghdr mh = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	unsigned got;
	ssize_t len;

	*n = 0;
	do
		len = recvmsg(sock, &mh, MSG_CMSG_CLOEXEC);
	while (len < 0 && errno == EINTR);
	if (len < 0)
		return errno == ECONNRESET ? 0 : -errno;
	got = take(&mh, fds, PASS_FDS);
	if (got > PASS_FDS || (mh.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
		pass_close_all(fds, got < PASS_FDS ? got : PASS_FDS);
		return -EMSGSIZE;
	}
	*n = got;
	return len;
}

void
pass_close_all(const int *fds, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		close(fds[i]);
}
