/* options_test - what all load generators are asked, and where they answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/load/options.h"

static int
none(void *arg, const char *key, const char *value)
{
	(void)arg;
	(void)key;
	(void)value;
	return 0;
}

static const char *
help(void)
{
	return "";
}

static int
parse(struct options *o, char *word, char *value)
{
	char *argv[] = {"load", "--to", "192.0.2.1", word, value};

	options_defaults(o, "load", 80);
	o->own = none;
	o->help = help;
	return options_parse(o, 3 + !!word + !!value, argv);
}

static void
defaults_are_what_the_help_says(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, NULL, NULL), 0);
	assert_int_equal(o.port, 80);
	assert_int_equal(o.threads, 1);
	assert_int_equal(o.load.conns, 64);
	assert_int_equal(o.load.depth, 1);
	assert_int_equal(o.load.seed, 1);
	assert_int_equal(o.load.run_ns, 3000000000);
	assert_int_equal(o.load.warm_ns, 500000000);
	assert_int_equal(o.load.timeout_ns, 2000000000);
	assert_false(o.load.one || o.load.bare || o.spin || o.json);
	assert_int_equal(o.load.arrival, ARRIVAL_EQUAL);
	assert_int_equal(parse(&o, "--arrival", "etc"), 0);
	assert_int_equal(o.load.arrival, ARRIVAL_ETC);
	assert_int_equal(parse(&o, "--poisson", NULL), 0);
	assert_int_equal(o.load.arrival, ARRIVAL_POISSON);
	assert_int_equal(parse(&o, "--arrival", "never"), 2);
	assert_int_equal(parse(&o, "--arrival", NULL), 2);
	assert_int_equal(parse(&o, "--port", "81"), 0);
	assert_int_equal(o.port, 81);
	assert_int_equal(parse(&o, "--port", "65536"), 2);
	assert_int_equal(parse(&o, "--port", NULL), 2);
	assert_int_equal(parse(&o, "--nonsense", "1"), 2);
	assert_int_equal(parse(&o, "--pipeline", "0"), 2);
	assert_int_equal(parse(&o, "-t", "65"), 2);
}

static void
the_result_goes_where_it_is_told(void **state)
{
	char path[] = "/tmp/options_test.XXXXXX";
	int fd = mkstemp(path);
	struct options o;
	FILE *out;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "old", 3), 3);
	options_defaults(&o, "load", 80);
	assert_int_equal(options_out(&o, &out), 0);
	assert_ptr_equal(out, stdout);
	o.json = path;
	assert_int_equal(options_out(&o, &out), 0);
	fclose(out);
	assert_int_equal(lseek(fd, 0, SEEK_END), 0);
	close(fd);
	unlink(path);
	o.json = "/nonexistent/result";
	assert_int_equal(options_out(&o, &out), 2);
	assert_null(out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_what_the_help_says),
		cmocka_unit_test(the_result_goes_where_it_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
