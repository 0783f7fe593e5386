/* supervise.c - the launcher's loop. Every wait in it is bounded: a domain
 * that is late is killed, and a death is told once, in one line. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dlibos/base/clock.h"
#include "dlibos/base/log.h"
#include "dlibos/launch/instance.h"

#define EVENTS 32

/* A domain that keeps dying is started again this often, and not sooner than
 * this after its last start. */
#define RESTARTS_MAX 100u
#define RESTART_PAUSE_NS 100000000ull

int
supervise_watch(struct instance *in, int fd, enum watch what, unsigned index)
{
	struct epoll_event ev = {
		.events = EPOLLIN,
		.data.u64 = (uint64_t)what << 32 | index,
	};

	return epoll_ctl(in->epoll_fd, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

int
supervise_start(struct instance *in, struct child *c)
{
	int rc = spawn(in, c);

	if (rc)
		return rc;
	rc = supervise_watch(in, c->channel, WATCH_CHANNEL, c->domain);
	if (!rc)
		rc = supervise_watch(in, c->words_fd, WATCH_WORDS, c->domain);
	return rc;
}

/* A domain is ended for what it did, or did not; the reason is told here. */
void
supervise_fail(struct instance *in, struct child *c, const char *why)
{
	(void)in;
	if (c->state == CHILD_DOWN || c->killed)
		return;
	log_say("%s %s: it is ended", c->name, why);
	c->killed = true;
	kill(c->pid, SIGKILL);
}

void
supervise_stop(struct instance *in)
{
	if (in->stopping)
		return;
	in->stopping = true;
	for (unsigned i = 0; i < in->children; i++)
		broker_stop(in, &in->child[i]);
}

void
supervise_restart(struct instance *in, struct child *c)
{
	c->want_restart = true;
	if (c->state != CHILD_DOWN)
		broker_stop(in, c);
}

/* --- deaths --------------------------------------------------------------*/

static void
tell_death(const struct child *c, int status)
{
	char how[80];

	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return;
	if (WIFEXITED(status))
		snprintf(how, sizeof(how), "exited with status %d",
			WEXITSTATUS(status));
	else
		snprintf(how, sizeof(how), "was killed by SIG%s",
			sigabbrev_np(WTERMSIG(status)));
	if (c->last_words[0])
		log_say("%s (process %d) %s; its last words: %s", c->name,
			(int)c->pid, how, c->last_words);
	else
		log_say("%s (process %d) %s without a word", c->name,
			(int)c->pid, how);
}

static int
status_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAIL;
}

static bool
any_app_left(const struct instance *in)
{
	for (unsigned i = 0; i < in->children; i++) {
		const struct child *c = &in->child[i];

		if (c->role == ROLE_APP &&
			(c->state != CHILD_DOWN || c->want_restart))
			return true;
	}
	return false;
}

/* What the instance does about a death. */
static void
consequences(struct instance *in, struct child *c, bool was_asked)
{
	if (!in->started) {
		if (!in->stopping)
			log_say("the instance ends: %s never got ready",
				c->name);
		in->status = in->status ? in->status : EXIT_FAIL;
		supervise_stop(in);
		return;
	}
	if (in->stopping || c->want_restart)
		return;
	if (in->opt.restart && !c->ended_well && !was_asked &&
		c->restarts < RESTARTS_MAX) {
		c->want_restart = true;
		return;
	}
	if (c->role == ROLE_NET && !c->ended_well)
		log_say("%s is needed: the instance ends", c->name);
	if (c->role == ROLE_NET || !any_app_left(in))
		supervise_stop(in);
}

/* What a domain counted, while it can still be read. */
static void
last_stats(const struct instance *in, const struct child *c)
{
	static char buf[65536];

	if (!in->opt.stats)
		return;
	report_domain(c, buf, sizeof(buf));
	fputs(buf, stderr);
}

static void
bury(struct instance *in, struct child *c, int status)
{
	bool was_asked = c->state == CHILD_STOPPING;

	/* All that is left in the pipe; a process that the domain made may
	 * still hold its end, and is not waited for. */
	for (int i = 0; i < 16 && c->words_fd >= 0 && words_hear(c); i++)
		;
	words_end(c);
	c->ended_well = WIFEXITED(status) && !WEXITSTATUS(status);
	if (!c->killed || !was_asked)
		tell_death(c, status);
	if (!in->stopping && !c->want_restart)
		in->status = in->status > status_of(status)
			? in->status : status_of(status);
	c->state = CHILD_DOWN;
	c->died_at = clock_ns();
	c->deadline = UINT64_MAX;
	broker_peer_died(in, c);
	last_stats(in, c);
	part_close(&c->stat.part);
	consequences(in, c, was_asked);
}

static void
reap(struct instance *in)
{
	for (unsigned i = 0; i < in->children; i++) {
		struct child *c = &in->child[i];
		int status;

		if (c->state != CHILD_DOWN &&
			waitpid(c->pid, &status, WNOHANG) == c->pid)
			bury(in, c, status);
	}
}

/* --- starting again ------------------------------------------------------*/

static bool
in_round(const struct instance *in)
{
	for (unsigned i = 0; i < in->children; i++)
		if (in->child[i].state > CHILD_DOWN &&
			in->child[i].state < CHILD_RUNNING)
			return true;
	return false;
}

static void
start_again(struct instance *in, struct child *c)
{
	int rc = supervise_start(in, c);

	c->restarts++;
	if (rc) {
		log_say("%s cannot be started again: %s", c->name,
			strerror(-rc));
		c->want_restart = false;
		ctl_restarted(in, c, false);
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
		[CHILD_MADE] = "waited too long for its peers",
		[CHILD_MAPPING] = "did not map its peers in time",
		[CHILD_READY] = "waited too long for its peers",
		[CHILD_RUNNING] = "hung up on the launcher",
		[CHILD_STOPPING] = "did not end when it was asked to",
	};

	c->deadline = UINT64_MAX;
	/* Its peers are late, not it. */
	if (c->state == CHILD_MADE || c->state == CHILD_READY)
		return;
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
		if (c->deadline < next)
			next = c->deadline;
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

static void
signals(struct instance *in)
{
	struct signalfd_siginfo si;

	while (read(in->signal_fd, &si, sizeof(si)) == sizeof(si))
		if (si.ssi_signo != SIGCHLD) {
			log_say("%s: ending", strsignal((int)si.ssi_signo));
			supervise_stop(in);
		}
}

static void
event(struct instance *in, uint64_t what)
{
	struct child *c = &in->child[(uint32_t)what % LIMIT_DOMAINS];

	switch ((enum watch)(what >> 32)) {
	case WATCH_SIGNALS:
		signals(in);
		break;
	case WATCH_CHANNEL:
		if (c->channel >= 0)
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
			event(in, ev[i].data.u64);
		reap(in);
	}
	return in->status;
}
