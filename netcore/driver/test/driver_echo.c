/* driver_echo - driver and engine together: an echo on port 7, and the answers
 * to ARP and ping, against the kernel at the other end of a pair of interfaces.
 * The kernel gets 1 MiB back byte by byte, over each kind of socket.
 *
 *	kernel 10.9.0.1 - dl1 === dl0 - driver - engine 10.9.0.2
 *
 * `driver_echo serve PORT ADDRESS` is the engine's end alone, until one peer
 * was served, `driver_echo ask ADDRESS` is that peer: for two machines.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dlibos/base/bits.h"
#include "dlibos/base/cacheline.h"
#include "netcore/driver/test/rig.h"
#include "netcore/driver/test/wire.h"
#include "netcore/stack/stack.h"

#define BURST 32
#define HELD  4096u /* buffers whose bytes are on their way back */
#define BYTES (1u << 20)
#define CHUNK 16384u
#define PINGS 5

/* --- the engine's end -----------------------------------------------------*/

/* A buffer that was received, sent back, and must stay: until its last byte is
 * acknowledged, then until the driver has let go of what was sent by then. */
struct held {
	void *buf;
	uint64_t end;	 /* of its bytes in the stream */
	uint64_t serial; /* of the driver's; once it is acknowledged */
	uint32_t len;
};

struct echo {
	struct rig rig;
	struct stack *stack;
	void *mem;
	struct held held[HELD];
	uint32_t first, acked, last; /* in held[], as they run */
	uint64_t got, back;
	bool at_end;
	uint32_t closed;
};

static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void
up_accepted(void *arg, stack_conn c, uint64_t user)
{
	(void)arg;
	(void)c;
	(void)user;
}

static void
up_data(void *arg, stack_conn c, uint64_t user, const uint8_t *p, uint32_t len,
	void *buf)
{
	struct echo *e = arg;
	struct held *h = &e->held[e->last++ % HELD];
	int err = stack_send(e->stack, c, p, len);

	(void)user;
	if (err || e->last - e->first >= HELD)
		wire_fail("echo: %s", strerror(-err));
	e->got += len;
	*h = (struct held){.buf = buf, .end = e->got, .len = len};
}

/* Bytes that were not done with would make it a reset. */
static void
end(struct echo *e, stack_conn c)
{
	if (e->at_end && e->acked == e->last)
		stack_close(e->stack, c, false);
}

static void
up_acked(void *arg, stack_conn c, uint64_t user, uint32_t bytes)
{
	struct echo *e = arg;
	struct held *h;

	(void)user;
	e->back += bytes;
	for (; e->acked != e->last; e->acked++) {
		h = &e->held[e->acked % HELD];
		if (h->end > e->back)
			break;
		h->serial = driver_tx_sent(e->rig.d);
		stack_recv_done(e->stack, c, h->len);
	}
	end(e, c);
}

static void
up_remote_closed(void *arg, stack_conn c, uint64_t user)
{
	struct echo *e = arg;

	(void)user;
	e->at_end = true;
	end(e, c);
}

static void
up_closed(void *arg, stack_conn c, uint64_t user, enum stack_why why)
{
	struct echo *e = arg;

	(void)c;
	(void)user;
	if (why != STACK_CLOSED)
		wire_fail("the connection ended by %d", why);
	e->closed++;
}

static void
up_release(void *arg, void *buf)
{
	struct echo *e = arg;

	driver_release(e->rig.d, buf);
}

static const struct stack_ops ops = {
	.accepted = up_accepted,
	.data = up_data,
	.acked = up_acked,
	.remote_closed = up_remote_closed,
	.closed = up_closed,
	.release = up_release,
};

static void
receive(struct echo *e)
{
	struct stack_rx_frame f[BURST];
	unsigned n = driver_rx(e->rig.d, f, BURST);

	if (n)
		stack_rx(e->stack, f, n, now_ns());
	for (unsigned i = 0; i < n; i++)
		if (!f[i].kept)
			driver_release(e->rig.d, f[i].buf);
}

static void
transmit(struct echo *e)
{
	struct stack_tx_frame f[BURST];
	unsigned n, room;

	for (unsigned i = 0; i < BURST; i++)
		f[i].headers = e->rig.headers + i * STACK_HEADERS;
	for (;;) {
		room = driver_tx_room(e->rig.d);
		n = stack_tx(
			e->stack, f, room < BURST ? room : BURST, now_ns());
		if (driver_tx(e->rig.d, f, n) != n)
			wire_fail("there was room");
		if (!n)
			break;
	}
}

