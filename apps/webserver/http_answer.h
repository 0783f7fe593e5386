/* http_answer.h - what to send for a request, in pieces of memory that are
 * there already.
 *
 * A pure function of site, request, time and nothing else; no IO, no
 * allocation. Nothing of the request is in the answer: it can be given back at
 * once.
 */
#ifndef APPS_WEBSERVER_HTTP_ANSWER_H
#define APPS_WEBSERVER_HTTP_ANSWER_H

#include "apps/webserver/http_date.h"
#include "apps/webserver/http_parse.h"
#include "apps/webserver/site.h"

#define HTTP_PIECES 6

/* Bytes that the lengths of a 206 need. */
#define HTTP_ROOM 128

struct http_piece {
	const char *p;
	size_t len; /* never 0 */
};

struct http_answer {
	/* The caller's, before the call: */
	const struct http_clock *clock;
	char *room; /* HTTP_ROOM bytes to send from; NULL answers ranges by
		     * the whole document, which is always right */
	/* The answer: */
	uint16_t status;
	bool close;	/* after the last piece */
	bool room_used; /* a piece lies in room: it belongs to this answer
			 * until that is acknowledged; use another for the
			 * next one */
	unsigned pieces;
	struct http_piece piece[HTTP_PIECES];
};

/* Pieces point into the site, the clock's slots and the room, and are to be
 * sent in this order. How long these stay: site.h, http_date.h, room_used. */
void http_answer(const struct site *s, const struct http_request *r,
	struct http_answer *out);

/* For -status of http_read(), and for a 500 or 503 of the caller's own. The
 * answer ends the connection; so that it arrives, shut down the sending side
 * and go on reading for a while before closing (RFC 9112 section 9.6). r may be
 * NULL if there is no request. */
void http_refuse(const struct site *s, const struct http_request *r, int status,
	struct http_answer *out);

/* What HTTP_CONTINUE asks for. */
struct http_piece http_continue(const struct site *s);

#endif
