/* orphans.c - processes that domains made and left behind.
 *
 * A domain leads a session of its own. Processes that outlive their parents
 * become our children; those of a dead domain's session are ended with it, and
 * at the end of the instance all are, whatever session they went to. What we
 * cannot do is end them after a SIGKILL of our own: then only the domains die
 * with us.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "dlibos/launch/instance.h"

void
orphans_adopt(void)
{
	/* Where the kernel cannot, the session's process group is ended. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

static bool
is_domain(const struct instance *in, pid_t pid)
{
	for (unsigned i = 0; i < in->children; i++)
		if (in->child[i].state != CHILD_DOWN && in->child[i].pid == pid)
			return true;
	return false;
}

bool
orphans_end(const struct instance *in, pid_t session)
{
	FILE *f = fopen("/proc/thread-self/children", "re");
	bool any = false;
	int pid;

	while (f && fscanf(f, "%d", &pid) == 1) {
		if (is_domain(in, pid) || (session && getsid(pid) != session))
			continue;
		any = true;
		kill(pid, SIGKILL);
	}
	if (f)
		fclose(f);
	return any;
}
