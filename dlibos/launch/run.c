/* run.c - `dlibos run`: from a layout to an instance. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "dlibos/base/cpu.h"
#include "dlibos/base/log.h"
#include "dlibos/launch/attach.h"
#include "dlibos/launch/instance.h"
#include "dlibos/launch/show.h"

/* --- from a layout to domains ---------------------------------------------*/

static struct child *
add_child(struct instance *in, enum role role, const char *kind, unsigned n,
	char *const *argv)
{
	struct child *c;

	if (in->children == LIMIT_DOMAINS)
		die(EXIT_USAGE,
			"layout %s makes more than %d processes: set "
			"app_domains = one",
			in->layout.name, LIMIT_DOMAINS);
	c = &in->child[in->children];
	c->domain = in->children++;
	c->role = role;
	c->argv = argv;
	c->channel = c->words_fd = -1;
	c->deadline = c->forget_by = UINT64_MAX;
	for (int k = 0; k < PART_KINDS; k++)
		c->part[k] = -1;
	for (unsigned i = 0; i < LIMIT_DOMAINS; i++)
		c->edge_part[i] = c->copy_part[i] = -1;
	snprintf(c->name, sizeof(c->name), "%s%u", kind, n);
	return c;
}

/* Stack and program in one, a domain for each core: they share nothing. */
static void
make_both(struct instance *in)
{
	const struct layout *l = &in->layout;
	unsigned n = 0;

	for (unsigned i = 0; i < l->cores; i++) {
		struct child *c;

		if (l->core[i].role != LAYOUT_RTC)
			continue;
		c = add_child(in, (enum role)(ROLE_NET | ROLE_APP), "rtc", n++,
			in->opt.program);
		c->core[c->cores++] = (uint16_t)i;
	}
}

/* A network core is a domain of its own: nothing that it uses is shared with
 * another one - unless they share a port that is one process's. Application
 * cores are threads of one domain, or not, as the layout says. */
static void
make_children(struct instance *in)
{
	static char net_name[] = "dlibos-netcore";
	static char *net_argv[] = {net_name, NULL};
	const struct layout *l = &in->layout;
	struct child *app = NULL, *net = NULL;
	unsigned nets = 0, apps = 0;

	for (unsigned i = 0; i < l->cores; i++) {
		if (l->core[i].role != LAYOUT_NET)
			continue;
		if (!net || !port_is_one_process(&in->port))
			net = add_child(in, ROLE_NET, "net", nets++, net_argv);
		net->core[net->cores++] = (uint16_t)i;
	}
	for (unsigned i = 0; i < l->cores; i++) {
		if (l->core[i].role != LAYOUT_APP)
			continue;
		if (!app || l->app_domains == LAYOUT_EACH)
			app = add_child(
				in, ROLE_APP, "app", apps++, in->opt.program);
		app->core[app->cores++] = (uint16_t)i;
	}
}

/* Planned like all others, so that whoever fills one later meets nothing that
 * a domain which is started again does not meet. */
static void
make_places(struct instance *in)
{
	unsigned apps = vacant_apps(in);

	in->first_place = in->children;
	if (in->opt.vacant)
		in->place = calloc(in->opt.vacant, sizeof(*in->place));
	if (in->opt.vacant && !in->place)
		die(EXIT_FAIL, "out of memory");
	for (unsigned i = 0; i < in->opt.vacant; i++) {
		unsigned core = vacant_core(in, i);
		struct child *c =
			add_child(in, ROLE_APP, "app", apps + i, NULL);

		c->core[c->cores++] = (uint16_t)core;
		c->place = attach_init(&in->place[i]);
	}
}

unsigned
instance_edges(
	const struct instance *in, const struct child *a, const struct child *b)
{
	unsigned n = 0;

	for (unsigned i = 0; i < a->cores; i++)
		for (unsigned j = 0; j < b->cores; j++)
			n += layout_edge(&in->layout, a->core[i], b->core[j]);
	return n;
}

static void
check_edges(const struct instance *in)
{
	for (unsigned i = 0; i < in->children; i++) {
		unsigned n = 0;

		for (unsigned j = 0; j < in->children; j++)
			n += instance_edges(in, &in->child[i], &in->child[j]);
		if (n > LIMIT_EDGES)
			die(EXIT_USAGE,
				"layout %s gives %s %u edges, and %d "
				"is the limit: use reach = quadrant, or "
				"app_domains = each",
				in->layout.name, in->child[i].name, n,
				LIMIT_EDGES);
	}
}

