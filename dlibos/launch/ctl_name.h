/* ctl_name.h - where an instance listens, and who may speak to it. */
#ifndef DLIBOS_LAUNCH_CTL_NAME_H
#define DLIBOS_LAUNCH_CTL_NAME_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#define CTL_PREFIX "dlibos/"

/* Fills in the abstract address of an instance; returns its length. */
socklen_t ctl_address(struct sockaddr_un *un, const char *name);

/* Whether the other end of a connection is root or our own user. */
bool ctl_peer_is_ours(int fd);

#endif
