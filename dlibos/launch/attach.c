/* attach.c - a program takes a vacant place, and leaves it. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dlibos/base/log.h"
#include "dlibos/launch/attach.h"
#include "dlibos/launch/instance.h"
#include "dlibos/launch/text.h"

struct attach *
attach_init(struct attach *a)
{
	a->client = -1;
	for (int i = 0; i < ATTACH_FDS; i++)
		a->fds[i] = -1;
	return a;
}

/* --- the order -----------------------------------------------------------*/

#define HEAD offsetof(struct attach_order, text)

bool
attach_is_order(const struct attach_order *o, size_t len)
{
	return len >= sizeof(o->word) &&
		!memcmp(o->word, ATTACH_WORD, sizeof(o->word));
}

/* Copies the strings; whether they are as many as it says, and fill it. */
static bool
take_args(struct attach *a, const struct attach_order *o, size_t len)
{
	size_t at = 0, bytes = len - HEAD;

	if (!o->args || o->args > LIMIT_ARGS || bytes > sizeof(a->text))
		return false;
	memcpy(a->text, o->text, bytes);
	for (uint32_t i = 0; i < o->args; i++) {
		size_t n = strnlen(a->text + at, bytes - at);

		if (n == bytes - at)
			return false;
		a->argv[i] = a->text + at;
		at += n + 1;
	}
	a->argv[o->args] = NULL;
	return at == bytes && a->argv[0][0];
}

static bool
is_kind(int fd, mode_t kind)
{
	struct stat st;

	return !fstat(fd, &st) && (st.st_mode & S_IFMT) == kind;
}

static struct child *
vacancy(struct instance *in)
{
	for (unsigned i = in->first_place; i < in->children; i++)
		if (!in->child[i].place->taken)
			return &in->child[i];
	return NULL;
}

static const char *
refuse(const struct instance *in)
{
	if (in->opt.mode == PLAN_MODE_RTC)
		return "error: it runs to completion: its cores have network "
		       "stack and program in one, and nothing can be "
		       "attached\n";
	if (in->stopping || !in->started)
		return "error: it is about to start or to end\n";
	if (!in->opt.vacant)
		return "error: it has no place for another program: start it "
		       "with --vacant N\n";
	return NULL;
}

/* --- names ---------------------------------------------------------------*/

/* By another domain, now or once its place is vacant. */
static bool
is_taken(const struct instance *in, const struct child *but, const char *name)
{
	for (unsigned i = 0; i < in->children; i++) {
		const struct child *c = &in->child[i];

		if (c == but)
			continue;
		if (!strcmp(c->name, name) ||
			(c->place && !strcmp(c->place->place, name)))
			return true;
	}
	return false;
}

/* That of the program, as far as it can stand in a counter's name; with a
 * number behind it if another domain is called so. */
static void
rename_domain(const struct instance *in, struct child *c, const char *program)
{
	const char *slash = strrchr(program, '/');
	char name[LIMIT_NAME];

	snprintf(name, sizeof(name), "%.*s", LIMIT_NAME - 5,
		slash && slash[1] ? slash + 1 : program);
	for (char *p = name; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-",
			    *p))
			*p = '_';
	memcpy(c->place->place, c->name, sizeof(c->name));
	memcpy(c->name, name, sizeof(c->name));
	for (unsigned i = 2; is_taken(in, c, c->name); i++)
		snprintf(c->name, sizeof(c->name), "%.*s-%u", LIMIT_NAME - 5,
			name, i % 1000);
}

/* --- coming --------------------------------------------------------------*/

const char *
attach_take(struct instance *in, int client, const struct attach_order *o,
	size_t len, const int *fds, unsigned n)
{
	const char *error = refuse(in);
	struct child *c;
	struct attach *a;

	if (error)
		return error;
	c = vacancy(in);
	if (!c)
		return "error: all its places for other programs are taken\n";
	a = c->place;
	if (len < HEAD || n != ATTACH_FDS || o->restart > 1 ||
		!take_args(a, o, len))
		return "error: that is no order of this version\n";
	if (!is_kind(fds[ATTACH_PROGRAM], S_IFREG) ||
		!is_kind(fds[ATTACH_FOLDER], S_IFDIR))
		return "error: that is no program, or no folder to work in\n";
	if (supervise_watch(in, client, WATCH_ATTACHED, c->domain))
		return "error: it cannot watch one more client\n";
	a->taken = true;
	a->restart = o->restart;
	a->client = client;
	a->passed = 0;
	memcpy(a->fds, fds, sizeof(a->fds));
	rename_domain(in, c, a->argv[0]);
	c->argv = a->argv;
	c->pid = 0;
	c->restarts = c->vain = 0;
	c->want_restart = true; /* as soon as no other round is under way */
	return NULL;
}