static void
give_back(struct echo *e)
{
	struct held *h;

	for (; e->first != e->acked; e->first++) {
		h = &e->held[e->first % HELD];
		if (h->serial > driver_tx_done(e->rig.d))
			break;
		driver_release(e->rig.d, h->buf);
	}
}

static void
turn(struct echo *e)
{
	receive(e);
	stack_timers(e->stack, now_ns());
	transmit(e);
	give_back(e);
}

static void
rest(struct echo *e, int child)
{
	struct pollfd p[2] = {{.fd = driver_fd(e->rig.d), .events = POLLIN},
		{.fd = child, .events = POLLIN}};
	uint64_t at = stack_deadline(e->stack), now = now_ns();
	struct timespec t = {0};

	if (driver_pending(e->rig.d) || driver_tx_waiting(e->rig.d) ||
		at <= now)
		return;
	if (at - now > 100000000)
		at = now + 100000000;
	t.tv_nsec = (long)(at - now);
	ppoll(p, 2, &t, NULL);
}

static void
start(struct echo *e, const char *port, uint32_t ip4)
{
	const struct driver_caps *caps;
	struct stack_config c = {
		.conns = 16,
		.half_open = 8,
		.listeners = 1,
		.send_refs = 8192,
		.segs = 8192,
		.ooo = 1024,
		.rcv_window = 256 << 10,
		.time_wait_ms = 1,
		.mtu = 1500,
		.ip4 = ip_addr_v4(ip4),
		.ip4_bits = 24,
	};
	size_t bytes;

	rig_open(&e->rig, port, 1500, 0, 1);
	caps = driver_caps(e->rig.d);
	memcpy(c.mac, caps->mac, 6);
	c.tx_cksum = caps->tx_cksum;
	c.tso = caps->tso;
	if (getrandom(c.secret, sizeof(c.secret), 0) != sizeof(c.secret))
		wire_fail("getrandom: %s", strerror(errno));
	bytes = round_up(stack_bytes(&c), CACHELINE);
	e->mem = aligned_alloc(CACHELINE, bytes);
	if (!e->mem)
		wire_fail("no memory");
	memset(e->mem, 0, bytes);
	e->stack = stack_init(e->mem, &c, &ops, e, now_ns());
	if (stack_listen(e->stack, (struct ip_addr){0}, 7, 0))
		wire_fail("cannot listen");
}

/* Looks for what does not fit when all is over. */
static void
finish(struct echo *e, const char *port)
{
	const struct stack_counters *c = stack_counters(e->stack);
	const char *broken = stack_check(e->stack);
	bool lazy = driver_caps(e->rig.d)->lazy;
	struct driver_count d;

	if (!lazy)
		rig_settle(&e->rig);
	give_back(e);
	driver_stats(e->rig.d, &d);
	printf("%s: rx %llu tx %llu copied %llu joined %llu waited %llu; "
	       "retransmits %llu bad checksums %llu\n",
		port, (unsigned long long)d.rx_frames,
		(unsigned long long)d.tx_frames,
		(unsigned long long)d.tx_copied,
		(unsigned long long)d.rx_joined,
		(unsigned long long)d.tx_waited,
		(unsigned long long)c->retransmits,
		(unsigned long long)c->drop_cksum);
	if (broken)
		wire_fail("engine: %s", broken);
	if (e->got != BYTES || e->back != BYTES || e->closed != 1)
		wire_fail("%llu bytes came, %llu went back, %u ends",
			(unsigned long long)e->got, (unsigned long long)e->back,
			e->closed);
	if (c->drop_cksum || d.rx_drop_segments || d.tx_drop_unfit)
		wire_fail("frames were dropped");
	/* An XDP socket gives back what it sent when there is more to send. */
	if (!lazy &&
		(e->first != e->last ||
			(!d.tx_copied &&
				driver_rx_free(e->rig.d) != e->rig.rx_free)))
		wire_fail("buffers are missing");
	free(e->mem);
	rig_close(&e->rig);
}

/* --- the kernel's end -----------------------------------------------------*/

static void
ping(uint32_t ip4)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(ip4)};
	struct timeval t = {.tv_sec = WIRE_MS / 1000};
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
	uint8_t in[1600];
	ssize_t n;

	if (fd < 0 || connect(fd, (void *)&to, sizeof(to)) ||
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)))
		wire_fail("ping: %s", strerror(errno));
	for (uint16_t i = 0; i < PINGS; i++) {
		struct icmphdr h = {.type = ICMP_ECHO,
			.un.echo = {.id = 77, .sequence = htons(i)}};
		uint32_t sum = ICMP_ECHO + 77u + h.un.echo.sequence;

		h.checksum = (uint16_t) ~((sum & 0xffff) + (sum >> 16));
		if (send(fd, &h, sizeof(h), 0) != sizeof(h))
			wire_fail("ping: %s", strerror(errno));
		n = recv(fd, in, sizeof(in), 0);
		if (n < 28 || in[20] != ICMP_ECHOREPLY ||
			memcmp(in + 24, &h.un.echo, 4))
			wire_fail("ping %u: no answer", i);
	}
	close(fd);
}

