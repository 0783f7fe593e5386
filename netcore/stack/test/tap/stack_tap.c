/* stack_tap - the engine and the kernel's TCP exchange bytes over a tap in a
 * network namespace of its own, optionally through a bridge that spoils frames:
 *
 *	stack_tap [OPTION]... [-- IMPAIR [ARG]...]
 *	--conns N --to-kernel BYTES --to-engine BYTES (a connection)
 *	--connect engine|kernel --half-close --ip6 --pcap FILE
 *
 * Status 77 and a reason: this machine does not let us. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "netcore/stack/test/tap/ends.h"
#include "netcore/stack/test/tap/net.h"
#include "netcore/stack/test/tap/pcap.h"

#define OURS	     "eng0"
#define FAR	     "krn0"
#define BRIDGE_WORDS 32

static uint64_t
number(const char *text, uint64_t most)
{
	char *end;
	unsigned long long v = strtoull(text, &end, 10);

	if (end == text || *end || v > most)
		job_fail("'%s' is no number up to %llu", text,
			(unsigned long long)most);
	return v;
}

static const struct option options[] = {
	{"conns", required_argument, NULL, 'n'},
	{"to-kernel", required_argument, NULL, 'k'},
	{"to-engine", required_argument, NULL, 'e'},
	{"connect", required_argument, NULL, 'c'},
	{"half-close", no_argument, NULL, 'h'},
	{"ip6", no_argument, NULL, '6'},
	{"pcap", required_argument, NULL, 'p'},
	{0},
};

static const char *
parse(struct job *j, int argc, char **argv)
{
	const char *pcap = NULL;
	int o;

	while ((o = getopt_long(argc, argv, "+", options, NULL)) != -1)
		switch (o) {
		case 'n':
			j->conns = (uint32_t)number(optarg, JOB_CONNS);
			break;
		case 'k':
			j->bytes[JOB_ENGINE] = number(optarg, 1ull << 40);
			break;
		case 'e':
			j->bytes[JOB_KERNEL] = number(optarg, 1ull << 40);
			break;
		case 'c':
			j->connect = strcmp(optarg, "kernel") ? JOB_ENGINE
							      : JOB_KERNEL;
			break;
		case 'h':
			j->half_close = true;
			break;
		case '6':
			j->ip6 = true;
			break;
		case 'p':
			pcap = optarg;
			break;
		default:
			exit(2);
		}
	return pcap;
}

/* Between our tap and another one, which the bridge makes. */
static pid_t
bridge(char **words, int n, int *out)
{
	char *argv[BRIDGE_WORDS + 3] = {0};
	char ours[] = OURS, far[] = "tap:" FAR;
	pid_t pid;

	if (n > BRIDGE_WORDS)
		job_fail("too many words for the bridge");
	memcpy(argv, words, (size_t)n * sizeof(*argv));
	argv[n] = ours;
	argv[n + 1] = far;
	pid = net_bridge(argv, out);
	net_up(FAR, false);
	net_addresses(FAR);
	return pid;
}

static pid_t
start_kernel_end(const struct job *j, int *peer)
{
	int end[2];
	char ready;
	pid_t pid;

	if (pipe(end))
		job_fail("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		job_fail("fork: %s", strerror(errno));
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(end[0]);
		kernel_end(j, end[1]);
		exit(0);
	}
	close(end[1]);
	*peer = end[0];
	if (read(*peer, &ready, 1) != 1)
		job_fail("the kernel's end did not start");
	return pid;
}

int
main(int argc, char **argv)
{
	struct job j = {.conns = 1};
	const char *path = parse(&j, argc, argv);
	int tap, peer, status, said = -1;
	pid_t pid, bridged = 0;
	FILE *pcap = NULL;
	bool well = true;

	signal(SIGPIPE, SIG_IGN);
	if (!net_enter())
		return 77;
	job_pattern_init();
	tap = net_tap(OURS, optind < argc);
	if (optind < argc)
		bridged = bridge(argv + optind, argc - optind, &said);
	else
		net_addresses(OURS);
	fflush(stdout);
	pid = start_kernel_end(&j, &peer);
	/* Not before: a child would write its copy of the buffer too. */
	if (path && !(pcap = pcap_open(path)))
		job_fail("%s: %s", path, strerror(errno));
	engine_end(&j, tap, peer, pcap);
	if (waitpid(pid, &status, 0) != pid || status)
		job_fail("the kernel's end failed");
	if (bridged)
		well = net_bridge_end(bridged, said);
	if (pcap && fclose(pcap))
		job_fail("%s: %s", path, strerror(errno));
	return !well;
}
