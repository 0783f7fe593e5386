/* launch_run_test - `dlibos run` as it is meant, with every layout that ships;
 * and every flag that is wrong. */
#include <stdlib.h>
#include <unistd.h>

#include "dlibos/launch/test/launch_kit.h"

/* All cores of the layout got all their answers. */
static void
ping_runs(const char *layout, unsigned cores)
{
	struct run r;

	kit_finish(&r, 0, "run", "--oversubscribe", "--layout", layout, "--",
		PING, "--count", "300", "--window", "16", NULL);
	assert_int_equal(kit_lines(&r), 0);
	assert_int_equal(kit_count(r.text[OUT], "app core "), cores);
	assert_int_equal(
		kit_count(r.text[OUT], " pings answered a second\n"), cores);
	kit_free(&r);
}

static void
plainly(void **state)
{
	struct run r;

	(void)state;
	kit_finish(&r, 0, "run", "--", PING, "--count", "10000", NULL);
	assert_int_equal(kit_lines(&r), 0);
	assert_int_equal(kit_count(r.text[OUT], "app core 0: one way "), 1);
	kit_free(&r);
}

static void
layouts_that_ship(void **state)
{
	(void)state;
	ping_runs("1:1", 1);
	ping_runs("1:2", 1);
	ping_runs("b-naive", 18);
	ping_runs("c-1to2-all", 24);
	ping_runs("d-1to2-quadrant", 24);
	ping_runs("e-1to1-all", 20);
	ping_runs("f-1to1-quadrant", 20);
	ping_runs("g-2to1-all", 12);
	ping_runs("h-2to1-quadrant", 12);
}

/* Each application core in a process of its own. */
static void
domains_each(void **state)
{
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s",
		kit_file("each.layout",
			"[layout]\ngrid = 6x6\nreach = quadrant\napp_domains = "
			"each\n"
			"[roles]\n0 = NAANAA\n1 = ANAANA\n2 = AANAAN\n"
			"3 = NAANAA\n4 = ANAANA\n5 = AANAAN\n"
			"[quadrants]\n0 = 000111\n1 = 000111\n2 = 000111\n"
			"3 = 222333\n4 = 222333\n5 = 222333\n",
			0644));
	ping_runs(path, 24);
	snprintf(path, sizeof(path), "%s",
		kit_file("poll.layout",
			"[layout]\nidle = poll\napp_domains = each\nslots = 8\n"
			"[roles]\n0 = NNAAA\n",
			0644));
	ping_runs(path, 3);
}

static void
idle_policies(void **state)
{
	static const char *const policy[] = {
		"poll", "yield", "adaptive", "sleep"};

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct run r;

		kit_finish(&r, 0, "run", "--idle", policy[i], "--stats", "--",
			PING, "--count", "200", NULL);
		assert_int_equal(kit_count(r.text[ERR],
					 "app0     core 1 to 0: "
					 "sent 400, received 400"),
			1);
		kit_free(&r);
	}
}

static void
standard_descriptors_are_closed(void **state)
{
	struct run r;

	(void)state;
	kit_shell(&r, 0, DLIBOS " run -- " PING " --count 100 <&- 2>&-");
	assert_int_equal(kit_count(r.text[OUT], "app core 0: one way "), 1);
	kit_free(&r);
	kit_shell(&r, 5, DLIBOS " run -- " SUBJECT " exit 5 <&- >&- 2>&-");
	kit_free(&r);
}

/* At each limit of descriptors something else is what fails first. */
static void
descriptors_run_out(void **state)
{
	char cmd[512];

	(void)state;
	for (int limit = 10; limit < 300; limit = limit * 5 / 4) {
		struct run r;

		snprintf(cmd, sizeof(cmd),
			"ulimit -n %d; exec " DLIBOS
			" run --oversubscribe --layout b-naive -- " SUBJECT
			" exit 4",
			limit);
		kit_shell(&r, 1, cmd);
		if (kit_lines(&r) != 1)
			fail_msg("one line is wanted:\n%s", r.text[ERR]);
		kit_free(&r);
	}
}

struct wrong {
	const char *want;
	const char *arg[6];
};

