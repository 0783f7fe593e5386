/* launch_port_test - what becomes of a port: made as it was asked for, and
 * gone after whatever end; and every wrong word about it. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dlibos/launch/test/launch_kit.h"
#include "dlibos/launch/test/launch_port_wrong.h"

#define NAME "kit-port"
#define VETH "veth:ours0,netns=kit,peer=web0"

/* --- namespaces ----------------------------------------------------------*/

static int own_ns = -1, far_ns = -1;

/* A namespace with the name `kit`, which only we and our children see. */
static int
make_namespaces(void **state)
{
	int fd;

	if (kit_setup(state))
		return -1;
	if (geteuid())
		return 0;
	own_ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (own_ns < 0 || unshare(CLONE_NEWNS | CLONE_NEWNET) ||
		mount("", "/", "", MS_REC | MS_PRIVATE, NULL) ||
		mount("tmpfs", "/run", "tmpfs", 0, NULL) ||
		mkdir("/run/netns", 0755))
		return -1;
	fd = open("/run/netns/kit", O_CREAT | O_CLOEXEC, 0444);
	if (fd < 0 ||
		mount("/proc/self/ns/net", "/run/netns/kit", "", MS_BIND, NULL))
		return -1;
	close(fd);
	far_ns = open("/run/netns/kit", O_RDONLY | O_CLOEXEC);
	return far_ns < 0 || setns(own_ns, CLONE_NEWNET) ? -1 : 0;
}

static int
drop_namespaces(void **state)
{
	if (!geteuid()) {
		if (setns(own_ns, CLONE_NEWNET))
			return -1;
		umount2("/run/netns/kit", MNT_DETACH);
		umount2("/run", MNT_DETACH);
		close(own_ns);
		close(far_ns);
	}
	return kit_teardown(state);
}

static void
needs_root(void)
{
	if (!geteuid())
		return;
	print_message("needs root: makes interfaces\n");
	skip();
}

static void
enter(int ns)
{
	assert_int_equal(setns(ns, CLONE_NEWNET), 0);
}

/* --- looking -------------------------------------------------------------*/

static bool
exists_in(int ns, const char *name)
{
	bool there;

	enter(ns);
	there = if_nametoindex(name) != 0;
	enter(own_ns);
	return there;
}

/* Whether a port of any run is anywhere that we can look. */
static void
nothing_is_left(void)
{
	static const int *const where[] = {&own_ns, &far_ns};

	for (int i = 0; i < 2; i++) {
		struct if_nameindex *all, *one;

		enter(*where[i]);
		all = if_nameindex();
		assert_non_null(all);
		for (one = all; one->if_name; one++)
			if (strcmp(one->if_name, "lo"))
				fail_msg("%s is left", one->if_name);
		if_freenameindex(all);
		enter(own_ns);
	}
}

static unsigned
flags_of(const char *name)
{
	struct ifreq r = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	assert_int_equal(ioctl(fd, SIOCGIFFLAGS, &r), 0);
	close(fd);
	return (unsigned short)r.ifr_flags;
}

static void
set_flags(const char *name, unsigned flags, bool on)
{
	struct ifreq r = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	r.ifr_flags =
		(short)(on ? flags_of(name) | flags : flags_of(name) & ~flags);
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &r), 0);
	close(fd);
}

static int
mtu_of(const char *name)
{
	struct ifreq r = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	assert_int_equal(ioctl(fd, SIOCGIFMTU, &r), 0);
	close(fd);
	return r.ifr_mtu;
}

static unsigned
offload(const char *name, unsigned cmd)
{
	struct ethtool_value v = {.cmd = cmd};
	struct ifreq r = {.ifr_data = (void *)&v};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	assert_int_equal(ioctl(fd, SIOCETHTOOL, &r), 0);
	close(fd);
	return v.data;
}

/* How many addresses an interface has that begin so, in words. */
static unsigned
addresses(const char *name, const char *text)
{
	struct ifaddrs *all, *a;
	unsigned n = 0;

	assert_int_equal(getifaddrs(&all), 0);
	for (a = all; a; a = a->ifa_next) {
		char ip[INET6_ADDRSTRLEN] = "";
		const struct sockaddr *sa = a->ifa_addr;

		if (!sa || strcmp(a->ifa_name, name))
			continue;
		if (sa->sa_family == AF_INET)
			inet_ntop(AF_INET,
				&((const struct sockaddr_in *)(const void *)sa)
					 ->sin_addr,
				ip, sizeof(ip));
		else if (sa->sa_family == AF_INET6)
			inet_ntop(AF_INET6,
				&((const struct sockaddr_in6 *)(const void *)sa)
					 ->sin6_addr,
				ip, sizeof(ip));
		else
			continue;
		n += !strncmp(ip, text, strlen(text));
	}
	freeifaddrs(all);
	return n;
}

