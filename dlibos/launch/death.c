/* death.c - how a death is told, and what follows from it: one line for each,
 * and none for what only follows from another. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "dlibos/base/clock.h"
#include "dlibos/base/log.h"
#include "dlibos/launch/attach.h"
#include "dlibos/launch/instance.h"

/* A domain that dies so many times in a row within so long after its start is
 * not started again. */
#define VAIN_MAX 30u
#define VAIN_NS	 10000000000ull

enum fate {
	FATE_NOTHING, /* the others go on, or the end is under way */
	FATE_AGAIN,
	FATE_VAIN,
	FATE_VACANT, /* its place; the others go on */
	FATE_END,
};

static bool
any_other_app(const struct instance *in, const struct child *but)
{
	for (unsigned i = 0; i < in->children; i++) {
		const struct child *c = &in->child[i];

		if (c != but && (c->role & ROLE_APP) && !c->place &&
			(c->state != CHILD_DOWN || c->want_restart))
			return true;
	}
	return false;
}

/* `asked`: it was told to end. */
static enum fate
fate(const struct instance *in, const struct child *c, bool well, bool asked)
{
	bool restart = c->place ? c->place->restart : in->opt.restart;

	if (in->stopping || c->want_restart)
		return FATE_NOTHING;
	if (!in->started)
		return FATE_END;
	if (restart && !well && !asked && c->vain < VAIN_MAX)
		return FATE_AGAIN;
	if (c->place)
		return FATE_VACANT;
	if (c->role == ROLE_NET || !any_other_app(in, c))
		return in->opt.restart && !well ? FATE_VAIN : FATE_END;
	return FATE_NOTHING;
}

static const char *
fate_text(enum fate f)
{
	static const char *const texts[] = {
		[FATE_NOTHING] = "",
		[FATE_AGAIN] = "; it is started again",
		[FATE_VAIN] = "; that was too often: the instance ends",
		[FATE_VACANT] = "; its place is vacant",
		[FATE_END] = "; the instance ends",
	};

	return texts[f];
}

const char *
death_to_come(const struct instance *in, const struct child *c, bool *end)
{
	enum fate f = fate(in, c, false, false);

	*end = f == FATE_END || f == FATE_VAIN;
	return f == FATE_NOTHING ? "; it is ended" : fate_text(f);
}

/* --- telling -------------------------------------------------------------*/

static void
say_signal(char *how, size_t len, int sig)
{
	const char *name = sigabbrev_np(sig);

	if (name)
		snprintf(how, len, "was killed by SIG%s", name);
	else
		snprintf(how, len, "was killed by signal %d", sig);
}

/* An exit that was asked for is no news, nor is one that needs no reason. */
static bool
say_how(const struct child *c, int status, bool well, bool asked, char *how,
	size_t len)
{
	if (WIFSIGNALED(status))
		say_signal(how, len, WTERMSIG(status));
	else if (asked || (well && (c->role & ROLE_APP)))
		return false;
	else if (WEXITSTATUS(status))
		snprintf(how, len, "exited with status %d%s",
			WEXITSTATUS(status),
			c->joined ? "" : " before it joined the instance");
	else
		snprintf(how, len, "ended %s",
			!c->joined	      ? "before it joined the instance"
				: c->starting ? "before it was ready"
					      : "by itself");
	return true;
}

static void
tell(const struct child *c, const char *how, enum fate f)
{
	if (c->place) {
		words_tell("%s (process %d) %s%s", c->name, (int)c->pid, how,
			fate_text(f));
		if (f == FATE_AGAIN)
			attach_note(c, how, fate_text(f));
	} else if (c->last_words[0])
		words_tell("%s (process %d) %s%s; its last words: %s", c->name,
			(int)c->pid, how, fate_text(f), c->last_words);
	else
		words_tell("%s (process %d) %s without a word%s", c->name,
			(int)c->pid, how, fate_text(f));
}

/* --- the end of a domain -------------------------------------------------*/

/* What it counted, while it can still be read. */
static void
last_stats(const struct instance *in, const struct child *c)
{
	static char buf[65536];

	if (!in->opt.stats)
		return;
	report_domain(c, buf, sizeof(buf));
	words_text(buf);
}

/* All that is left in the pipe; a process that the domain made may still hold
 * its end, and is not waited for. */
static void
last_words(struct child *c)
{
	for (int i = 0; i < 16 && c->words_fd >= 0 && words_hear(c); i++)
		;
	words_end(c);
}

static int
status_of(const struct child *c, int status, bool well)
{
	if (WIFEXITED(status) && WEXITSTATUS(status))
		return WEXITSTATUS(status);
	return well && (c->role & ROLE_APP) ? EXIT_OK : EXIT_FAIL;
}

static void
account(struct child *c)
{
	c->died_at = clock_ns();
	c->vain = c->died_at - c->started_at < VAIN_NS ? c->vain + 1 : 1;
}

void
death(struct instance *in, struct child *c, int status)
{
	bool by_client = c->place && attach_asked(c->place, status);
	bool asked = c->state == CHILD_STOPPING || by_client;
	bool well = WIFEXITED(status) && !WEXITSTATUS(status) && !c->starting;
	enum fate f;
	char how[80];
	int s;

	last_words(c);
	account(c);
	f = fate(in, c, well, asked);
	if (!c->killed && !by_client &&
		say_how(c, status, well, asked, how, sizeof(how)))
		tell(c, how, f);
	s = status_of(c, status, well);
	if (!in->stopping && !c->want_restart && f != FATE_AGAIN && !c->place &&
		s > in->status)
		in->status = s;
	c->state = CHILD_DOWN;
	c->deadline = c->forget_by = UINT64_MAX;
	if (f == FATE_AGAIN)
		c->want_restart = true;
	broker_peer_died(in, c);
	last_stats(in, c);
	part_close(&c->stat.part);
	if (c->starting && in->started && !asked)
		ctl_restarted(in, c, false);
	c->starting = false;
	if (c->place && !c->want_restart)
		attach_end(in, c, status);
	if (f == FATE_END || f == FATE_VAIN)
		supervise_stop(in);
}
