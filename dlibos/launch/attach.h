/* attach.h - a program comes into an instance that runs.
 *
 * Whoever attaches it (attach_client.c) speaks to the launcher over the control
 * socket, and its connection stands for the program from then on:
 *
 *	client				launcher
 *	------				--------
 *	order, 5 fds	->
 *	"signal N"	->			passed on
 *			<-	"note TEXT"	to be told to the user
 *			<-	"exit N"	it ended; the last word
 *			<-	"signal N"	likewise, by a signal
 *			<-	"error: TEXT"	likewise, or it did not begin
 *
 * When the connection ends, the program is ended: whatever ends the client,
 * nothing stays behind. What the client sends is checked, although it is root's
 * or our own user's: it may be another version.
 */
#ifndef DLIBOS_LAUNCH_ATTACH_H
#define DLIBOS_LAUNCH_ATTACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dlibos/limits.h"
#include "mem/pass.h"

/* What comes with the order, in this order. */
enum {
	ATTACH_PROGRAM, /* its file; O_PATH will do */
	ATTACH_FOLDER,	/* that it works in */
	ATTACH_STDIN,
	ATTACH_STDOUT,
	ATTACH_STDERR,
	ATTACH_FDS
};

_Static_assert(ATTACH_FDS <= PASS_FDS, "one message");

#define ATTACH_WORD "attach\0" /* 8 bytes with its end */

struct attach_order {
	char word[8];
	uint32_t restart;	    /* 0 or 1 */
	uint32_t args;		    /* strings that follow, end to end */
	char text[LIMIT_ARG_BYTES]; /* sent as far as it is used */
};

/* A place. Its texts are ours: nothing of the order is kept. */
struct attach {
	bool taken, restart;
	int client; /* -1: gone */
	int passed; /* the last signal that was */
	int fds[ATTACH_FDS];
	char place[LIMIT_NAME]; /* the domain's name while it is vacant */
	char *argv[LIMIT_ARGS + 1];
	char text[LIMIT_ARG_BYTES];
};

struct child;
struct instance;

/* Of one that is all zero; returns it. */
struct attach *attach_init(struct attach *a);

bool attach_is_order(const struct attach_order *o, size_t len);

/* The program gets a place and is started. NULL, and client and descriptors
 * are the place's; or an answer that says why not, and they are not. */
const char *attach_take(struct instance *in, int client,
	const struct attach_order *o, size_t len, const int *fds, unsigned n);

/* In the new process: its folder and standard descriptors. 0 or -errno. */
int attach_become(const struct attach *a);

void attach_hear(struct instance *in, struct child *c);
void attach_note(const struct child *c, const char *what, const char *next);
/* Whether a signal that the client passed on is behind this end. */
bool attach_asked(const struct attach *a, int status);

/* The place is vacant again: it ended, it could not be started (-errno), the
 * instance ends. */
void attach_end(const struct instance *in, struct child *c, int status);
void attach_failed(struct child *c, int error);
void attach_close(struct instance *in);

/* `dlibos attach`. */
int attach_cmd(int argc, char **argv);

#endif
