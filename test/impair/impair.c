/* impair - joins two interfaces and spoils what goes through; see
 * man/impair.1. One thread; what is lost, late or changed is drawn by
 * faults.c, here are the devices and the clock. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "test/impair/faults.h"

#define BURST	    64
#define SOCKET_ROOM (32 << 20)

__attribute__((noreturn, format(printf, 2, 3))) static void
die(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("impair: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(status);
}

static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* --- devices --------------------------------------------------------------*/

struct end {
	const char *name;
	int fd;
	struct faults *faults; /* of what came in here */
	uint64_t refused;      /* by the device, on the way out */
};

static void
set_name(struct ifreq *r, const char *name)
{
	if (!*name || strlen(name) >= IFNAMSIZ)
		die(2, "no interface can be called '%s'", name);
	memset(r, 0, sizeof(*r));
	memcpy(r->ifr_name, name, strlen(name));
}

/* Our end of a tap; the kernel has the other. Without IFF_VNET_HDR it hands
 * out plain frames, with their sums. */
static int
open_tap(const char *name)
{
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	struct ifreq r;

	set_name(&r, name);
	r.ifr_flags = IFF_TAP | IFF_NO_PI;
	if (fd < 0 || ioctl(fd, TUNSETIFF, &r))
		die(1, "cannot make the tap %s: %s", name, strerror(errno));
	return fd;
}

static int
open_packet(const char *name)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int yes = 1, room = SOCKET_ROOM;
	struct packet_mreq all = {.mr_type = PACKET_MR_PROMISC};
	struct sockaddr_ll a = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	struct ifreq r;

	set_name(&r, name);
	if (fd < 0)
		die(1, "cannot open a packet socket: %s", strerror(errno));
	if (ioctl(fd, SIOCGIFINDEX, &r))
		die(1, "there is no interface %s", name);
	a.sll_ifindex = all.mr_ifindex = r.ifr_ifindex;
	/* What we send is not to come back as received. */
	if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes,
		    sizeof(yes)) ||
		setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all,
			sizeof(all)) ||
		bind(fd, (struct sockaddr *)&a, sizeof(a)))
		die(1, "cannot listen on %s: %s", name, strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	return fd;
}

static void
open_end(struct end *e)
{
	e->fd = strncmp(e->name, "tap:", 4) ? open_packet(e->name)
					    : open_tap(e->name + 4);
}

/* --- forwarding -----------------------------------------------------------*/

static void
take(struct end *e)
{
	uint8_t frame[65536];
	ssize_t n;

	for (int i = 0; i < BURST; i++) {
		n = read(e->fd, frame, sizeof(frame));
		if (n <= 0)
			return;
		faults_in(e->faults, frame, (uint32_t)n, now_ns());
	}
}

/* A full or sleeping device loses the frame, as a wire would. */
static void
give(struct end *from, struct end *to)
{
	const uint8_t *frame;
	uint32_t len;

	while ((frame = faults_out(from->faults, now_ns(), &len)))
		if (write(to->fd, frame, len) != (ssize_t)len)
			to->refused++;
}

static void
wait_for(struct pollfd *p, const struct end *e)
{
	uint64_t a = faults_deadline(e[0].faults);
	uint64_t b = faults_deadline(e[1].faults), now = now_ns();
	struct timespec t = {0};
	uint64_t at = a < b ? a : b;

	if (at != UINT64_MAX && at > now) {
		t.tv_sec = (time_t)((at - now) / 1000000000);
		t.tv_nsec = (long)((at - now) % 1000000000);
	}
	if (ppoll(p, 3, at == UINT64_MAX ? NULL : &t, NULL) < 0 &&
		errno != EINTR)
		die(1, "poll: %s", strerror(errno));
}

static void
forward(struct end *e, int signals)
{
	struct pollfd p[3] = {{.fd = e[0].fd, .events = POLLIN},
		{.fd = e[1].fd, .events = POLLIN},
		{.fd = signals, .events = POLLIN}};

	while (!(p[2].revents & POLLIN)) {
		wait_for(p, e);
		take(&e[0]);
		take(&e[1]);
		give(&e[0], &e[1]);
		give(&e[1], &e[0]);
	}
}

