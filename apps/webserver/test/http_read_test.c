/* http_read_test - streams of requests, cut in all ways: what comes out does
 * not depend on where they are cut.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "apps/webserver/http_read.h"

#define H	"Host: a\r\n"
#define L	" HTTP/1.1\r\n"
#define CHUNKED "GET /c" L H "Transfer-Encoding: chunked\r\n\r\n"

static struct http_request req;

struct stream {
	struct http_reader rd;
	char buffer[HTTP_HEAD_MAX];
	char log[4096]; /* the paths, and at last the refusal */
	size_t used;	/* of all that was fed */
	int rc;
	unsigned continues, buffers;
};

static void
note(struct stream *s, int rc)
{
	size_t n = strlen(s->log);

	if (rc == HTTP_REQUEST)
		snprintf(s->log + n, sizeof(s->log) - n, "%.*s ",
			(int)req.path.len, req.path.p);
	if (rc < 0)
		snprintf(s->log + n, sizeof(s->log) - n, "%d", rc);
}

/* One piece, in memory of its own, so that a byte too far is seen. */
static void
feed(struct stream *s, const char *bytes, size_t len)
{
	char *piece = malloc(len + !len), *p = piece;

	memcpy(piece, bytes, len);
	while (len > 0 && s->rc >= 0) {
		size_t used;

		s->rc = http_read(&s->rd, &req, p, len, &used);
		assert_true(used <= len);
		note(s, s->rc);
		p += used, len -= used;
		s->used += used;
		if (s->rc == HTTP_MORE)
			assert_int_equal(len, 0);
		if (s->rc == HTTP_REQUEST)
			assert_true(http_reader_idle(&s->rd));
		s->continues += s->rc == HTTP_CONTINUE;
		if (s->rc == HTTP_WANT_BUFFER) {
			assert_int_equal(used, 0);
			assert_null(s->rd.buffer);
			s->rd.buffer = s->buffer;
			s->buffers++;
		}
	}
	free(piece);
}

static void
fed_whole(struct stream *s, const char *bytes, size_t len)
{
	memset(s, 0, sizeof(*s));
	feed(s, bytes, len);
}

/* Byte by byte, and in two pieces with the cut everywhere. */
static void
same_however_cut(const char *bytes, size_t len, const char *want)
{
	static struct stream whole, cut;

	fed_whole(&whole, bytes, len);
	if (strcmp(whole.log, want) != 0)
		fail_msg("%s, not %s, for %s", whole.log, want, bytes);
	for (size_t at = 0; at <= len; at++) {
		memset(&cut, 0, sizeof(cut));
		feed(&cut, bytes, at);
		feed(&cut, bytes + at, len - at);
		if (strcmp(cut.log, want) != 0)
			fail_msg("cut at %zu: %s, not %s", at, cut.log, want);
		if (whole.rc >= 0)
			assert_int_equal(cut.used, len);
	}
	memset(&cut, 0, sizeof(cut));
	for (size_t at = 0; at < len; at++)
		feed(&cut, bytes + at, 1);
	if (strcmp(cut.log, want) != 0)
		fail_msg("by bytes: %s, not %s", cut.log, want);
}

static void
same(const char *text, const char *want)
{
	same_however_cut(text, strlen(text), want);
}

/* RFC 9112 section 9.3.2. */
static void
pipelines(void **state)
{
	(void)state;
	same("GET /1" L H "\r\nHEAD /2" L H "\r\n\r\nGET /%33" L H "\r\n",
		"/1 /2 /3 ");
	same("GET /1" L H "\r\nPOST /2" L H "\r\nGET /3" L H "\r\n", "/1 -405");
	same("GET /1" L H "\r\n\x16\x03", "/1 -400");
	same("GET /1" L H "\r\n\r\n\r\n\x16\x03", "/1 -400");
	same("GET /1" L H "Content-Length: 3\r\n\r\nabcGET /2" L H "\r\n",
		"/1 /2 ");
	same("GET /1" L H "Content-Length: 3\r\n\r\nabcd", "/1 ");
}

