/* http_reply.c - line by line, then bytes by their number. */
#include <string.h>
#include <strings.h>

#include "bench/load/http_reply.h"

#define LEFT_MAX (1ull << 50) /* bytes; more is no length */

/* Digits of a base at p, up to the first that is none. -1: none, or too many.
 */
static int64_t
number(const char *p, const char *end, unsigned base, const char **rest)
{
	uint64_t v = 0;
	const char *at = p;

	for (; at < end; at++) {
		unsigned d = (unsigned char)*at;

		if (d >= '0' && d <= '9')
			d -= '0';
		else if ((d | 32) >= 'a' && (d | 32) <= 'f')
			d = (d | 32) - 'a' + 10;
		else
			break;
		if (d >= base)
			break;
		v = v * base + d;
		if (v > LEFT_MAX)
			return -1;
	}
	*rest = at;
	return at == p ? -1 : (int64_t)v;
}

static void
status_line(struct http_reply *r, const char *p, size_t len)
{
	const char *rest;
	int64_t v;

	r->phase = HTTP_REPLY_BAD;
	if (len < 12 || memcmp(p, "HTTP/1.", 7) ||
		(p[7] != '0' && p[7] != '1') || p[8] != ' ')
		return;
	v = number(p + 9, p + 12, 10, &rest);
	if (v < 100 || rest != p + 12 || (len > 12 && p[12] != ' '))
		return;
	r->status = (uint16_t)v;
	r->close = p[7] == '0';
	r->sized = r->chunked = false;
	r->left = 0;
	r->phase = HTTP_REPLY_FIELD;
}

static bool
is(const char *p, size_t len, const char *word)
{
	return len == strlen(word) && !strncasecmp(p, word, len);
}

static void
field(struct http_reply *r, const char *p, size_t len)
{
	const char *end = p + len, *colon = memchr(p, ':', len), *v, *rest;
	size_t name = colon ? (size_t)(colon - p) : 0;

	if (!name || memchr(p, ' ', name)) {
		r->phase = HTTP_REPLY_BAD;
		return;
	}
	v = colon + 1;
	while (v < end && (*v == ' ' || *v == '\t'))
		v++;
	while (end > v && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	if (is(p, name, "content-length")) {
		int64_t n = number(v, end, 10, &rest);

		if (n < 0 || rest != end ||
			(r->sized && r->left != (uint64_t)n))
			r->phase = HTTP_REPLY_BAD;
		r->sized = true;
		r->left = (uint64_t)n;
	} else if (is(p, name, "transfer-encoding")) {
		r->chunked = is(v, (size_t)(end - v), "chunked");
		if (!r->chunked)
			r->phase = HTTP_REPLY_BAD; /* we did not ask for it */
	} else if (is(p, name, "connection")) {
		if (is(v, (size_t)(end - v), "close"))
			r->close = true;
		else if (is(v, (size_t)(end - v), "keep-alive"))
			r->close = false;
	}
}

/* The empty line: what follows? RFC 9112, 6.3. */
static void
head_ends(struct http_reply *r)
{
	if (r->status < 200)
		r->phase = HTTP_REPLY_STATUS;
	else if (r->status == 204 || r->status == 304)
		r->phase = HTTP_REPLY_DONE;
	else if (r->chunked)
		r->phase = HTTP_REPLY_CHUNK;
	else if (r->sized)
		r->phase = r->left ? HTTP_REPLY_BODY : HTTP_REPLY_DONE;
	else
		r->phase = HTTP_REPLY_UNTIL_END;
}

static void
line(struct http_reply *r, const char *p, size_t len)
{
	const char *rest;
	int64_t v;

	if (len && p[len - 1] == '\r')
		len--;
	switch (r->phase) {
	case HTTP_REPLY_STATUS:
		status_line(r, p, len);
		break;
	case HTTP_REPLY_FIELD:
		if (len)
			field(r, p, len);
		else
			head_ends(r);
		break;
	case HTTP_REPLY_CHUNK:
		v = number(p, p + len, 16, &rest);
		r->head_len = 0;
		r->left = (uint64_t)v;
		r->phase = v ? HTTP_REPLY_CHUNK_DATA : HTTP_REPLY_TRAILER;
		if (v < 0 || (rest < p + len && *rest != ';' && *rest != ' '))
			r->phase = HTTP_REPLY_BAD;
		break;
	case HTTP_REPLY_CHUNK_END:
		r->phase = len ? HTTP_REPLY_BAD : HTTP_REPLY_CHUNK;
		break;
	case HTTP_REPLY_TRAILER:
		if (!len)
			r->phase = HTTP_REPLY_DONE;
		break;
	default:
		break;
	}
}

/* A line that lies in one piece is read where it is; parts are gathered. */
static size_t
eat_line(struct http_reply *r, const char *p, size_t len)
{
	const char *nl = memchr(p, '\n', len);
	size_t n = nl ? (size_t)(nl - p) : len;
	size_t room = sizeof(r->line) - r->line_len;

	r->head_len +=
		(uint32_t)(n < HTTP_REPLY_HEAD ? n : HTTP_REPLY_HEAD) + 1;
	if (r->head_len > HTTP_REPLY_HEAD) {
		r->phase = HTTP_REPLY_BAD;
		return len;
	}
	if (nl && !r->line_len) {
		line(r, p, n);
		return n + 1;
	}
	memcpy(r->line + r->line_len, p, n < room ? n : room);
	r->line_len += (uint16_t)(n < room ? n : room);
	if (!nl)
		return n;
	n++;
	room = r->line_len;
	r->line_len = 0;
	line(r, r->line, room);
	return n;
}

static size_t
eat_body(struct http_reply *r, size_t len)
{
	if (r->phase == HTTP_REPLY_UNTIL_END) {
		r->body += len;
		return len;
	}
	if (len > r->left)
		len = r->left;
	r->left -= len;
	r->body += len;
	if (!r->left)
		r->phase = r->phase == HTTP_REPLY_BODY ? HTTP_REPLY_DONE
						       : HTTP_REPLY_CHUNK_END;
	return len;
}

size_t
http_reply_eat(struct http_reply *r, const uint8_t *p, size_t len)
{
	size_t at = 0;

	while (at < len && r->phase < HTTP_REPLY_DONE) {
		if (r->phase == HTTP_REPLY_BODY ||
			r->phase == HTTP_REPLY_UNTIL_END ||
			r->phase == HTTP_REPLY_CHUNK_DATA)
			at += eat_body(r, len - at);
		else
			at += eat_line(r, (const char *)p + at, len - at);
	}
	return at;
}

bool
http_reply_end(struct http_reply *r)
{
	if (r->phase != HTTP_REPLY_UNTIL_END)
		return false;
	r->phase = HTTP_REPLY_DONE;
	r->close = true;
	return true;
}
