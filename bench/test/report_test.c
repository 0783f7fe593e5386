/* report_test - medians, spreads, and JSON whatever a note holds. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "bench/report.h"
#include "bench/test/json.h"

static char text[4096];

static void
print(const struct report *r)
{
	FILE *f = fmemopen(text, sizeof(text), "w");

	assert_non_null(f);
	text[0] = '\0';
	report_print(r, true, f);
	fclose(f);
}

/* The only metric of r, as a line. */
static void
assert_json(const struct report *r, const char *want)
{
	size_t len;

	print(r);
	len = strlen(text);
	assert_true(len > 0);
	assert_int_equal(text[len - 1], '\n');
	text[len - 1] = '\0';
	assert_null(json_wrong(text));
	if (want)
		assert_string_equal(text, want);
}

static void
median_and_spread(void **state)
{
	struct report r;

	(void)state;
	report_init(&r, "b");
	report_add(&r, "m", "ns", 30);
	report_add(&r, "m", "ns", 10);
	report_add(&r, "m", "ns", 20);
	assert_json(&r,
		"{\"bench\":\"b\",\"metric\":\"m\",\"value\":20,"
		"\"unit\":\"ns\",\"spread\":1,\"n\":3,\"note\":\"\"}");
	report_fini(&r);
}

static void
a_value_is_the_median(void **state)
{
	struct report r;

	(void)state;
	report_init(&r, "b");
	report_note(&r, "m", "without samples");
	assert_true(isnan(report_value(&r, "m")));
	report_add(&r, "m", "ns", 30);
	report_add(&r, "m", "ns", 10);
	report_add(&r, "m", "ns", 20);
	assert_true(report_value(&r, "m") == 20);
	assert_true(isnan(report_value(&r, "n")));
	report_fini(&r);
}

static void
nothing_is_divided_by_zero(void **state)
{
	struct report r;

	(void)state;
	report_init(&r, "b");
	report_add(&r, "m", "ns", 0);
	assert_json(&r,
		"{\"bench\":\"b\",\"metric\":\"m\",\"value\":0,"
		"\"unit\":\"ns\",\"spread\":0,\"n\":1,\"note\":\"\"}");
	report_add(&r, "m", "ns", 0);
	report_add(&r, "m", "ns", 5);
	assert_json(&r,
		"{\"bench\":\"b\",\"metric\":\"m\",\"value\":0,"
		"\"unit\":\"ns\",\"spread\":1,\"n\":3,\"note\":\"\"}");
	report_fini(&r);
}

static void
any_note_is_valid_json(void **state)
{
	static const char *const nasty[] = {
		"\"",
		"\\",
		"a\nb\tc\r",
		"\x01\x1f\x7f",
		"\xff\xc3",
		"}\",{",
	};
	char all[255 + 1];
	struct report r;

	(void)state;
	report_init(&r, "b");
	report_add(&r, "m", "ns", -1.5e-9);
	for (unsigned i = 0; i < sizeof(nasty) / sizeof(*nasty); i++) {
		report_note(&r, "m", "%s", nasty[i]);
		assert_json(&r, NULL);
	}
	for (int i = 0; i < 255; i++)
		all[i] = (char)(i + 1);
	all[255] = '\0';
	report_note(&r, "m", "%s", all); /* and is cut */
	assert_json(&r, NULL);
	report_note(&r, "m", "%s", all + 100);
	assert_json(&r, NULL);
	report_fini(&r);
}

static void
a_note_alone_shows_nothing(void **state)
{
	struct report r;

	(void)state;
	report_init(&r, "b");
	report_note(&r, "m", "never measured");
	print(&r);
	assert_string_equal(text, "");
	report_fini(&r);
}

#define GOOD                                                                 \
	"{\"bench\":\"b\",\"metric\":\"m\",\"value\":1.5e+03,\"unit\":\"\"," \
	"\"spread\":0,\"n\":3,\"note\":\"\\u0041\"}"

/* The checker itself: every line that is one character short or changed in
 * its punctuation is refused. */
static void
the_checker_refuses(void **state)
{
	char line[sizeof(GOOD) + 1];

	(void)state;
	assert_null(json_wrong(GOOD));
	assert_non_null(json_wrong(""));
	assert_non_null(json_wrong(GOOD "x"));
	for (size_t len = 0; len + 1 < sizeof(GOOD); len++) {
		memcpy(line, GOOD, len);
		line[len] = '\0';
		assert_non_null(json_wrong(line));
	}
	for (size_t i = 0; i + 1 < sizeof(GOOD); i++) {
		if (!strchr("{}:,\"", GOOD[i]))
			continue;
		memcpy(line, GOOD, sizeof(GOOD));
		line[i] = ';';
		assert_non_null(json_wrong(line));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(median_and_spread),
		cmocka_unit_test(a_value_is_the_median),
		cmocka_unit_test(nothing_is_divided_by_zero),
		cmocka_unit_test(any_note_is_valid_json),
		cmocka_unit_test(a_note_alone_shows_nothing),
		cmocka_unit_test(the_checker_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
