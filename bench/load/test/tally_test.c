/* tally_test - what failed as a line, and the status of a result. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "bench/load/tally.h"

static void
failures_are_named(void **state)
{
	static struct tally t;
	char text[256], cut[8];

	(void)state;
	tally_failures(&t, text, sizeof(text));
	assert_string_equal(text, "");
	t.error[TALLY_RESET] = 2;
	t.error[TALLY_WRONG] = 1;
	t.unsent = 7;
	tally_failures(&t, text, sizeof(text));
	assert_string_equal(text, "2 reset, 1 wrong, 7 unsent");
	tally_failures(&t, cut, sizeof(cut));
	assert_string_equal(cut, "2 reset");
	for (unsigned i = TALLY_OK + 1; i < TALLY_KINDS; i++)
		t.error[i] = UINT64_MAX; /* more than there is room */
	tally_failures(&t, text, sizeof(text));
	assert_int_equal(strlen(text), sizeof(text) - 1);
}

static int
status_of(uint64_t done, uint64_t failed)
{
	static struct tally t;
	FILE *out = tmpfile();
	int status;

	assert_non_null(out);
	t.done = done;
	t.error[TALLY_SHORT] = failed;
	status = tally_report(&t, "\"x\": 1, ", 0, out);
	rewind(out);
	assert_int_equal(fgetc(out), '{');
	assert_int_equal(fgetc(out), '"');
	assert_int_equal(fgetc(out), 'x');
	fclose(out);
	return status;
}

static void
the_status_is_the_results(void **state)
{
	(void)state;
	assert_int_equal(status_of(5, 0), 0);
	assert_int_equal(status_of(5, 1), 1);
	assert_int_equal(status_of(0, 1), 1);
	assert_int_equal(status_of(0, 0), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failures_are_named),
		cmocka_unit_test(the_status_is_the_results),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
