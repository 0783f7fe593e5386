/* domain.c - joining and running. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "dlibos/base/clock.h"
#include "dlibos/base/cpu.h"
#include "dlibos/base/log.h"
#include "dlibos/domain/domain.h"
#include "dlibos/domain/mesh.h"

/* The number in the environment; and nobody below us shall inherit it. */
static int
channel_from_environment(void)
{
	const char *s = getenv(PLAN_ENV);
	char *end;
	long fd;

	if (!s)
		die(EXIT_USAGE,
			"this program runs inside an instance; "
			"start it by: dlibos run -- %s",
			program_invocation_name);
	fd = strtol(s, &end, 10);
	if (!*s || *end || fd < 0 || fd > 1 << 20 ||
		fcntl((int)fd, F_SETFD, FD_CLOEXEC))
		die(EXIT_USAGE, "%s=%s is no open descriptor", PLAN_ENV, s);
	unsetenv(PLAN_ENV);
	return (int)fd;
}

static void
take_plan(struct domain *d)
{
	union plan_any m;
	int fds[PASS_FDS], type = plan_recv(d->channel, &m, fds);

	if (type == PLAN_STOP)
		exit(EXIT_OK);
	if (type <= 0)
		die(EXIT_FAIL, "the launcher did not send a plan");
	if (type != PLAN_PLAN || m.plan.version != PLAN_VERSION ||
		m.plan.msg_version != MSG_VERSION)
		die(EXIT_FAIL,
			"launcher and program are of different "
			"versions; build both from one tree");
	if (m.plan.role & ~(uint32_t)d->ops->role)
		die(EXIT_FAIL, "this program is no %s domain",
			m.plan.mode == PLAN_MODE_RTC	  ? "run-to-completion"
				: m.plan.role == ROLE_NET ? "network"
							  : "application");
	d->plan = m.plan;
}

static void
make_cores(struct domain *d)
{
	unsigned n = d->plan.cores;

	if (!n || n > LIMIT_CORES)
		die(EXIT_FAIL, "a plan with %u cores", n);
	d->core = aligned_alloc(CACHELINE_PAIR, n * sizeof(*d->core));
	if (!d->core)
		die(EXIT_FAIL, "out of memory for %u cores", n);
	memset(d->core, 0, n * sizeof(*d->core));
	for (unsigned i = 0; i < n; i++) {
		d->core[i].domain = d;
		d->core[i].index = i;
		d->core[i].plan = d->plan.core[i];
	}
}

/* Domains under one user could read and write each other by way of /proc and
 * ptrace; a process that is not dumpable cannot be opened so. */
static void
keep_others_out(const struct domain *d)
{
	if (d->plan.shared_uid && prctl(PR_SET_DUMPABLE, 0))
		die(EXIT_FAIL, "PR_SET_DUMPABLE: %s", strerror(errno));
}

void
domain_join(struct domain *d, const struct domain_ops *ops)
{
	enum plan_type type = 0;

	memset(d, 0, sizeof(*d));
	d->ops = ops;
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->emptied, NULL);
	signal(SIGPIPE, SIG_IGN);
	d->channel = channel_from_environment();
	log_name(""); /* the launcher puts our name in front */
	take_plan(d);
	prctl(PR_SET_NAME, d->plan.name);
	keep_others_out(d);
	if (!d->plan.own_fence && !cpu_join_fences())
		die(EXIT_FAIL, "membarrier: %s", strerror(errno));
	clock_hz();
	make_cores(d);
	while (type != PLAN_START) {
		if (!domain_obey(d, &type))
			die(EXIT_FAIL, "the launcher went away");
		if (type == PLAN_STOP) /* before anything began */
			exit(EXIT_OK);
	}
}

/* --- running -------------------------------------------------------------*/

