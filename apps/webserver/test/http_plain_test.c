/* http_plain_test - the table of bytes, and the short cut through a plain head:
 * what it takes, the long way takes for the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "apps/webserver/char.h"
#include "apps/webserver/http_parse.h"

#define L " HTTP/1.1\r\n"

static struct http_request req;

static void
classes(void **state)
{
	static const char token[] = "!#$%&'*+-.^_`|~";

	(void)state;
	for (int c = 0; c < 256; c++) {
		bool alnum = (c >= '0' && c <= '9') ||
			((c | 32) >= 'a' && (c | 32) <= 'z' && c < 128);
		bool seen = c > ' ' && c < 127;

		assert_int_equal(char_is((char)c, CHAR_TOKEN),
			alnum || (c && strchr(token, c)));
		assert_int_equal(
			char_is((char)c, CHAR_QUERY), seen && c != '#');
		assert_int_equal(char_is((char)c, CHAR_PLAIN),
			seen && !strchr("#%?.", c));
		assert_int_equal(char_is((char)c, CHAR_HOST),
			alnum || (c && strchr("-._~!$&'()*+,;=%", c)));
		assert_int_equal(char_is((char)c, CHAR_TAG),
			(seen && c != '"') || c > 127);
		assert_int_equal(
			char_is((char)c, CHAR_DIGIT), c >= '0' && c <= '9');
	}
}

/* A plain head begins with a short cut; an empty line before it, or a byte that
 * is not plain in the host, leads the long way, which must see the same. */
static void
the_short_cut_sees_the_same(void **state)
{
	static const char *const starts[] = {"GET /a.b", "GET /.a", "GET /a.",
		"GET /a..b/c", "GET /a/..", "GET /a/.b", "GET /%61", "GET /a?b",
		"GET /", "GET //", "GET /a b", "GET ", "GET /a\x7f", "HEAD /a"};
	static const char *const hosts_of[] = {"a", "", "a:80", "a:", ":80",
		"a:8x", "a.b-c", "[::1]", "a b", "a\r", "a\tb", "a_b"};
	static struct http_request fast;

	(void)state;
	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		for (size_t j = 0; j < sizeof(hosts_of) / sizeof(*hosts_of);
			j++) {
			char text[128];
			int rc,
				n = snprintf(text, sizeof(text),
					"\r\n%s" L "Host: %s\r\n\r\n",
					starts[i], hosts_of[j]);

			rc = http_parse(&fast, text + 2, (size_t)n - 2);
			assert_int_equal(http_parse(&req, text, (size_t)n),
				rc > 0 ? rc + 2 : rc);
			if (rc < 0)
				continue;
			assert_int_equal(fast.method, req.method);
			assert_int_equal(fast.minor, req.minor);
			assert_int_equal(fast.keep_alive, req.keep_alive);
			assert_int_equal(fast.path.len, req.path.len);
			assert_memory_equal(
				fast.path.p, req.path.p, req.path.len);
			assert_ptr_equal(fast.host.p, req.host.p);
			assert_int_equal(fast.host.len, req.host.len);
			assert_ptr_equal(fast.query.p, req.query.p);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(classes),
		cmocka_unit_test(the_short_cut_sees_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