static int
ns_of(pid_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static bool
same_ns(int a, int b)
{
	struct stat x, y;

	assert_int_equal(fstat(a, &x) | fstat(b, &y), 0);
	return x.st_ino == y.st_ino && x.st_dev == y.st_dev;
}

/* --- veth ----------------------------------------------------------------*/

static void
host_end_is_dressed(const char *name, int mtu)
{
	enter(far_ns);
	assert_true(flags_of(name) & IFF_UP);
	assert_int_equal(mtu_of(name), mtu);
	assert_int_equal(addresses(name, "192.0.2.1"), 1);
	assert_int_equal(addresses(name, "fd09::1"), 1);
	assert_int_equal(offload(name, ETHTOOL_GTXCSUM), 0);
	assert_int_equal(offload(name, ETHTOOL_GTSO), 0);
	assert_int_equal(offload(name, ETHTOOL_GGSO), 0);
	enter(own_ns);
}

/* With the network domain alone, and silent. */
static void
our_end_is_dressed(const char *name, int mtu)
{
	static const char mac[] = {2, 0, 0, 0, 0, 7};
	struct ifreq r = {0};
	int ns = ns_of(kit_domain(NAME, "net0")), fd;

	assert_false(same_ns(ns, own_ns) || same_ns(ns, far_ns));
	enter(ns);
	assert_int_equal(
		flags_of(name) & (IFF_UP | IFF_NOARP), IFF_UP | IFF_NOARP);
	assert_int_equal(mtu_of(name), mtu);
	assert_int_equal(addresses(name, ""), 0);
	assert_int_equal(offload(name, ETHTOOL_GGRO), 0);
	assert_int_equal(offload(name, ETHTOOL_GTSO), 0);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	assert_int_equal(ioctl(fd, SIOCGIFHWADDR, &r), 0);
	assert_memory_equal(r.ifr_hwaddr.sa_data, mac, 6);
	close(fd);
	enter(own_ns);
	close(ns);
}

static void
start_veth(struct run *r)
{
	kit_start(r, "run", "--name", NAME, "--idle", "sleep", "--port", VETH,
		"--ip", "192.0.2.2/24", "--ip", "fd09::2/64", "--gateway",
		"192.0.2.1", "--mtu", "1400", "--mac", "02:00:00:00:00:07",
		"--", SUBJECT, "idle", NULL);
	kit_await(r, OUT, "started", 1);
}

static void
veth_is_made(void **state)
{
	struct run r;
	char text[4096];

	(void)state;
	needs_root();
	start_veth(&r);
	host_end_is_dressed("web0", 1400);
	our_end_is_dressed("ours0", 1400);
	kit_order(text, sizeof(text), "status", NAME, NULL);
	assert_non_null(strstr(text,
		"\nnet0     port veth:ours0, 192.0.2.2/24, fd09::2/64; the "
		"host has web0, 192.0.2.1/24, fd09::1/64 in kit\n"));
	assert_int_equal(kit_order(text, sizeof(text), "stop", NAME, NULL), 0);
	nothing_is_left(); /* before the answer */
	kit_end(&r, 0);
	kit_free(&r);
}

/* Names that nobody chose, in the namespace that we are in. */
static void
veth_by_default(void **state)
{
	struct run r;
	char name[32];

	(void)state;
	needs_root();
	kit_start(&r, "run", "--idle", "sleep", "--port", "veth", "--ip",
		"192.0.2.1/24", "--", SUBJECT, "idle", NULL);
	kit_await(&r, OUT, "started", 1);
	snprintf(name, sizeof(name), "host%d", (int)r.pid);
	assert_true(flags_of(name) & IFF_UP);
	assert_int_equal(addresses(name, "192.0.2.2"), 1);
	kill(r.pid, SIGTERM);
	kit_end(&r, 0);
	nothing_is_left();
	kit_free(&r);
}

/* --- ends ----------------------------------------------------------------*/

static void
gone_after_a_signal(void **state)
{
	static const int sigs[] = {SIGINT, SIGTERM, SIGHUP};

	(void)state;
	needs_root();
	for (int i = 0; i < 3; i++) {
		struct run r;

		start_veth(&r);
		assert_true(exists_in(far_ns, "web0"));
		kill(r.pid, sigs[i]);
		kit_end(&r, 0);
		nothing_is_left();
		kit_free(&r);
	}
}

static void
gone_after_the_program(void **state)
{
	struct run r;

	(void)state;
	needs_root();
	kit_finish(
		&r, 0, "run", "--port", VETH, "--", SUBJECT, "exit", "0", NULL);
	nothing_is_left();
	kit_free(&r);
	kit_finish(
		&r, 3, "run", "--port", VETH, "--", SUBJECT, "exit", "3", NULL);
	nothing_is_left();
	kit_free(&r);
	/* one that never joins */
	kit_finish(&r, 1, "run", "--port", VETH, "--", "/bin/true", NULL);
	assert_int_equal(kit_lines(&r), 1);
	nothing_is_left();
	kit_free(&r);
}

/* The kernel does it; links tell of their end. */
static void
gone_after_a_kill(void **state)
{
	struct sockaddr_nl nl = {
		.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
	struct run r;
	struct pollfd p;
	pid_t net;
	char buf[8192];

	(void)state;
	needs_root();
	start_veth(&r);
	net = kit_domain(NAME, "net0");
	enter(far_ns);
	p = (struct pollfd){
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0), POLLIN, 0};
	assert_int_equal(bind(p.fd, (struct sockaddr *)&nl, sizeof(nl)), 0);
	enter(own_ns);
	kill(r.pid, SIGKILL);
	kit_await_death(net);
	/* The same names are to be had at once, so to say. */
	kit_free(&r);
	start_veth(&r);
	kill(r.pid, SIGKILL);
	while (exists_in(far_ns, "web0")) {
		assert_int_equal(poll(&p, 1, WAIT_MS), 1);
		assert_true(recv(p.fd, buf, sizeof(buf), 0) > 0);
	}
	close(p.fd);
	nothing_is_left();
	kit_free(&r);
}

/* --- tap, and interfaces of others ---------------------------------------*/

static void
tap_is_made(void **state)
{
	struct run r;
	char text[256];

	(void)state;
	needs_root();
	if (access("/dev/net/tun", R_OK | W_OK)) {
		print_message("/dev/net/tun: %s\n", strerror(errno));
		skip();
	}
	kit_start(&r, "run", "--name", NAME, "--idle", "sleep", "--port",
		"tap:web0,netns=kit,host=198.51.100.9/24", "--ip",
		"198.51.100.2/24", "--ip", "fd09::2/64", "--", SUBJECT, "idle",
		NULL);
	kit_await(&r, OUT, "started", 1);
	enter(far_ns);
	assert_true(flags_of("web0") & IFF_UP);
	assert_int_equal(addresses("web0", "198.51.100.9"), 1);
	set_flags("web0", IFF_UP, false); /* as its driver does in the end */
	enter(own_ns);
	assert_int_equal(
		kit_order(text, sizeof(text), "restart", NAME, "net0"), 0);
	enter(far_ns);
	assert_true(flags_of("web0") & IFF_UP);
	assert_int_equal(addresses("web0", "198.51.100.9"), 1);
	assert_int_equal(addresses("web0", "fd09::1"), 1);
	enter(own_ns);
	kill(r.pid, SIGINT);
	kit_end(&r, 0);
	nothing_is_left();
	kit_free(&r);
}

/* The domain is started where the interface is, which is afterwards as it was.
 */
static void
guest_is_left_alone(void **state)
{
	static const char *const specs[] = {
		"afpacket:lo,netns=kit", "afxdp:lo,netns=/run/netns/kit"};

	(void)state;
	needs_root();
	for (int i = 0; i < 2; i++) {
		struct run r;
		int ns;

		kit_start(&r, "run", "--name", NAME, "--idle", "sleep",
			"--port", specs[i], "--", SUBJECT, "idle", NULL);
		kit_await(&r, OUT, "started", 1);
		ns = ns_of(kit_domain(NAME, "net0"));
		assert_true(same_ns(ns, far_ns));
		close(ns);
		ns = ns_of(kit_domain(NAME, "app0"));
		assert_true(same_ns(ns, own_ns));
		close(ns);
		enter(far_ns);
		set_flags("lo", IFF_PROMISC, true); /* as a driver does */
		enter(own_ns);
		kill(r.pid, SIGINT);
		kit_end(&r, 0);
		enter(far_ns);
		assert_false(flags_of("lo") & IFF_PROMISC);
		enter(own_ns);
		kit_free(&r);
	}
}

/* --- wrong words ---------------------------------------------------------*/

#define WRONGS (sizeof(wrongs) / sizeof(*wrongs))

static void
wrong_words(void **state)
{
	(void)state;
	needs_root();
	for (unsigned i = 0; i < WRONGS; i++) {
		const char *const *a = wrongs[i].arg;
		const char *argv[13] = {"--", SUBJECT, "exit", "0"};
		struct run r;
		unsigned n = 0;

		while (n < 8 && a[n])
			n++;
		memmove(argv + n, argv, 4 * sizeof(*argv));
		memcpy(argv, a, n * sizeof(*argv));
		argv[n + 4] = NULL;
		kit_finish(&r, 2, "run", argv[0], argv[1], argv[2], argv[3],
			argv[4], argv[5], argv[6], argv[7], argv[8], argv[9],
			argv[10], argv[11], NULL);
		if (!strstr(r.text[ERR], wrongs[i].want) ||
			kit_lines(&r) != 1 || kit_count(r.text[ERR], "\n") != 1)
			fail_msg("\"%s\" is wanted, in one line:\n%s",
				wrongs[i].want, r.text[ERR]);
		nothing_is_left();
		kit_free(&r);
	}
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, make_namespaces, drop_namespaces)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(veth_is_made),
		TEST(veth_by_default),
		TEST(gone_after_a_signal),
		TEST(gone_after_the_program),
		TEST(gone_after_a_kill),
		TEST(tap_is_made),
		TEST(guest_is_left_alone),
		TEST(wrong_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
