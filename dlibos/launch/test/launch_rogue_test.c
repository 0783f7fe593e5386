/* launch_rogue_test - a domain that misbehaves towards the launcher: it is
 * ended with one line, costs no descriptor, and its neighbour notices
 * nothing. */
#include <signal.h>
#include <unistd.h>

#include "dlibos/launch/test/launch_kit.h"

#define NAME "kit-rogue"

static const char *const layout =
	"[layout]\napp_domains = each\nidle = sleep\n[roles]\n0 = NAA\n";
static char how_file[128];

static void
begin(struct run *r)
{
	char path[128];

	snprintf(
		path, sizeof(path), "%s", kit_file("one.layout", layout, 0644));
	snprintf(how_file, sizeof(how_file), "%s", kit_file("how", "", 0644));
	kit_start(r, "run", "--name", NAME, "--oversubscribe", "--layout", path,
		"--", ROGUE, how_file, SUBJECT, "steady", NULL);
	kit_await(r, OUT, "started", 2);
}

/* The neighbour, by its process number, gets answers still. */
static void
neighbour_is_answered(struct run *r, pid_t app0)
{
	char line[64];

	snprintf(line, sizeof(line), "answered %d\n", (int)app0);
	kit_read(r);
	kit_await(r, OUT, line, kit_count(r->text[OUT], line) + 1);
}

struct way {
	const char *how, *line;
};

#define PART                                                           \
	"offered a partition that it may not make, or one of a wrong " \
	"size or not sealed; it is ended"
#define NONE "sent what is no message of a domain; it is ended"
#define TURN "spoke out of turn; it is ended"

static const struct way ways[] = {
	{"unsealed", PART},
	{"half-sealed", PART},
	{"no-file", PART},
	{"wrong-size", PART},
	{"small", PART},
	{"large", PART},
	{"no-pages", PART},
	{"rx", PART},
	{"txhdr", PART},
	{"copy", PART},
	{"kind", PART},
	{"own-edge", PART},
	{"no-peer", PART},
	{"twice", PART},
	{"nothing-made", "did not make all of its partitions; it is ended"},
	{"ready-early", TURN},
	{"made-twice", TURN},
	{"flood", TURN},
	{"short", NONE},
	{"long", NONE},
	{"type", NONE},
	{"launcher's", NONE},
	{"domain", NONE},
	{"fds-few", NONE},
	{"fds-4", NONE},
	{"fds-60",
		"sent too much, or more descriptors than there is room for "
		"(see ulimit -n); it is ended"},
	{"empty", "hung up on the launcher, and lives on; it is ended"},
};

#define WAYS (sizeof(ways) / sizeof(*ways))

static void
one_way(struct run *r, const struct way *w, pid_t net, pid_t app0)
{
	char answer[512], line[160];
	unsigned lines;

	kit_read(r);
	lines = kit_lines(r);
	kit_file("how", w->how, 0644);
	assert_int_equal(
		kit_order(answer, sizeof(answer), "restart", NAME, "app1"), 1);
	kit_read(r);
	if (!strstr(answer, "it cannot be started"))
		fail_msg("%s: answer %s\n%s", w->how, answer, r->text[ERR]);
	snprintf(line, sizeof(line), ") %s\n", w->line);
	kit_await(r, ERR, line, 1);
	kit_read(r);
	if (kit_lines(r) != lines + 1)
		fail_msg("%s: one line is wanted:\n%s", w->how, r->text[ERR]);
	r->len[ERR] = 0;
	r->text[ERR][0] = '\0';
	assert_int_equal(kit_domain(NAME, "net0"), net);
	neighbour_is_answered(r, app0);
}

static void
each_way_costs_one_line(void **state)
{
	struct run r;
	unsigned fds = 0, maps = 0, net_fds = 0;
	pid_t net, app0;

	(void)state;
	begin(&r);
	net = kit_domain(NAME, "net0");
	app0 = kit_domain(NAME, "app0");
	for (unsigned i = 0; i < WAYS; i++) {
		one_way(&r, &ways[i], net, app0);
		if (!i) {
			fds = kit_fds(r.pid);
			maps = kit_maps(r.pid);
			net_fds = kit_fds(net);
		}
	}
	assert_int_equal(kit_fds(r.pid), fds);
	assert_int_equal(kit_maps(r.pid), maps);
	assert_int_equal(kit_fds(net), net_fds);
	/* It may come back, if it behaves. */
	kit_file("how", "", 0644);
	char answer[512];
	assert_int_equal(
		kit_order(answer, sizeof(answer), "restart", NAME, "app1"), 0);
	kit_await(&r, OUT, "started", 3);
	kill(r.pid, SIGTERM);
	kit_end(&r, 1); /* what died for good counts */
	kit_free(&r);
}

/* Two that are waited for as long as a start may take. */
static void
silence_is_bounded(void **state)
{
	static const struct way silent[] = {
		{"late", "did not map its peers in time; it is ended"},
		{"deaf",
			"did not join the instance in time: does it call "
			"dl_run()?; it is ended"},
	};
	struct run r;
	pid_t net, app0;

	(void)state;
	begin(&r);
	net = kit_domain(NAME, "net0");
	app0 = kit_domain(NAME, "app0");
	for (unsigned i = 0; i < 2; i++)
		one_way(&r, &silent[i], net, app0);
	kill(r.pid, SIGTERM);
	kit_end(&r, 1);
	kit_free(&r);
}

/* It was started well, and then hangs up; or does not let go of a peer. */
static void
misbehaves_while_running(void **state)
{
	struct run r;
	char answer[512];

	(void)state;
	begin(&r);
	kit_file("how", "hang-up", 0644);
	assert_int_equal(
		kit_order(answer, sizeof(answer), "restart", NAME, "app1"), 0);
	kit_await(&r, ERR,
		") hung up on the launcher, and lives on; it is "
		"ended\n",
		1);
	kit_file("how", "keep", 0644);
	assert_int_equal(
		kit_order(answer, sizeof(answer), "restart", NAME, "app1"), 0);
	assert_int_equal(
		kit_order(answer, sizeof(answer), "restart", NAME, "net0"), 0);
	kit_await(&r, ERR,
		") does not let go of a domain that is gone; it is "
		"ended\n",
		1);
	neighbour_is_answered(&r, kit_domain(NAME, "app0"));
	assert_int_equal(kit_lines(&r), 2);
	kill(r.pid, SIGTERM);
	kit_end(&r, 1);
	kit_free(&r);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_way_costs_one_line),
		TEST(silence_is_bounded),
		TEST(misbehaves_while_running),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
