/* launch_rtc_test - mode rtc: a domain of both roles for each core. */
#include <signal.h>
#include <unistd.h>

#include "dlibos/launch/test/launch_kit.h"

#define NAME "kit-rtc"

/* All partitions of both roles, and no edges. */
static void
has_both(pid_t pid)
{
	static const char *const want[] = {"memfd:dl-rx-rtc0",
		"memfd:dl-txhdr-rtc0", "memfd:dl-app-rtc0",
		"memfd:dl-stat-rtc0"};
	char path[64], line[512];
	unsigned found = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	f = fopen(path, "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		for (unsigned i = 0; i < 4; i++)
			found +=
				strstr(line, want[i]) && strstr(line, " rw-s ");
	fclose(f);
	assert_int_equal(found, 4);
	assert_int_equal(kit_maps(pid), 4);
}

static void
one_core(void **state)
{
	struct run r;
	char text[4096];
	pid_t pid;

	(void)state;
	if (geteuid()) {
		print_message("needs root: a port\n");
		skip();
	}
	kit_start(&r, "run", "--name", NAME, "--mode", "rtc", "--idle", "sleep",
		"--port", "veth:ours", "--ip", "192.0.2.2/24", "--", NETMATE,
		NULL);
	kit_await(&r, ERR, "rtc0: done\n", 1);
	assert_non_null(strstr(
		r.text[ERR], "rtc0: before packet works on afpacket:ours\n"));
	assert_non_null(strstr(r.text[ERR], "rtc0: after packet EPERM\n"));
	pid = kit_domain(NAME, "rtc0");
	assert_true(pid > 0);
	has_both(pid);
	kit_order(text, sizeof(text), "status", NAME, NULL);
	assert_non_null(strstr(text, "layout 1:1, mode rtc, "));
	assert_non_null(
		strstr(text, "\nrtc0     port afpacket:ours, 192.0.2.2/24; "));
	assert_int_equal(kit_count(text, " running "), 1);
	assert_int_equal(kit_order(text, sizeof(text), "stop", NAME, NULL), 0);
	kit_end(&r, 0);
	kit_free(&r);
}

/* Without a port, as many as the layout says. */
static void
many_cores(void **state)
{
	struct run r;

	(void)state;
	kit_start(&r, "run", "--mode", "rtc", "--oversubscribe", "--layout",
		"a-rtc", "--", NETMATE, NULL);
	kit_await(&r, ERR, ": done\n", 36);
	kill(r.pid, SIGINT);
	kit_end(&r, 0);
	kit_free(&r);
	kit_finish(&r, 2, "run", "--mode", "rtc", "--oversubscribe", "--layout",
		"a-rtc", "--port", "tap", "--", NETMATE, NULL);
	assert_int_equal(kit_lines(&r), 1);
	assert_non_null(strstr(r.text[ERR], "each of 36 cores is one"));
	kit_free(&r);
}

/* A program that is written against dlibos.h runs as it is, also where there
 * is no port. */
static void
a_program_without_a_port(void **state)
{
	struct run r;

	(void)state;
	kit_finish(&r, 3, "run", "--mode", "rtc", "--", SUBJECT, "exit", "3",
		NULL);
	assert_int_equal(kit_count(r.text[ERR], "exited with status 3"), 1);
	kit_free(&r);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_core),
		TEST(many_cores),
		TEST(a_program_without_a_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