/* --- start-up ------------------------------------------------------------*/

/* In mode rtc, what is an application core has a stack of its own, and what is
 * a network core has nothing to do. */
static void
layout_for_mode(struct layout *l, enum plan_mode mode)
{
	if (mode != PLAN_MODE_RTC && l->rtc)
		die(EXIT_USAGE,
			"layout %s has run-to-completion cores: choose one "
			"with net and app cores, or --mode rtc",
			l->name);
	if (mode != PLAN_MODE_RTC)
		return;
	for (unsigned i = 0; i < l->cores; i++)
		if (l->core[i].role == LAYOUT_APP)
			l->core[i].role = LAYOUT_RTC;
		else if (l->core[i].role == LAYOUT_NET)
			l->core[i].role = LAYOUT_UNUSED;
	layout_count(l);
}

/* Nobody chose: what suits the machine. The kernel's end of a port needs a CPU,
 * too. Three loops on two CPUs wait for each other by the scheduler's slices,
 * two on one by messages. */
static void
default_layout(struct instance *in)
{
	in->layout_chosen = in->opt.layout || in->opt.idle == IDLE_POLL;
	if (!in->opt.layout)
		in->opt.layout = "1:1";
	if (in->layout_chosen || in->opt.mode == PLAN_MODE_RTC)
		return;
	in->opt.oversubscribe = true;
	if (in->port.kind == PORT_VETH || in->port.kind == PORT_TAP)
		topology_spare(&in->topology);
}

static void
init_layout(struct instance *in)
{
	struct place_options po = {.nic_node = -1};
	char err[512];

	if (topology_load(&in->topology, NULL, err, sizeof(err)))
		die(EXIT_FAIL, "%s", err);
	default_layout(in);
	po.oversubscribe = in->opt.oversubscribe;
	if (layout_load(in->opt.layout, layout_dir(), &in->topology,
		    &in->layout, err, sizeof(err)))
		die(EXIT_USAGE, "%s", err);
	layout_for_mode(&in->layout, in->opt.mode);
	if (place(&in->layout, &in->topology, &po, &in->placement, err,
		    sizeof(err)))
		die(EXIT_USAGE, "%s", err);
	if (in->opt.mode == PLAN_MODE_RTC)
		make_both(in);
	else
		make_children(in);
	make_places(in);
	check_edges(in);
	if (in->layout.rtc > 1 && port_is_one_process(&in->port))
		die(EXIT_USAGE,
			"--port %.80s: it is one process's, and in mode rtc "
			"each of %u cores is one: choose veth, afpacket: or "
			"memif:",
			in->port.spec, in->layout.rtc);
	in->port.by_program = in->layout.rtc > 0;
	port_complete(
		&in->port, in->layout.net + in->layout.rtc, in->layout.name);
}

_Static_assert((int)PLAN_ROUND_ROBIN == (int)LAYOUT_ROUND_ROBIN &&
		(int)PLAN_LEAST_CONNS == (int)LAYOUT_LEAST_CONNS,
	"a layout's word is the plan's");

/* Cores that share a CPU must give it up. */
static void
share_cpus(struct instance *in)
{
	if (in->idle != IDLE_POLL && in->idle != IDLE_ADAPTIVE)
		return;
	if (in->layout_chosen)
		log_say("cores share CPUs: idle policy sharing instead of %s",
			idle_name(in->idle));
	in->idle = IDLE_SHARING;
}

static void
init_idle(struct instance *in)
{
	in->idle = in->opt.idle >= 0 ? (enum idle_policy)in->opt.idle
				     : (enum idle_policy)in->layout.idle;
	if (in->placement.oversubscribed)
		share_cpus(in);
	for (unsigned i = 0; i < in->first_place; i++)
		if (in->idle == IDLE_POLL &&
			vacant_idle(in, &in->child[i]) != IDLE_POLL)
			log_say("%s shares a CPU with a vacant place: idle "
				"policy yield instead of poll",
				in->child[i].name);
	/* Who sleeps whenever there is nothing to do pays too often for all. */
	in->heavy_fence = in->idle != IDLE_SLEEP && in->idle != IDLE_SHARING &&
		cpu_join_fences();
	if (in->idle == IDLE_ADAPTIVE || in->idle == IDLE_SHARING) {
		uint64_t ns = 2 *
			idle_measure_wake(
				in->placement.cpu[in->child[0].core[0]],
				in->placement.cpu[in->child[in->first_place - 1]
							  .core[0]]);

		if (!ns)
			ns = IDLE_SPIN_NS;
		if (ns < IDLE_SPIN_NS_MIN)
			ns = IDLE_SPIN_NS_MIN;
		in->spin_ns = ns < IDLE_SPIN_NS_MAX ? ns : IDLE_SPIN_NS_MAX;
	}
}

