/* post.c - messages to a domain that is behind wait here, and the launcher
 * does not. Whoever stays behind misses its deadline, and is ended by that. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dlibos/launch/instance.h"

struct post {
	struct post *next;
	unsigned n;
	int fds[PASS_FDS];
	_Alignas(union plan_any) unsigned char bytes[];
};

static void
discard(struct post *p)
{
	pass_close_all(p->fds, p->n);
	free(p);
}

void
post_drop(struct child *c)
{
	while (c->post) {
		struct post *p = c->post;

		c->post = p->next;
		discard(p);
	}
}

/* A copy of the message and its descriptors, or NULL. */
static struct post *
copy(const void *m, const int *fds, unsigned n)
{
	const struct plan_head *h = m;
	size_t bytes = plan_bytes(h->type);
	struct post *p = malloc(sizeof(*p) + bytes);

	if (!p)
		return NULL;
	p->next = NULL;
	memcpy(p->bytes, m, bytes);
	for (p->n = 0; p->n < n; p->n++) {
		p->fds[p->n] = fcntl(fds[p->n], F_DUPFD_CLOEXEC, 0);
		if (p->fds[p->n] < 0) {
			int error = errno;

			discard(p);
			errno = error;
			return NULL;
		}
	}
	return p;
}

/* Without the right to more, a user's descriptors under way are limited. */
static bool
later(int rc)
{
	return rc == -EAGAIN || rc == -ETOOMANYREFS;
}

static void
unsaid(struct instance *in, struct child *c, int error)
{
	char why[128];

	if (in->stopping)
		return; /* it will end without */
	snprintf(why, sizeof(why), "cannot be told what it needs: %s%s",
		strerror(error), error == EMFILE ? " (see ulimit -n)" : "");
	supervise_fail(in, c, why);
}

void
post(struct instance *in, struct child *c, const void *m, const int *fds,
	unsigned n)
{
	struct post **end = &c->post;
	int rc = -EAGAIN;

	if (c->channel < 0 || c->killed)
		return;
	if (!c->post)
		rc = plan_post(c->channel, m, fds, n);
	if (!rc || rc == -EPIPE) /* a death will be noticed as a death */
		return;
	while (*end)
		end = &(*end)->next;
	*end = later(rc) ? copy(m, fds, n) : NULL;
	if (*end)
		supervise_watch_room(in, c, true);
	else
		unsaid(in, c, later(rc) ? errno : -rc);
}

void
post_flush(struct instance *in, struct child *c)
{
	while (c->post) {
		struct post *p = c->post;
		int rc = plan_post(c->channel, p->bytes, p->fds, p->n);

		if (later(rc))
			return;
		c->post = p->next;
		discard(p);
	}
	supervise_watch_room(in, c, false);
}
