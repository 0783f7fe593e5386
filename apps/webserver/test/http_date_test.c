/* http_date_test - dates against the C library's calendar, the three forms of
 * RFC 9110 section 5.6.7, and slots that hold still.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "apps/webserver/http_date.h"

#define NOW 1792000000 /* in 2026 */

static int64_t
parsed(const char *text)
{
	size_t len = strlen(text);
	char *copy = malloc(len + !len);
	int64_t t = -1;
	bool ok;

	memcpy(copy, text, len);
	ok = http_date_parse(copy, len, NOW, &t);
	free(copy);
	assert_int_equal(ok, t != -1);
	return t;
}

static void
as_the_library(void **state)
{
	(void)state;
	/* Each day has its turn, at changing times of day. */
	for (int64_t t = 0; t < HTTP_DATE_MAX; t += 86400 * 3 + 4271) {
		char ours[HTTP_DATE_LEN + 1] = "", theirs[64];
		time_t clock = (time_t)t;
		struct tm tm;

		gmtime_r(&clock, &tm);
		strftime(theirs, sizeof(theirs), "%a, %d %b %Y %H:%M:%S GMT",
			&tm);
		http_date_write(ours, t);
		assert_string_equal(ours, theirs);
		assert_int_equal(parsed(ours), t);
		strftime(theirs, sizeof(theirs), "%a %b %e %H:%M:%S %Y", &tm);
		assert_int_equal(parsed(theirs), t);
	}
}

static void
forms(void **state)
{
	(void)state;
	assert_int_equal(parsed("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
	assert_int_equal(parsed("Sunday, 06-Nov-94 08:49:37 GMT"), 784111777);
	assert_int_equal(parsed("Sun Nov  6 08:49:37 1994"), 784111777);
	/* Two digits: at most 50 years ahead (2026 + 50). */
	assert_int_equal(parsed("Tuesday, 01-Jan-76 00:00:00 GMT"), 3345062400);
	assert_int_equal(parsed("Saturday, 01-Jan-77 00:00:00 GMT"), 220924800);
	assert_int_equal(parsed("Thu, 29 Feb 2024 00:00:00 GMT"), 1709164800);
	assert_int_equal(parsed("Sat, 31 Dec 2016 23:59:60 GMT"), 1483228800);
}

static void
not_dates(void **state)
{
	static const char *const rows[] = {
		"",
		"0",
		"Sun, 06 Nov 1994 08:49:37",
		"Sun, 06 Nov 1994 08:49:37 GMT ",
		"Sun, 06 Nov 1994 08:49:37 UTC",
		"sun, 06 Nov 1994 08:49:37 GMT",
		"Sun, 6 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nox 1994 08:49:37 GMT",
		"Sun, 00 Nov 1994 08:49:37 GMT",
		"Sun, 31 Nov 1994 08:49:37 GMT",
		"Wed, 29 Feb 2023 00:00:00 GMT",
		"Thu, 29 Feb 1900 00:00:00 GMT",
		"Sun, 06 Nov 1994 24:00:00 GMT",
		"Sun, 06 Nov 1994 08:60:00 GMT",
		"Sun, 06 Nov 1994 08:49:61 GMT",
		"Sun, 06 Nov 1994 0x:49:37 GMT",
		"Sunday, 06-Nov-1994 08:49:37 GMT",
		"Someday, 06-Nov-94 08:49:37 GMT",
		"Sunday",
		"Sun Nov  6 08:49:37 94  ",
		"Sun Nov    08:49:37 1994",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (parsed(rows[i]) != -1)
			fail_msg("%s", rows[i]);
}

static void
at_the_ends(void **state)
{
	char text[HTTP_DATE_LEN + 1] = "";

	(void)state;
	http_date_write(text, INT64_MIN);
	assert_string_equal(text, "Thu, 01 Jan 1970 00:00:00 GMT");
	http_date_write(text, INT64_MAX);
	assert_string_equal(text, "Fri, 31 Dec 9999 23:59:59 GMT");
}

/* RFC 9110 section 6.6.1. */
static void
the_line_of_a_second_holds_still(void **state)
{
	char *memory = aligned_alloc(64, HTTP_CLOCK_BYTES);
	static char copy[HTTP_CLOCK_BYTES];
	struct http_clock c;
	const char *first;

	(void)state;
	http_clock_begin(&c, memory, 784111777);
	assert_memory_equal(c.line,
		"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n", HTTP_CLOCK_LINE);
	assert_int_equal((uintptr_t)c.line % 64, 0);
	first = c.line;
	memcpy(copy, first, HTTP_CLOCK_SLOT);
	http_clock_tick(&c, 784111777);
	assert_ptr_equal(c.line, first);
	for (int i = 1; i < HTTP_CLOCK_SLOTS; i++) {
		http_clock_tick(&c, 784111777 + i);
		assert_true(c.line >= memory &&
			c.line + HTTP_CLOCK_SLOT <= memory + HTTP_CLOCK_BYTES);
		assert_memory_equal(copy, first, HTTP_CLOCK_LINE);
	}
	/* As long as promised, and no longer. */
	http_clock_tick(&c, 784111777);
	assert_ptr_equal(c.line, first);
	free(memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_the_library),
		cmocka_unit_test(forms),
		cmocka_unit_test(not_dates),
		cmocka_unit_test(at_the_ends),
		cmocka_unit_test(the_line_of_a_second_holds_still),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
