/* launch_kit.h - runs the launcher as a user does, and looks at it.
 *
 * Every wait ends with its event or fails the test after WAIT_MS, which is
 * long: a bound, no measurement. A test ends what it started (kit_end()).
 */
#ifndef DLIBOS_LAUNCH_TEST_KIT_H
#define DLIBOS_LAUNCH_TEST_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include <cmocka.h>

#define WAIT_MS	 20000
#define TEXT_MAX (4u << 20)

enum { OUT, ERR, TEXTS };

struct run {
	pid_t pid; /* 0: it has ended */
	int fd[TEXTS];
	char *text[TEXTS]; /* all so far, a string */
	size_t len[TEXTS];
	int status; /* waitpid()'s */
};

/* A temporary directory, empty at start; where the runs work. */
extern char kit_dir[64];

int kit_setup(void **state);
int kit_teardown(void **state); /* nothing may be left of any run */

/* `dlibos ARGUMENT...`, at most 30 of them, NULL at the end. */
void kit_start(struct run *r, const char *arg, ...);

/* Reads until `text` shows up for the n-th time; fails if it does not. */
void kit_await(struct run *r, int which, const char *text, unsigned n);
unsigned kit_count(const char *in, const char *text);

/* Reads for as long as there is something to read. */
void kit_read(struct run *r);

/* Its end; fails unless it exits with this status. */
void kit_end(struct run *r, int status);
void kit_free(struct run *r);

/* Starts, ends, in one. */
void kit_finish(struct run *r, int status, const char *arg, ...);

/* The same of a shell's command. */
void kit_start_shell(struct run *r, const char *cmd);
void kit_shell(struct run *r, int status, const char *cmd);

/* Lines of the launcher's own on stderr, but for the two that only inform
 * about the machine. */
unsigned kit_lines(const struct run *r);

/* The process of a domain ("app0"), as `dlibos status` says; 0: none. */
pid_t kit_domain(const char *instance, const char *domain);

/* The answer to an order, cut at `len`; returns the exit status. */
int kit_order(char *buf, size_t len, const char *cmd, const char *arg1,
	const char *arg2);

/* As a client of its control socket; -1: nobody is there. And what it is told
 * until the other side hangs up (static). */
int kit_dial(const char *instance);
const char *kit_hear(int fd);

/* `steady` of SUBJECT, whose process `app` is, gets one more answer. */
void kit_answered(struct run *r, pid_t app);

/* Whether an abstract socket's name contains `text`. */
bool kit_socket_exists(const char *text);

/* Descriptors and mappings of a process. */
unsigned kit_fds(pid_t pid);
unsigned kit_maps(pid_t pid);

/* Whether the process is gone, or at least dead; waits for it. */
void kit_await_death(pid_t pid);

/* A file in kit_dir; returns its path (static). */
const char *kit_file(const char *name, const char *text, int mode);

uint64_t kit_now_ms(void);

#endif
