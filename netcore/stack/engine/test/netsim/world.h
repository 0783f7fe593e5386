/* world.h - what a seed makes: nodes, links, connections, and what programs do
 * with these.
 *
 *	plan.c	  all of that from the seed	netsim.c  runs, seeds, jobs
 *	program.c what the programs do		watch.c	  what the wire must say
 *	judge.c	  whether it went well		forge.c	  a third party
 */
#ifndef NETCORE_STACK_ENGINE_TEST_NETSIM_WORLD_H
#define NETCORE_STACK_ENGINE_TEST_NETSIM_WORLD_H

#include "netcore/stack/engine/test/sim.h"

#define CONNS	   50
#define PIECES	   64
#define PORT	   80	 /* that every node listens at */
#define CLIENT	   10000 /* connection i is begun at this port + i */
#define PEER	   20000 /* and meets its like at this one + i */
#define PERIOD	   99991 /* of the pattern that streams consist of */
#define LONGEST	   65536 /* write */
#define A_LONG_WAY (3600ull * 1000000000) /* virtual: far beyond every end */

/* How a program ends a connection. */
enum end {
	END_SHUT,  /* a FIN after its last byte, whatever the peer does */
	END_CLOSE, /* when it has sent and read all */
	END_EARLY, /* closes after end_at bytes, of what it sent and got */
	END_ABORT,
};

enum kind {
	TO_LISTENER,
	BOTH_OPEN, /* at the same time */
	TO_NOBODY, /* a port at which nobody listens */
};

/* Memory that a program sends from: its own until it is acknowledged. */
struct piece {
	uint8_t *mem;
	uint32_t len, acked;
};

struct side {
	struct conn *conn;
	struct sim_node *node;

	/* the plan */
	uint32_t bytes;	  /* to send */
	uint32_t chunk;	  /* the largest write */
	uint32_t ahead;	  /* bytes queued and not acknowledged */
	uint32_t idle_at; /* after so many bytes a silence of idle_ns */
	uint64_t idle_ns;
	uint64_t deaf_ns; /* reads nothing for so long */
	uint32_t gulp;	  /* then so much each gulp_ns; 0: all, at once */
	uint64_t gulp_ns;
	bool nagle;
	enum end end;
	uint32_t end_at;

	/* how far it got */
	stack_conn c;
	uint32_t iss;		/* of who begins */
	uint64_t t_open, t_got; /* all */
	bool begun, open, known, over, eof, shut, closed, aborted;
	bool deaf, idle, idled, reads;
	enum stack_why why;
	uint32_t sent, acked, got, unread;
	struct piece piece[PIECES];
	unsigned first, last;
	uint64_t forger; /* his random numbers */
	unsigned lies;	 /* that he told to this side */
};

struct conn {
	struct world *w;
	enum kind kind;
	bool v6;
	bool sure; /* both ends are orderly: all arrives */
	uint16_t port, lport;
	uint64_t begin_ns;
	struct conn *next; /* with the same ports, next_ns after this one */
	uint64_t next_ns;
	struct side side[2]; /* 0 is who begins */
};

/* What the links of a run do. */
enum weather {
	CLEAR,	/* frames come as they were sent */
	MIXED,	/* they come, but in another order, or twice */
	LIGHT,	/* one in a while is lost */
	STORMY, /* everything */
	WEATHERS,
};

struct world {
	struct sim *s;
	struct watch *watch;
	enum weather weather;
	bool roomy;  /* no pool is small */
	bool steady; /* no link makes others wait */
	bool forged; /* somebody puts segments in */
	struct conn conn[CONNS];
	unsigned conns;
	uint64_t memory; /* pieces that were not given back */
	const char *bad; /* the first that is wrong */
	uint64_t last;	 /* when the last connection ended */
};

/* plan.c */
struct world *world_new(uint64_t seed);
void world_free(struct world *w);
void world_bad(struct world *w, const char *what);

/* program.c */
extern const struct sim_program programs;
void program_begin(struct conn *c);
uint8_t *stream_at(const struct side *s, uint32_t offset, uint32_t *most);

/* forge.c: of a connection that is open, segments are forged for this side. */
void forge_begin(struct side *s);

/* watch.c */
struct watch *watch_new(struct world *w);
void watch_free(struct watch *w);

/* judge.c: after the end of a run; NULL: all is well. */
const char *judge(const struct world *w);
/* What is judged over many runs together. */
struct tally {
	uint64_t lost, timeouts;
};
struct tally judge_tally(const struct world *w);
const char *judge_all(const struct tally *t);
/* Numbers of a connection, as its engine has them. */
uint32_t judge_iss(const struct sim_node *n, stack_conn c);
uint32_t judge_irs(const struct sim_node *n, stack_conn c);

static inline struct side *
other(const struct side *s)
{
	return &s->conn->side[s == &s->conn->side[0]];
}

#endif