int
attach_become(const struct attach *a)
{
	if (fchdir(a->fds[ATTACH_FOLDER]))
		return -errno;
	for (int i = 0; i < 3; i++)
		if (dup2(a->fds[ATTACH_STDIN + i], i) < 0)
			return -errno;
	return 0;
}

/* --- going ---------------------------------------------------------------*/

/* A client that does not read misses it. */
static void
tell(const struct child *c, const char *text)
{
	if (c->place->client >= 0)
		send(c->place->client, text, strlen(text) + 1,
			MSG_NOSIGNAL | MSG_DONTWAIT);
}

void
attach_note(const struct child *c, const char *what, const char *next)
{
	char text[256];

	snprintf(text, sizeof(text), "note %s%s\n", what, next);
	tell(c, text);
}

static void
vacate(struct child *c, const char *last_word)
{
	struct attach *a = c->place;

	tell(c, last_word);
	if (a->client >= 0)
		close(a->client);
	for (int i = 0; i < ATTACH_FDS; i++)
		close(a->fds[i]);
	attach_init(a);
	a->taken = false;
	c->want_restart = false;
	memcpy(c->name, a->place, sizeof(c->name));
}

bool
attach_asked(const struct attach *a, int status)
{
	if (!a->passed)
		return false;
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == a->passed;
	return a->passed != SIGHUP; /* which may have meant something else */
}

void
attach_end(const struct instance *in, struct child *c, int status)
{
	char text[64];

	if (in->stopping)
		snprintf(text, sizeof(text), "error: the instance ended\n");
	else if (c->killed) /* its reason was a note */
		snprintf(text, sizeof(text), "exit %d\n", EXIT_FAIL);
	else if (WIFSIGNALED(status))
		snprintf(text, sizeof(text), "signal %d\n", WTERMSIG(status));
	else
		snprintf(text, sizeof(text), "exit %d\n", WEXITSTATUS(status));
	vacate(c, text);
}

void
attach_failed(struct child *c, int error)
{
	char text[128];

	snprintf(text, sizeof(text), "error: it cannot start it: %s\n",
		strerror(-error));
	vacate(c, text);
}

void
attach_close(struct instance *in)
{
	for (unsigned i = in->first_place; i < in->children; i++)
		if (in->child[i].place->taken)
			vacate(&in->child[i], "error: the instance ended\n");
}

/* --- what the client says ------------------------------------------------*/

static void
client_gone(struct instance *in, struct child *c)
{
	struct attach *a = c->place;

	close(a->client);
	a->client = -1;
	if (c->want_restart)
		ctl_restarted(in, c, false);
	c->want_restart = false;
	if (c->state == CHILD_DOWN)
		vacate(c, "");
	else
		broker_stop(in, c);
}

static bool
may_pass(unsigned sig)
{
	return sig == SIGINT || sig == SIGTERM || sig == SIGHUP;
}

void
attach_hear(struct instance *in, struct child *c)
{
	struct attach *a = c->place;
	char text[32];
	const char *end = NULL;
	unsigned sig = 0;
	ssize_t n;

	if (!a || a->client < 0)
		return;
	n = recv(a->client, text, sizeof(text) - 1, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	text[n > 0 ? n : 0] = '\0';
	if (!strncmp(text, "signal ", 7))
		end = text_number(text + 7, &sig);
	if (!end || *end || !may_pass(sig)) {
		client_gone(in, c);
		return;
	}
	a->passed = (int)sig;
	if (c->state != CHILD_DOWN)
		kill(c->pid, (int)sig);
	else
		client_gone(in, c); /* between two lives, or before the first */
}
