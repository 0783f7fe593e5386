/* http_answer_test - requests in, whole responses out, read as a client would;
 * each in memory that may be sent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "apps/webserver/test/web_kit.h"

#define H    "Host: a\r\n"
#define TEXT "0123456789"

static struct kit kit;
static struct http_request req;
static struct http_answer answer;
static char response[16384];
static size_t response_len;
static char tag[SITE_TAG_MAX + 1];

static int
begin(void **state)
{
	const struct site_doc *d;

	(void)state;
	kit_begin(&kit);
	kit_text(&kit, "a.txt", TEXT);
	kit_text(&kit, "empty", "");
	kit_text(&kit, "sub/index.html", "<p>");
	if (kit_load(&kit) != 0)
		return -1;
	answer.clock = &kit.clock;
	answer.room = kit.room;
	d = site_find(kit.site, "/a.txt", 6);
	memcpy(tag, d->tag, d->tag_len);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	kit_end(&kit);
	return 0;
}

static void
put_together(void)
{
	response_len = 0;
	assert_true(kit_owns(&kit, &answer));
	for (unsigned i = 0; i < answer.pieces; i++) {
		memcpy(response + response_len, answer.piece[i].p,
			answer.piece[i].len);
		response_len += answer.piece[i].len;
	}
	response[response_len] = 0;
}

static bool
has(const char *text)
{
	return strstr(response, text);
}

/* The value of Content-Length; -1 if there is none. */
static int
told_length(void)
{
	const char *p = strstr(response, "\r\nContent-Length: ");

	return p ? (int)strtol(p + 18, NULL, 10) : -1;
}

static const char *
body(void)
{
	const char *p = strstr(response, "\r\n\r\n");

	assert_non_null(p);
	return p + 4;
}

/* What no response may be without. */
static void
sound(int status, bool head_only)
{
	char line[32];

	snprintf(line, sizeof(line), "HTTP/1.1 %d ", status);
	if (strncmp(response, line, strlen(line)) != 0)
		fail_msg("not %d: %s", status, response);
	assert_int_equal(answer.status, status);
	assert_true(has("\r\n" KIT_DATE));
	assert_true(has("\r\nServer: DLibOS\r\n"));
	assert_int_equal(has("\r\nConnection: close\r\n"), answer.close);
	if (status == 304) {
		assert_int_equal(told_length(), -1);
		assert_string_equal(body(), "");
	} else if (head_only) {
		assert_true(told_length() >= 0);
		assert_string_equal(body(), "");
	} else {
		assert_int_equal(told_length(), strlen(body()));
	}
}

static void
ask_with(const char *line, const char *fields, int status)
{
	char text[1024];
	int n = snprintf(text, sizeof(text), "%s\r\n" H "%s\r\n", line, fields);

	assert_int_equal(http_parse(&req, text, (size_t)n), n);
	http_answer(kit.site, &req, &answer);
	put_together();
	sound(status, req.method == HTTP_HEAD);
}

static void
ask(const char *path, const char *fields, int status)
{
	char line[256];

	snprintf(line, sizeof(line), "GET %s HTTP/1.1", path);
	ask_with(line, fields, status);
}

static void
documents(void **state)
{
	(void)state;
	ask("/a.txt?x", "", 200);
	assert_string_equal(body(), TEXT);
	assert_int_equal(answer.pieces, 3);
	assert_false(answer.close || answer.room_used);
	ask("/a.txt", "Connection: close\r\n", 200);
	assert_true(answer.close);
	ask("/empty", "", 200);
	assert_string_equal(body(), "");
	ask("/sub/", "", 200);
	assert_string_equal(body(), "<p>");
	ask("/sub", "", 301);
	assert_true(has("\r\nLocation: /sub/\r\n"));
	ask("/nothing", "", 404);
	assert_false(answer.close);
}

/* RFC 9112 section 9.3. */
static void
version_1_0(void **state)
{
	(void)state;
	ask_with("GET /a.txt HTTP/1.0", "", 200);
	assert_true(answer.close);
	ask_with("GET /a.txt HTTP/1.0", "Connection: keep-alive\r\n", 200);
	assert_true(has("\r\nConnection: keep-alive\r\n"));
	assert_false(answer.close);
	ask_with("GET /a.txt HTTP/1.0",
		"Connection: keep-alive\r\nRange: bytes=1-2\r\n", 206);
	assert_true(has("\r\nConnection: keep-alive\r\n"));
	assert_string_equal(body(), "12");
}

/* RFC 9110 section 9.3.2: as for GET, without the body. */
static void
heads(void **state)
{
	static const char *const paths[] = {"/a.txt", "/sub", "/nothing"};
	static const int statuses[] = {200, 301, 404};
	char line[64], get[sizeof(response)];

	(void)state;
	for (int i = 0; i < 3; i++) {
		ask(paths[i], "", statuses[i]);
		memcpy(get, response, response_len + 1);
		snprintf(line, sizeof(line), "HEAD %s HTTP/1.1", paths[i]);
		ask_with(line, "", statuses[i]);
		assert_memory_equal(get, response, response_len);
	}
	/* 14.2: ranges are for GET */
	ask_with("HEAD /a.txt HTTP/1.1", "Range: bytes=0-1\r\n", 200);
	assert_int_equal(told_length(), 10);
	ask_with("HEAD /a.txt HTTP/1.1", "If-None-Match: *\r\n", 304);
}

