/* http_parse.c - a head, line by line. Bare LF does not end a line: RFC 9112
 * section 2.2 would allow it, but who stands before us may see it otherwise.
 */
#include "apps/webserver/http_parse.h"

#include "apps/webserver/char.h"
#include "apps/webserver/http_field.h"
#include "apps/webserver/http_target.h"

#define VERSION_LEN 8 /* HTTP/1.1 */

/* What comes before the decoded path is cleared for each request. */
#define CLEARED offsetof(struct http_request, decoded)

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

int
http_parse(struct http_request *r, const char *buf, size_t len)
{
	const char *line, *p = buf, *end;
	struct http_fields f = {0};
	int rc;

	memset(r, 0, CLEARED);
	end = buf + (len < HTTP_LINE_MAX ? len : HTTP_LINE_MAX);
	if (len && *p == '\r')
		p = skip_empty_lines(p, end);
	line = p;
	p = line_end(line, end, &rc);
	if (!p)
		return rc ? rc : unfinished_line(buf, line, end);
	rc = request_line(r, line, (size_t)(p - line) - 2);
	f.absolute = r->host.p;
	end = buf + (len < HTTP_HEAD_MAX ? len : HTTP_HEAD_MAX);
	while (!rc) {
		line = p;
		p = line_end(line, end, &rc);
		if (!p)
			return !rc && end - buf == HTTP_HEAD_MAX ? -431 : rc;
		if (p - line == 2) {
			rc = http_fields_end(&f, r);
			return rc ? rc : (int)(p - buf);
		}
		rc = http_field(&f, r, line, (size_t)(p - line) - 2);
	}
	return rc;
}
