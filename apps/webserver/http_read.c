/* http_read.c - in place if possible, in the buffer if not. While a body is
 * stepped over, its head waits in the buffer, and is parsed once more at the
 * end: a parsed request is large, and would otherwise be needed for each
 * connection.
 */
#include "apps/webserver/http_read.h"

#include <assert.h>
#include <string.h>

/* An unfinished head shorter than this is looked at whenever it grows, so that
 * what cannot be HTTP is refused by its first byte. Empty lines come before
 * that. */
#define EARLY 8

static bool
buffer_append(struct http_reader *rd, const char *p, size_t len)
{
	if (!rd->buffer)
		return false;
	memcpy(rd->buffer + rd->have, p, len);
	rd->have += (uint16_t)len;
	return true;
}

/* Whether `added` more bytes can change what the parser says. */
static bool
worth_parsing(size_t had, const char *p, size_t added)
{
	return had < EARLY || memchr(p, '\n', added) ||
		(had < HTTP_LINE_MAX && had + added >= HTTP_LINE_MAX) ||
		had + added >= HTTP_HEAD_MAX;
}

/* The head of a request ends in this piece, `n` bytes of which were used. */
static int
begin_body(struct http_reader *rd, const struct http_request *r, const char *p,
	size_t len, size_t n, size_t head, size_t *used)
{
	struct http_body body;
	int taken;

	http_body_begin(&body, r);
	taken = http_body_skip(&body, p + n, len - n);
	*used = n;
	if (taken < 0)
		return taken;
	if (http_body_done(&body)) {
		*used = n + (size_t)taken;
		rd->have = 0;
		return HTTP_REQUEST;
	}
	if (rd->have == 0 && !buffer_append(rd, p, head)) {
		*used = 0;
		return HTTP_WANT_BUFFER;
	}
	*used = n + (size_t)taken;
	rd->body = body;
	rd->in_body = true;
	return r->expect && taken == 0 ? HTTP_CONTINUE : HTTP_MORE;
}

static int
read_body(struct http_reader *rd, struct http_request *r, const char *p,
	size_t len, size_t *used)
{
	int n = http_body_skip(&rd->body, p, len), head;

	if (n >= 0) {
		*used = (size_t)n;
		if (!http_body_done(&rd->body))
			return HTTP_MORE;
	}
	/* For a refusal too: its answer depends on the method. */
	head = http_parse(r, rd->buffer, rd->have);
	assert(head == rd->have);
	if (n < 0)
		return n;
	rd->in_body = false;
	rd->have = 0;
	return HTTP_REQUEST;
}

/* The head's beginning is in the buffer. */
static int
read_on(struct http_reader *rd, struct http_request *r, const char *p,
	size_t len, size_t *used)
{
	size_t had = rd->have, take = HTTP_HEAD_MAX - had;
	int n;

	if (take > len)
		take = len;
	buffer_append(rd, p, take);
	*used = take;
	if (!worth_parsing(had, p, take))
		return HTTP_MORE;
	n = http_parse(r, rd->buffer, rd->have);
	if (n <= 0)
		return n;
	assert((size_t)n > had);
	rd->have = (uint16_t)n;
	return begin_body(rd, r, p, len, (size_t)n - had, 0, used);
}

int
http_read(struct http_reader *rd, struct http_request *r, const char *p,
	size_t len, size_t *used)
{
	int n;

	*used = 0;
	if (rd->in_body)
		return read_body(rd, r, p, len, used);
	if (rd->have)
		return read_on(rd, r, p, len, used);
	n = http_parse(r, p, len);
	if (n > 0 && !r->chunked && r->body == 0) {
		*used = (size_t)n;
		return HTTP_REQUEST;
	}
	if (n > 0)
		return begin_body(rd, r, p, len, (size_t)n, (size_t)n, used);
	if (n < 0 || len == 0)
		return n;
	if (!buffer_append(rd, p, len))
		return HTTP_WANT_BUFFER;
	*used = len;
	return HTTP_MORE;
}
