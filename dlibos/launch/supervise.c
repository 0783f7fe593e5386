/* supervise.c - the launcher's loop. Every wait in it is bounded: a domain
 * that is late is killed, and that it is late is told once, in one line. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dlibos/base/clock.h"
#include "dlibos/base/log.h"
#include "dlibos/launch/attach.h"
#include "dlibos/launch/instance.h"

#define EVENTS 32

/* A domain is not started again sooner than this after its death. */
#define RESTART_PAUSE_NS 100000000ull

int
supervise_watch(struct instance *in, int fd, enum watch what, unsigned index)
{
	struct epoll_event ev = {
		.events = EPOLLIN,
		.data.u64 = (uint64_t)what << 32 | index,
	};

	if (!epoll_ctl(in->epoll_fd, EPOLL_CTL_ADD, fd, &ev) ||
		(errno == EEXIST &&
			!epoll_ctl(in->epoll_fd, EPOLL_CTL_MOD, fd, &ev)))
		return 0;
	return -errno;
}

void
supervise_watch_room(struct instance *in, struct child *c, bool on)
{
	struct epoll_event ev = {
		.events = on ? EPOLLIN | EPOLLOUT : EPOLLIN,
		.data.u64 = (uint64_t)WATCH_CHANNEL << 32 | c->domain,
	};

	epoll_ctl(in->epoll_fd, EPOLL_CTL_MOD, c->channel, &ev);
}

int
supervise_start(struct instance *in, struct child *c)
{
	int rc = spawn(in, c);

	if (rc)
		return rc;
	rc = supervise_watch(in, c->channel, WATCH_CHANNEL, c->domain);
	if (!rc && c->words_fd >= 0)
		rc = supervise_watch(in, c->words_fd, WATCH_WORDS, c->domain);
	if (rc)
		supervise_fail(in, c, "cannot be watched");
	return 0;
}

void
supervise_fail(struct instance *in, struct child *c, const char *why)
{
	const char *next;
	bool end;

	if (c->state == CHILD_DOWN || c->killed)
		return;
	next = death_to_come(in, c, &end);
	/* What follows from an end that is under way is not told. */
	if (!in->stopping || c->state == CHILD_STOPPING)
		words_tell("%s (process %d) %s%s", c->name, (int)c->pid, why,
			next);
	if (c->place)
		attach_note(c, why, next);
	c->killed = true;
	kill(c->pid, SIGKILL);
	post_drop(c);
	if (c->channel >= 0)
		close(c->channel); /* nothing that it says counts any more */
	c->channel = -1;
	if (end) {
		in->status = in->status > EXIT_FAIL ? in->status : EXIT_FAIL;
		supervise_stop(in);
	}
}

static bool
stop_role(struct instance *in, enum role role)
{
	bool alive = false;

	for (unsigned i = 0; i < in->children; i++) {
		struct child *c = &in->child[i];

		if (!(c->role & role) || c->state == CHILD_DOWN)
			continue;
		alive = true;
		broker_stop(in, c); /* once */
	}
	return alive;
}

/* Programs first: a network core that went before them would look to them like
 * one that died. */
static void
stop_next(struct instance *in)
{
	/* Before the start nobody knows anybody. */
	if (in->stopping && (!stop_role(in, ROLE_APP) || !in->started))
		stop_role(in, ROLE_NET);
}

void
supervise_stop(struct instance *in)
{
	in->stopping = true;
	stop_next(in);
}

void
supervise_restart(struct instance *in, struct child *c)
{
	c->want_restart = true;
	if (c->state != CHILD_DOWN)
		broker_stop(in, c);
}

/* --- deaths --------------------------------------------------------------*/

static struct child *
by_pid(struct instance *in, pid_t pid)
{
	for (unsigned i = 0; i < in->children; i++)
		if (in->child[i].state != CHILD_DOWN && in->child[i].pid == pid)
			return &in->child[i];
	return NULL;
}

/* Domains, and what they left behind. A dead domain's number is its session's
 * until it is taken off the list, so its group is ended before. */
static void
reap(struct instance *in)
{
	for (;;) {
		siginfo_t si = {.si_pid = 0};
		struct child *c;
		int status;

		if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) ||
			!si.si_pid)
			return;
		c = by_pid(in, si.si_pid);
		if (c)
			kill(-si.si_pid, SIGKILL);
		if (waitpid(si.si_pid, &status, WNOHANG) != si.si_pid)
			return;
		if (!c)
			continue;
		death(in, c, status);
		orphans_end(in, si.si_pid);
	}
}

/* None but us is left when we end; what a kill does not end at once is waited
 * for, but not for ever. */
