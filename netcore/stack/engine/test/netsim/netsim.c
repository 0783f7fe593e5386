/* netsim - seeded runs of the simulator. Two to eight engines at a switch, over
 * links with faults and behind devices that do more or less; up to 50
 * connections between them, whose programs send both ways, read slowly or not
 * at all for a while, fall silent, leave early. Every byte arrives once and in
 * order, every connection ends as its programs wanted, every buffer comes back,
 * no invariant breaks, nothing is said on the wire that an engine cannot know,
 * and a seed repeated makes the same run.
 *
 *	netsim [--jobs N] [A..B]	the seeds; 1..500 if not given
 *	netsim SEED -v			one, with all that happens
 *	netsim SEED -c			one, with what the engines count
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "netcore/stack/engine/test/netsim/world.h"

#define JOBS	64
#define STEPS	20000000u /* more is a run that does not end */
#define REPEATS 15	  /* each so manieth seed runs twice */
#define WAIT_S	300	  /* real: an engine that does not return */

/* --- a run ----------------------------------------------------------------*/

static const char *
go(struct world *w)
{
	struct sim *s = w->s;

	for (unsigned steps = 0; sim_step(s, UINT64_MAX); steps++) {
		for (unsigned i = 0; i < s->nodes; i++) {
			const char *bad = s->acted >> i & 1
				? stack_check(s->node[i].stack)
				: NULL;

			if (bad)
				return bad;
		}
		if (w->bad)
			return w->bad;
		if (s->bad)
			return s->bad;
		if (steps == STEPS || s->now > A_LONG_WAY)
			return "it does not end";
	}
	return judge(w);
}

static void
show_conn(const struct conn *c)
{
	static const char *const kind[] = {"", ", both open", ", to nobody"};
	static const char *const end[] = {"shut", "close", "early", "abort"};
	static const char *const why[] = {"closed", "reset", "refused",
		"timeout", "unreachable", "aborted"};

	printf("%u, IPv%d%s%s\n", c->lport, c->v6 ? 6 : 4, kind[c->kind],
		c->sure ? "" : ", not for sure");
	for (int i = 0; i < 2; i++) {
		const struct side *s = &c->side[i];

		printf("  node %d: %u of %u sent, %u acked; %u of %u got, %u "
		       "unread; to %s; %s\n",
			s->node->index, s->sent, s->bytes, s->acked, s->got,
			c->side[!i].bytes, s->unread, end[s->end],
			s->over		   ? why[s->why]
				: s->known ? "open"
					   : "not open");
	}
}

