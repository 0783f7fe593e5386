/* stat.c - a core's named counters. */
#include <stdio.h>

#include "dlibos/base/atomic.h"
#include "dlibos/base/log.h"
#include "dlibos/domain/stat.h"

struct domain_counter *
domain_counters(struct domain_table *t, const char *group,
	const char *const *name, unsigned n)
{
	struct domain_counter *c = &t->counter[t->n];

	if (n > DOMAIN_COUNTERS - t->n)
		die(EXIT_FAIL, "no room to show %u counters %s.*", n, group);
	for (unsigned i = 0; i < n; i++) {
		int len = snprintf(
			c[i].name, sizeof(c[i].name), "%s.%s", group, name[i]);

		if (len < 0 || (size_t)len >= sizeof(c[i].name))
			die(EXIT_FAIL, "counter %s.%s: its name is too long",
				group, name[i]);
		c[i].value = 0;
	}
	/* A reader that sees the number sees the names. */
	atomic_store_rel_32(&t->n, t->n + n);
	return c;
}

void
domain_show(struct domain_counter *c, const uint64_t *value, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		ck_pr_store_64(&c[i].value, value[i]);
}
