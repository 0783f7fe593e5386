/* ctl.c - orders to a running instance.
 *
 * The socket has an abstract name, @dlibos/NAME: nothing lies in a file
 * system, and nothing stays behind whatever kills the launcher. Anybody may
 * connect to such a name, so both sides ask the kernel who the other is: only
 * root and the user who started the instance are listened to, and a client
 * speaks to a launcher of one of these only.
 *
 * One message is an order, one message the answer; but for who attaches a
 * program, see attach.h.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "dlibos/base/clock.h"
#include "dlibos/base/log.h"
#include "dlibos/launch/attach.h"
#include "dlibos/launch/conns.h"
#include "dlibos/launch/ctl_name.h"
#include "dlibos/launch/instance.h"
#include "dlibos/launch/stat.h"
#include "dlibos/launch/text.h"

#define ANSWER 65536

static void
hang_up(struct ctl_client *cl)
{
	if (cl->fd >= 0)
		close(cl->fd);
	cl->fd = -1;
	cl->waits_for = CTL_WAITS_NOT;
}

int
ctl_open(struct instance *in)
{
	struct sockaddr_un un;
	socklen_t len = ctl_address(&un, in->name);
	int fd = socket(
		AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	for (int i = 0; i < CTL_CLIENTS; i++)
		in->client[i] = (struct ctl_client){-1, 0, CTL_WAITS_NOT};
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&un, len) || listen(fd, CTL_CLIENTS)) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	in->ctl_fd = fd;
	return supervise_watch(in, fd, WATCH_CTL, 0);
}

void
ctl_accept(struct instance *in)
{
	static const char no[] = "error: not your instance\n";
	static const char full[] = "error: too many clients, try again\n";
	int fd = accept4(in->ctl_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	if (!ctl_peer_is_ours(fd)) {
		send(fd, no, sizeof(no), MSG_NOSIGNAL);
		close(fd);
		return;
	}
	for (unsigned i = 0; i < CTL_CLIENTS; i++) {
		struct ctl_client *cl = &in->client[i];

		if (cl->fd >= 0)
			continue;
		cl->fd = fd;
		cl->waits_for = CTL_WAITS_NOT;
		cl->deadline = clock_ns() + LIMIT_CTL_MS * 1000000ull;
		if (supervise_watch(in, fd, WATCH_CLIENT, i))
			hang_up(cl);
		return;
	}
	send(fd, full, sizeof(full), MSG_NOSIGNAL);
	close(fd);
}

static void
answer(struct ctl_client *cl, const char *text)
{
	send(cl->fd, text, strlen(text) + 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	hang_up(cl);
}

static void
order_status(const struct instance *in, struct ctl_client *cl)
{
	char *buf = malloc(ANSWER);
	size_t n;

	if (!buf) {
		answer(cl, "error: out of memory\n");
		return;
	}
	n = report_status(in, buf, ANSWER);
	report_edges(in, buf + n, ANSWER - n);
	answer(cl, buf);
	free(buf);
}

typedef void piece_writer(const struct instance *in, unsigned domain,
	unsigned record, char *buf, size_t len);

/* "VERB", or "VERB D R" for what follows a piece; `from` is behind the verb. */
static void
order_piece(const struct instance *in, struct ctl_client *cl, const char *from,
	piece_writer *write_piece)
{
	unsigned d = 0, r = 0;
	char *buf;

	if (*from) {
		from = text_number(from + 1, &d);
		from = from && *from == ' ' ? text_number(from + 1, &r) : NULL;
		if (!from || *from) {
			answer(cl, "error: no such order\n");
			return;
		}
	}
	buf = malloc(STAT_PIECE);
	if (!buf) {
		answer(cl, "error: out of memory\n");
		return;
	}
	write_piece(in, d, r, buf, STAT_PIECE);
	answer(cl, buf);
	free(buf);
}

