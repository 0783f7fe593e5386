/* http_match_test - entity tags and ranges, RFC 9110 sections 13 and 14. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "apps/webserver/http_match.h"

#define TAG "\"ab\""
#define T   784111777
#define T_S "Sun, 06 Nov 1994 08:49:37 GMT"

/* What is asked about lies in memory that ends with it. */
static char *
exact(const char *text, size_t *len)
{
	char *copy = malloc(strlen(text) + 1);

	*len = strlen(text);
	copy = realloc(copy, *len + !*len);
	memcpy(copy, text, *len);
	return copy;
}

/* Section 13.1.2, by the weak comparison of 8.8.3.2. */
static void
none_match(void **state)
{
	static const struct {
		const char *list;
		bool match;
	} rows[] = {
		{"*", true},
		{TAG, true},
		{"W/" TAG, true},
		{"\"x\", " TAG, true},
		{"\"x\"\t,\tW/" TAG " , \"y\"", true},
		{",, " TAG, true},
		{"\"a,b\"," TAG, true},
		{"\"\"," TAG, true},
		{"", false},
		{"\"x\"", false},
		{"\"a\"", false},
		{"\"abc\"", false},
		{"\"AB\"", false},
		{"ab", false},
		{"w/" TAG, false},
		{"W/", false},
		{"W", false},
		{"\"ab", false},
		{"\"", false},
		{"\"x\" " TAG, false},
		{"x," TAG, false},
		{"* , \"x\"", false},
		{"\"x y\"," TAG, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t len;
		char *p = exact(rows[i].list, &len);

		if (http_match_tags(p, len, TAG, 4) != rows[i].match)
			fail_msg("%s", rows[i].list);
		free(p);
	}
}

static bool
if_range(const char *text, int64_t now)
{
	size_t len;
	char *p = exact(text, &len);
	bool holds = http_match_if_range(p, len, TAG, 4, T, now);

	free(p);
	return holds;
}

/* Section 13.1.5. */
static void
if_ranges(void **state)
{
	(void)state;
	assert_true(if_range(TAG, T + 9));
	assert_false(if_range("W/" TAG, T + 9));
	assert_false(if_range("\"x\"", T + 9));
	assert_false(if_range(TAG ", " TAG, T + 9));
	assert_false(if_range("*", T + 9));
	assert_false(if_range("", T + 9));
	assert_true(if_range(T_S, T + 9));
	assert_false(if_range("Sun, 06 Nov 1994 08:49:38 GMT", T + 9));
	/* 8.8.2.2: within its second, a date says nothing for sure */
	assert_false(if_range(T_S, T));
}

/* Section 14.1.2, for 100 bytes. */
static void
ranges(void **state)
{
	static const struct {
		const char *text;
		enum http_range want;
		uint64_t first, last;
	} rows[] = {
		{"bytes=0-0", HTTP_RANGE_ONE, 0, 0},
		{"bytes=0-99", HTTP_RANGE_ONE, 0, 99},
		{"BYTES=10-19", HTTP_RANGE_ONE, 10, 19},
		{"bytes=90-", HTTP_RANGE_ONE, 90, 99},
		{"bytes=99-", HTTP_RANGE_ONE, 99, 99},
		{"bytes=50-1000", HTTP_RANGE_ONE, 50, 99},
		{"bytes=0-99999999999999999999999", HTTP_RANGE_ONE, 0, 99},
		{"bytes=-1", HTTP_RANGE_ONE, 99, 99},
		{"bytes=-100", HTTP_RANGE_ONE, 0, 99},
		{"bytes=-18446744073709551617", HTTP_RANGE_ONE, 0, 99},
		{"bytes= 1-2 ,", HTTP_RANGE_ONE, 1, 2},
		{"bytes=,,1-2", HTTP_RANGE_ONE, 1, 2},
		{"bytes=100-", HTTP_RANGE_BEYOND, 0, 0},
		{"bytes=100-200", HTTP_RANGE_BEYOND, 0, 0},
		{"bytes=18446744073709551616-", HTTP_RANGE_BEYOND, 0, 0},
		{"bytes=-0", HTTP_RANGE_BEYOND, 0, 0},
		/* 14.2: ignored */
		{"bytes=0-0,5-5", HTTP_RANGE_NONE, 0, 0},
		{"bytes=9-8", HTTP_RANGE_NONE, 0, 0},
		{"bytes=200-100", HTTP_RANGE_NONE, 0, 0},
		{"bytes=-", HTTP_RANGE_NONE, 0, 0},
		{"bytes=", HTTP_RANGE_NONE, 0, 0},
		{"bytes", HTTP_RANGE_NONE, 0, 0},
		{"", HTTP_RANGE_NONE, 0, 0},
		{"bytes=1", HTTP_RANGE_NONE, 0, 0},
		{"bytes=1--2", HTTP_RANGE_NONE, 0, 0},
		{"bytes=--2", HTTP_RANGE_NONE, 0, 0},
		{"bytes=1 - 2", HTTP_RANGE_NONE, 0, 0},
		{"bytes=a-b", HTTP_RANGE_NONE, 0, 0},
		{"bytes=1-2x", HTTP_RANGE_NONE, 0, 0},
		{"bytes 1-2", HTTP_RANGE_NONE, 0, 0},
		{"lines=1-2", HTTP_RANGE_NONE, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint64_t first = 0, last = 0;
		size_t len;
		char *p = exact(rows[i].text, &len);

		if (http_match_range(p, len, 100, &first, &last) !=
				rows[i].want ||
			first != rows[i].first || last != rows[i].last)
			fail_msg("%s", rows[i].text);
		free(p);
	}
}

static void
ranges_of_nothing(void **state)
{
	uint64_t first, last;

	(void)state;
	assert_int_equal(http_match_range("bytes=0-", 8, 0, &first, &last),
		HTTP_RANGE_BEYOND);
	assert_int_equal(http_match_range("bytes=-5", 8, 0, &first, &last),
		HTTP_RANGE_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_match),
		cmocka_unit_test(if_ranges),
		cmocka_unit_test(ranges),
		cmocka_unit_test(ranges_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
