/* http_date.h - dates as HTTP writes them (RFC 9110 section 5.6.7), and the
 * Date line of responses. Times are seconds since 1970, UTC.
 */
#ifndef APPS_WEBSERVER_HTTP_DATE_H
#define APPS_WEBSERVER_HTTP_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_DATE_LEN 29 /* Sun, 06 Nov 1994 08:49:37 GMT */

/* The latest time that has a year of four digits. */
#define HTTP_DATE_MAX 253402300799

/* Writes HTTP_DATE_LEN bytes, no end mark. What is before 1970 or after
 * HTTP_DATE_MAX becomes those. */
void http_date_write(char *to, int64_t t);

/* Reads any of the three forms. `now` says which century a year of two digits
 * means. False, and *t unchanged, if it is none of them. */
bool http_date_parse(const char *p, size_t len, int64_t now, int64_t *t);

/* The end of every head: the Date line (RFC 9110 section 6.6.1) and the empty
 * line, in a piece of its own, so that all other pieces of a head can stay as
 * they are for ever. A new second goes into a fresh slot, because the old one
 * may still be on its way to somebody; the slot that it takes was written
 * HTTP_CLOCK_SLOTS changes ago. That is the only bound in time here: data that
 * was sent must be acknowledged, or given up with its connection, within
 * HTTP_CLOCK_SLOTS - 1 seconds, 17 minutes. (If it were not, a retransmission
 * would say another time, no more: the slots have one length and form.)
 *
 * A clock belongs to one core. */
#define HTTP_CLOCK_SLOTS 1024
#define HTTP_CLOCK_SLOT	 64 /* bytes */
#define HTTP_CLOCK_BYTES ((size_t)HTTP_CLOCK_SLOTS * HTTP_CLOCK_SLOT)
#define HTTP_CLOCK_LINE	 39 /* bytes of a slot that are sent */

struct http_clock {
	char *slots; /* of the caller, where one can send from */
	const char *line;
	int64_t now;
	unsigned at;
};

/* memory: HTTP_CLOCK_BYTES, aligned to 64, for as long as anything that was
 * answered with this clock is on its way. */
void http_clock_begin(struct http_clock *c, void *memory, int64_t now);

/* To be called as often as one likes, at least once a second. Writes when the
 * second is another one. */
void http_clock_tick(struct http_clock *c, int64_t now);

#endif
