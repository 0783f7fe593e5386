/* filter_test - the kernel's filter and the engine's hash agree. The program
 * runs in the kernel, on a pair of sockets of ours: frames go in at one end,
 * and what passes comes out at the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netcore/driver/filter.h"

#define FRAMES 20000
#define SHARES 5

struct frame {
	uint8_t bytes[128];
	size_t len;
	bool for_all;
	uint32_t addrs;
	uint16_t ports;
};

static unsigned short seed[3] = {7, 8, 9};

static uint32_t
any(uint32_t below)
{
	return (uint32_t)nrand48(seed) % below;
}

static uint32_t
word(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
		(uint32_t)p[2] << 8 | p[3];
}

static void
fill(struct frame *f)
{
	for (size_t i = 0; i < sizeof(f->bytes); i++)
		f->bytes[i] = (uint8_t)any(256);
	f->len = sizeof(f->bytes);
	f->for_all = false;
	f->addrs = 0;
}

static void
take_ports(struct frame *f, size_t at)
{
	uint32_t both = word(f->bytes + at);

	f->ports = (uint16_t)(both ^ both >> 16);
}

static uint8_t
any_protocol(struct frame *f)
{
	static const uint8_t some[] = {6, 17, 6, 17, 6, 17, 1, 58, 0, 44, 132};
	uint8_t p = some[any(sizeof(some))];

	if (p != 6 && p != 17)
		f->for_all = true;
	return p;
}

static void
make4(struct frame *f)
{
	static const uint8_t frags[][2] = {{0, 1}, {0x20, 0}, {0x1f, 0xff}};
	uint8_t *ip = f->bytes + 14;
	uint32_t hlen = 5 + any(11);

	memcpy(f->bytes + 12, (uint8_t[]){8, 0}, 2);
	ip[0] = (uint8_t)(0x40 | hlen);
	ip[6] = any(2) ? 0x40 : 0;
	ip[7] = 0;
	if (!any(8)) {
		memcpy(ip + 6, frags[any(3)], 2);
		f->for_all = true;
	}
	ip[9] = any_protocol(f);
	f->addrs = word(ip + 12) ^ word(ip + 16);
	take_ports(f, 14 + 4 * hlen);
}

static void
make6(struct frame *f)
{
	uint8_t *ip = f->bytes + 14;

	memcpy(f->bytes + 12, (uint8_t[]){0x86, 0xdd}, 2);
	ip[6] = any_protocol(f);
	for (unsigned i = 8; i < 40; i += 4)
		f->addrs ^= word(ip + i);
	take_ports(f, 14 + 40);
}

static void
make_other(struct frame *f)
{
	static const uint8_t types[][2] = {{8, 6}, {0x81, 0}, {0, 46}};

	memcpy(f->bytes + 12, types[any(3)], 2);
	f->for_all = true;
	if (any(2))
		f->len = 42;
}

static void
make(struct frame *f)
{
	fill(f);
	switch (any(5)) {
	case 0:
		make_other(f);
		break;
	case 1:
	case 2:
		make6(f);
		break;
	default:
		make4(f);
	}
}

struct pair {
	int in, out;
	struct steer s;
};

static void
open_pair(struct pair *p, unsigned share, unsigned shares)
{
	int fd[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fd), 0);
	p->in = fd[0];
	p->out = fd[1];
	p->s = (struct steer){.key = 0xdeadbeef + shares,
		.share = (uint16_t)share,
		.shares = (uint16_t)shares};
	assert_int_equal(filter_attach(p->out, &p->s), 0);
}

static void
close_pair(struct pair *p)
{
	close(p->in);
	close(p->out);
}

static bool
passes(struct pair *p, const struct frame *f)
{
	uint8_t got[256];

	/* The kernel tells a sender that its message was dropped. */
	send(p->in, f->bytes, f->len, 0);
	return recv(p->out, got, sizeof(got), 0) == (ssize_t)f->len;
}

static void
filter_and_engine_agree(void **state)
{
	struct pair p[SHARES];
	unsigned alone = 0;
	struct frame f;

	(void)state;
	for (unsigned i = 0; i < SHARES; i++)
		open_pair(&p[i], i, SHARES);
	for (unsigned i = 0; i < FRAMES; i++) {
		make(&f);
		alone += !f.for_all;
		for (unsigned k = 0; k < SHARES; k++)
			assert_int_equal(passes(&p[k], &f),
				f.for_all ||
					steer_is_ours(
						&p[k].s, f.addrs, f.ports));
	}
	assert_in_range(alone, FRAMES / 4, FRAMES - FRAMES / 4);
	for (unsigned i = 0; i < SHARES; i++)
		close_pair(&p[i]);
}

/* What ends before its ports is for nobody; an ARP message has none. */
static void
short_frames_are_dropped(void **state)
{
	struct pair p;
	struct frame f;

	(void)state;
	open_pair(&p, 0, 2);
	fill(&f);
	make4(&f);
	f.bytes[14] = 0x4f;
	memset(f.bytes + 20, 0, 2);
	f.bytes[23] = 6;
	for (f.len = 1; f.len < 14 + 60 + 4; f.len++)
		assert_false(passes(&p, &f));
	close_pair(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filter_and_engine_agree),
		cmocka_unit_test(short_frames_are_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
