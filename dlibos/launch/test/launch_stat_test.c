/* launch_stat_test - `dlibos stat` and `dlibos top`, of instances that run. */
#include <ctype.h>
#include <stdlib.h>
#include <unistd.h>

#include "dlibos/launch/test/launch_kit.h"

#define NAME "kit-stat"

static char text[TEXT_MAX];

static void
stat_now(const char *option)
{
	assert_int_equal(
		kit_order(text, sizeof(text), "stat", NAME, option), 0);
}

static void
stop(struct run *r)
{
	char answer[64];

	assert_int_equal(
		kit_order(answer, sizeof(answer), "stop", NAME, NULL), 0);
	kit_end(r, 0);
	kit_free(r);
}

/* Where it is; NULL: it is not. Fails if it is there twice. */
static const char *
find(const char *key)
{
	char want[128];
	const char *at;

	snprintf(want, sizeof(want), "\n%s ", key);
	at = strstr(text, want);
	if (at && strstr(at + 1, want))
		fail_msg("%s: there twice: %s", key, text);
	return at ? at + strlen(want) : NULL;
}

static uint64_t
value(const char *key)
{
	const char *at = find(key);

	if (!at)
		fail_msg("%s: not there: %s", key, text);
	return strtoull(at, NULL, 10);
}

/* Asks until it is there, in an instance that perhaps is still to start. */
static void
await(const char *key, uint64_t least)
{
	uint64_t until = kit_now_ms() + WAIT_MS;
	const char *at = NULL;

	do
		if (!kit_order(text, sizeof(text), "stat", NAME, NULL))
			at = find(key);
	while ((!at || strtoull(at, NULL, 10) < least) && kit_now_ms() < until);
	assert_true(value(key) >= least);
}

/* What was counted is seen, and it grows. */
static void
counters_of_ping(void **state)
{
	struct run r;
	uint64_t pings;

	(void)state;
	kit_start(&r, "run", "--name", NAME, "--", PING, "--count", "900000000",
		NULL);
	await("net0.core0.door.pings", 1);
	pings = value("net0.core0.door.pings");
	await("net0.core0.door.pings", pings + 1);
	assert_true(value("net0.core0.hub.clock_hz") > 1000000);
	assert_true(value("net0.core0.hub.busy_cycles") > 0);
	assert_true(value("net0.core0.to1.received") >=
		value("net0.core0.door.pings"));
	assert_true(value("app0.core1.to0.sent") > 0);
	assert_int_equal(value("app0.core1.app.accepted"), 0);
	assert_int_equal(value("app0.core1.gauge.app_conns"), 0);
	assert_non_null(strstr(text, "\napp0.role app\napp0.state running\n"));
	stop(&r);
}

/* One line a value, as JSON has it; and what a parser says, if there is one. */
static void
json(void **state)
{
	struct run r, check;
	const char *line;

	(void)state;
	kit_start(&r, "run", "--name", NAME, "--idle", "sleep", "--", SUBJECT,
		"steady", NULL);
	kit_await(&r, OUT, "started", 1);
	stat_now("--json");
	assert_memory_equal(text, "{\n  \"", 5);
	assert_string_equal(text + strlen(text) - 4, "0\n}\n");
	for (line = text + 2; *line != '}'; line = strchr(line, '\n') + 1) {
		const char *s = line + 3;

		assert_memory_equal(line, "  \"", 3);
		s += strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789._");
		assert_memory_equal(s, "\": ", 3);
		s += 3;
		if (*s == '"') {
			s += 1 + strcspn(s + 1, "\"\n");
			assert_int_equal(*s++, '"');
		} else {
			assert_true(isdigit((unsigned char)*s));
			s += strspn(s, "0123456789");
		}
		assert_memory_equal(s, s[1] == '}' ? "\n}" : ",\n", 2);
	}
	assert_non_null(strstr(text, "\"net0.role\": \"net\",\n"));
	kit_shell(&check, 0,
		"command -v python3 >/dev/null || exit 0; " DLIBOS " stat " NAME
		" --json | python3 -m json.tool | "
		"grep '\"net0.core0.door.offered\": 0,'");
	kit_free(&check);
	stop(&r);
}

/* All lines of an instance for which one message is not enough. */
static void
many_cores(void **state)
{
	struct run r;
	char key[64];

	(void)state;
	kit_start(&r, "run", "--name", NAME, "--oversubscribe", "--layout",
		"e-1to1-all", "--", SUBJECT, "steady", NULL);
	kit_await(&r, OUT, "started", 1);
	stat_now(NULL);
	assert_true(strlen(text) > 2 * 65536);
	assert_null(strstr(text, "more "));
	assert_null(strstr(text, "end\n"));
	for (unsigned i = 0; i < 36; i++) {
		snprintf(key, sizeof(key), ".core%u.cpu ", i);
		assert_int_equal(kit_count(text, key), 1);
	}
	stop(&r);
}

