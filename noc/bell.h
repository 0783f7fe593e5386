/* bell.h - wakes a sleeping core of another process.
 *
 * A bell is a pipe. It was to be an eventfd, but that is one open file for
 * both sides: the other side can clear its O_NONBLOCK and fill its counter,
 * and the next ring blocks for ever. The two ends of a pipe are two open
 * files: what the other side does to its end costs nobody else anything. A
 * full pipe is a bell that rings already; an end that is closed for good says
 * that the peer is gone, without asking the peer.
 *
 * SIGPIPE must be ignored by the process.
 */
#ifndef NOC_BELL_H
#define NOC_BELL_H

#include <stdbool.h>

struct bell {
	int read_fd;
	int write_fd;
};

/* Both ends non-blocking and close-on-exec. 0 or -errno. */
int bell_make(struct bell *b);

/* 0, or -EPIPE when nobody can hear it any more. */
int bell_ring(int write_fd);

/* Makes it silent again. False when no ringer is left. */
bool bell_hush(int read_fd);

#endif
