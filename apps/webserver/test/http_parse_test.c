/* http_parse_test - heads, each parsed at every length: a prefix gives nothing,
 * or what the whole gives. RFC 9110 and 9112 by their sections.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "apps/webserver/http_parse.h"

#define H "Host: a\r\n"
#define L " HTTP/1.1\r\n"

static struct http_request req;

/* The result for all of the bytes, after the same was seen for each beginning
 * of them, in memory that ends with it. */
static int
parse_n(const char *text, size_t len)
{
	int first = 0, rc = 0;

	for (size_t n = 0; n <= len; n++) {
		char *copy = malloc(n + 1);

		memcpy(copy, text, n);
		rc = http_parse(&req, copy, n);
		free(copy);
		if (!first)
			first = rc;
		if (rc != first)
			fail_msg("%d with %zu bytes, %d before: %s", rc, n,
				first, text);
		assert_true(rc <= (int)n);
	}
	/* Once more, so that the texts point into what lives. */
	return http_parse(&req, text, len);
}

static int
parse(const char *text)
{
	return parse_n(text, strlen(text));
}

static void
accept_all(const char *text)
{
	int rc = parse(text);

	if (rc != (int)strlen(text))
		fail_msg("%d for %s", rc, text);
}

static void
is_text(struct http_text t, const char *want)
{
	assert_non_null(t.p);
	if (t.len != strlen(want) || memcmp(t.p, want, t.len) != 0)
		fail_msg("%.*s, not %s", (int)t.len, t.p, want);
}

static void
a_plain_request_stays_where_it_is(void **state)
{
	static const char text[] = "GET /64.html HTTP/1.1\r\n" H "\r\nGET ";

	(void)state;
	assert_int_equal(parse(text), sizeof(text) - 5);
	assert_int_equal(req.method, HTTP_GET);
	assert_int_equal(req.minor, 1);
	assert_true(req.keep_alive);
	assert_ptr_equal(req.path.p, text + 4);
	assert_int_equal(req.path.len, 8);
	assert_null(req.query.p);
	is_text(req.host, "a");
	assert_int_equal(req.none_matches, 0);
	assert_false(req.expect || req.chunked || req.body);
}

