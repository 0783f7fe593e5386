/* tcp_response_test - against the tables of RFC 9438, 5.1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/tcp_response.h"

static const struct {
	double p, w100, w10; /* at 100 ms (table 1), at 10 ms (table 2) */
} table[] = {
	{1e-2, 12, 12},
	{1e-3, 38, 38},
	{1e-4, 187, 120},
	{1e-5, 1054, 379},
	{1e-6, 5926, 1200},
	{1e-7, 33325, 5926},
	{1e-8, 187400, 33325},
};

/* The tables round the factors first, to 1.054 and 1.2. */
static void
near(double is, double should)
{
	assert_true(is > should * 0.98 && is < should * 1.03);
}

static void
as_in_the_tables(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		near(tcp_response(table[i].p, 0.1), table[i].w100);
		near(tcp_response(table[i].p, 0.01), table[i].w10);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_in_the_tables),
	};

	return cmocka_run_group_tests_name("tcp_response", tests, NULL, NULL);
}
