/* fifo_fanin - what does a net core pay for serving k app cores?
 *
 * One hub with k edges serves commands. The k app cores are driven in turn by
 * one thread on the other CPU: each fills its edge with bursts as long as it
 * has credit. So what is measured is the serving side; how k CPUs would
 * contend for the interconnect is not. Beside it the same fan of bare rings,
 * ours and DPDK's and ck's (fan_rings.h).
 */
#include "bench/duo.h"
#include "bench/fan_rings.h"
#include "bench/link.h"
#include "bench/opt.h"
#include "bench/raw.h"
#include "bench/report.h"
#include "dlibos/base/clock.h"

#define APPS_MAX 16

struct net {
	struct hub hub;
	uint64_t got;
	uint64_t refs;	/* their sum: the messages are really read */
	uint64_t count; /* messages to take in a slice */
	unsigned idle_turns;
	struct raw_timer busy, idle;
} PAIR_ALIGNED;

struct fan {
	struct net net;
	struct hub app[APPS_MAX] PAIR_ALIGNED;
	struct link_edge link[APPS_MAX];
	unsigned apps PAIR_ALIGNED;
	uint32_t done PAIR_ALIGNED; /* the net core has enough */
};

static void
count(void *arg, struct edge *e, const struct msg *m, unsigned n)
{
	struct net *net = arg;

	(void)e;
	net->got += n;
	net->refs += m->ref;
}

static void
nothing(void *arg, struct edge *e, const struct msg *m, unsigned n)
{
	(void)arg;
	(void)e;
	(void)m;
	(void)n;
}

static void
net_turn(struct net *net)
{
	unsigned work = hub_serve(&net->hub);

	hub_flush(&net->hub);
	hub_idle(&net->hub, work, UINT64_MAX);
}

/* Nobody else runs: what k silent edges cost in a turn. */
static void
idle_slices(struct net *net)
{
	for (unsigned s = 0; s < RAW_SLICES; s++) {
		net->idle.at[s] = clock_cycles();
		for (unsigned i = 0; i < net->idle_turns; i++) {
			hub_serve(&net->hub);
			hub_flush(&net->hub);
		}
	}
	net->idle.at[RAW_SLICES] = clock_cycles();
}

static void
serve(void *arg)
{
	struct fan *f = arg;
	struct net *net = &f->net;

	for (unsigned s = 0; s <= RAW_SLICES; s++) {
		while (net->got < s * net->count)
			net_turn(net);
		net->busy.at[s] = clock_cycles();
	}
	atomic_store_rel_32(&f->done, 1);
}

static void
idle_only(void *arg)
{
	struct fan *f = arg;

	idle_slices(&f->net);
}

static void
send_all(void *arg)
{
	struct fan *f = arg;
	struct msg m = {.type = MSG_PING};

	while (!atomic_load_acq_32(&f->done)) {
		for (unsigned i = 0; i < f->apps; i++) {
			struct edge *e = &f->link[i].edge[LINK_APP];

			for (unsigned k = 0; k < LIMIT_BURST && !e->parked; k++)
				if (edge_send(e, &m, 1))
					m.ref++;
			hub_flush(&f->app[i]);
		}
	}
}

static void
stay_away(void *arg)
{
	(void)arg;
}

static struct fan *
open_fan(unsigned apps, const struct opt *o)
{
	struct fan *f = duo_memory(sizeof(*f));

	f->apps = apps;
	f->net.count = o->quick ? 1u << 12 : 1u << 15;
	f->net.idle_turns = o->quick ? 1000 : 5000;
	link_hub(&f->net.hub, IDLE_POLL, 0);
	for (unsigned i = 0; i < apps; i++) {
		link_open(&f->link[i], count, &f->net, nothing, NULL);
		link_hub(&f->app[i], IDLE_POLL, 0);
		link_add(&f->net.hub, &f->link[i].edge[LINK_NET]);
		link_add(&f->app[i], &f->link[i].edge[LINK_APP]);
	}
	return f;
}

static void
close_fan(struct fan *f)
{
	for (unsigned i = 0; i < f->apps; i++) {
		hub_fini(&f->app[i]);
		link_close(&f->link[i]);
	}
	hub_fini(&f->net.hub);
	duo_free(f, sizeof(*f));
}

static void
measure(struct report *r, const struct opt *o, unsigned apps)
{
	double ghz = (double)clock_hz() * 1e-9, ns, idle;
	struct fan *f = open_fan(apps, o);
	char name[REPORT_NAME];

	duo_run(o->cpu, idle_only, stay_away, f);
	idle = raw_ns(&f->net.idle, f->net.idle_turns) / apps;
	duo_run(o->cpu, serve, send_all, f);
	ns = raw_ns(&f->net.busy, (unsigned)f->net.count);
	close_fan(f);

	snprintf(name, sizeof(name), "k%u_mmsg_s", apps);
	report_add(r, name, "Mmsg/s", 1e3 / ns);
	report_note(r, name, "%u app core%s driven by one CPU", apps,
		apps == 1 ? "" : "s");
	snprintf(name, sizeof(name), "k%u_cycles_per_msg", apps);
	report_add(r, name, "cycles", ns * ghz);
	report_note(r, name, "TSC, polling included");
	snprintf(name, sizeof(name), "k%u_cycles_per_idle_edge", apps);
	report_add(r, name, "cycles", idle * ghz);
	report_note(r, name, "TSC, serve and flush, nobody sends");
}

/* The same fan of bare rings: ours, and the others in the same round. */
static void
measure_rings(struct report *r, const struct opt *o, unsigned apps)
{
	static const char *const names[FAN_KINDS] = {"fifo", "rte", "ck"};
	double ns[FAN_KINDS], best;
	char name[REPORT_NAME];

	for (unsigned k = 0; k < FAN_KINDS; k++) {
		ns[k] = fan_rings_ns(
			o->cpu, k, apps, o->quick ? 1u << 12 : 1u << 15);
		snprintf(name, sizeof(name), "k%u_%s_mmsg_s", apps, names[k]);
		report_add(r, name, "Mmsg/s", 1e3 / ns[k]);
		report_note(r, name, "bare rings, bursts of %d", LIMIT_BURST);
	}
	best = ns[FAN_RTE] < ns[FAN_CK] ? ns[FAN_RTE] : ns[FAN_CK];
	snprintf(name, sizeof(name), "k%u_vs_best", apps);
	report_add(r, name, "ratio", best / ns[FAN_FIFO]);
	report_note(
		r, name, "bare FIFOs to the better of rte_ring and ck_ring");
}

int
main(int argc, char **argv)
{
	struct report r;
	struct opt o;

	opt_parse(&o, argc, argv);
	clock_hz();
	report_init(&r, "fifo_fanin");
	for (unsigned i = 0; i < o.rounds; i++) {
		report_add(&r, "round_trip_ns", "ns",
			raw_trip_ns(o.cpu, o.quick ? 200 : 2000));
		for (unsigned k = 1; k <= APPS_MAX; k *= 2) {
			measure(&r, &o, k);
			measure_rings(&r, &o, k);
		}
	}
	report_note(&r, "round_trip_ns", "raw cache line, CPUs %d and %d",
		o.cpu[0], o.cpu[1]);
	report_print(&r, o.json, stdout);
	report_fini(&r);
	return 0;
}
