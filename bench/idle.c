/* idle - what does a core cost that has nothing to do, and how long does it
 * take to wake?
 *
 * A net core and an app core with a hub each, on two CPUs. For the CPU time
 * both have the policy, exchange some messages, and are then left alone; the
 * busier of the two counts. For the wake-up the net core polls and the app
 * core has the policy: the net core waits until the other is idle for good,
 * sends, and takes the time until the answer is in its hands, by its own
 * clock. One cache-line trip back is part of it.
 *
 * At last a whole instance that nobody asks (idle_instance.c).
 */
#include <signal.h>
#include <time.h>

#include "bench/duo.h"
#include "bench/idle_instance.h"
#include "bench/link.h"
#include "bench/opt.h"
#include "bench/raw.h"
#include "bench/report.h"
#include "dlibos/base/clock.h"

#define TRAFFIC	    1000 /* messages exchanged before they are left alone */
#define PINGS	    400	 /* in a round of wake-ups */
#define PINGS_QUICK 20
#define GAP_NS	    100000 /* between two of them, for who never sleeps */

struct core {
	struct hub hub;
	uint64_t answers;
	double busy_percent;
} PAIR_ALIGNED;

struct pair {
	struct core core[2]; /* by enum link_side */
	struct link_edge link;
	enum idle_policy policy PAIR_ALIGNED;
	uint64_t idle_ns;
	unsigned pings;
	double us[PINGS] PAIR_ALIGNED;
	uint32_t stop PAIR_ALIGNED;
};

/* The app core's: what came goes back. */
static void
answer(void *arg, struct edge *e, const struct msg *m, unsigned n)
{
	struct msg ping = *m;

	(void)arg;
	(void)n;
	ping.type = MSG_PING;
	edge_send(e, &ping, 1);
}

/* The net core's. */
static void
note_answer(void *arg, struct edge *e, const struct msg *m, unsigned n)
{
	struct core *c = arg;

	(void)e;
	(void)m;
	c->answers += n;
}

static void
turn(struct core *c, uint64_t deadline)
{
	unsigned work = hub_serve(&c->hub);

	hub_flush(&c->hub);
	hub_idle(&c->hub, work, deadline);
}

static uint64_t
thread_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void
send(struct pair *p)
{
	struct msg m = {.type = MSG_PONG};

	edge_send(&p->link.edge[LINK_NET], &m, 1);
}

/* --- CPU time -------------------------------------------------------------*/

static void
be_idle(struct core *c, uint64_t ns)
{
	uint64_t t0 = clock_ns(), cpu0 = thread_ns(), end = t0 + ns;

	while (clock_ns() < end)
		turn(c, end);
	c->busy_percent =
		(double)(thread_ns() - cpu0) * 100 / (double)(clock_ns() - t0);
}

static void
net_idles(void *arg)
{
	struct pair *p = arg;
	struct core *c = &p->core[LINK_NET];

	for (uint64_t i = 0; i < TRAFFIC; i++) {
		send(p);
		while (c->answers <= i)
			turn(c, UINT64_MAX);
	}
	be_idle(c, p->idle_ns);
}

/* Its time begins when the last answer is sent. */
static void
app_idles(void *arg)
{
	struct pair *p = arg;
	struct core *c = &p->core[LINK_APP];

	while (p->link.edge[LINK_APP].count->sent < TRAFFIC)
		turn(c, UINT64_MAX);
	be_idle(c, p->idle_ns);
}

/* --- waking ---------------------------------------------------------------*/

/* Polling, until the app core has been idle for some time; if it is one that
 * sleeps, asleep. */
static void
await_idle(struct pair *p)
{
	const struct edge_page *app = p->link.edge[LINK_NET].peer;
	uint64_t t;

	while (p->policy >= IDLE_ADAPTIVE &&
		!(atomic_load_32(&app->asleep) & EDGE_ASLEEP))
		cpu_relax();
	t = clock_ns();
	while (clock_ns() - t < GAP_NS)
		cpu_relax();
}

static void
net_wakes(void *arg)
{
	struct pair *p = arg;
	struct core *c = &p->core[LINK_NET];

	for (unsigned i = 0; i < p->pings; i++) {
		uint64_t t;

		await_idle(p);
		t = clock_ns();
		send(p);
		while (c->answers <= i)
			turn(c, UINT64_MAX);
		p->us[i] = (double)(clock_ns() - t) * 1e-3;
	}
	atomic_store_rel_32(&p->stop, 1);
	hub_poke(&p->core[LINK_APP].hub);
}

