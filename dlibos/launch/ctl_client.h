/* ctl_client.h - for commands that ask a running instance. */
#ifndef DLIBOS_LAUNCH_CTL_CLIENT_H
#define DLIBOS_LAUNCH_CTL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

/* The instance that is meant: the one given, whose name is checked, or if NULL
 * the only one that runs. Dies with one line if there is none. */
const char *ctl_which(const char *given);

/* A connection to it, and it is root's or our own user's. Dies with one line if
 * it is not. */
int ctl_dial(const char *instance);

/* Sends an order and waits for the answer, a string. False: it is an error,
 * which was told. Dies with one line if there is no answer. */
bool ctl_ask(const char *instance, const char *order, char *buf, size_t len);

#endif