/* RFC 9110 sections 13.1.2, 13.1.3, 13.2.2. */
static void
conditions(void **state)
{
	char fields[256];

	(void)state;
	snprintf(fields, sizeof(fields), "If-None-Match: \"x\", W/%s\r\n", tag);
	ask("/a.txt", fields, 304);
	snprintf(fields, sizeof(fields), "ETag: %s\r\n", tag);
	assert_true(has(fields));
	assert_true(has("Last-Modified: "));
	assert_false(has("Content-Type"));
	snprintf(fields, sizeof(fields),
		"If-None-Match: \"x\"\r\nIf-None-Match: %s\r\n", tag);
	ask("/a.txt", fields, 304);
	ask("/a.txt", "If-None-Match: \"x\"\r\n", 200);

	ask("/a.txt", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
		304);
	ask("/a.txt", "If-Modified-Since: Sunday, 06-Nov-94 08:49:38 GMT\r\n",
		304);
	ask("/a.txt", "If-Modified-Since: Sun Nov  6 08:49:36 1994\r\n", 200);
	ask("/a.txt", "If-Modified-Since: yesterday\r\n", 200);
	/* The date does not count beside tags. */
	ask("/a.txt",
		"If-None-Match: \"x\"\r\n"
		"If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
		200);
	/* Nor do conditions where there is no document. */
	ask("/sub", "If-None-Match: *\r\n", 301);
	ask("/nothing", "If-None-Match: *\r\n", 404);
	/* Before ranges. */
	ask("/a.txt", "If-None-Match: *\r\nRange: bytes=0-1\r\n", 304);
}

/* Sections 14.2, 15.3.7, 15.5.17. */
static void
ranges(void **state)
{
	char fields[256];

	(void)state;
	ask("/a.txt", "Range: bytes=2-4\r\n", 206);
	assert_string_equal(body(), "234");
	assert_true(has("\r\nContent-Range: bytes 2-4/10\r\n"));
	assert_true(has("\r\nETag: ") && has("\r\nContent-Type: text/plain"));
	assert_true(answer.room_used);
	ask("/a.txt", "Range: bytes=-3\r\nConnection: close\r\n", 206);
	assert_string_equal(body(), "789");
	ask("/a.txt", "Range: bytes=10-\r\n", 416);
	assert_true(has("\r\nContent-Range: bytes */10\r\n"));
	assert_false(answer.room_used || answer.close);
	ask("/empty", "Range: bytes=0-\r\n", 416);
	assert_true(has("\r\nContent-Range: bytes */0\r\n"));
	ask("/empty", "Range: bytes=-1\r\n", 200);
	/* Several: the whole. */
	ask("/a.txt", "Range: bytes=0-1,3-4\r\n", 200);
	assert_string_equal(body(), TEXT);

	snprintf(fields, sizeof(fields), "Range: bytes=0-1\r\nIf-Range: %s\r\n",
		tag);
	ask("/a.txt", fields, 206);
	snprintf(fields, sizeof(fields),
		"Range: bytes=0-1\r\nIf-Range: W/%s\r\n", tag);
	ask("/a.txt", fields, 200);
	/* A condition that fails also saves from a 416. */
	ask("/a.txt", "Range: bytes=99-\r\nIf-Range: \"x\"\r\n", 200);
	answer.room = NULL;
	ask("/a.txt", "Range: bytes=0-1\r\n", 200);
	answer.room = kit.room;
}

/* Each refusal closes, and says so. */
static void
refusals(void **state)
{
	static const int statuses[] = {
		400, 405, 413, 414, 431, 500, 501, 503, 505};
	struct http_piece p;

	(void)state;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++) {
		http_refuse(kit.site, NULL, statuses[i], &answer);
		assert_true(answer.close);
		put_together();
		sound(statuses[i], false);
		assert_true(strlen(body()) > 0);
		req.method = HTTP_HEAD;
		http_refuse(kit.site, &req, statuses[i], &answer);
		put_together();
		sound(statuses[i], true);
	}
	http_refuse(kit.site, NULL, 405, &answer);
	put_together();
	assert_true(has("\r\nAllow: GET, HEAD\r\n"));
	http_refuse(kit.site, NULL, 418, &answer);
	put_together();
	sound(500, false);
	p = http_continue(kit.site);
	assert_int_equal(p.len, 25);
	assert_memory_equal(p.p, "HTTP/1.1 100 Continue\r\n\r\n", 25);
}

/* A second later, the answer says so, and the one on its way does not. */
static void
dates(void **state)
{
	struct http_piece before;

	(void)state;
	ask("/a.txt", "", 200);
	before = answer.piece[1];
	http_clock_tick(&kit.clock, KIT_NOW + 1);
	http_answer(kit.site, &req, &answer);
	put_together();
	assert_true(has("Date: Sun, 06 Nov 1994 09:06:18 GMT\r\n\r\n"));
	assert_memory_equal(before.p, KIT_DATE, before.len);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents),
		cmocka_unit_test(version_1_0),
		cmocka_unit_test(heads),
		cmocka_unit_test(conditions),
		cmocka_unit_test(ranges),
		cmocka_unit_test(refusals),
		cmocka_unit_test(dates),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
