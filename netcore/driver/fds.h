/* fds.h - which descriptors did somebody else open in this process? A packet
 * socket that DPDK holds would wake a sleeper, but DPDK does not say which it
 * is.
 */
#ifndef NETCORE_DRIVER_FDS_H
#define NETCORE_DRIVER_FDS_H

#include <stdint.h>

#define FDS_MAX 4096

struct fds {
	uint64_t bits[FDS_MAX / 64];
};

/* All that are open; those that are not below FDS_MAX are left out. */
void fds_now(struct fds *f);

/* As if it had been open. */
void fds_add(struct fds *f, int fd);

/* The nth (from 0) socket of this address family that is open now and was not
 * then, in the order of numbers; -1: there is none. */
int fds_new_socket(const struct fds *then, int family, unsigned nth);

/* Closes the descriptor, if it is such a socket. */
void fds_close_socket(int fd, int family);

#endif