static void
end_orphans(struct instance *in)
{
	uint64_t until = clock_ns() + LIMIT_STOP_MS * 1000000ull;
	struct pollfd p = {.fd = in->signal_fd, .events = POLLIN};
	struct signalfd_siginfo si;

	while (orphans_end(in, 0) && clock_ns() < until) {
		if (waitpid(-1, NULL, WNOHANG) > 0)
			continue;
		poll(&p, 1, 10);
		while (read(in->signal_fd, &si, sizeof(si)) == sizeof(si))
			;
	}
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

/* --- starting again ------------------------------------------------------*/

/* Whether some are in a round, or about to go. */
static bool
in_round(const struct instance *in)
{
	for (unsigned i = 0; i < in->children; i++)
		if (in->child[i].state != CHILD_DOWN &&
			(in->child[i].state != CHILD_RUNNING ||
				in->child[i].killed))
			return true;
	return false;
}

static void
start_again(struct instance *in, struct child *c)
{
	int rc;

	if (c->role & ROLE_NET)
		port_refresh(&in->port);
	c->restarts += c->pid != 0; /* it was started before */
	rc = supervise_start(in, c);
	c->want_restart = false;
	if (rc && c->place) {
		ctl_restarted(in, c, false);
		attach_failed(c, rc);
		return;
	}
	if (rc) {
		words_tell("%s cannot be started again: %s; the instance ends",
			c->name, strerror(-rc));
		in->status = EXIT_FAIL;
		ctl_restarted(in, c, false);
		supervise_stop(in);
		return;
	}
	broker_begin(in, c);
}

/* Those who wait for it, once all peers have let go of what they were; one
 * round at a time. Returns when to look again. */
static uint64_t
restarts(struct instance *in, uint64_t now)
{
	uint64_t next = UINT64_MAX;

	for (unsigned i = 0; i < in->children; i++) {
		struct child *c = &in->child[i];
		uint64_t when = c->died_at + RESTART_PAUSE_NS;

		if (!c->want_restart || c->state != CHILD_DOWN ||
			in->stopping || !broker_forgotten(in, c))
			continue;
		if (in_round(in))
			break;
		if (now >= when)
			start_again(in, c);
		else if (when < next)
			next = when;
	}
	return next;
}

/* --- time ----------------------------------------------------------------*/

static void
too_late(struct instance *in, struct child *c)
{
	static const char *const what[] = {
		[CHILD_MAKING] = "did not get its memory ready in time",
		[CHILD_MAPPING] = "did not map its peers in time",
		[CHILD_RUNNING] = "hung up on the launcher, and lives on",
		[CHILD_STOPPING] = "did not end when it was asked to",
	};

	c->deadline = UINT64_MAX;
	/* Its peers are late, not it. */
	if (c->channel >= 0 &&
		(c->state == CHILD_MADE || c->state == CHILD_READY))
		return;
	if (c->state == CHILD_STOPPING)
		supervise_fail(in, c, what[c->state]);
	else if (c->channel < 0)
		supervise_fail(in, c, what[CHILD_RUNNING]);
	else if (!c->joined)
		supervise_fail(in, c,
			"did not join the instance in time: "
			"does it call dl_run()?");
	else
		supervise_fail(in, c, what[c->state]);
}

/* Returns the nearest moment at which something becomes due. */
static uint64_t
deadlines(struct instance *in)
{
	uint64_t now = clock_ns(), next = ctl_expire(in, now), t;

	for (unsigned i = 0; i < in->children; i++) {
		struct child *c = &in->child[i];

		if (c->state == CHILD_DOWN)
			continue;
		if (c->deadline <= now)
			too_late(in, c);
		if (c->forget_by <= now) {
			c->forget_by = UINT64_MAX;
			supervise_fail(in, c,
				"does not let go of a domain "
				"that is gone");
		}
		if (c->deadline < next)
			next = c->deadline;
		if (c->forget_by < next)
			next = c->forget_by;
	}
	t = restarts(in, now);
	return t < next ? t : next;
}

static int
wait_ms(uint64_t until)
{
	uint64_t now = clock_ns();

	if (until == UINT64_MAX)
		return -1;
	if (until <= now)
		return 0;
	return (int)((until - now) / 1000000) + 1;
}

/* --- the loop ------------------------------------------------------------*/

/* The first asks all to end; one more does not wait for them. */
static void
end_signal(struct instance *in, int sig)
{
	if (sig == SIGHUP && in->nohup)
		return;
	words_tell("%s: %s", strsignal(sig),
		in->stopping ? "ending at once" : "ending");
	if (in->stopping)
		for (unsigned i = 0; i < in->children; i++)
			if (in->child[i].state == CHILD_STOPPING)
				in->child[i].deadline = 0;
	supervise_stop(in);
}

static void
signals(struct instance *in)
{
	struct signalfd_siginfo si;

	while (read(in->signal_fd, &si, sizeof(si)) == sizeof(si))
		if (si.ssi_signo != SIGCHLD)
			end_signal(in, (int)si.ssi_signo);
}

static void
event(struct instance *in, uint64_t what, uint32_t events)
{
	struct child *c = &in->child[(uint32_t)what % LIMIT_DOMAINS];

	switch ((enum watch)(what >> 32)) {
	case WATCH_SIGNALS:
		signals(in);
		break;
	case WATCH_CHANNEL:
		if (c->channel >= 0 && (events & EPOLLOUT))
			post_flush(in, c);
		if (c->channel >= 0 && (events & ~(uint32_t)EPOLLOUT))
			broker_hear(in, c);
		break;
	case WATCH_WORDS:
		if (c->words_fd >= 0)
			words_hear(c);
		break;
	case WATCH_CTL:
		ctl_accept(in);
		break;
	case WATCH_CLIENT:
		ctl_hear(in, &in->client[(uint32_t)what % CTL_CLIENTS]);
		break;
	case WATCH_ATTACHED:
		attach_hear(in, c);
		break;
	}
}

static bool
any_alive(const struct instance *in)
{
	for (unsigned i = 0; i < in->children; i++)
		if (in->child[i].state != CHILD_DOWN)
			return true;
	return false;
}

static bool
any_to_come(const struct instance *in)
{
	for (unsigned i = 0; i < in->children; i++)
		if (in->child[i].want_restart)
			return !in->stopping;
	return false;
}

int
supervise(struct instance *in)
{
	struct epoll_event ev[EVENTS];

	while (any_alive(in) || any_to_come(in)) {
		uint64_t next = deadlines(in);
		int n = epoll_wait(in->epoll_fd, ev, EVENTS, wait_ms(next));

		for (int i = 0; i < n; i++)
			event(in, ev[i].data.u64, ev[i].events);
		reap(in);
		stop_next(in);
	}
	end_orphans(in);
	return in->status;
}