static void
paths(void **state)
{
	static const struct {
		const char *target, *path; /* NULL: 400 */
	} rows[] = {
		{"/", "/"},
		{"/a.b/c..d", "/a.b/c..d"},
		{"/a%2eb", "/a.b"},
		{"/%C3%bc", "/\xc3\xbc"},
		{"/a%20b", "/a b"},
		/* RFC 3986 section 5.2.4 */
		{"/a/./b", "/a/b"},
		{"/a/../b", "/b"},
		{"/a/b/..", "/a/"},
		{"/a/b/.", "/a/b/"},
		{"/a/b/../../", "/"},
		{"/a/..", "/"},
		{"/.", "/"},
		{"/...", "/..."},
		{"/.a", "/.a"},
		{"/..a/b", "/..a/b"},
		{"//a", "//a"},
		{"/a//../b", "/a/b"},
		/* over the root, open and hidden */
		{"/..", NULL},
		{"/../a", NULL},
		{"/a/../../a", NULL},
		{"/%2e%2e/a", NULL},
		{"/.%2E/a", NULL},
		{"/..%2fa", NULL},
		{"/a/%2e%2e%2f..", NULL},
		/* what no path may have */
		{"/%00", NULL},
		{"/%0a", NULL},
		{"/%7f", NULL},
		{"/a%", NULL},
		{"/a%4", NULL},
		{"/a%4g", NULL},
		{"/a#b", NULL},
		{"/a b", NULL},
		{"/\xc3\xbc", NULL},
		{"/\x7f", NULL},
		{"/\t", NULL},
		{"", NULL},
		{"a", NULL},
		{"*", NULL},
		{"a:80", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[256];
		int rc;

		snprintf(text, sizeof(text), "GET %s" L H "\r\n",
			rows[i].target);
		rc = parse(text);
		if ((rc > 0) != !!rows[i].path)
			fail_msg("%d for %s", rc, text);
		if (rows[i].path)
			is_text(req.path, rows[i].path);
		else
			assert_int_equal(rc, -400);
	}
}

/* RFC 9112 section 3.2. */
static void
target_forms(void **state)
{
	(void)state;
	accept_all("GET /a?b=%zz/../?" L H "\r\n");
	is_text(req.path, "/a");
	is_text(req.query, "b=%zz/../?");
	accept_all("GET /%61?" L H "\r\n");
	is_text(req.path, "/a");
	is_text(req.query, "");
	assert_int_equal(parse("GET /a?b#c" L H "\r\n"), -400);
	assert_int_equal(parse("GET /a?b\x01" L H "\r\n"), -400);

	/* 3.2.2: the target's host counts, but there must be a Host. */
	accept_all("GET HTTP://b:8/x/%2e?q" L H "\r\n");
	is_text(req.host, "b:8");
	is_text(req.path, "/x/");
	is_text(req.query, "q");
	accept_all("GET https://b" L H "\r\n");
	is_text(req.path, "/");
	accept_all("GET http://b?q" L H "\r\n");
	is_text(req.path, "/");
	is_text(req.query, "q");
	assert_int_equal(parse("GET http://b/" L "\r\n"), -400);
	/* RFC 9110 sections 4.2.1, 4.2.4 */
	assert_int_equal(parse("GET http:///a" L H "\r\n"), -400);
	assert_int_equal(parse("GET http://:80/a" L H "\r\n"), -400);
	assert_int_equal(parse("GET http://u@b/a" L H "\r\n"), -400);
	assert_int_equal(parse("GET http://b?\x80" L H "\r\n"), -400);
	assert_int_equal(parse("GET ftp://b/" L H "\r\n"), -400);
}

static void
methods_and_versions(void **state)
{
	(void)state;
	accept_all("HEAD /" L H "\r\n");
	assert_int_equal(req.method, HTTP_HEAD);
	/* RFC 9110 sections 9.1 and 15.5.6: known, and not served */
	assert_int_equal(parse("POST /" L H "\r\n"), -405);
	assert_int_equal(parse("OPTIONS *" L H "\r\n"), -405);
	assert_int_equal(parse("CONNECT a:80" L H "\r\n"), -405);
	/* 15.6.2 */
	assert_int_equal(parse("get /" L H "\r\n"), -501);
	assert_int_equal(parse("GETS /" L H "\r\n"), -501);
	assert_int_equal(parse("G@T /" L H "\r\n"), -400);
	/* RFC 9110 section 2.5 */
	accept_all("GET / HTTP/1.2\r\n" H "\r\n");
	assert_int_equal(req.minor, 1);
	assert_int_equal(parse("GET / HTTP/2.0\r\n" H "\r\n"), -505);
	assert_int_equal(parse("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), -505);
	assert_int_equal(parse("GET / http/1.1\r\n" H "\r\n"), -400);
	assert_int_equal(parse("GET / HTTP/1.10\r\n" H "\r\n"), -400);
	assert_int_equal(parse("GET / HTTP/1,1\r\n" H "\r\n"), -400);
	assert_int_equal(parse("GET /\r\n\r\n"), -400);
	/* RFC 9112 section 3: one space */
	assert_int_equal(parse("GET  /" L H "\r\n"), -400);
	assert_int_equal(parse("GET / " L H "\r\n"), -400);
	assert_int_equal(parse("GET\t/" L H "\r\n"), -400);
	assert_int_equal(parse(" GET /" L H "\r\n"), -400);
	/* 2.2: empty lines before it */
	accept_all("\r\n\r\nGET /" L H "\r\n");
	assert_int_equal(parse("\r\n\r\n\r\nGET /" L H "\r\n"), -400);
	assert_int_equal(parse("\nGET /" L H "\r\n"), -400);
	/* something else than HTTP is known by its first byte */
	assert_int_equal(parse_n("\x16\x03\x01", 3), -400);
}

/* RFC 9112 section 9.3, RFC 9110 section 7.6.1. */
static void
keep_alive(void **state)
{
	static const struct {
		const char *version, *fields;
		bool keep;
	} rows[] = {
		{"1.1", "", true},
		{"1.1", "Connection: close\r\n", false},
		{"1.1", "Connection: a, CLOSE\r\n", false},
		{"1.1", "connection:keep-alive ,close\t\r\n", false},
		{"1.1", "Connection: a\r\nConnection: Close\r\n", false},
		{"1.1", "Connection: closed, aclose\r\n", true},
		{"1.1", "Connection: ,\t, \r\n", true},
		{"1.0", "", false},
		{"1.0", "Connection: Keep-Alive\r\n", true},
		{"1.0", "Connection: keep-alive, close\r\n", false},
		{"1.0", "Connection: x,keep-alive\r\n", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[256];

		snprintf(text, sizeof(text), "GET / HTTP/%s\r\n" H "%s\r\n",
			rows[i].version, rows[i].fields);
		accept_all(text);
		if (req.keep_alive != rows[i].keep)
			fail_msg("%s", text);
	}
}

/* RFC 9112 section 3.2, RFC 9110 section 7.2. */
static void
hosts(void **state)
{
	static const struct {
		const char *fields;
		int ok;
	} rows[] = {
		{"Host: a.b:80\r\n", 1},
		{"Host:\r\n", 1},
		{"HOST: a\r\n", 1},
		{"Host: [::1]:8\r\n", 1},
		{"Host: 10.0.0.1:\r\n", 1},
		{"Host: a%41\r\n", 1},
		{"", 0},
		{"Host: a\r\nHost: a\r\n", 0},
		{"Host: a\r\nhost: b\r\n", 0},
		{"Host: a b\r\n", 0},
		{"Host: a/b\r\n", 0},
		{"Host: a,b\r\n", 1},
		{"Host: u@a\r\n", 0},
		{"Host: a:b\r\n", 0},
		{"Host: a:8:8\r\n", 0},
		{"Host: :80\r\n", 0},
		{"Host: [::1\r\n", 0},
		{"Host: []\r\n", 0},
		{"Host: [::1]x\r\n", 0},
		{"Host: a%4\r\n", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[256];
		int rc;

		snprintf(
			text, sizeof(text), "GET /" L "%s\r\n", rows[i].fields);
		rc = parse(text);
		if (rc != (rows[i].ok ? (int)strlen(text) : -400))
			fail_msg("%d for %s", rc, text);
	}
	accept_all("GET / HTTP/1.0\r\n\r\n");
	assert_int_equal(parse("GET / HTTP/1.0\r\n" H H "\r\n"), -400);
}

static void
conditions_and_ranges(void **state)
{
	(void)state;
	accept_all("GET /" L H "If-None-Match: \"a\", W/\"b\"\r\n"
		   "if-none-match: *\r\n"
		   "If-Modified-Since:Sun, 06 Nov 1994 08:49:37 GMT\r\n"
		   "Range: bytes=0-1\r\nIF-RANGE: \"a\" \t\r\n\r\n");
	assert_int_equal(req.none_matches, 2);
	is_text(req.none_match[0], "\"a\", W/\"b\"");
	is_text(req.none_match[1], "*");
	is_text(req.since, "Sun, 06 Nov 1994 08:49:37 GMT");
	is_text(req.range, "bytes=0-1");
	is_text(req.if_range, "\"a\"");

	/* Two of what there may be one of: neither counts. */
	accept_all("GET /" L H "Range: bytes=0-1\r\nRange: bytes=2-3\r\n"
		   "If-Modified-Since: a\r\nIf-Modified-Since: a\r\n\r\n");
	assert_null(req.range.p);
	assert_null(req.since.p);
	accept_all("GET /" L H "Range: bytes=0-1\r\nIf-Range: \"a\"\r\n"
		   "If-Range: \"a\"\r\n\r\n");
	assert_null(req.range.p);

	accept_all("GET /" L H "If-None-Match: 1\r\nIf-None-Match: 2\r\n"
		   "If-None-Match: 3\r\nIf-None-Match: 4\r\n"
		   "If-None-Match: 5\r\n\r\n");
	assert_int_equal(req.none_matches, 5);
	is_text(req.none_match[3], "4");
}

/* Each of these could mean a second request to somebody. */
static const struct {
	int rc; /* 0: accepted */
	const char *fields;
} doubtful[] = {
	/* RFC 9112 section 6.1: both lengths */
	{-400, "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"},
	{-400, "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"},
	/* 6.3: lengths that differ, repeated ones, lists, numbers that
	 * only some can read */
	{-400, "Content-Length: 3\r\nContent-Length: 4\r\n"},
	{-400, "Content-Length: 3\r\nContent-Length: 3\r\n"},
	{-400, "Content-Length: 3, 3\r\n"},
	{-400, "Content-Length: 3,4\r\n"},
	{-400, "Content-Length: +3\r\n"},
	{-400, "Content-Length: -3\r\n"},
	{-400, "Content-Length: 0x3\r\n"},
	{-400, "Content-Length: 3 3\r\n"},
	{-400, "Content-Length: 3.0\r\n"},
	{-400, "Content-Length: 3;a\r\n"},
	{-400, "Content-Length: \r\n"},
	{0, "Content-Length: 0003\r\n"},
	{0, "Content-Length:\t3 \t\r\n"},
	/* 413, also beyond what a number holds */
	{0, "Content-Length: 65536\r\n"},
	{-413, "Content-Length: 65537\r\n"},
	{-413, "Content-Length: 18446744073709551616\r\n"},
	{-413, "Content-Length: 99999999999999999999999999\r\n"},
	/* 6.3: chunked last and once, or nobody knows the end */
	{0, "Transfer-Encoding: chunked\r\n"},
	{0, "transfer-encoding:CHUNKED\r\n"},
	{0, "Transfer-Encoding: , chunked ,\r\n"},
	{-400, "Transfer-Encoding: chunked, identity\r\n"},
	{-400, "Transfer-Encoding: chunked, chunked\r\n"},
	{-400, "Transfer-Encoding: gzip\r\n"},
	{-400, "Transfer-Encoding: identity\r\n"},
	{-400, "Transfer-Encoding: xchunked\r\n"},
	{-400, "Transfer-Encoding: chunked;a=b\r\n"},
	{-400, "Transfer-Encoding: \"chunked\"\r\n"},
	{-400, "Transfer-Encoding: chun ked\r\n"},
	{-400, "Transfer-Encoding:\r\n"},
	{-400, "Transfer-Encoding: ,\r\n"},
	{-400,
		"Transfer-Encoding: chunked\r\n"
		"Transfer-Encoding: chunked\r\n"},
	{-400,
		"Transfer-Encoding: gzip\r\n"
		"Transfer-Encoding: chunked\r\n"},
	/* 6.1: a coding that we have not */
	{-501, "Transfer-Encoding: gzip, chunked\r\n"},
	/* 5.1: blanks before the colon */
	{-400, "Transfer-Encoding : chunked\r\n"},
	{-400, "Content-Length\t: 3\r\n"},
	/* 5.2: folded lines, and 2.2: blanks before the first */
	{-400, "A: b\r\n c\r\n"},
	{-400, "A: b\r\n\tContent-Length: 3\r\n"},
	/* 2.2: bare CR and bare LF */
	{-400, "A: b\rContent-Length: 3\r\n"},
	{-400, "A: b\nContent-Length: 3\r\n"},
	{-400, "A: b\r\r\n"},
	{-400, "\rA: b\r\n"},
	/* 5: no colon, no name, no token */
	{-400, "A\r\n"},
	{-400, ": b\r\n"},
	{-400, "A(: b\r\n"},
	{-400, "A\x80: b\r\n"},
	{0, "A:\r\n"},
	{0, "A: b: c\r\n"},
	/* RFC 9110 section 5.5: control bytes in values */
	{-400,
		"A: 0123456\x01"
		"789\r\n"},
	{-400, "A: \x7f\r\n"},
	{-400, "A: 01234567\x1f\r\n"},
	{0, "A: 0123\t4567\t\xff\x80 x\r\n"},
};

static void
smuggling(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(doubtful) / sizeof(*doubtful); i++) {
		char text[256];
		int rc;

		snprintf(text, sizeof(text), "GET /" L H "%s\r\n",
			doubtful[i].fields);
		rc = parse(text);
		if (rc != (doubtful[i].rc ? doubtful[i].rc : (int)strlen(text)))
			fail_msg("%d for %s", rc, text);
	}
	/* 2.2: a blank line's blanks hide a field behind the request line */
	assert_int_equal(
		parse("GET /" L " Content-Length: 3\r\n" H "\r\n"), -400);
	/* 6.1: chunked is nothing that 1.0 knows */
	assert_int_equal(parse("GET / HTTP/1.0\r\n"
			       "Transfer-Encoding: chunked\r\n\r\n"),
		-400);
	/* bare LF at the end of the request line, and of the head */
	assert_int_equal(parse("GET / HTTP/1.1\n" H "\r\n"), -400);
	assert_int_equal(parse("GET /" L H "\n"), -400);
}

static void
nul_bytes(void **state)
{
	static const char text[] =
		"GET /" L "Host: abc\r\nA: bcdefghijk\r\n\r\n";
	char copy[sizeof(text)];

	(void)state;
	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		memcpy(copy, text, sizeof(text));
		copy[i] = 0;
		/* There is no end if the last line's end is not one. */
		if (i == sizeof(text) - 2)
			assert_int_equal(parse_n(copy, sizeof(text) - 1), 0);
		else
			assert_int_equal(parse_n(copy, sizeof(text) - 1), -400);
	}
}

static void
bodies_and_expectations(void **state)
{
	(void)state;
	accept_all("GET /" L H "Content-Length: 12\r\n\r\n");
	assert_int_equal(req.body, 12);
	assert_false(req.chunked || req.expect);
	/* RFC 9110 section 10.1.1 */
	accept_all("GET /" L H "Content-Length: 12\r\n"
		   "Expect: 100-Continue\r\n\r\n");
	assert_true(req.expect);
	accept_all("GET /" L H "Expect: 100-continue\r\n\r\n");
	assert_false(req.expect);
	accept_all("GET / HTTP/1.0\r\nContent-Length: 1\r\n"
		   "Expect: 100-continue\r\n\r\n");
	assert_false(req.expect);
	accept_all("GET /" L H "Transfer-Encoding: chunked\r\n\r\n");
	assert_true(req.chunked);
}

/* A head of `fields` bytes of fields (Host comes first), behind a request line
 * of `line` bytes. */
static int
sized(size_t line, size_t fields)
{
	static char text[2 * HTTP_HEAD_MAX];
	size_t n = line - 2 - 9;

	memcpy(text, "GET /", 5);
	memset(text + 5, 'a', n - 5);
	memcpy(text + n, L, sizeof(L) - 1);
	n = line;
	n += (size_t)snprintf(text + n, sizeof(text) - n, H "A: ");
	memset(text + n, 'b', fields);
	n = line + fields;
	memcpy(text + n - 2, "\r\n\r\n", 4);
	return http_parse(&req, text, n + 2);
}

static void
limits(void **state)
{
	static char text[2 * HTTP_HEAD_MAX];
	size_t n;

	(void)state;
	assert_int_equal(sized(HTTP_LINE_MAX, 50), HTTP_LINE_MAX + 52);
	assert_int_equal(sized(HTTP_LINE_MAX + 1, 50), -414);
	assert_int_equal(sized(100, HTTP_HEAD_MAX - 102), HTTP_HEAD_MAX);
	assert_int_equal(sized(100, HTTP_HEAD_MAX - 101), -431);

	/* Without an end: a result at the limit, not before. */
	memset(text, 'a', sizeof(text));
	assert_int_equal(http_parse(&req, text, HTTP_LINE_MAX - 1), 0);
	assert_int_equal(http_parse(&req, text, HTTP_LINE_MAX), -414);
	memcpy(text, "GET /" L, 16);
	assert_int_equal(http_parse(&req, text, HTTP_HEAD_MAX - 1), 0);
	assert_int_equal(http_parse(&req, text, HTTP_HEAD_MAX), -431);

	for (unsigned lines = HTTP_FIELDS_MAX; lines < HTTP_FIELDS_MAX + 2;
		lines++) {
		n = (size_t)snprintf(text, sizeof(text), "GET /" L H);
		for (unsigned i = 1; i < lines; i++)
			n += (size_t)snprintf(
				text + n, sizeof(text) - n, "A: b\r\n");
		n += (size_t)snprintf(text + n, sizeof(text) - n, "\r\n");
		assert_int_equal(parse_n(text, n),
			lines > HTTP_FIELDS_MAX ? -431 : (int)n);
	}
	/* A long path that has to be decoded. */
	n = (size_t)snprintf(text, sizeof(text), "GET /");
	while (n < HTTP_LINE_MAX - 14)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%%61");
	n += (size_t)snprintf(text + n, sizeof(text) - n, "%s", L H "\r\n");
	assert_int_equal(http_parse(&req, text, n), n);
	assert_int_equal(req.path.len, 1 + (HTTP_LINE_MAX - 14 - 5 + 2) / 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_request_stays_where_it_is),
		cmocka_unit_test(paths),
		cmocka_unit_test(target_forms),
		cmocka_unit_test(methods_and_versions),
		cmocka_unit_test(keep_alive),
		cmocka_unit_test(hosts),
		cmocka_unit_test(conditions_and_ranges),
		cmocka_unit_test(smuggling),
		cmocka_unit_test(nul_bytes),
		cmocka_unit_test(bodies_and_expectations),
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
