/* launch_restart_test - domains are started again under load, by order and
 * after a crash; the others go on, and nothing piles up. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "dlibos/launch/test/launch_kit.h"

#define NAME  "kit-again"
#define TIMES 20

/* One net core and two application domains. */
static void
begin(struct run *r, bool again)
{
	char path[128];

	snprintf(path, sizeof(path), "%s",
		kit_file("one.layout",
			"[layout]\napp_domains = each\nidle = sleep\n"
			"[roles]\n0 = NAA\n",
			0644));
	kit_start(r, "run", "--name", NAME, "--oversubscribe", "--layout", path,
		again ? "--restart" : "--", SUBJECT, "steady", NULL);
	kit_await(r, OUT, "started", 2);
}

static void
restart(const char *domain, int want)
{
	char answer[512];
	int rc = kit_order(answer, sizeof(answer), "restart", NAME, domain);

	if (rc != want)
		fail_msg("restart %s: %s", domain, answer);
}

struct size {
	unsigned launcher_fds, launcher_maps, net_fds, net_maps;
};

static struct size
measure(pid_t launcher, pid_t net)
{
	return (struct size){kit_fds(launcher), kit_maps(launcher),
		kit_fds(net), kit_maps(net)};
}

static void
end(struct run *r, int status)
{
	kill(r->pid, SIGTERM);
	kit_end(r, status);
	kit_free(r);
}

static void
restarts_do_not_add_up(void **state)
{
	struct run r;
	struct size first = {0}, last;
	pid_t net, app1;

	(void)state;
	begin(&r, false);
	net = kit_domain(NAME, "net0");
	app1 = kit_domain(NAME, "app1");
	for (unsigned i = 0; i < TIMES; i++) {
		restart("app0", 0);
		kit_answered(&r, kit_domain(NAME, "app0"));
		kit_answered(&r, app1);
		if (i == 1)
			first = measure(r.pid, net);
	}
	last = measure(r.pid, net);
	assert_memory_equal(&first, &last, sizeof(first));
	assert_int_equal(kit_domain(NAME, "net0"), net);
	assert_int_equal(kit_domain(NAME, "app1"), app1);
	assert_int_equal(kit_lines(&r), 0);
	end(&r, 0);
}

static void
network_core_comes_back(void **state)
{
	struct run r;
	pid_t net, app[2];
	char line[64];

	(void)state;
	begin(&r, false);
	net = kit_domain(NAME, "net0");
	app[0] = kit_domain(NAME, "app0");
	app[1] = kit_domain(NAME, "app1");
	/* A core that did not see the last one yet is not told of its end. */
	for (unsigned i = 1; i <= 3; i++) {
		restart("net0", 0);
		for (int k = 0; k < 2; k++) {
			snprintf(line, sizeof(line), "down %d\n", (int)app[k]);
			kit_await(&r, OUT, line, i);
			snprintf(line, sizeof(line), "up %d\n", (int)app[k]);
			kit_await(&r, OUT, line, i);
		}
	}
	assert_true(kit_domain(NAME, "net0") != net);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(kit_domain(NAME, i ? "app1" : "app0"), app[i]);
		kit_answered(&r, app[i]);
	}
	assert_int_equal(kit_lines(&r), 0);
	end(&r, 0);
}

/* Two orders at once: both are carried out, one after the other. */
static void
orders_cross(void **state)
{
	struct run r, order[2];

	(void)state;
	begin(&r, false);
	for (int i = 0; i < 5; i++) {
		kit_start(&order[0], "restart", NAME, "app0", NULL);
		kit_start(&order[1], "restart", NAME, "net0", NULL);
		for (int k = 0; k < 2; k++) {
			kit_end(&order[k], 0);
			kit_free(&order[k]);
		}
		kit_answered(&r, kit_domain(NAME, "app0"));
		kit_answered(&r, kit_domain(NAME, "app1"));
	}
	assert_int_equal(kit_lines(&r), 0);
	end(&r, 0);
}

static void
killed_under_load(void **state)
{
	struct run r;
	struct size first = {0}, last;
	pid_t net, app1;

	(void)state;
	begin(&r, true);
	net = kit_domain(NAME, "net0");
	app1 = kit_domain(NAME, "app1");
	for (unsigned i = 0; i < TIMES; i++) {
		kill(kit_domain(NAME, "app0"), SIGKILL);
		kit_await(&r, OUT, "started", 3 + i);
		kit_answered(&r, app1);
		if (i == 1)
			first = measure(r.pid, net);
	}
	kit_answered(&r, kit_domain(NAME, "app0"));
	last = measure(r.pid, net);
	assert_memory_equal(&first, &last, sizeof(first));
	assert_int_equal(kit_domain(NAME, "net0"), net);
	assert_int_equal(kit_lines(&r), TIMES); /* a line for each death */
	assert_int_equal(kit_count(r.text[ERR],
				 "was killed by SIGKILL "
				 "without a word; it is started again\n"),
		TIMES);
	end(&r, 0);
}

/* Both, the second at any moment of the first one's round: whatever moment it
 * is, all come back. */
static void
killed_in_the_middle(void **state)
{
	struct run r;
	unsigned seed = 1;

	(void)state;
	begin(&r, true);
	for (unsigned i = 0; i < 8; i++) {
		pid_t app = kit_domain(NAME, "app0"),
		      net = kit_domain(NAME, "net0");

		if (app)
			kill(app, SIGKILL);
		usleep((useconds_t)(rand_r(&seed) % 200000));
		if (net)
			kill(net, SIGKILL);
	}
	for (int i = 0; i < 2; i++) {
		pid_t app = 0;

		while (!(app = kit_domain(NAME, i ? "app1" : "app0")))
			kit_read(&r);
	}
	kit_answered(&r, kit_domain(NAME, "app1"));
	restart("app0", 0);
	kit_answered(&r, kit_domain(NAME, "app0"));
	end(&r, 0);
}

static void
crashes_are_bounded(void **state)
{
	struct run r;

	(void)state;
	kit_start(&r, "run", "--restart", "--", SUBJECT, "exit", "7", NULL);
	kit_end(&r, 7);
	assert_int_equal(kit_count(r.text[ERR], "; it is started again"), 29);
	assert_int_equal(kit_count(r.text[ERR],
				 "; that was too often: the "
				 "instance ends"),
		1);
	assert_int_equal(kit_lines(&r), 30);
	kit_free(&r);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(restarts_do_not_add_up),
		TEST(network_core_comes_back),
		TEST(orders_cross),
		TEST(killed_under_load),
		TEST(killed_in_the_middle),
		TEST(crashes_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
