/* instance.h - a launcher and its domains.
 *
 * The launcher is the only privileged process, and one that sleeps: it makes
 * the domains, hands descriptors from the one that made a partition to those
 * that may read it (mem/rights.c), and from then on waits for deaths, orders
 * and the end. It never maps payload and never touches a FIFO.
 *
 *	options.c	what `dlibos run` is told
 *	run.c		from a layout to domains
 *	port.c		what they send and receive by; port_open.c makes it
 *	spawn.c		a domain becomes a process; confine.c takes its rights
 *	broker.c	the conversation of plan.h with each domain, in rounds
 *	copies.c	who gets a partition of its own for what it receives
 *	post.c		what the launcher says waits for who is behind
 *	supervise.c	the loop: deadlines, signals, starting again
 *	death.c		how a death is told, and what follows from it
 *	orphans.c	processes that domains made and left behind
 *	words.c		what domains write to stderr; their last words
 *	vacant.c	places for programs that come later
 *	attach.c	a program comes, and goes
 *	ctl.c		orders from outside; report.c, stat.c, conns.c answer
 */
#ifndef DLIBOS_LAUNCH_INSTANCE_H
#define DLIBOS_LAUNCH_INSTANCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "dlibos/domain/domain.h"
#include "dlibos/launch/layout.h"
#include "dlibos/launch/place.h"
#include "dlibos/launch/port.h"

enum child_state {
	CHILD_DOWN,
	CHILD_MAKING, /* has its plan; makes its partitions */
	CHILD_MADE,
	CHILD_MAPPING, /* has the maps of its peers; opens its edges */
	CHILD_READY,
	CHILD_RUNNING,
	CHILD_STOPPING, /* was asked to end */
};

/* Statistics that a domain shows, mapped read-only. */
struct child_stat {
	struct part part;
	unsigned cores, edges;
};

#define WORDS 512

struct post;   /* post.c */
struct attach; /* attach.h */

struct child {
	unsigned domain; /* its number */
	enum role role;	 /* in mode rtc both */
	char name[LIMIT_NAME];
	char *const *argv;
	struct attach *place; /* of a program that comes later; else NULL */
	unsigned cores;
	uint16_t core[LIMIT_CORES]; /* numbers in the layout */

	enum child_state state;
	bool joined;   /* it said something since it was started */
	bool starting; /* it did not get to RUNNING yet */
	pid_t pid;
	int channel;  /* plan.h; -1 */
	int words_fd; /* its stderr; -1 */
	char line[WORDS], last_words[WORDS];
	size_t line_len;
	struct post *post;  /* messages that it has no room for yet */
	uint64_t deadline;  /* clock_ns() by which it must have gone on */
	uint64_t forget_by; /* and have let go of peers that are gone */
	uint64_t started_at, died_at;
	unsigned restarts;
	unsigned vain;	   /* deaths soon after a start, in a row */
	bool want_restart; /* start it again once it is down */
	bool killed;	   /* by us; the reason is told */
	bool forgetting[LIMIT_DOMAINS]; /* it was told that this peer is gone */
	bool fresh[LIMIT_DOMAINS];	/* maps of this peer are to be sent */
	int part[PART_KINDS];		/* descriptors of what it made; -1 */
	uint64_t part_bytes[PART_KINDS];
	int edge_part[LIMIT_DOMAINS]; /* its PART_EDGE for each peer; -1 */
	uint64_t edge_bytes[LIMIT_DOMAINS];
	int copy_part[LIMIT_DOMAINS]; /* its PART_COPY for each peer; -1 */
	uint64_t copy_bytes[LIMIT_DOMAINS];
	struct child_stat stat;
};

struct run_options {
	const char *layout, *user, *name;
	int idle;     /* enum idle_policy, -1: the layout's */
	int dispatch; /* enum plan_dispatch, -1: the layout's */
	enum plan_mode mode;
	bool oversubscribe, restart, stats;
	uint32_t conns;
	unsigned vacant; /* places for programs that come later */
	uint64_t rx_bytes, app_bytes;
	char **program;
};

#define CTL_CLIENTS 8

struct ctl_client {
	int fd; /* -1 */
	uint64_t deadline;
	int waits_for; /* domain whose restart it waits for, or: */
};

#define CTL_WAITS_NOT (-1)
#define CTL_WAITS_END (-2)

struct instance {
	struct run_options opt;
	struct port port;
	char name[LIMIT_NAME];
	struct topology topology;
	struct layout layout;
	bool layout_chosen; /* by the user */
	struct placement placement;
	enum idle_policy idle;
	uint64_t spin_ns;
	bool heavy_fence;
	bool said_fallback;
	int netcore_fd, program_fd;
	/* The places come last, behind those that it starts with. */
	unsigned children, first_place;
	struct child *child;  /* LIMIT_DOMAINS of them */
	struct attach *place; /* opt.vacant of them */
	int epoll_fd, signal_fd, ctl_fd;
	struct ctl_client client[CTL_CLIENTS];
	bool nohup; /* a hang-up was ignored when we were started */
	bool stopping;
	bool started; /* the first round is over */
	int status;
};