static void
no_buffer_without_need(void **state)
{
	static const char text[] = "GET /1" L H "\r\nGET /2" L H "\r\n";
	static struct stream s;

	(void)state;
	fed_whole(&s, text, sizeof(text) - 1);
	assert_int_equal(s.buffers, 0);
	fed_whole(&s, text, sizeof(text) - 2);
	assert_int_equal(s.buffers, 1);
	assert_false(http_reader_idle(&s.rd));
	feed(&s, "\n", 1);
	assert_true(http_reader_idle(&s.rd));
	assert_int_equal(s.buffers, 1);
	/* A body that is there needs none, one that is not does. */
	fed_whole(&s, CHUNKED "0\r\n\r\n", strlen(CHUNKED) + 5);
	assert_int_equal(s.rc, HTTP_REQUEST);
	assert_int_equal(s.buffers, 0);
	fed_whole(&s, CHUNKED "0\r\n\r", strlen(CHUNKED) + 4);
	assert_int_equal(s.rc, HTTP_MORE);
	assert_int_equal(s.buffers, 1);
}

/* RFC 9112 section 7.1. */
static const struct {
	const char *body, *want;
} chunks[] = {
	{"0\r\n\r\n", "/c "},
	{"3\r\nabc\r\n0\r\n\r\n", "/c "},
	{"A\r\n0123456789\r\n00\r\n\r\nGET /n" L H "\r\n", "/c /n "},
	{"1\r\n\r\r\n1\r\n\n\r\n000\r\n\r\n", "/c "},
	/* 7.1.1: extensions */
	{"1;a\r\nx\r\n0;b=\"c;\t\xff\"\r\n\r\n", "/c "},
	{"1 \t;a = b\r\nx\r\n0\r\n\r\n", "/c "},
	{"1 \r\nx\r\n", "-400"},
	{"1;a\rb\r\nx\r\n", "-400"},
	{"1;a\nx\r\n", "-400"},
	{"1;\x01\r\n", "-400"},
	/* 7.1.2: trailers */
	{"0\r\nA: b\r\nContent-Length: 7\r\n\r\nGET /n" L H "\r\n", "/c /n "},
	{"0\r\nA:\r\n\r\n", "/c "},
	{"0\r\nA : b\r\n\r\n", "-400"},
	{"0\r\n A: b\r\n\r\n", "-400"},
	{"0\r\nA\r\n\r\n", "-400"},
	{"0\r\nA: b\n\r\n", "-400"},
	{"0\r\nA: \x02\r\n\r\n", "-400"},
	{"0\r\n\n", "-400"},
	{"0\r\n\r\r", "-400"},
	/* what is no chunk */
	{"\r\n", "-400"},
	{"g\r\n", "-400"},
	{" 1\r\n", "-400"},
	{"+1\r\n", "-400"},
	{"0x1\r\n", "-400"},
	{"-1\r\n", "-400"},
	{"1\nx\r\n", "-400"},
	{"1\r\nxy", "-400"},
	{"1\r\nx\n", "-400"},
	{"1\r\nx\ry", "-400"},
	{"1\rx", "-400"},
	/* 413, and no number that wraps to a small one */
	{"10001\r\n", "-413"},
	{"FFFFFFFF\r\n", "-413"},
	{"100000000\r\n", "-413"},
	{"10000000000000001\r\n", "-413"},
};

static void
chunked_bodies(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(chunks) / sizeof(*chunks); i++) {
		char text[512];

		snprintf(text, sizeof(text), CHUNKED "%s", chunks[i].body);
		same(text, chunks[i].want);
	}
}

static void
feed_text(struct stream *s, const char *text)
{
	feed(s, text, strlen(text));
}

