/* rules.h - where the engine and Linux may differ, and by which RFC. Each rule
 * says exactly when: what a rule does not explain is a fault of one of them. */
#ifndef NETCORE_STACK_ENGINE_TEST_DIFFER_RULES_H
#define NETCORE_STACK_ENGINE_TEST_DIFFER_RULES_H

#include "netcore/stack/engine/test/differ/side.h"

/* What differs after a step. */
enum differ {
	DIFFER_STATE = 1 << 0,
	DIFFER_WHY = 1 << 1,
	DIFFER_RESET = 1 << 2,	 /* whether one was sent */
	DIFFER_NUMBERS = 1 << 3, /* of it */
	DIFFER_SYN = 1 << 4,	 /* whether a SYN was sent (again) */
	DIFFER_ANSWER = 1 << 5, /* what acknowledged nothing new was answered */
	DIFFER_ACKED = 1 << 6,
	DIFFER_DELIVERED = 1 << 7,
	DIFFER_EOF = 1 << 8,
	DIFFER_RESULT = 1 << 9,
	DIFFER_SENT = 1 << 10, /* how much */
	DIFFER_KINDS = 11
};

extern const char *const differ_name[DIFFER_KINDS];

struct differ_case {
	const struct step *step;
	const struct plan *plan;
	const struct side *engine, *kernel;
	struct side_seen engine_was, kernel_was;
	unsigned what; /* enum differ */
};

struct rule {
	const char *name, *rfc;
	/* It may be that nothing shows yet. */
	bool hidden;
	bool (*explains)(const struct differ_case *c);
};

unsigned rules_compare(bool segment, const struct side_seen *a,
	const struct side_seen *a_was, const struct side_seen *b,
	const struct side_seen *b_was);

#define RULES_MOST 64
/* The index of the first that explains it; -1: none does. If nothing differs,
 * of the first by which the two have parted without a sign. */
int rules_find(const struct differ_case *c);
const struct rule *rules_at(unsigned i); /* NULL at the end */

#endif
