/* kernel_side.c - the side that is Linux. A frame that is written to a tap is
 * dealt with before write() returns, and its answers can be read then: nothing
 * is waited for. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "netcore/stack/engine/test/differ/kernel_net.h"
#include "netcore/stack/engine/test/differ/side.h"

struct theirs {
	int tap, diag;
	int listener, fd; /* or -1 */
	enum side_why why;
};

static void
collect(struct side *d)
{
	struct theirs *k = d->own;
	uint8_t frame[2048];
	ssize_t n;

	while ((n = read(k->tap, frame, sizeof(frame))) > 0)
		side_sent(d, frame, (uint32_t)n);
}

static void
frame_in(struct side *d, const uint8_t *p, uint32_t len)
{
	struct theirs *k = d->own;

	if (write(k->tap, p, len) != (ssize_t)len && !d->bad[0])
		snprintf(d->bad, sizeof(d->bad), "kernel: tap: %s",
			strerror(errno));
	collect(d);
}

static struct sockaddr_in
address(uint32_t ip, uint16_t port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(ip),
		.sin_port = htons(port)};
}

/* Urgent bytes are bytes (RFC 6093), and small segments do not wait. */
static int
stream(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1, room = 1 << 20;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static int
begin(struct side *d)
{
	struct theirs *k = d->own;
	struct sockaddr_in us = address(SIDE_IP, d->port);
	struct sockaddr_in peer = address(SIDE_PEER, d->peer_port);
	int fd;

	k->listener = k->fd = -1;
	k->why = SIDE_OPEN;
	if (d->plan->no_listen)
		return 0;
	fd = stream();
	if (fd < 0 || bind(fd, (struct sockaddr *)&us, sizeof(us)))
		goto bad;
	if (d->plan->active) {
		k->fd = fd;
		if (connect(fd, (struct sockaddr *)&peer, sizeof(peer)) &&
			errno != EINPROGRESS)
			goto bad;
		collect(d);
	} else {
		k->listener = fd;
		if (listen(fd, 16))
			goto bad;
	}
	return 0;
bad:
	fprintf(stderr, "tcp_differ: socket: %s\n", strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static void
pass_time(struct side *d, unsigned ms)
{
	struct timespec t = {0, ms * 1000000l};

	if (ms)
		nanosleep(&t, NULL);
	collect(d);
}

static int
read_some(struct side *d, uint32_t most)
{
	struct theirs *k = d->own;
	uint8_t bytes[16384];
	uint32_t got = 0;

	while (got < most) {
		uint32_t want = most - got;
		ssize_t n = recv(k->fd, bytes,
			want < sizeof(bytes) ? want : sizeof(bytes), 0);

		if (n < 0)
			break;
		if (!n) {
			if (k->why <= SIDE_CLOSED)
				d->eof = true;
			break;
		}
		side_got(d, bytes, (uint32_t)n);
		got += (uint32_t)n;
	}
	return (int)got;
}

static int
write_some(struct side *d, uint32_t len)
{
	struct theirs *k = d->own;
	ssize_t n = send(k->fd, side_bytes + d->written % SIDE_PATTERN, len,
		MSG_NOSIGNAL);

	if (n > 0)
		d->written += (uint32_t)n;
	return (int)n;
}

static void
let_go(struct side *d, bool abort)
{
	struct theirs *k = d->own;
	struct linger l = {1, 0};

	if (abort)
		setsockopt(k->fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	close(k->fd);
	k->fd = -1;
	d->gone = true;
}

static void
call(struct side *d, const struct step *s)
{
	struct theirs *k = d->own;
	bool known = d->accepted && !d->gone;

	if ((s->kind == STEP_CLOSE || s->kind == STEP_ABORT) &&
		(known || (d->plan->active && !d->gone)))
		let_go(d, s->kind == STEP_ABORT);
	else if (known && s->kind == STEP_WRITE)
		d->seen.result = write_some(d, s->len);
	else if (known && s->kind == STEP_READ)
		d->seen.result = read_some(d, s->len);
	else if (known && s->kind == STEP_SHUT)
		shutdown(k->fd, SHUT_WR);
	collect(d);
}

static enum side_why
why_of(int err)
{
	switch (err) {
	case 0:
		return SIDE_CLOSED;
	case ECONNRESET:
	case EPIPE:
		return SIDE_RESET;
	case ECONNREFUSED:
		return SIDE_REFUSED;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case ENOPROTOOPT:
	case EPROTO:
	case EMSGSIZE:
		return SIDE_UNREACHABLE;
	default:
		return SIDE_OTHER;
	}
}

static void
look(struct side *d)
{
	static const enum side_state is[] = {
		[TCP_SYN_SENT] = SIDE_SYN_SENT,
		[TCP_SYN_RECV] = SIDE_SYN_RCVD,
		[TCP_ESTABLISHED] = SIDE_ESTAB,
		[TCP_CLOSE_WAIT] = SIDE_CLOSE_WAIT,
		[TCP_FIN_WAIT1] = SIDE_FIN_WAIT1,
		[TCP_FIN_WAIT2] = SIDE_FIN_WAIT2,
		[TCP_CLOSING] = SIDE_CLOSING,
		[TCP_LAST_ACK] = SIDE_LAST_ACK,
		[TCP_TIME_WAIT] = SIDE_TIME_WAIT,
		[12] = SIDE_SYN_RCVD, /* a request that waits */
	};
	struct theirs *k = d->own;
	struct kernel_net_socket s;
	int err = 0;
	socklen_t len = sizeof(err);

	if (k->fd < 0 && k->listener >= 0 && !d->gone) {
		k->fd = accept4(
			k->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		d->accepted = k->fd >= 0;
	}
	s = kernel_net_find(k->diag, d->port, d->peer_port);
	d->seen.state = s.state <= 12 ? is[s.state] : SIDE_NONE;
	if (s.rcv_wscale >= 0)
		d->wscale = (uint8_t)s.rcv_wscale;
	if (d->plan->active && d->seen.state >= SIDE_ESTAB)
		d->accepted = true;
	/* A listener's fresh one is another than what was accepted. */
	if (k->fd >= 0 && k->why == SIDE_OPEN &&
		(!s.state ||
			(k->listener >= 0 && d->seen.state == SIDE_SYN_RCVD))) {
		getsockopt(k->fd, SOL_SOCKET, SO_ERROR, &err, &len);
		k->why = why_of(err);
	}
	d->seen.why = d->gone ? SIDE_OPEN : k->why;
}

static void
end(struct side *d)
{
	struct theirs *k = d->own;

	if (k->fd >= 0)
		let_go(d, true);
	if (k->listener >= 0)
		close(k->listener);
	k->listener = -1;
	collect(d);
}

struct side *
side_kernel(void)
{
	static const struct side_ops ops = {
		.name = "kernel",
		.begin = begin,
		.frame = frame_in,
		.call = call,
		.wait = pass_time,
		.look = look,
		.end = end,
	};
	static struct theirs own;
	static struct side side = {.ops = &ops, .own = &own};

	own.listener = own.fd = -1;
	own.tap = kernel_net_open();
	own.diag = own.tap < 0 ? -1 : kernel_net_diag();
	return own.diag < 0 ? NULL : &side;
}
