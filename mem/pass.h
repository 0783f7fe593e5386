/* pass.h - messages with descriptors over a SOCK_SEQPACKET socket. */
#ifndef MEM_PASS_H
#define MEM_PASS_H

#include <stddef.h>
#include <sys/types.h>

#define PASS_FDS 5 /* most descriptors in one message */

/* Sends one message with n descriptors; they stay ours. 0, or -EAGAIN when
 * the other side does not read, -EPIPE when it is gone, or another -errno.
 * Never waits, never raises SIGPIPE. */
int pass_send(
	int sock, const void *msg, size_t len, const int *fds, unsigned n);

/* Receives one message of at most cap bytes and exactly what came with it:
 * *n says how many descriptors, all close-on-exec, now ours. Waits if the
 * socket does. Returns its length, 0 when the other side is gone, or -errno:
 * -EMSGSIZE for a message that was too long or had too many descriptors, of
 * which nothing is kept. */
ssize_t pass_recv(
	int sock, void *buf, size_t cap, int fds[PASS_FDS], unsigned *n);

void pass_close_all(const int *fds, unsigned n);

#endif