static void
print_counts(const struct end *from, const struct end *to)
{
	const struct faults_counts *c = faults_counts(from->faults);

	printf("%s to %s: in %llu out %llu lost %llu reordered %llu "
	       "duplicated %llu corrupted %llu full %llu long %llu "
	       "refused %llu\n",
		from->name, to->name, (unsigned long long)c->in,
		(unsigned long long)c->out, (unsigned long long)c->lost,
		(unsigned long long)c->reordered,
		(unsigned long long)c->duplicated,
		(unsigned long long)c->corrupted, (unsigned long long)c->full,
		(unsigned long long)c->long_frames,
		(unsigned long long)to->refused);
}

/* --- arguments ------------------------------------------------------------*/

static double
number(const char *name, const char *text, double most)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end || !(v >= 0 && v <= most))
		die(2, "--%s: '%s' is no number from 0 to %.0f", name, text,
			most);
	return v;
}

static uint32_t
percent(const char *name, const char *text)
{
	return (uint32_t)(number(name, text, 100) * 10000 + 0.5);
}

static const struct option options[] = {
	{"loss", required_argument, NULL, 'l'},
	{"burst", required_argument, NULL, 'b'},
	{"reorder", required_argument, NULL, 'o'},
	{"duplicate", required_argument, NULL, 'd'},
	{"corrupt", required_argument, NULL, 'c'},
	{"delay-ms", required_argument, NULL, 'D'},
	{"jitter-ms", required_argument, NULL, 'j'},
	{"rate", required_argument, NULL, 'r'},
	{"seed", required_argument, NULL, 's'},
	{"help", no_argument, NULL, 'h'},
	{0},
};

static void
parse(struct faults_config *c, struct end *e, int argc, char **argv)
{
	const char *name;
	int o, which;

	opterr = 0;
	while ((o = getopt_long(argc, argv, "", options, &which)) != -1) {
		if (o == '?')
			die(2, "%s: unknown, or without its value",
				argv[optind - 1]);
		name = options[which].name;
		switch (o) {
		case 'l':
			c->loss = percent(name, optarg);
			break;
		case 'o':
			c->reorder = percent(name, optarg);
			break;
		case 'd':
			c->duplicate = percent(name, optarg);
			break;
		case 'c':
			c->corrupt = percent(name, optarg);
			break;
		case 'b':
			c->burst = (uint32_t)number(name, optarg, 1e6);
			break;
		case 'D':
			c->delay_ns =
				(uint64_t)(number(name, optarg, 1e5) * 1e6);
			break;
		case 'j':
			c->jitter_ns =
				(uint64_t)(number(name, optarg, 1e5) * 1e6);
			break;
		case 'r':
			c->bits_per_s =
				(uint64_t)(number(name, optarg, 1e6) * 1e6);
			break;
		case 's':
			c->seed = (uint64_t)number(name, optarg, 9e15);
			break;
		default:
			puts("impair [OPTION]... A B   (A, B: an interface, or "
			     "tap:NAME to make one)\n--loss --reorder "
			     "--duplicate --corrupt PERCENT; --burst FRAMES; "
			     "--delay-ms --jitter-ms MS; --rate MBIT/S; "
			     "--seed N");
			exit(0);
		}
	}
	if (argc - optind != 2)
		die(2, "two interfaces are to be named, not %d", argc - optind);
	e[0].name = argv[optind];
	e[1].name = argv[optind + 1];
}

int
main(int argc, char **argv)
{
	struct faults_config c = {.seed = 1};
	struct end e[2] = {0};
	sigset_t end;
	int signals;

	parse(&c, e, argc, argv);
	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	sigaddset(&end, SIGINT);
	sigprocmask(SIG_BLOCK, &end, NULL);
	signals = signalfd(-1, &end, SFD_CLOEXEC);
	if (signals < 0)
		die(1, "signalfd: %s", strerror(errno));
	for (int i = 0; i < 2; i++) {
		open_end(&e[i]);
		e[i].faults = faults_new(&c);
		c.seed++; /* the way back has its own faults */
		if (!e[i].faults)
			die(1, "not enough memory");
	}
	printf("impair: %s and %s are joined\n", e[0].name, e[1].name);
	fflush(stdout);
	forward(e, signals);
	for (int i = 0; i < 2; i++)
		print_counts(&e[i], &e[!i]);
	for (int i = 0; i < 2; i++) {
		faults_free(e[i].faults);
		close(e[i].fd);
	}
	close(signals);
	return 0;
}