static int
dial(uint32_t ip4)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons(7),
		.sin_addr.s_addr = htonl(ip4)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (void *)&to, sizeof(to)))
		wire_fail("connect: %s", strerror(errno));
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static void
converse(uint32_t ip4)
{
	static uint8_t out[BYTES], in[BYTES + 1];
	uint32_t sent = 0, got = 0;
	int fd = dial(ip4);
	ssize_t n;

	for (uint32_t i = 0, x = 1; i < BYTES; i++) {
		x = x * 1664525 + 1013904223;
		out[i] = (uint8_t)(x >> 24);
	}
	for (;;) {
		struct pollfd p = {.fd = fd,
			.events = sent < BYTES ? POLLIN | POLLOUT : POLLIN};

		if (poll(&p, 1, WIRE_MS) != 1)
			wire_fail("sent %u, got %u, and no more", sent, got);
		if (p.revents & POLLOUT && sent < BYTES) {
			n = send(fd, out + sent,
				BYTES - sent < CHUNK ? BYTES - sent : CHUNK, 0);
			sent += n > 0 ? (uint32_t)n : 0;
			if (sent == BYTES)
				shutdown(fd, SHUT_WR);
		}
		n = recv(fd, in + got, sizeof(in) - got, 0);
		if (!n)
			break;
		if (n < 0 && errno != EAGAIN)
			wire_fail("after %u: %s", got, strerror(errno));
		got += n > 0 ? (uint32_t)n : 0;
	}
	if (got != BYTES || memcmp(in, out, BYTES))
		wire_fail("%u of %u bytes came back, or others", got, BYTES);
	close(fd);
}

/* --- both -----------------------------------------------------------------*/

static void
run(const char *port, uint32_t ip4)
{
	static struct echo e;
	int over[2], go[2], status;
	char c = 0;
	pid_t pid;

	if (pipe(over) || pipe(go))
		wire_fail("pipe: %s", strerror(errno));
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		wire_fail("fork: %s", strerror(errno));
	if (!pid) {
		close(over[0]);
		if (read(go[0], &c, 1) != 1)
			_exit(1);
		ping(ip4);
		converse(ip4);
		_exit(0);
	}
	close(over[1]);
	memset(&e, 0, sizeof(e));
	start(&e, port, ip4);
	if (write(go[1], &c, 1) != 1)
		wire_fail("pipe: %s", strerror(errno));
	for (bool done = false; !done || !e.closed;) {
		struct pollfd p = {.fd = over[0], .events = POLLIN};

		turn(&e);
		if (!done && poll(&p, 1, 0) == 1) {
			done = true;
			if (waitpid(pid, &status, 0) != pid || status)
				wire_fail("the kernel's end failed");
		}
		rest(&e, done ? -1 : over[0]);
	}
	finish(&e, port);
	close(over[0]);
	close(go[0]);
	close(go[1]);
}

/* Both ends end when the conversation has. */
static void
serve(const char *port, uint32_t ip4)
{
	static struct echo e;
	const struct driver_caps *caps;

	start(&e, port, ip4);
	caps = driver_caps(e.rig.d);
	printf("%s: %s, cksum tx %d rx %d, tso %u, link %d, descriptor %d\n",
		port, caps->name, caps->tx_cksum, caps->rx_cksum, caps->tso,
		caps->link, driver_fd(e.rig.d));
	fflush(stdout);
	while (!e.closed) {
		turn(&e);
		rest(&e, -1);
	}
	finish(&e, port);
}

static uint32_t
address(const char *text)
{
	struct in_addr a;

	if (inet_pton(AF_INET, text, &a) != 1)
		wire_fail("%s is no address", text);
	return ntohl(a.s_addr);
}

int
main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "serve")) {
		serve(argv[2], address(argv[3]));
		return 0;
	}
	if (argc == 3 && !strcmp(argv[1], "ask")) {
		ping(address(argv[2]));
		converse(address(argv[2]));
		return 0;
	}
	if (!wire_enter())
		return 77;
	wire_pair("dl0", "dl1", 1500, 1);
	wire_ip("addr add 10.9.0.1/24 dev dl1");
	run("afpacket:dl0", 0x0a090002);
	run("afxdp:dl0", 0x0a090002);
	return 0;
}
