/* http_read.h - requests out of the pieces that a connection receives.
 *
 * One reader a connection; no IO, no allocation. A request that lies in one
 * piece is parsed where it lies. One that does not is put together in a buffer
 * of HTTP_HEAD_MAX bytes, which the reader asks for when it needs it, so that
 * connections which behave need none. A request is handed out when its body,
 * too, has come and was thrown away: there is nothing that could go wrong after
 * the answer. In a loop, for each piece:
 *
 *	while (len > 0) {
 *		rc = http_read(&reader, &request, p, len, &used);
 *		p += used, len -= used;
 *		...
 *	}
 *
 * A peer may make the reader parse a head again for each line of it, that is
 * HTTP_FIELDS_MAX times, not for each byte. Time is the caller's: it closes
 * connections that stay in the middle of a request.
 */
#ifndef APPS_WEBSERVER_HTTP_READ_H
#define APPS_WEBSERVER_HTTP_READ_H

#include "apps/webserver/http_body.h"

enum {
	HTTP_MORE,	  /* all bytes are used, the request is not over */
	HTTP_REQUEST,	  /* one is complete; there may be bytes left */
	HTTP_CONTINUE,	  /* send http_continue()'s piece now, then as MORE */
	HTTP_WANT_BUFFER, /* nothing was used: set `buffer`, and ask again */
};

struct http_reader {
	char *buffer; /* the caller's, or NULL */
	uint16_t have;
	bool in_body;
	struct http_body body;
};

/* One of the above, or -status of http_parse() or http_body_skip(): answer, and
 * close. *used: bytes that are done with, after a refusal as well; <= len.
 *
 * The request's texts point into p[], the buffer or the request itself; they
 * are good until the next call, or until p[] is given back. One request can
 * serve all connections. */
int http_read(struct http_reader *rd, struct http_request *r, const char *p,
	size_t len, size_t *used);

/* Whether the reader stands between two requests: then its buffer can be taken
 * away, once the last request is answered. */
static inline bool
http_reader_idle(const struct http_reader *rd)
{
	return rd->have == 0;
}

#endif