static void
order_restart(struct instance *in, struct ctl_client *cl, const char *name)
{
	for (unsigned i = 0; i < in->children; i++) {
		struct child *c = &in->child[i];

		if (strcmp(c->name, name) || vacant_is(c))
			continue;
		if (in->stopping || c->starting || c->want_restart) {
			answer(cl, "error: it is about to start or to end\n");
			return;
		}
		cl->waits_for = (int)i;
		cl->deadline = clock_ns() +
			(LIMIT_STOP_MS + 2 * LIMIT_START_MS) * 1000000ull;
		supervise_restart(in, c);
		return;
	}
	answer(cl, "error: there is no such domain\n");
}

static void
order_text(struct instance *in, struct ctl_client *cl, const char *order)
{
	if (!strcmp(order, "status"))
		order_status(in, cl);
	else if (!strcmp(order, "stat") || !strncmp(order, "stat ", 5))
		order_piece(in, cl, order + 4, stat_piece);
	else if (!strcmp(order, "conns") || !strncmp(order, "conns ", 6))
		order_piece(in, cl, order + 5, conns_piece);
	else if (!strncmp(order, "restart ", 8))
		order_restart(in, cl, order + 8);
	else if (!strcmp(order, "stop")) {
		cl->waits_for = CTL_WAITS_END;
		cl->deadline = clock_ns() +
			(2 * LIMIT_STOP_MS + LIMIT_START_MS) * 1000000ull;
		supervise_stop(in);
	} else
		answer(cl, "error: no such order\n");
}

/* Whoever attaches a program is no longer one of those who ask and go. */
static void
order_attach(struct instance *in, struct ctl_client *cl,
	const struct attach_order *o, size_t len, const int *fds, unsigned n)
{
	const char *error = attach_take(in, cl->fd, o, len, fds, n);

	if (error) {
		pass_close_all(fds, n);
		answer(cl, error);
	} else {
		cl->fd = -1;
	}
}

void
ctl_hear(struct instance *in, struct ctl_client *cl)
{
	union {
		struct attach_order attach;
		char text[sizeof(struct attach_order) + 1];
	} u;
	int fds[PASS_FDS];
	unsigned nfds;
	ssize_t n;

	if (cl->fd < 0)
		return;
	n = pass_recv(cl->fd, &u, sizeof(u.attach), fds, &nfds);
	if (n == -EAGAIN)
		return;
	if (n > 0 && cl->waits_for == CTL_WAITS_NOT &&
		attach_is_order(&u.attach, (size_t)n)) {
		order_attach(in, cl, &u.attach, (size_t)n, fds, nfds);
		return;
	}
	pass_close_all(fds, nfds);
	/* gone, or speaks twice */
	if ((n <= 0 && n != -EMSGSIZE) || cl->waits_for != CTL_WAITS_NOT) {
		hang_up(cl);
		return;
	}
	u.text[n > 0 && !nfds ? n : 0] = '\0';
	order_text(in, cl, u.text);
}

void
ctl_restarted(struct instance *in, struct child *c, bool well)
{
	for (int i = 0; i < CTL_CLIENTS; i++)
		if (in->client[i].waits_for == (int)c->domain)
			answer(&in->client[i],
				well ? "ok\n"
				     : "error: it cannot be started\n");
}

uint64_t
ctl_expire(struct instance *in, uint64_t now)
{
	uint64_t next = UINT64_MAX;

	for (int i = 0; i < CTL_CLIENTS; i++) {
		struct ctl_client *cl = &in->client[i];

		if (cl->fd < 0)
			continue;
		if (cl->deadline <= now)
			answer(cl, "error: it took too long\n");
		else if (cl->deadline < next)
			next = cl->deadline;
	}
	return next;
}

void
ctl_close(struct instance *in)
{
	if (in->ctl_fd >= 0)
		close(in->ctl_fd);
	in->ctl_fd = -1; /* the name is free before anybody hears of it */
	for (int i = 0; i < CTL_CLIENTS; i++) {
		struct ctl_client *cl = &in->client[i];

		if (cl->fd >= 0)
			answer(cl,
				cl->waits_for == CTL_WAITS_END
					? "ok\n"
					: "error: the instance ended\n");
	}
	attach_close(in);
}
