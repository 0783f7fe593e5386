/* http_body.h - steps over the body of a request that nobody wants (RFC 9112
 * sections 6 and 7.1), however it is split. Sixteen bytes a connection.
 */
#ifndef APPS_WEBSERVER_HTTP_BODY_H
#define APPS_WEBSERVER_HTTP_BODY_H

#include "apps/webserver/http_parse.h"

/* Bytes of a chunked body that are not data: sizes, extensions and ends of
 * chunks (413), and trailers (431). */
#define HTTP_FRAMING_MAX 8192

struct http_body {
	uint32_t left;	  /* of the body, or of the chunk */
	uint32_t data;	  /* in all chunks so far */
	uint16_t framing; /* beside the data */
	uint8_t state;
};

/* For a request that http_parse() has accepted. */
void http_body_begin(struct http_body *b, const struct http_request *r);

/* Takes what is the body's of p[0..len); bytes taken, or -status:
 *
 *	400	chunks that are none
 *	413	more than HTTP_BODY_MAX bytes of data
 *	413 431	more than HTTP_FRAMING_MAX bytes of other things
 */
int http_body_skip(struct http_body *b, const char *p, size_t len);

bool http_body_done(const struct http_body *b);

#endif
