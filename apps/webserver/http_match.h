/* http_match.h - what conditions and ranges of a request mean for a document.
 * Pure functions over bytes.
 */
#ifndef APPS_WEBSERVER_HTTP_MATCH_H
#define APPS_WEBSERVER_HTTP_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether a line of If-None-Match names this tag, by the weak comparison (RFC
 * 9110 section 8.8.3.2), or any ("*"). What is malformed ends the list. */
bool http_match_tags(
	const char *p, size_t len, const char *tag, size_t tag_len);

/* Whether If-Range holds (section 13.1.5): the tag, by the strong comparison,
 * or exactly the date of a document that was old enough at `now` for a second
 * change within one second to be ruled out (section 8.8.2.2). */
bool http_match_if_range(const char *p, size_t len, const char *tag,
	size_t tag_len, int64_t modified, int64_t now);

enum http_range {
	HTTP_RANGE_NONE,   /* to be ignored: answer with the whole */
	HTTP_RANGE_ONE,	   /* first to last, both included, inside the size */
	HTTP_RANGE_BEYOND, /* 416 */
};

/* One range of a document of `size` bytes (section 14.1.2). What is malformed,
 * of another unit, or of more than one range is to be ignored, as section 14.2
 * allows; so is a suffix of an empty document, whose range could not be
 * written. */
enum http_range http_match_range(const char *p, size_t len, uint64_t size,
	uint64_t *first, uint64_t *last);

#endif