static void
init_programs(struct instance *in)
{
	static const char netcore[] = "dlibos-netcore";
	char path[PATH_MAX], *slash;
	ssize_t n = readlink(
		"/proc/self/exe", path, sizeof(path) - sizeof(netcore));

	in->program_fd = spawn_open(in->opt.program[0]);
	if (in->program_fd < 0)
		die(EXIT_USAGE, "program %s: %s", in->opt.program[0],
			strerror(-in->program_fd));
	if (n < 0)
		die(EXIT_FAIL, "/proc/self/exe: %s", strerror(errno));
	path[n] = '\0';
	slash = strrchr(path, '/');
	memcpy(slash ? slash + 1 : path, netcore, sizeof(netcore));
	in->netcore_fd = spawn_open(path);
	if (in->netcore_fd < 0)
		die(EXIT_FAIL, "%s: %s; it belongs beside dlibos", path,
			strerror(-in->netcore_fd));
}

void
run_fill_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* Each domain takes a handful, and each pair of them two more; what there is
 * will do, or be missed. Domains inherit it, for their edges. */
#define DESCRIPTORS 65536u

static void
raise_descriptors(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) || r.rlim_cur >= DESCRIPTORS)
		return;
	r.rlim_cur = r.rlim_max < DESCRIPTORS ? r.rlim_max : DESCRIPTORS;
	setrlimit(RLIMIT_NOFILE, &r);
}

static void
init_signals(struct instance *in)
{
	struct sigaction hup;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGCHLD, SIG_DFL); /* ignored, it would not tell of deaths */
	signal(SIGPIPE, SIG_IGN);
	in->nohup = !sigaction(SIGHUP, NULL, &hup) && hup.sa_handler == SIG_IGN;
	in->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void
init_loop(struct instance *in)
{
	int rc;

	raise_descriptors();
	orphans_adopt();
	init_signals(in);
	in->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (in->epoll_fd < 0 || in->signal_fd < 0 ||
		supervise_watch(in, in->signal_fd, WATCH_SIGNALS, 0))
		die(EXIT_FAIL, "events: %s", strerror(errno));
	rc = ctl_open(in);
	if (rc == -EADDRINUSE)
		die(EXIT_USAGE,
			"an instance %s runs already: choose another "
			"--name, or `dlibos stop %s`",
			in->name, in->name);
	if (rc)
		die(EXIT_FAIL, "control socket: %s", strerror(-rc));
}

static int
start_children(struct instance *in)
{
	for (unsigned i = 0; i < in->first_place; i++) {
		int rc = supervise_start(in, &in->child[i]);

		if (rc) {
			log_say("%s cannot be started: %s%s", in->child[i].name,
				strerror(-rc),
				rc == -EMFILE ? " (see ulimit -n)" : "");
			return EXIT_FAIL;
		}
	}
	for (unsigned i = 0; i < in->first_place && !in->stopping; i++)
		broker_begin(in, &in->child[i]);
	return EXIT_OK;
}

int
run_cmd(int argc, char **argv)
{
	static struct instance instance;
	struct instance *in = &instance;

	run_fill_descriptors();
	in->child = calloc(LIMIT_DOMAINS, sizeof(*in->child));
	if (!in->child)
		die(EXIT_FAIL, "out of memory");
	in->ctl_fd = -1;
	options_read(&in->opt, &in->port, argc, argv);
	if (in->opt.name)
		snprintf(in->name, sizeof(in->name), "%s", in->opt.name);
	else
		snprintf(in->name, sizeof(in->name), "%d", (int)getpid());
	init_programs(in);
	init_layout(in);
	init_idle(in);
	init_loop(in);
	in->status = port_open(&in->port);
	if (!in->status && start_children(in)) {
		in->status = EXIT_FAIL;
		supervise_stop(in);
	}
	supervise(in);
	port_close(&in->port);
	ctl_close(in);
	return in->status;
}
