/* dlibos.h - the only header that a program includes.
 *
 * A program is a set of callbacks. It runs inside an instance, started by
 *
 *	dlibos run -- ./program arguments...
 *
 * on one or more application cores. Each core is a thread on a processor of
 * its own with its own loop; the callbacks of a core are called on its thread
 * alone, one at a time, and cores share nothing but what the program shares
 * itself. No function here blocks, none is a system call.
 *
 * Order of use: main() calls dl_run(); start() is called once on each core;
 * the other callbacks follow as things happen; dl_quit() ends all cores, and
 * dl_run() returns.
 *
 * What there is in this version: the instance, its memory and its network
 * cores as far as they answer to dl_ping(). Connections come with the stack.
 */
#ifndef DLIBOS_DLIBOS_H
#define DLIBOS_DLIBOS_H

#include <stddef.h>
#include <stdint.h>

/* One application core. Valid on its thread, from start() on. */
struct dl;

struct dl_program {
	/* The core runs, and all network cores that it may talk to are there.
	 * `arg` is dl_run()'s. */
	void (*start)(struct dl *dl, void *arg);

	/* The answer to a dl_ping(): the same net, cookie and value. */
	void (*pong)(
		struct dl *dl, unsigned net, uint32_t cookie, uint64_t value);

	/* A network core went away (up = 0), or came (back). Pings that had no
	 * answer when it went will get none. May be NULL. */
	void (*net_changed)(struct dl *dl, unsigned net, int up);
};

/* Joins the instance and runs the program on all cores that it was given.
 * Returns the status given to dl_quit(), 0 after the launcher asked for the
 * end; it is main()'s to return. Dies with one line where there is no
 * instance. */
int dl_run(const struct dl_program *program, void *arg);

/* All cores of the program return from their loops after this turn. */
void dl_quit(struct dl *dl, int status);

/* Which core this is, from 0, and how many the program has; on which CPU. */
unsigned dl_core(const struct dl *dl);
unsigned dl_cores(const struct dl *dl);
int dl_cpu(const struct dl *dl);

/* The program's own pointer of a core. */
void dl_set_user(struct dl *dl, void *user);
void *dl_user(const struct dl *dl);

/* Network cores that this core may talk to are numbered from 0. */
unsigned dl_nets(const struct dl *dl);

/* Asks network core `net` for a sign of life. `value` must be below 2^63.
 * 0; -ENOTCONN when it is not there; -EAGAIN when too much is under way: try
 * again after the next callback. */
int dl_ping(struct dl *dl, unsigned net, uint32_t cookie, uint64_t value);

/* Memory that can be sent from: the part of the App partition that belongs to
 * this core. NULL when it is used up. Aligned to 16 bytes, from 64 bytes on to
 * 64. To be freed on the core that allocated it; freeing anything else, or
 * twice, ends the program with a line that says which. */
void *dl_alloc(struct dl *dl, size_t bytes);
void dl_free(struct dl *dl, void *ptr);

#endif