/* run.c: `dlibos run`. */
int run_cmd(int argc, char **argv);
/* 0, 1 and 2 are open afterwards, so that nothing else gets these numbers. */
void run_fill_descriptors(void);

/* options.c: dies with one line for what is wrong in itself. */
void options_read(
	struct run_options *o, struct port *port, int argc, char **argv);

/* Whether two domains have cores that may talk, and how many pairs. */
unsigned instance_edges(const struct instance *in, const struct child *a,
	const struct child *b);

/* copies.c: how many application domains a network domain may ever have edges
 * with, if that is more than one: then each gets a PART_COPY. Else 0. */
unsigned copies(const struct instance *in, const struct child *net);
/* The bytes of one: a fair share of what --rx-memory says. */
uint64_t copies_bytes(const struct instance *in, const struct child *net);

/* vacant.c: a core of its own for the n-th place: its number in the layout. It
 * has a CPU of its own if one is free, else shares that of an application core.
 * Dies if the layout is full. */
unsigned vacant_core(struct instance *in, unsigned n);
/* What a domain does when it has nothing to do, for its CPU may be shared. */
enum idle_policy vacant_idle(const struct instance *in, const struct child *c);
/* Application domains that there may ever be at a time, the places included. */
unsigned vacant_apps(const struct instance *in);
/* Whether it is a place that nobody has taken. */
bool vacant_is(const struct child *c);

/* spawn.c: 0 or -errno. The child waits for its plan. */
int spawn(struct instance *in, struct child *c);
/* The program's file, opened while we may; without a '/': found in PATH.
 * -errno, -EISDIR and -EACCES for what cannot be run. */
int spawn_open(const char *program);

/* confine.c: in the new process, before exec. Keeps the capabilities `caps`
 * (of root only), which the program drops itself (domain_drop_rights()). 0 or
 * -errno; what says where. */
int confine(const char *user, uint64_t caps, pid_t launcher, const char **what);

/* broker.c */
void broker_begin(struct instance *in, struct child *c); /* after spawn() */
void broker_hear(struct instance *in, struct child *c);
void broker_peer_died(struct instance *in, struct child *dead);
bool broker_forgotten(const struct instance *in, const struct child *dead);
void broker_stop(struct instance *in, struct child *c);

/* post.c: sends, or keeps it with duplicates of the descriptors until there
 * is room. Never waits. A domain that is gone gets nothing. */
void post(struct instance *in, struct child *c, const void *m, const int *fds,
	unsigned n);
void post_flush(struct instance *in, struct child *c); /* there is room */
void post_drop(struct child *c);

/* supervise.c */
int supervise(struct instance *in);
/* A domain is ended for what it did, or did not; the reason is told here. */
void supervise_fail(struct instance *in, struct child *c, const char *why);
void supervise_restart(struct instance *in, struct child *c);
void supervise_stop(struct instance *in);
enum watch {
	WATCH_SIGNALS,
	WATCH_CHANNEL, /* of a domain */
	WATCH_WORDS,   /* of a domain */
	WATCH_CTL,
	WATCH_CLIENT,
	WATCH_ATTACHED, /* who attached a domain */
};
/* Watches it, or from now on as something else. */
int supervise_watch(
	struct instance *in, int fd, enum watch what, unsigned index);
/* Whether to look for room in a domain's channel, too. */
void supervise_watch_room(struct instance *in, struct child *c, bool on);
/* A domain becomes a process and takes part in a round. 0 or -errno. */
int supervise_start(struct instance *in, struct child *c);

/* death.c: status is waitpid()'s. */
void death(struct instance *in, struct child *c, int status);
/* What follows when it is killed now; whether that is the instance's end. */
const char *death_to_come(
	const struct instance *in, const struct child *c, bool *end);

/* orphans.c: from now on they become our children. */
void orphans_adopt(void);
/* Ends those of the session of a dead domain; 0: all. Whether any were left. */
bool orphans_end(const struct instance *in, pid_t session);

/* words.c: reads some; true if there may be more. The end of listening. */
bool words_hear(struct child *c);
void words_end(struct child *c);
/* Lines of the launcher's own, once there are domains to be watched. */
void words_tell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void words_text(const char *text);

/* ctl.c */
int ctl_open(struct instance *in);
void ctl_accept(struct instance *in);
void ctl_hear(struct instance *in, struct ctl_client *cl);
void ctl_restarted(struct instance *in, struct child *c, bool well);
uint64_t ctl_expire(struct instance *in, uint64_t now);
void ctl_close(struct instance *in);
int ctl_cmd(int argc, char **argv); /* list, status, restart, stop */
bool instance_name_ok(const char *s);
#define INSTANCE_NAME_IS "1 to %d letters, digits, '_', '.' and '-'"

/* report.c: as much as fits, a line each. Returns the length. */
size_t report_status(const struct instance *in, char *buf, size_t len);
size_t report_domain(const struct child *c, char *buf, size_t len);
size_t report_edges(const struct instance *in, char *buf, size_t len);
const char *report_state(const struct child *c);

#endif
