/* http_field.h - the fields of a request that a server of documents heeds.
 *
 * For http_parse.c alone. Pure functions over bytes.
 */
#ifndef APPS_WEBSERVER_HTTP_FIELD_H
#define APPS_WEBSERVER_HTTP_FIELD_H

#include "apps/webserver/http_parse.h"

/* What lies between the lines of one head. Begins as zeros. */
struct http_fields {
	unsigned lines;
	unsigned hosts, lengths, codings, ranges, if_ranges, sinces;
	uint64_t length;
	bool absolute; /* the target has named the host */
	bool close, keep;
	int refusal; /* of a transfer coding; waits for the head's end */
};

/* One line, with its CRLF behind it, which len does not count. 0 or -status. */
int http_field(struct http_fields *f, struct http_request *r, const char *line,
	size_t len);

/* After the last line: what the lines mean together. 0 or -status. */
int http_fields_end(struct http_fields *f, struct http_request *r);

#endif
