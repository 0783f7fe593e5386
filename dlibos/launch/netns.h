/* netns.h - network namespaces, entered and left by the launcher's only
 * thread. */
#ifndef DLIBOS_LAUNCH_NETNS_H
#define DLIBOS_LAUNCH_NETNS_H

/* A name under /run/netns, or a path. A descriptor, or -errno: -EINVAL for a
 * file that is none. */
int netns_open(const char *name);

/* The one that we are in; a new one, in which we are from then on. */
int netns_own(void);
int netns_make(void);

/* 0 or -errno. */
int netns_enter(int fd);

#endif
