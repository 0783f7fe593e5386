/* confine.c - what a domain loses before its first instruction. Each right
 * that it keeps, it keeps because nothing here takes it: files and network as
 * any user has them. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "dlibos/launch/instance.h"

/* Above all users that exist; the process number makes it nobody else's. */
#define PRIVATE_UIDS 0x40000000u

/* The bounding set: nothing that is executed later can bring one back. Needs
 * the privilege that goes next. */
static int
drop_bounds(void)
{
	for (int c = 0; c < cap_max_bits(); c++)
		if (cap_get_bound(c) == 1 && cap_drop_bound(c))
			return -errno;
	return 0;
}

static int
drop_capabilities(void)
{
	cap_t none = cap_init();
	int rc = 0;

	if (!none)
		return -ENOMEM;
	if (cap_set_proc(none))
		rc = -errno;
	cap_free(none);
	return rc;
}

/* A user of its own for each domain: then the kernel refuses one domain to
 * trace, signal or open another. */
static int
drop_user(const char *user)
{
	uid_t uid = PRIVATE_UIDS + (uid_t)getpid();
	gid_t gid = uid;

	if (user) {
		const struct passwd *pw = getpwnam(user);

		if (!pw)
			return -ENOENT;
		uid = pw->pw_uid;
		gid = pw->pw_gid;
	}
	if (setgroups(0, NULL) || setresgid(gid, gid, gid) ||
		setresuid(uid, uid, uid))
		return -errno;
	return 0;
}

int
confine(const char *user, pid_t launcher, const char **what)
{
	int rc;

	if (!geteuid()) {
		*what = "bounding set";
		rc = drop_bounds();
		if (rc)
			return rc;
		*what = "user";
		rc = drop_user(user);
		if (rc)
			return rc;
	}
	*what = "capabilities";
	rc = drop_capabilities();
	if (rc)
		return rc;
	*what = "no_new_privs";
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	/* After the change of user, which would clear it. */
	*what = "parent death signal";
	if (prctl(PR_SET_PDEATHSIG, SIGKILL))
		return -errno;
	if (getppid() != launcher)
		return -ESRCH;
	return 0;
}
