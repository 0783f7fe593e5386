/* http_parse.h - the head of an HTTP request (RFC 9110, RFC 9112).
 *
 * A pure function over bytes, any thread. It reads a head in place and keeps
 * nothing. A head that comes in several pieces is put together by
 * http_read.h, which also steps over what follows the head.
 *
 * A line is judged when its end is there, and all before it first. So the
 * answer depends on the bytes alone, not on how many of them came at once: if
 * any length gives a result, every greater length gives the same.
 */
#ifndef APPS_WEBSERVER_HTTP_PARSE_H
#define APPS_WEBSERVER_HTTP_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the request line, with its CRLF and empty lines before it (414);
 * of the whole head (431); lines of fields (431). */
#define HTTP_LINE_MAX	4096
#define HTTP_HEAD_MAX	8192
#define HTTP_FIELDS_MAX 64

/* Bytes of a body that are skipped (413). */
#define HTTP_BODY_MAX 65536

/* Lines of If-None-Match; if there are more, the condition does not count and
 * the document goes out. */
#define HTTP_TAG_LINES 4

enum http_method { HTTP_UNKNOWN, HTTP_GET, HTTP_HEAD, HTTP_OTHER };

/* Bytes somewhere; p is NULL if there are none because nothing was said. */
struct http_text {
	const char *p;
	size_t len;
};

/* Texts point into the bytes that were parsed, or into `decoded`. */
struct http_request {
	enum http_method method; /* after a refusal too, if it came so far */
	uint8_t minor;		 /* the version is 1.minor: 0 or 1 */
	bool keep_alive;	 /* the client wants to go on after this */
	bool expect;		 /* and waits for a 100 before its body */
	bool chunked;		 /* the body's length is in its chunks */
	uint32_t body;		 /* the body's length, if not chunked */
	struct http_text path;	 /* decoded; begins with '/', has no dot
				  * segments and no control bytes */
	struct http_text query;	 /* as it came, without '?' */
	struct http_text host;	 /* with the port, if one was given */
	unsigned none_matches;	 /* lines of If-None-Match, not all kept */
	struct http_text since;	 /* If-Modified-Since */
	struct http_text range;	 /* Range */
	struct http_text if_range;
	struct http_text none_match[HTTP_TAG_LINES];
	char decoded[HTTP_LINE_MAX];
};

/* Parses the head at the beginning of buf. Bytes of the head, empty lines
 * before it included; 0 if its end is not there yet; or -status, after which
 * the connection cannot go on:
 *
 *	400	not HTTP, or a message whose end two readers may see in two
 *		places (RFC 9112 section 11.2)
 *	405	a method that is known and not served
 *	413	a body longer than HTTP_BODY_MAX
 *	414 431	a limit above
 *	501	an unknown method; a transfer coding besides chunked
 *	505	not HTTP/1
 *
 * Given HTTP_HEAD_MAX bytes or more, it never returns 0. `decoded` is written
 * only for a path that is not plain. */
int http_parse(struct http_request *r, const char *buf, size_t len);

#endif
