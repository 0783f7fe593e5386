/* launch_rights_test - what a network domain may while it opens its port, and
 * that it is as poor as any other afterwards. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/capability.h>

#include "dlibos/launch/test/launch_kit.h"

#define CAP(c) (1ull << (c))

static void
copy(const char *from, const char *name)
{
	char path[128], buf[65536];
	int in = open(from, O_RDONLY | O_CLOEXEC), out;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s", kit_dir, name);
	out = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	assert_true(in >= 0 && out >= 0);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		assert_int_equal(write(out, buf, (size_t)n), n);
	assert_int_equal(n, 0);
	close(in);
	close(out);
}

/* A launcher beside a network core of ours. */
static int
setup(void **state)
{
	int rc = kit_setup(state);

	if (!rc) {
		copy(DLIBOS, "dlibos");
		copy(NETMATE, "dlibos-netcore");
		copy(SUBJECT, "subject");
	}
	return rc;
}

static void
start(struct run *r, const char *options)
{
	static char cmd[512];

	snprintf(cmd, sizeof(cmd),
		"exec %s/dlibos run --idle sleep %s -- " SUBJECT " idle",
		kit_dir, options);
	kit_start_shell(r, cmd);
	kit_await(r, ERR, "net0: done\n", 1);
}

static void
end(struct run *r)
{
	kill(r->pid, SIGINT);
	kit_end(r, 0);
	kit_free(r);
}

/* Every thread has this, with the bounding set empty. */
static void
caps_are(const struct run *r, const char *when, uint64_t caps, unsigned threads)
{
	char line[160], any[64];
	unsigned long long c = caps;

	snprintf(line, sizeof(line),
		"net0: %s caps Inh %016llx Prm %016llx Eff %016llx "
		"Bnd %016llx Amb %016llx\n",
		when, c, c, c, 0ull, c);
	snprintf(any, sizeof(any), "net0: %s caps ", when);
	if (kit_count(r->text[ERR], line) != threads ||
		kit_count(r->text[ERR], any) != threads)
		fail_msg("%u times is wanted: %s\n%s", threads, line,
			r->text[ERR]);
}

static void
says(const struct run *r, const char *text)
{
	if (!strstr(r->text[ERR], text))
		fail_msg("\"%s\" is wanted:\n%s", text, r->text[ERR]);
}

static bool
root(void)
{
	if (!geteuid())
		return true;
	print_message("needs root: without it there are no rights to keep\n");
	return false;
}

struct kind {
	const char *options;
	uint64_t caps;
	bool pins;
};

#define PACKET (CAP(CAP_NET_RAW) | CAP(CAP_NET_ADMIN))
#define XDP    (PACKET | CAP(CAP_SYS_ADMIN))

static const struct kind kinds[] = {
	{"--port veth:ours,socket=packet", PACKET, false},
	{"--port veth", XDP, true},
	{"--port afpacket:lo", PACKET, false},
	{"--port afxdp:lo", XDP, true},
	{"--port tap", CAP(CAP_NET_ADMIN), false},
	{"--port memif:@x", 0, false},
	{"--port pcap:rx=/dev/null", 0, false},
	{"--port pci:0000:00:1f.7", CAP(CAP_DAC_OVERRIDE), true},
	{"--port vdev:net_null0", 0, true},
	{"--port vdev:net_af_packet0,iface=lo", PACKET, true},
	{"--port vdev:net_tap0", CAP(CAP_NET_ADMIN), true},
	{"", 0, false},
};

#define KINDS (sizeof(kinds) / sizeof(*kinds))

/* Main thread, control thread, and one of the domain's own. */
static void
what_each_kind_needs(void **state)
{
	struct rlimit r;
	bool may_lift; /* root of a container may not, as a rule */

	(void)state;
	getrlimit(RLIMIT_MEMLOCK, &r);
	may_lift = r.rlim_max == RLIM_INFINITY ||
		prctl(PR_CAPBSET_READ, CAP_SYS_RESOURCE, 0, 0, 0) == 1;
	if (!root())
		skip();
	for (unsigned i = 0; i < KINDS; i++) {
		struct run run;

		if (strstr(kinds[i].options, "tap") &&
			access("/dev/net/tun", R_OK | W_OK)) {
			print_message("no /dev/net/tun: no tap\n");
			continue;
		}
		start(&run, kinds[i].options);
		caps_are(&run, "before",
			kinds[i].caps |
				(kinds[i].pins && !may_lift ? CAP(CAP_IPC_LOCK)
							    : 0),
			3);
		says(&run, "net0: dropped 0\n");
		caps_are(&run, "after", 0, 3);
		says(&run, "net0: after packet EPERM\n");
		if (may_lift)
			says(&run, kinds[i].pins ? "pins all\n" : "pins ");
		if (kinds[i].options[0])
			says(&run, "net0: directory works\n");
		if (i == 0)
			says(&run, "before packet works on afpacket:ours\n");
		end(&run);
	}
}

/* That exec left it in spite of the rights: the launcher's death is its. */
static void
dies_with_the_launcher(void **state)
{
	struct run r;
	pid_t net;

	(void)state;
	if (!root())
		skip();
	start(&r, "--name kit-rights --port veth");
	net = kit_domain("kit-rights", "net0");
	assert_true(net > 0);
	kill(r.pid, SIGKILL);
	kit_await_death(net);
	kit_free(&r);
}

/* What the option or the layout says is in the plan. */
static void
dispatch_is_in_the_plan(void **state)
{
	char with[256], least[200];
	struct run r;

	(void)state;
	if (!root())
		skip();
	snprintf(least, sizeof(least), "--port memif:@x --layout %s",
		kit_file("least.layout",
			"[layout]\ndispatch = least-conns\n"
			"[roles]\n0 = NA\n",
			0644));
	start(&r, "--port memif:@x --dispatch least-conns");
	says(&r, "net0: dispatch 1\n");
	end(&r);
	start(&r, least);
	says(&r, "net0: dispatch 1\n");
	end(&r);
	snprintf(with, sizeof(with), "%s --dispatch round-robin", least);
	start(&r, with);
	says(&r, "net0: dispatch 0\n");
	end(&r);
}

/* What needs no rights goes without root, and the rest is refused. */
static void
without_root(void **state)
{
	static const char *const as_nobody =
		"setpriv --reuid 65534 --regid 65534 --clear-groups "
		"%s/dlibos run --idle sleep --port %s -- %s/subject exit 0";
	static char cmd[512];
	struct run r;

	(void)state;
	if (!root())
		skip();
	snprintf(cmd, sizeof(cmd), as_nobody, kit_dir, "memif:@x", kit_dir);
	kit_shell(&r, 0, cmd);
	assert_int_equal(kit_lines(&r), 0);
	kit_free(&r);
	snprintf(cmd, sizeof(cmd), as_nobody, kit_dir, "veth", kit_dir);
	kit_shell(&r, 2, cmd);
	assert_int_equal(kit_lines(&r), 1);
	says(&r, "--port veth: it needs root\n");
	kit_free(&r);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, kit_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_each_kind_needs),
		TEST(dies_with_the_launcher),
		TEST(dispatch_is_in_the_plan),
		TEST(without_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
