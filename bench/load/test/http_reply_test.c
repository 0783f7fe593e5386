/* http_reply_test - responses at every cut into two, and byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bench/load/http_reply.h"

struct sample {
	const char *text;
	bool whole; /* else it is garbage */
	bool end;   /* only the end of the connection ends it */
	bool close;
	unsigned status;
	uint64_t body;
};

static const struct sample sample[] = {
	{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", true, false,
		false, 200, 5},
	{"HTTP/1.1 200 OK\ncontent-length:5 \n\nhello", true, false, false, 200,
		5},
	{"HTTP/1.1 404 Not Found\r\nServer: x\r\nContent-Length: 0\r\n"
	 "Connection: close\r\n\r\n",
		true, false, true, 404, 0},
	{"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n.", true, false, true,
		200, 1},
	{"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n"
	 "\r\n.",
		true, false, false, 200, 1},
	{"HTTP/1.1 204 \r\nA: b\r\n\r\n", true, false, false, 204, 0},
	{"HTTP/1.1 304\r\nContent-Length: 7\r\n\r\n", true, false, false, 304,
		0},
	{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 x\r\nContent-Length: 9\r\n"
	 "\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
		true, false, false, 200, 2},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	 "3\r\nabc\r\n0a;x=y\r\n0123456789\r\n0\r\nT: r\r\n\r\n",
		true, false, false, 200, 13},
	{"HTTP/1.1 200 OK\r\n\r\nuntil the end", true, true, true, 200, 13},
	{"HTTP/2.0 200 OK\r\n\r\n", false, false, false, 0, 0},
	{"HTTP/1.1 20 OK\r\n\r\n", false, false, false, 0, 0},
	{"HTTP/1.1 2000 OK\r\n\r\n", false, false, false, 0, 0},
	{"SSH-2.0-x\r\n", false, false, false, 0, 0},
	{"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", false, false, false, 0, 0},
	{"HTTP/1.1 200 OK\r\nA b: c\r\n\r\n", false, false, false, 0, 0},
	{"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", false, false, false,
		0, 0},
	{"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
		false, false, false, 0, 0},
	{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n..",
		false, false, false, 0, 0},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", false, false,
		false, 0, 0},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", false,
		false, false, 0, 0},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
		false, false, false, 0, 0},
};

/* A piece in memory of its own, so that the sanitizer sees a step too far. */
static size_t
eat(struct http_reply *r, const char *text, size_t len)
{
	uint8_t *p = malloc(len ? len : 1);
	size_t used;

	memcpy(p, text, len);
	used = http_reply_eat(r, p, len);
	free(p);
	return used;
}

static void
judge(const struct sample *s, struct http_reply *r, size_t used)
{
	if (!s->whole) {
		assert_int_equal(r->phase, HTTP_REPLY_BAD);
		return;
	}
	if (s->end) {
		assert_int_not_equal(r->phase, HTTP_REPLY_DONE);
		assert_true(http_reply_end(r));
	}
	assert_int_equal(r->phase, HTTP_REPLY_DONE);
	assert_int_equal(used, strlen(s->text));
	assert_int_equal(r->status, s->status);
	assert_int_equal(r->body, s->body);
	assert_int_equal(r->close, s->close);
}

static void
cut_anywhere_it_is_the_same(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(sample) / sizeof(*sample); i++) {
		const struct sample *s = &sample[i];
		size_t len = strlen(s->text);

		for (size_t cut = 0; cut <= len; cut++) {
			struct http_reply r = {0};
			size_t used = eat(&r, s->text, cut);

			if (used == cut)
				used += eat(&r, s->text + cut, len - cut);
			judge(s, &r, used);
		}
	}
}

static void
byte_by_byte(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(sample) / sizeof(*sample); i++) {
		const struct sample *s = &sample[i];
		struct http_reply r = {0};
		size_t used = 0;

		for (size_t at = 0; at < strlen(s->text); at++)
			used += eat(&r, s->text + at, 1);
		judge(s, &r, used);
	}
}

/* What follows the response is not eaten. */
static void
the_next_one_is_left(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(sample) / sizeof(*sample); i++) {
		const struct sample *s = &sample[i];
		struct http_reply r = {0};
		char two[512];

		if (!s->whole || s->end)
			continue;
		snprintf(two, sizeof(two), "%s%s", s->text, s->text);
		judge(s, &r, eat(&r, two, strlen(two)));
		assert_int_equal(eat(&r, two, 3), 0);
	}
}

static void
a_head_without_end_is_garbage(void **state)
{
	struct http_reply r = {0};
	static char line[1000];

	(void)state;
	eat(&r, "HTTP/1.1 200 OK\r\nA: ", 20);
	memset(line, 'x', sizeof(line));
	for (unsigned i = 0; i < 100; i++)
		eat(&r, line, sizeof(line));
	assert_int_equal(r.phase, HTTP_REPLY_BAD);
	assert_false(http_reply_end(&r));
}

static void
an_end_in_the_middle_is_none(void **state)
{
	static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"
				   "\r\nhell";

	(void)state;
	for (size_t cut = 0; cut < sizeof(text); cut++) {
		struct http_reply r = {0};

		eat(&r, text, cut);
		assert_false(http_reply_end(&r));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_anywhere_it_is_the_same),
		cmocka_unit_test(byte_by_byte),
		cmocka_unit_test(the_next_one_is_left),
		cmocka_unit_test(a_head_without_end_is_garbage),
		cmocka_unit_test(an_end_in_the_middle_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