static void
app_wakes(void *arg)
{
	struct pair *p = arg;

	while (!atomic_load_acq_32(&p->stop))
		turn(&p->core[LINK_APP], UINT64_MAX);
}

/* --- rounds ---------------------------------------------------------------*/

static struct pair *
open_pair(enum idle_policy net, enum idle_policy app, uint64_t spin_ns)
{
	struct pair *p = duo_memory(sizeof(*p));
	const enum idle_policy policy[2] = {net, app};

	p->policy = app;
	link_open(&p->link, note_answer, &p->core[LINK_NET], answer, NULL);
	for (int i = 0; i < 2; i++) {
		link_hub(&p->core[i].hub, policy[i], spin_ns);
		link_add(&p->core[i].hub, &p->link.edge[i]);
	}
	return p;
}

static void
close_pair(struct pair *p)
{
	for (int i = 0; i < 2; i++)
		hub_fini(&p->core[i].hub);
	link_close(&p->link);
	duo_free(p, sizeof(*p));
}

static void
cpu_time(struct report *r, const struct opt *o, enum idle_policy policy,
	uint64_t spin_ns)
{
	struct pair *p = open_pair(policy, policy, spin_ns);
	const struct core *c = p->core;
	char name[REPORT_NAME];

	p->idle_ns = policy == IDLE_ADAPTIVE ? 1500000000 : 100000000;
	if (o->quick)
		p->idle_ns = policy == IDLE_ADAPTIVE ? 100000000 : 10000000;
	duo_run(o->cpu, net_idles, app_idles, p);
	snprintf(name, sizeof(name), "%s_cpu_percent", idle_name(policy));
	report_add(r, name, "percent",
		c[0].busy_percent > c[1].busy_percent ? c[0].busy_percent
						      : c[1].busy_percent);
	report_note(r, name,
		policy == IDLE_ADAPTIVE
			? "bar: under 2; the busier of two cores left idle"
			: "the busier of two cores left idle");
	close_pair(p);
}

static void
waking(struct report *r, const struct opt *o, enum idle_policy policy,
	uint64_t spin_ns)
{
	struct pair *p = open_pair(IDLE_POLL, policy, spin_ns);
	char name[REPORT_NAME];

	p->pings = o->quick ? PINGS_QUICK : PINGS;
	duo_run(o->cpu, net_wakes, app_wakes, p);
	snprintf(name, sizeof(name), "%s_wake_p50_us", idle_name(policy));
	report_add(r, name, "us", report_median(p->us, p->pings));
	report_note(r, name, "message to an idle core, until its answer");
	snprintf(name, sizeof(name), "%s_wake_p99_us", idle_name(policy));
	report_add(r, name, "us", p->us[(p->pings - 1) * 99 / 100]);
	report_note(r, name, "on a busy machine: of its scheduler");
	close_pair(p);
}

/* As the launcher chooses it. */
static uint64_t
spin_time(const struct opt *o)
{
	uint64_t ns = 2 * idle_measure_wake(o->cpu[0], o->cpu[1]);

	if (!ns)
		return IDLE_SPIN_NS;
	if (ns < IDLE_SPIN_NS_MIN)
		return IDLE_SPIN_NS_MIN;
	return ns < IDLE_SPIN_NS_MAX ? ns : IDLE_SPIN_NS_MAX;
}

int
main(int argc, char **argv)
{
	static const enum idle_policy order[] = {
		IDLE_ADAPTIVE,
		IDLE_SLEEP,
		IDLE_YIELD,
		IDLE_POLL,
	};
	struct report r;
	struct opt o;

	opt_parse(&o, argc, argv);
	clock_hz();
	signal(SIGPIPE, SIG_IGN);
	report_init(&r, "idle");
	for (unsigned i = 0; i < o.rounds; i++) {
		uint64_t spin_ns = spin_time(&o);

		report_add(&r, "spin_us", "us", (double)spin_ns * 1e-3);
		for (unsigned k = 0; k < sizeof(order) / sizeof(*order); k++) {
			cpu_time(&r, &o, order[k], spin_ns);
			waking(&r, &o, order[k], spin_ns);
		}
	}
	report_note(&r, "spin_us", "twice a wake-up, CPUs %d and %d", o.cpu[0],
		o.cpu[1]);
	idle_instance(&r, &o);
	report_print(&r, o.json, stdout);
	report_fini(&r);
	return 0;
}
