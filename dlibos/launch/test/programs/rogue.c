/* rogue.c - speaks plan.h itself, and wrongly.
 *
 *	rogue FILE PROGRAM [ARGUMENT]...
 *
 * FILE says how. When it is empty, or we are not app1, PROGRAM runs instead.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dlibos/domain/domain.h"

#define ALL_SEALS \
	(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL)

static int channel;
static struct plan_plan plan;
static struct plan_peer peer; /* the last one */

static void
say(unsigned type, unsigned domain)
{
	struct plan_head h = {type, domain};

	plan_send(channel, &h, NULL, 0);
}

static int
file(uint64_t bytes, unsigned flags, int seals)
{
	int fd = memfd_create("rogue", MFD_ALLOW_SEALING | flags);

	if (fd < 0 || ftruncate(fd, (off_t)bytes) ||
		(seals && fcntl(fd, F_ADD_SEALS, seals)))
		exit(99);
	return fd;
}

static void
offer(int fd, enum part_kind kind, unsigned domain, uint64_t bytes)
{
	struct plan_part m = {{PLAN_PART, domain}, kind, 0, bytes};

	plan_send(channel, &m, &fd, 1);
	close(fd);
}

static void
good(enum part_kind kind, unsigned domain, uint64_t bytes)
{
	bytes = round_up(bytes, 4096);
	offer(file(bytes, 0, ALL_SEALS), kind, domain, bytes);
}

static void
make_all(void)
{
	good(PART_APP, plan.domain, plan.bytes[PART_APP]);
	good(PART_STAT, plan.domain, domain_stat_bytes(&plan));
	good(PART_EDGE, peer.head.domain, peer.edge_bytes);
	say(PLAN_MADE, 0);
}

static void
hear_until(unsigned type)
{
	union plan_any m;
	int fds[PASS_FDS], t;

	do {
		t = plan_recv(channel, &m, fds);
		if (t == PLAN_EDGE)
			pass_close_all(fds, 2);
		if (t == PLAN_MAP)
			pass_close_all(fds, 1);
		if (t == PLAN_PLAN)
			plan = m.plan;
		if (t == PLAN_PEER)
			peer = m.peer;
	} while (t > 0 && t != (int)type);
}

static void
raw(const void *bytes, size_t len, unsigned fds)
{
	union {
		char buf[CMSG_SPACE(sizeof(int) * 64)];
		struct cmsghdr align;
	} control;
	char none[1];
	struct iovec iov = {none, len};
	struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1};

	memcpy(&iov.iov_base, &bytes, sizeof(bytes));
	if (fds) {
		mh.msg_control = control.buf;
		mh.msg_controllen = CMSG_SPACE(sizeof(int) * fds);
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(sizeof(int) * fds);
		memset(CMSG_DATA(&control.align), 0, sizeof(int) * fds);
	}
	sendmsg(channel, &mh, MSG_NOSIGNAL);
}

/* --- the ways ------------------------------------------------------------*/

static void
partitions(const char *how)
{
	uint64_t bytes = plan.bytes[PART_APP];

	if (!strcmp(how, "unsealed"))
		offer(file(bytes, 0, 0), PART_APP, plan.domain, bytes);
	else if (!strcmp(how, "half-sealed"))
		offer(file(bytes, 0, F_SEAL_SHRINK | F_SEAL_GROW), PART_APP,
			plan.domain, bytes);
	else if (!strcmp(how, "no-file"))
		offer(open("/dev/null", O_RDONLY), PART_APP, plan.domain,
			bytes);
	else if (!strcmp(how, "wrong-size"))
		offer(file(4096, 0, ALL_SEALS), PART_APP, plan.domain, bytes);
	else if (!strcmp(how, "small"))
		good(PART_APP, plan.domain, 4096);
	else if (!strcmp(how, "large"))
		good(PART_EDGE, peer.head.domain, 1ull << 36);
	else if (!strcmp(how, "no-pages"))
		offer(file(1ull << 36, MFD_HUGETLB, ALL_SEALS), PART_APP,
			plan.domain, 1ull << 36);
	else if (!strcmp(how, "rx"))
		good(PART_RX, plan.domain, plan.bytes[PART_RX]);
	else if (!strcmp(how, "txhdr"))
		good(PART_TXHDR, plan.domain, plan.bytes[PART_TXHDR]);
	else if (!strcmp(how, "copy"))
		good(PART_COPY, peer.head.domain, 1 << 20);
	else if (!strcmp(how, "kind"))
		good((enum part_kind)PART_KINDS, plan.domain, 4096);
	else if (!strcmp(how, "own-edge"))
		good(PART_EDGE, plan.domain, peer.edge_bytes);
	else if (!strcmp(how, "no-peer"))
		good(PART_EDGE, 100, peer.edge_bytes);
	else if (!strcmp(how, "twice")) {
		good(PART_APP, plan.domain, bytes);
		good(PART_APP, plan.domain, bytes);
	}
}

static void
messages(const char *how)
{
	struct plan_head odd = {99, 0};
	struct plan_part part = {{PLAN_PART, 0}, PART_APP, 0, 4096};

	if (!strcmp(how, "nothing-made"))
		say(PLAN_MADE, 0);
	else if (!strcmp(how, "ready-early"))
		say(PLAN_READY, 0);
	else if (!strcmp(how, "made-twice")) {
		make_all();
		say(PLAN_MADE, 0);
	} else if (!strcmp(how, "short"))
		raw("abcd", 4, 0);
	else if (!strcmp(how, "long"))
		raw(&plan, sizeof(plan), 0);
	else if (!strcmp(how, "type"))
		raw(&odd, sizeof(odd), 0);
	else if (!strcmp(how, "launcher's"))
		say(PLAN_START, 0);
	else if (!strcmp(how, "domain"))
		say(PLAN_FORGOTTEN, 1u << 20);
	else if (!strcmp(how, "fds-few"))
		raw(&part, sizeof(part), 0);
	else if (!strcmp(how, "fds-4"))
		raw(&part, sizeof(part), 4);
	else if (!strcmp(how, "fds-60"))
		raw(&part, sizeof(part), 60);
	else if (!strcmp(how, "empty"))
		raw("", 0, 4);
	else if (!strcmp(how, "flood"))
		for (;;)
			say(PLAN_FORGOTTEN, 0);
	else if (!strcmp(how, "late")) {
		make_all();
	} else if (!strcmp(how, "hang-up") || !strcmp(how, "keep")) {
		make_all();
		hear_until(PLAN_GO);
		say(PLAN_READY, 0);
		hear_until(PLAN_START);
		if (*how == 'h')
			close(channel);
	}
}

int
main(int argc, char **argv)
{
	const char *number = getenv(PLAN_ENV);
	char how[32] = "";
	FILE *f;

	if (argc < 3 || !number)
		return 98;
	channel = (int)strtol(number, NULL, 10);
	recv(channel, &plan, sizeof(plan), MSG_PEEK);
	f = fopen(argv[1], "r");
	if (!f || !fgets(how, sizeof(how), f) || strcmp(plan.name, "app1")) {
		execv(argv[2], argv + 2);
		return 97;
	}
	fclose(f);
	if (strcmp(how, "deaf")) {
		hear_until(PLAN_MAKE);
		partitions(how);
		messages(how);
	}
	for (;;)
		pause();
}