static void
limits_of_bodies(void **state)
{
	static char data[HTTP_BODY_MAX];
	static struct stream s;
	unsigned n;

	(void)state;
	fed_whole(&s, CHUNKED, strlen(CHUNKED));
	feed_text(&s, "FFFF\r\n");
	feed(&s, data, 0xffff);
	feed_text(&s, "\r\n1\r\nx\r\n");
	assert_int_equal(s.rc, HTTP_MORE);
	feed_text(&s, "1");
	assert_int_equal(s.rc, -413);

	fed_whole(&s, CHUNKED "1;", strlen(CHUNKED) + 2);
	for (n = 2; s.rc == HTTP_MORE && n < 3 * HTTP_FRAMING_MAX; n++)
		feed_text(&s, "a");
	assert_int_equal(s.rc, -413);
	assert_int_equal(n, HTTP_FRAMING_MAX + 1);

	fed_whole(&s, CHUNKED "0\r\n", strlen(CHUNKED) + 3);
	for (n = 3; s.rc == HTTP_MORE && n < 3 * HTTP_FRAMING_MAX; n += 6)
		feed_text(&s, "A: b\r\n");
	assert_int_equal(s.rc, -431);
	assert_true(n > HTTP_FRAMING_MAX && n <= HTTP_FRAMING_MAX + 6);

	fed_whole(&s, CHUNKED, strlen(CHUNKED));
	for (n = 0; s.rc == HTTP_MORE && n < 3 * HTTP_FRAMING_MAX; n++)
		feed_text(&s, "1\r\nx\r\n");
	assert_int_equal(s.rc, -413);
	assert_int_equal(n, HTTP_FRAMING_MAX / 5 + 1);

	/* A body as long as may be, and a request behind it. */
	fed_whole(&s, "", 0);
	feed_text(&s, "GET /1" L H "Content-Length: 65536\r\n\r\n");
	feed(&s, data, HTTP_BODY_MAX);
	feed_text(&s, "GET /2" L H "\r\n");
	assert_string_equal(s.log, "/1 /2 ");
}

/* RFC 9110 section 10.1.1: once, and not to whom has sent the body already. */
static void
continues(void **state)
{
	static const char head[] = "HEAD /1" L H "Expect: 100-continue\r\n"
				   "Content-Length: 2\r\n\r\n";
	static struct stream s;

	(void)state;
	fed_whole(&s, head, strlen(head));
	assert_int_equal(s.rc, HTTP_CONTINUE);
	feed_text(&s, "a");
	feed_text(&s, "b");
	assert_int_equal(s.rc, HTTP_REQUEST);
	assert_int_equal(s.continues, 1);
	assert_string_equal(s.log, "/1 ");

	memset(&s, 0, sizeof(s));
	for (size_t i = 0; i < strlen(head); i++)
		feed(&s, head + i, 1);
	assert_int_equal(s.continues, 1);

	memset(&s, 0, sizeof(s));
	feed(&s, head, strlen(head) - 1);
	feed_text(&s, "\na");
	feed_text(&s, "b");
	assert_int_equal(s.continues, 0);
	assert_string_equal(s.log, "/1 ");
}

/* A refusal in a body knows the method of the head before it. */
static void
refusals_know_the_method(void **state)
{
	static struct stream s;

	(void)state;
	fed_whole(&s, "", 0);
	feed_text(&s, "HEAD /1" L H "Transfer-Encoding: chunked\r\n\r\n");
	req.method = HTTP_GET; /* another connection's request came between */
	feed_text(&s, "x");
	assert_int_equal(s.rc, -400);
	assert_int_equal(req.method, HTTP_HEAD);
}

/* Heads at the limits, where the buffer is full and nothing may be lost. */
static void
limits_of_heads(void **state)
{
	static char text[HTTP_HEAD_MAX + 64];
	size_t n = (size_t)snprintf(text, sizeof(text), "GET /1" L H "A: ");

	(void)state;
	memset(text + n, 'b', HTTP_HEAD_MAX - 4 - n);
	memcpy(text + HTTP_HEAD_MAX - 4, "\r\n\r\nGET /2" L H "\r\n", 32);
	n = strlen(text);
	for (size_t at = 1; at < n; at += 97) {
		static struct stream s;

		fed_whole(&s, text, at);
		feed(&s, text + at, n - at);
		assert_string_equal(s.log, "/1 /2 ");
	}
	memset(text, 'a', sizeof(text));
	same_however_cut(text, HTTP_LINE_MAX, "-414");
	memcpy(text, "GET /" L, 16);
	same_however_cut(text, HTTP_HEAD_MAX, "-431");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pipelines),
		cmocka_unit_test(no_buffer_without_need),
		cmocka_unit_test(chunked_bodies),
		cmocka_unit_test(limits_of_bodies),
		cmocka_unit_test(continues),
		cmocka_unit_test(refusals_know_the_method),
		cmocka_unit_test(limits_of_heads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
