/* first.c - which of the domains is the first. */
#include "apps/test/first.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "dlibos/base/log.h"
#include "dlibos/domain/plan.h"

/* The plan is read twice: here, and by whoever joins. */
bool
first_is(void)
{
	const char *channel = getenv(PLAN_ENV);
	struct plan_plan plan;

	if (!channel ||
		recv((int)strtol(channel, NULL, 10), &plan, sizeof(plan),
			MSG_PEEK) != sizeof(plan))
		die(EXIT_USAGE, "this program runs inside an instance");
	return !strcmp(plan.name, "app0");
}