static void
show(const struct world *w)
{
	static const char *const weather[] = {
		"clear", "mixed", "light", "stormy"};

	printf("%u nodes, %u connections, %s%s%s%s; %llu ms\n", w->s->nodes,
		w->conns, weather[w->weather], w->steady ? ", steady" : "",
		w->roomy ? ", roomy" : "", w->forged ? ", forged" : "",
		(unsigned long long)(w->last / 1000000 - 1000));
	for (unsigned i = 0; i < w->s->nodes; i++) {
		const struct sim_node *n = &w->s->node[i];
		const struct stack_counters *c = stack_counters(n->stack);

		printf("node %u: mtu %u, tso %u, lro %d, reno %d; %llu frames, "
		       "%llu lost, %llu missed, %llu marked, %llu cut, "
		       "%llu joined\n",
			i, n->cfg.mtu, n->cfg.tso, n->dev.lro, n->cfg.reno,
			(unsigned long long)n->frames,
			(unsigned long long)n->lost,
			(unsigned long long)n->missed,
			(unsigned long long)n->marked,
			(unsigned long long)n->cut,
			(unsigned long long)n->merged);
#define X(name)      \
	if (c->name) \
		printf("  %s %llu\n", #name, (unsigned long long)c->name);
		STACK_COUNTERS(X)
#undef X
	}
	for (unsigned i = 0; i < w->conns; i++)
		show_conn(&w->conn[i]);
}

static const char *
run(uint64_t seed, char how, uint64_t *hash, struct tally *tally)
{
	struct world *w = world_new(seed);
	const char *bad;

	w->s->log = how == 'v' ? stdout : NULL;
	bad = go(w);
	*tally = judge_tally(w);
	if (how)
		show(w);
	*hash = w->s->hash;
	world_free(w);
	return bad;
}

/* NULL: it went well. */
static const char *
try(uint64_t seed, char how, struct tally *tally)
{
	uint64_t first, second;
	const char *bad = run(seed, how, &first, tally);

	if (bad || how || seed % REPEATS)
		return bad;
	bad = run(seed, 0, &second, tally);
	if (bad)
		return bad;
	return first == second ? NULL : "repeated, it is another run";
}

/* --- seeds, over jobs -----------------------------------------------------*/

/* What a job tells; pipes keep so little together. */
struct word {
	unsigned job;
	bool done;
	uint64_t seed;
	struct tally tally;
	char bad[80]; /* "": none */
};

struct job {
	pid_t pid;
	uint64_t at; /* the seed that it has begun; 0: none */
};

static void
tell(int fd, const struct word *w)
{
	if (write(fd, w, sizeof(*w)) != sizeof(*w))
		_exit(1);
}

static void
work(int fd, unsigned job, uint64_t a, uint64_t b, unsigned jobs)
{
	for (uint64_t seed = a + job; seed <= b; seed += jobs) {
		struct word w = {.job = job, .seed = seed};
		const char *bad;

		alarm(WAIT_S);
		tell(fd, &w);
		bad = try(seed, 0, &w.tally);
		w.done = true;
		snprintf(w.bad, sizeof(w.bad), "%s", bad ? bad : "");
		tell(fd, &w);
	}
	exit(0);
}

struct result {
	uint64_t passed, failed, first; /* the smallest that failed */
	struct tally tally;
};

static void
fail(struct result *r, uint64_t seed, const char *why)
{
	printf("seed %llu: %s\n", (unsigned long long)seed, why);
	r->failed++;
	if (!r->first || seed < r->first)
		r->first = seed;
}

static void
listen_to(int fd, struct job *job, struct result *r)
{
	struct word w;

	while (read(fd, &w, sizeof(w)) == sizeof(w)) {
		job[w.job].at = w.done ? 0 : w.seed;
		if (!w.done)
			continue;
		r->tally.lost += w.tally.lost;
		r->tally.timeouts += w.tally.timeouts;
		if (w.bad[0])
			fail(r, w.seed, w.bad);
		else
			r->passed++;
	}
}

static struct result
run_jobs(uint64_t a, uint64_t b, unsigned jobs)
{
	struct job job[JOBS] = {{0}};
	struct result r = {0};
	int fd[2], status;

	if (pipe(fd)) {
		perror("pipe");
		exit(2);
	}
	fflush(stdout);
	for (unsigned i = 0; i < jobs; i++) {
		job[i].pid = fork();
		if (job[i].pid < 0) {
			perror("fork");
			exit(2);
		}
		if (!job[i].pid) {
			close(fd[0]);
			work(fd[1], i, a, b, jobs);
		}
	}
	close(fd[1]);
	listen_to(fd[0], job, &r);
	for (unsigned i = 0; i < jobs; i++) {
		waitpid(job[i].pid, &status, 0);
		if (job[i].at)
			fail(&r, job[i].at,
				WIFSIGNALED(status) &&
						WTERMSIG(status) == SIGALRM
					? "it hangs"
					: "it dies");
		else if (status)
			fail(&r, a + i, "its job died");
	}
	close(fd[0]);
	return r;
}

int
main(int argc, char **argv)
{
	unsigned long long a = 1, b = 500;
	unsigned jobs = 1;
	struct result r;
	const char *bad;
	char how = 0;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--jobs") && i + 1 < argc) {
			jobs = (unsigned)strtoul(argv[++i], NULL, 10);
		} else if (argv[i][0] == '-' && strchr("vc", argv[i][1])) {
			how = argv[i][1];
		} else {
			int n = sscanf(argv[i], "%llu..%llu", &a, &b);

			b = n == 1 ? a : b;
			if (n < 1 || !a || b < a) {
				fprintf(stderr, "netsim: seeds are A..B\n");
				return 2;
			}
		}
	}
	if (!jobs || jobs > JOBS)
		jobs = 1;
	if (how) {
		struct tally t;

		bad = try(a, how, &t);
		printf("seed %llu: %s\n", a, bad ? bad : "passed");
		return bad != NULL;
	}
	r = run_jobs(a, b, jobs);
	printf("%llu passed, %llu failed\n", (unsigned long long)r.passed,
		(unsigned long long)r.failed);
	if (r.failed)
		printf("repeat the first with: %s %llu -v\n", argv[0],
			(unsigned long long)r.first);
	bad = judge_all(&r.tally);
	if (bad)
		printf("%s: %llu, and %llu frames lost\n", bad,
			(unsigned long long)r.tally.timeouts,
			(unsigned long long)r.tally.lost);
	return r.failed || bad;
}