static void
edge_went_down(void *arg, struct edge *edge)
{
	struct domain_core *c = arg;
	struct domain_edge *e;

	if (edge->in == MSG_MATE) /* our own process wrote there */
		die(EXIT_FAIL, "core %u, told by another one: %s", c->plan.id,
			edge_down_name(edge->down));
	e = edge->arg;
	if (edge->down != EDGE_PEER_GONE)
		log_say("channel to %s closed: %s",
			c->domain->peer[e->peer].name,
			edge_down_name(edge->down));
	if (c->domain->ops->edge_down)
		c->domain->ops->edge_down(c, e);
	if (!e->held)
		domain_edge_empty(e);
}

static void
edges_changed(void *arg)
{
	domain_core_edges(arg);
}

static void
about_to_sleep(void *arg)
{
	struct domain_core *c = arg;

	if (c->user) /* else it has nothing to show yet */
		c->domain->ops->show(c);
}

static void
make_hub(struct domain_core *c)
{
	struct domain *d = c->domain;
	struct domain_stat *stat = domain_stats(d);
	int rc = hub_init(&c->hub, d->plan.idle, d->plan.spin_ns,
		stat ? &stat[c->index].hub : NULL);

	if (stat)
		stat[c->index].clock_hz = clock_hz();
	if (rc)
		die(EXIT_FAIL, "core %u: %s", c->plan.id, strerror(-rc));
	c->hub.own_fence = d->plan.own_fence;
	c->hub.on_down = edge_went_down;
	c->hub.on_poke = edges_changed;
	if (d->ops->show)
		c->hub.on_sleep = about_to_sleep;
	c->hub.arg = c;
}

/* The life of a core, on its own thread. */
static void *
core_thread(void *arg)
{
	struct domain_core *c = arg;
	char name[16];
	int rc;

	snprintf(name, sizeof(name), "%.9s/%u", c->domain->plan.name,
		c->plan.id);
	prctl(PR_SET_NAME, name);
	rc = c->plan.cpu < 0 ? 0 : cpu_pin(c->plan.cpu);
	if (rc)
		die(EXIT_FAIL, "core %u cannot be put on CPU %d: %s",
			c->plan.id, c->plan.cpu, strerror(-rc));
	domain_core_edges(c);
	mesh_join(c);
	return (void *)(intptr_t)c->domain->ops->core_main(c);
}

/* What the launcher says while we run. Its end is ours. */
static void *
control_thread(void *arg)
{
	struct domain *d = arg;
	enum plan_type type;

	prctl(PR_SET_NAME, "control");
	while (domain_obey(d, &type))
		;
	if (!domain_stopping(d))
		die(EXIT_FAIL, "the launcher went away");
	return NULL;
}

static void
start(pthread_t *t, void *(*body)(void *), void *arg, const char *what)
{
	int rc = pthread_create(t, NULL, body, arg);

	if (rc)
		die(EXIT_FAIL, "no thread for %s: %s", what, strerror(rc));
}

int
domain_run(struct domain *d)
{
	int status;

	/* The hubs must exist before anybody may poke them, and the control
	 * thread before this one is pinned. */
	for (unsigned i = 0; i < d->plan.cores; i++)
		make_hub(&d->core[i]);
	mesh_open(d);
	start(&d->control, control_thread, d, "control");
	for (unsigned i = 1; i < d->plan.cores; i++)
		start(&d->core[i].thread, core_thread, &d->core[i], "a core");
	status = (int)(intptr_t)core_thread(&d->core[0]);
	domain_stop(d);
	for (unsigned i = 1; i < d->plan.cores; i++) {
		void *s;

		pthread_join(d->core[i].thread, &s);
		if ((int)(intptr_t)s > status)
			status = (int)(intptr_t)s;
	}
	mesh_close(d);
	return status;
}

void
domain_stop(struct domain *d)
{
	atomic_store_32(&d->stopping, 1);
	for (unsigned i = 0; i < d->plan.cores; i++)
		if (d->core[i].hub.arg) /* not before make_hub() */
			hub_poke(&d->core[i].hub);
}
