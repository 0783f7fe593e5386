/* http_parse.c - a head, line by line. Bare LF does not end a line: RFC 9112
 * section 2.2 would allow it, but who stands before us may see it otherwise.
 */
#include "apps/webserver/http_parse.h"

#include "apps/webserver/char.h"
#include "apps/webserver/http_field.h"
#include "apps/webserver/http_target.h"

#define VERSION_LEN 8 /* HTTP/1.1 */

/* What comes before these is cleared for each request. */
#define CLEARED offsetof(struct http_request, none_match)

/* The line from p on: the byte behind its CRLF; NULL, and why: 0 if it does not
 * end before `end`, -400 if it ends without a CR. */
static const char *
line_end(const char *p, const char *end, int *why)
{
	const char *lf = memchr(p, '\n', (size_t)(end - p));

	*why = lf ? -400 : 0;
	return lf && lf > p && lf[-1] == '\r' ? lf + 1 : NULL;
}

static int
version(struct http_request *r, const char *p)
{
	if (!memcmp(p, "HTTP/1.1", VERSION_LEN)) {
		r->minor = 1;
		return 0;
	}
	if (memcmp(p, "HTTP/", 5) || !char_is(p[5], CHAR_DIGIT) ||
		p[6] != '.' || !char_is(p[7], CHAR_DIGIT))
		return -400;
	if (p[5] != '1')
		return -505;
	/* RFC 9110 section 2.5: what is newer is served as what we know. */
	r->minor = p[7] > '0';
	return 0;
}

/* Sets the method; its length, or 0 if it is none at all. */
static size_t
method(struct http_request *r, const char *p, size_t len)
{
	static const char *const others[] = {"CONNECT", "DELETE", "OPTIONS",
		"PATCH", "POST", "PUT", "TRACE"};
	size_t n = 0;

	if (len >= 4 && !memcmp(p, "GET ", 4)) {
		r->method = HTTP_GET;
		return 3;
	}
	while (n < len && char_is(p[n], CHAR_TOKEN))
		n++;
	if (n == len || p[n] != ' ')
		return 0;
	if (n == 4 && !memcmp(p, "HEAD", 4))
		r->method = HTTP_HEAD;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (n == strlen(others[i]) && !memcmp(p, others[i], n))
			r->method = HTTP_OTHER;
	return n;
}

/* method SP target SP version, RFC 9112 section 3; one space each. */
static int
request_line(struct http_request *r, const char *p, size_t len)
{
	size_t n = method(r, p, len);
	int rc;

	if (n == 0 || len < n + 2 + VERSION_LEN ||
		p[len - VERSION_LEN - 1] != ' ')
		return -400;
	rc = version(r, p + len - VERSION_LEN);
	if (rc)
		return rc;
	if (r->method == HTTP_UNKNOWN)
		return -501;
	if (r->method == HTTP_OTHER)
		return -405;
	return http_target(r, p + n + 1, len - n - 2 - VERSION_LEN);
}

/* What stands for a request line that has not ended: whether it can still
 * become one. */
static int
unfinished_line(const char *buf, const char *p, const char *end)
{
	if (p < end && *p != '\r' && !char_is(*p, CHAR_TOKEN))
		return -400;
	return end - buf >= HTTP_LINE_MAX ? -414 : 0;
}

/* RFC 9112 section 2.2: empty lines before a request are stepped over; two are
 * enough. */
static const char *
skip_empty_lines(const char *p, const char *end)
{
	for (int i = 0; i < 2; i++)
		if (end - p >= 2 && p[0] == '\r' && p[1] == '\n')
			p += 2;
	return p;
}

/* What most requests begin with, word for word: a GET of a plain path, and a
 * plain Host. The byte behind it; or, with nothing changed, `p`, for the files
 * that look at everything. What this takes they would take for the same.
 *
 * The last byte is LF, which no class has: so no loop needs to look for the
 * end. */
static const char *
plain_start(struct http_request *r, struct http_fields *f, const char *p,
	const char *end)
{
	static const char version[] = " HTTP/1.1\r\nHost: ";
	const char *path = p + 4, *q = path, *host;

	if (end - p < 32 || end[-1] != '\n' || memcmp(p, "GET /", 5))
		return p;
	while (char_is(*++q, CHAR_PLAIN) || (*q == '.' && q[-1] != '/'))
		;
	host = q + sizeof(version) - 1;
	if (end - q < (ptrdiff_t)sizeof(version) + 2 ||
		memcmp(q, version, sizeof(version) - 1) ||
		host - p > HTTP_LINE_MAX)
		return p;
	for (p = host; char_is(*p, CHAR_NAME); p++)
		;
	if (p > host && *p == ':')
		while (char_is(*++p, CHAR_DIGIT))
			;
	if (*p != '\r' || p[1] != '\n')
		return path - 4;
	r->method = HTTP_GET;
	r->minor = 1;
	r->path = (struct http_text){path, (size_t)(q - path)};
	r->host = (struct http_text){host, (size_t)(p - host)};
	f->lines = 1;
	f->hosts = 1;
	return p + 2;
}

/* Up to the first of the fields; NULL and why, as line_end(). */
static const char *
first_line(struct http_request *r, struct http_fields *f, const char *buf,
	size_t len, int *why)
{
	const char *end = buf + (len < HTTP_LINE_MAX ? len : HTTP_LINE_MAX);
	const char *line = buf, *p;

	if (len && *buf == '\r')
		line = skip_empty_lines(buf, end);
	p = line_end(line, end, why);
	if (!p) {
		if (*why == 0)
			*why = unfinished_line(buf, line, end);
		return NULL;
	}
	*why = request_line(r, line, (size_t)(p - line) - 2);
	f->absolute = r->host.p;
	return *why ? NULL : p;
}

int
http_parse(struct http_request *r, const char *buf, size_t len)
{
	const char *end = buf + (len < HTTP_HEAD_MAX ? len : HTTP_HEAD_MAX);
	struct http_fields f = {0};
	const char *p, *line;
	int rc;

	memset(r, 0, CLEARED);
	p = plain_start(r, &f, buf, end);
	if (p == buf)
		p = first_line(r, &f, buf, len, &rc);
	if (!p)
		return rc;
	for (;;) {
		line = p;
		if (end - p >= 2 && p[0] == '\r' && p[1] == '\n')
			break;
		p = line_end(line, end, &rc);
		if (!p)
			return !rc && end - buf == HTTP_HEAD_MAX ? -431 : rc;
		rc = http_field(&f, r, line, (size_t)(p - line) - 2);
		if (rc)
			return rc;
	}
	rc = http_fields_end(&f, r);
	return rc ? rc : (int)(p + 2 - buf);
}
