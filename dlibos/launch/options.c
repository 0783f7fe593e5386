/* options.c - what `dlibos run` is told. */
#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dlibos/base/log.h"
#include "dlibos/launch/instance.h"

static const char usage[] =
	"usage: dlibos run [--layout RATIO|FILE] [--mode dlibos|rtc]"
	" [--idle POLICY] [--name NAME] [--port SPEC] [--ip A/L] [--gateway A]"
	" [--mtu BYTES] [--mac MAC] [--conns N] [--rx-memory MIB]"
	" [--app-memory MIB] [--vacant N] [--user USER] [--oversubscribe]"
	" [--restart] [--dispatch round-robin|least-conns] [--stats]"
	" [--] PROGRAM [ARGUMENT]...";

static uint64_t
number(const char *option, const char *s, const char *of, uint64_t max)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(s, &end, 10);
	if (*s < '0' || *s > '9' || *end || errno || !n || n > max)
		die(EXIT_USAGE, "%s %s: say how many %s, 1 to %llu", option, s,
			of, (unsigned long long)max);
	return n;
}

static uint64_t
mebibytes(const char *option, const char *s)
{
	return number(option, s, "MiB", LIMIT_PART_MAX >> 20) << 20;
}

static unsigned
places(const char *s)
{
	if (!strcmp(s, "0"))
		return 0;
	return (unsigned)number("--vacant", s, "places", LIMIT_DOMAINS);
}

static int
policy(const char *s)
{
	int p = idle_policy(s);

	if (p < 0)
		die(EXIT_USAGE,
			"--idle %s: choose poll, yield, adaptive, "
			"sleep or sharing",
			s);
	return p;
}

static int
dispatch(const char *s)
{
	if (!strcmp(s, "round-robin"))
		return PLAN_ROUND_ROBIN;
	if (strcmp(s, "least-conns"))
		die(EXIT_USAGE,
			"--dispatch %s: choose round-robin or least-conns", s);
	return PLAN_LEAST_CONNS;
}

static enum plan_mode
mode(const char *s)
{
	if (!strcmp(s, "rtc"))
		return PLAN_MODE_RTC;
	if (strcmp(s, "dlibos"))
		die(EXIT_USAGE, "--mode %s: choose dlibos or rtc", s);
	return PLAN_MODE_DLIBOS;
}

static const char *
instance_name(const char *s)
{
	if (!instance_name_ok(s))
		die(EXIT_USAGE, "--name: a name is " INSTANCE_NAME_IS,
			LIMIT_NAME - 1);
	return s;
}

static const char *
user_name(const char *s)
{
	const struct passwd *pw;

	if (geteuid())
		die(EXIT_USAGE,
			"--user needs root; without it every domain "
			"runs under your own user");
	pw = getpwnam(s);
	if (!pw)
		die(EXIT_USAGE, "--user %s: there is no such user", s);
	if (!pw->pw_uid)
		die(EXIT_USAGE, "--user %s: a program may not run as root", s);
	return s;
}

/* Values below are of options without a letter. */
enum { OPT_PORT = 256, OPT_IP, OPT_GATEWAY, OPT_MTU, OPT_MAC };

static const struct option options[] = {
	{"layout", required_argument, NULL, 'l'},
	{"mode", required_argument, NULL, 'd'},
	{"idle", required_argument, NULL, 'i'},
	{"dispatch", required_argument, NULL, 'p'},
	{"name", required_argument, NULL, 'n'},
	{"port", required_argument, NULL, OPT_PORT},
	{"ip", required_argument, NULL, OPT_IP},
	{"gateway", required_argument, NULL, OPT_GATEWAY},
	{"mtu", required_argument, NULL, OPT_MTU},
	{"mac", required_argument, NULL, OPT_MAC},
	{"conns", required_argument, NULL, 'c'},
	{"rx-memory", required_argument, NULL, 'x'},
	{"app-memory", required_argument, NULL, 'm'},
	{"vacant", required_argument, NULL, 'v'},
	{"user", required_argument, NULL, 'u'},
	{"oversubscribe", no_argument, NULL, 'o'},
	{"restart", no_argument, NULL, 'r'},
	{"stats", no_argument, NULL, 's'},
	{NULL, 0, NULL, 0},
};

static bool
port_one(struct port *p, int c)
{
	switch (c) {
	case OPT_PORT:
		port_spec(p, optarg);
		return true;
	case OPT_IP:
		port_ip(p, optarg);
		return true;
	case OPT_GATEWAY:
		port_gateway(p, optarg);
		return true;
	case OPT_MTU:
		port_mtu(p, optarg);
		return true;
	case OPT_MAC:
		port_mac(p, optarg);
		return true;
	default:
		return false;
	}
}

static bool
one(struct run_options *o, int c)
{
	switch (c) {
	case 'l':
		o->layout = optarg;
		return true;
	case 'd':
		o->mode = mode(optarg);
		return true;
	case 'i':
		o->idle = policy(optarg);
		return true;
	case 'p':
		o->dispatch = dispatch(optarg);
		return true;
	case 'n':
		o->name = instance_name(optarg);
		return true;
	case 'c':
		o->conns = (uint32_t)number(
			"--conns", optarg, "connections", LIMIT_CONNS_MAX);
		return true;
	case 'x':
		o->rx_bytes = mebibytes("--rx-memory", optarg);
		return true;
	case 'm':
		o->app_bytes = mebibytes("--app-memory", optarg);
		return true;
	case 'v':
		o->vacant = places(optarg);
		return true;
	case 'u':
		o->user = user_name(optarg);
		return true;
	case 'o':
		o->oversubscribe = true;
		return true;
	case 'r':
		o->restart = true;
		return true;
	case 's':
		o->stats = true;
		return true;
	default:
		return false;
	}
}

void
options_read(struct run_options *o, struct port *port, int argc, char **argv)
{
	int at = 1, c;

	*o = (struct run_options){
		.idle = -1,
		.dispatch = -1,
		.conns = LIMIT_CONNS,
		.rx_bytes = LIMIT_RX_BYTES,
		.app_bytes = LIMIT_APP_BYTES,
	};
	port_init(port);
	opterr = 0;
	optind = 1;
	while ((c = getopt_long(argc, argv, "+", options, NULL)) >= 0) {
		if (!one(o, c) && !port_one(port, c))
			die(EXIT_USAGE,
				"%s: no such option, or it lacks a "
				"value or takes none; %s",
				argv[at], usage);
		at = optind;
	}
	o->program = argv + optind;
	if (!*o->program)
		die(EXIT_USAGE, "no program; %s", usage);
	if (o->vacant && o->mode == PLAN_MODE_RTC)
		die(EXIT_USAGE,
			"--vacant: in mode rtc each core has network stack and "
			"program in one, and nothing can be attached");
}
