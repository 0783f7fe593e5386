/* idle.h - what a core does when there is nothing to do. */
#ifndef NOC_IDLE_H
#define NOC_IDLE_H

#include <stdbool.h>
#include <stdint.h>

enum idle_policy {
	IDLE_POLL,     /* never gives the CPU up */
	IDLE_YIELD,    /* lets others have it, for cores that share a CPU */
	IDLE_ADAPTIVE, /* spins for a while, then sleeps; the default */
	IDLE_SLEEP,    /* sleeps at once */
	IDLE_SHARING,  /* adaptive while all its peers sleep, else sleeps: for a
			* core that has its CPU together with them */
	IDLE_POLICIES
};

/* The policy of a name, or -1; the name of a policy. */
int idle_policy(const char *name);
const char *idle_name(enum idle_policy p);

struct idle {
	enum idle_policy policy;
	uint64_t spin_cycles; /* adaptive, sharing: so long before sleeping */
	uint64_t since;	      /* when the spinning began; 0: not idle */
};

/* spin_ns: for IDLE_ADAPTIVE and _SHARING; 0 = IDLE_SPIN_NS. */
void idle_init(struct idle *i, enum idle_policy p, uint64_t spin_ns);

/* One turn without work. True: sleep now. */
bool idle_turn(struct idle *i);

/* What it costs to wake a thread on `to` from `from`, median of some rounds,
 * in ns; a few milliseconds of work. Twice that is what IDLE_ADAPTIVE should
 * spin: then waiting never costs more than twice of what the best choice,
 * made with hindsight, would have cost. 0: could not be measured. */
uint64_t idle_measure_wake(int from, int to);

/* Spinning time where nobody measured; and the bounds of what is measured. The
 * lower one outlasts a peer behind the kernel that is woken for each answer
 * and asks again: a core that sleeps sooner makes the next answer later, and
 * goes on sleeping. What is measured once, at start, may be too little. */
#define IDLE_SPIN_NS	 60000
#define IDLE_SPIN_NS_MIN 50000
#define IDLE_SPIN_NS_MAX 200000

#endif