static const struct wrong wrongs[] = {
	{"which command?", {NULL}},
	{"walk: no such command", {"walk"}},
	{"no program; usage: dlibos run ", {"run"}},
	{"no program; ", {"run", "--"}},
	{"--wrong: no such option", {"run", "--wrong", "--", "true"}},
	{"-x: no such option", {"run", "-x", "--", "true"}},
	{"-xyz: no such option", {"run", "-xyz", "--", "true"}},
	{"--name: no such option, or it lacks a value", {"run", "--name"}},
	{"--stats=2: no such option, or it lacks a value or takes none",
		{"run", "--stats=2", "--", "true"}},
	{"--name: a name is 1 to 23 letters", {"run", "--name", "", "true"}},
	{"--name: a name is ", {"run", "--name", "a/b", "true"}},
	{"--name: a name is ", {"run", "--name", "a\nb", "true"}},
	{"--name: a name is ",
		{"run", "--name", "a-name-that-is-far-too-long", "true"}},
	{"--idle never: choose poll, yield, adaptive, sleep or sharing",
		{"run", "--idle", "never", "true"}},
	{"--dispatch random: choose round-robin or least-conns",
		{"run", "--dispatch", "random", "true"}},
	{"--dispatch : choose", {"run", "--dispatch", "", "true"}},
	{"--idle : choose", {"run", "--idle", "", "true"}},
	{"--app-memory 0: say how many MiB",
		{"run", "--app-memory", "0", "true"}},
	{"--app-memory -1: say", {"run", "--app-memory", "-1", "true"}},
	{"--app-memory 5m: say", {"run", "--app-memory", "5m", "true"}},
	{"--app-memory : say", {"run", "--app-memory", "", "true"}},
	{"--app-memory 99999999999999999999: say",
		{"run", "--app-memory", "99999999999999999999", "true"}},
	{"--user nobody-at-all: there is no such user",
		{"run", "--user", "nobody-at-all", "true"}},
	{"--user root: a program may not run as root",
		{"run", "--user", "root", "true"}},
	{"no-such", {"run", "--layout", "no-such", "true"}},
	{"0:1", {"run", "--layout", "0:1", "true"}},
	{"a-rtc has run-to-completion cores: choose one with net and app "
	 "cores, or --mode rtc",
		{"run", "--layout", "a-rtc", "true"}},
	{"--mode split: choose dlibos or rtc",
		{"run", "--mode", "split", "true"}},
};

#define WRONGS (sizeof(wrongs) / sizeof(*wrongs))

static void
wrong_flags(void **state)
{
	(void)state;
	for (unsigned i = 0; i < WRONGS; i++) {
		const struct wrong *w = &wrongs[i];
		struct run r;

		kit_finish(&r, 2, w->arg[0], w->arg[1], w->arg[2], w->arg[3],
			w->arg[4], NULL);
		if (!strstr(r.text[ERR], w->want) || kit_lines(&r) != 1 ||
			kit_count(r.text[ERR], "\n") != 1)
			fail_msg("\"%s\" is wanted, in one line:\n%s", w->want,
				r.text[ERR]);
		kit_free(&r);
	}
}

static void
too_large_a_layout(void **state)
{
	struct run r;

	(void)state;
	if (sysconf(_SC_NPROCESSORS_ONLN) >= 36) {
		print_message("this machine has CPUs for all of b-naive\n");
		skip();
	}
	kit_finish(&r, 2, "run", "--layout", "b-naive", "--", PING, NULL);
	assert_int_equal(kit_lines(&r), 1);
	assert_non_null(strstr(r.text[ERR], "--oversubscribe"));
	kit_free(&r);
}

/* A program that somebody starts by hand. */
static void
by_hand(int status, const char *channel, const char *want)
{
	struct run r;
	char cmd[512];

	snprintf(cmd, sizeof(cmd), "%s%s " SUBJECT " idle",
		channel ? "DLIBOS_CHANNEL=" : "", channel ? channel : "");
	kit_shell(&r, status, cmd);
	if (!strstr(r.text[ERR], want) || kit_count(r.text[ERR], "\n") != 1)
		fail_msg("\"%s\" is wanted, in one line:\n%s", want,
			r.text[ERR]);
	kit_free(&r);
}

static void
started_by_hand(void **state)
{
	(void)state;
	by_hand(2, NULL,
		"this program runs inside an instance; start it by: "
		"dlibos run -- ");
	by_hand(2, "abc", "DLIBOS_CHANNEL=abc is no open descriptor");
	by_hand(2, "''", "DLIBOS_CHANNEL= is no open descriptor");
	by_hand(2, "77", "DLIBOS_CHANNEL=77 is no open descriptor");
	by_hand(2, "-1", "DLIBOS_CHANNEL=-1 is no open descriptor");
	by_hand(2, "99999999999999999999", " is no open descriptor");
	by_hand(1, "0", "the launcher did not send a plan");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(plainly),
		TEST(layouts_that_ship),
		TEST(domains_each),
		TEST(idle_policies),
		TEST(standard_descriptors_are_closed),
		TEST(descriptors_run_out),
		TEST(wrong_flags),
		TEST(too_large_a_layout),
		TEST(started_by_hand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
