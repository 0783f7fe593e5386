/* log.h - one line to the user; the end of a process.
 *
 * Every line goes to stderr in one write, as "NAME: text\n". Not for the hot
 * path: there a counter is bumped instead.
 */
#ifndef DLIBOS_BASE_LOG_H
#define DLIBOS_BASE_LOG_H

/* The name in front of each line; the program's own until it is set. The
 * string is copied, and cut to 31 characters. "" leaves lines bare. */
void log_name(const char *name);

void log_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A line and exit(status), for processes; a library returns -errno. */
_Noreturn void die(int status, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Exit statuses of every program of the house. */
enum {
	EXIT_OK = 0,
	EXIT_FAIL = 1,	/* it was tried, and failed */
	EXIT_USAGE = 2, /* it was not tried: the request itself is wrong */
};

#endif
