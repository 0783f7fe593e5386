/* confine.c - what a domain loses before its first instruction. Each right
 * that it keeps, it keeps because nothing here takes it: files and network as
 * any user has them; and, for a time, those that its port wants (port.c). */
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

static int
set_flags(cap_t to, cap_flag_t flag, uint64_t caps)
{
	for (int c = 0; c < cap_max_bits(); c++) {
		cap_value_t v = c;

		if (caps >> c & 1 && cap_set_flag(to, flag, 1, &v, CAP_SET))
			return -errno;
	}
	return 0;
}

/* What is to be kept must be inheritable before the bounding set forbids that,
 * and survive the change of user. */
static int
begin_keeping(uint64_t caps)
{
	cap_t now;
	int rc;

	if (!caps)
		return 0;
	now = cap_get_proc();
	if (!now)
		return -errno;
	rc = set_flags(now, CAP_INHERITABLE, caps);
	if (!rc && (cap_set_proc(now) || prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)))
		rc = -errno;
	cap_free(now);
	return rc;
}

/* Ambient ones go on through exec to a user that is not root; nothing else
 * brings a capability past it. */
static int
make_ambient(uint64_t caps)
{
	for (int c = 0; c < cap_max_bits(); c++)
		if (caps >> c & 1 && cap_set_ambient(c, CAP_SET))
			return -errno;
	return prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) ? -errno : 0;
}

/* The bounding set: nothing that is executed later can bring one back, those
 * that are kept included, once the program has dropped them. Needs the
 * privilege that goes next. */
static int
drop_bounds(void)
{
	for (int c = 0; c < cap_max_bits(); c++)
		if (cap_get_bound(c) == 1 && cap_drop_bound(c))
			return -errno;
	return 0;
}

static int
drop_capabilities_but(uint64_t caps)
{
	cap_t left = cap_init();
	int rc;

	if (!left)
		return -ENOMEM;
	rc = set_flags(left, CAP_PERMITTED, caps);
	if (!rc)
		rc = set_flags(left, CAP_EFFECTIVE, caps);
	if (!rc)
		rc = set_flags(left, CAP_INHERITABLE, caps);
	if (!rc && cap_set_proc(left))
		rc = -errno;
	cap_free(left);
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
confine(const char *user, uint64_t caps, pid_t launcher, const char **what)
{
	int rc;

	if (!geteuid()) {
		*what = "kept capabilities";
		rc = begin_keeping(caps);
		if (rc)
			return rc;
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
	rc = drop_capabilities_but(caps);
	if (!rc)
		rc = make_ambient(caps);
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