/* Data of connections, in mode rtc: both roles' counters in one core. */
static void
counters_of_echo(void **state)
{
	struct run r;

	(void)state;
	if (geteuid()) {
		print_message("needs root: a port\n");
		skip();
	}
	kit_shell(&r, 0,
		"unshare -n timeout 20 bash -c '"
		"ip link set lo up\n" DLIBOS " run --name " NAME
		" --mode rtc --idle sleep --port veth --ip 192.0.2.2/24 "
		"-- " ECHO " --port 7 &\n"
		"until exec 3<>/dev/tcp/192.0.2.2/7; do :; done 2>/dev/null\n"
		"echo hello >&3; read line <&3\n"
		"[ \"$line\" = hello ] || exit 3\n"
		"all() { s=$(" DLIBOS " stat " NAME "); for w; do "
		"[[ $s == *\".$w\"$'\\''\\n'\\''* ]] || return 1; done; }\n"
		"until all \"app.accepted 1\" \"app.rx_bytes 6\" "
		"\"app.tx_bytes 6\" \"app.acked_bytes 6\" \"gauge.app_conns "
		"1\" "
		"\"stack.accepted 1\" \"gauge.door_conns 1\" "
		"\"gauge.stack_conns 1\"; do :; done\n"
		"exec 3>&-\n"
		"until all \"app.closed 1\" \"gauge.app_conns 0\" "
		"\"gauge.door_conns 0\"; do :; done\n"
		"until [[ $s == *port.rx_frames\\ [1-9]* ]]; do s=$(" DLIBOS
		" stat " NAME "); done\n"
		"[[ $s == *.role\\ both* ]] || exit 5\n" DLIBOS " stop " NAME
		"; wait'");
	kit_free(&r);
}

/* Without a port, and with an application that has no connections. */
static void
no_conns(void **state)
{
	struct run r;

	(void)state;
	kit_start(&r, "run", "--name", NAME, "--conns", "1000000", "--idle",
		"sleep", "--", SUBJECT, "steady", NULL);
	kit_await(&r, OUT, "started", 1);
	assert_int_equal(
		kit_order(text, sizeof(text), "conns", "--name", NAME), 0);
	assert_string_equal(text, "no connections\n");
	assert_int_equal(
		kit_order(text, sizeof(text), "conns", NAME, "--json"), 0);
	assert_string_equal(text, "{\"torn\": 0, \"connections\": []}\n");
	stop(&r);
}

static void
top(void **state)
{
	struct run r;

	(void)state;
	kit_start(&r, "run", "--name", NAME, "--idle", "sleep", "--", SUBJECT,
		"steady", NULL);
	kit_await(&r, OUT, "started", 1);
	assert_int_equal(
		kit_order(text, sizeof(text), "top", NAME, "--once"), 0);
	assert_int_equal(kit_count(text, "\n"), 4);
	assert_null(strchr(text, '\033'));
	assert_memory_equal(text, "instance " NAME ": 2 cores\n", 27);
	assert_int_equal(kit_count(text, "\nnet0        0 "), 1);
	assert_int_equal(kit_count(text, "\napp0        1 "), 1);
	assert_int_equal(kit_count(text, " app "), 1);
	stop(&r);
}

static void
wrong(void **state)
{
	static const struct {
		const char *cmd, *arg1, *arg2, *says;
		int status;
	} tests[] = {
		{"stat", "nobody", NULL, "no instance nobody runs here", 1},
		{"top", "nobody", NULL, "no instance nobody runs here", 1},
		{"conns", "nobody", NULL, "no instance nobody runs here", 1},
		{"conns", "--name", "nobody", "no instance nobody runs here",
			1},
		{"stat", "a", "b", "usage: dlibos stat", 2},
		{"top", "--json", NULL, "usage: dlibos top", 2},
		{"conns", "--name", NULL, "usage: dlibos conns", 2},
		{"conns", "a", "b", "usage: dlibos conns", 2},
		{"stat", "a b", NULL, "an instance's name is", 2},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
		assert_int_equal(kit_order(text, sizeof(text), tests[i].cmd,
					 tests[i].arg1, tests[i].arg2),
			tests[i].status);
		assert_non_null(strstr(text, tests[i].says));
		assert_int_equal(kit_count(text, "\n"), 1);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(counters_of_ping),
		TEST(json),
		TEST(many_cores),
		TEST(counters_of_echo),
		TEST(no_conns),
		TEST(top),
		TEST(wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
