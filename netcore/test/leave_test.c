/* leave_test - applications that are gone wait for a driver, which is the
 * test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "netcore/leave.h"

#define RING 64

struct driver {
	struct driver_caps caps;
	uint64_t sent, done;
	unsigned in_ring; /* frames that it has, and may let go of late */
	unsigned pushed, reaps, room;
};

const struct driver_caps *
driver_caps(struct driver *d)
{
	return &d->caps;
}

uint64_t
driver_tx_sent(const struct driver *d)
{
	return d->sent;
}

uint64_t
driver_tx_done(const struct driver *d)
{
	return d->done;
}

unsigned
driver_tx_room(const struct driver *d)
{
	return d->room;
}

void
driver_tx_reap(struct driver *d)
{
	d->reaps++;
}

/* A lazy one lets go of all when its ring is full. */
unsigned
driver_tx(struct driver *d, struct stack_tx_frame *f, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(f->header_len, 60);
		assert_int_equal(f->pieces, 0);
		assert_memory_equal(f->headers, "\2abcde\2abcde\x90\0", 14);
		d->pushed++;
		if (++d->in_ring == RING) {
			d->in_ring = 0;
			d->done = d->sent;
		}
	}
	return n;
}

/* --- who goes -------------------------------------------------------------*/

static char left[8]; /* the letters of those that are gone, in order */

static void
gone(void *who)
{
	left[strlen(left)] = *(char *)who;
}

static void
begin(struct leave *l, struct driver *d, bool lazy)
{
	*d = (struct driver){.room = RING};
	d->caps.lazy = lazy;
	d->caps.tx_frames = RING;
	memcpy(d->caps.mac, "\2abcde", 6);
	memset(left, 0, sizeof(left));
	leave_init(l, d);
	l->gone = gone;
}

static void
nobody_waits_for_nothing(void **state)
{
	struct leave l;
	struct driver d;

	(void)state;
	leave_init(&l, NULL);
	assert_true(leave_begin(&l, "a", 0));
	begin(&l, &d, false);
	d.sent = d.done = 7;
	assert_true(leave_begin(&l, "a", 0));
	assert_int_equal(l.waiting, 0);
	assert_int_equal(l.count.waits, 0);
}

static void
each_goes_when_its_frames_are_done(void **state)
{
	struct leave l;
	struct driver d;

	(void)state;
	begin(&l, &d, false);
	d.sent = 5;
	assert_false(leave_begin(&l, "a", 0));
	d.sent = 9;
	assert_false(leave_begin(&l, "b", 1));
	assert_false(leave_begin(&l, "c", 2));
	d.sent = 20; /* others go on, which must not delay them */
	d.done = 4;
	assert_true(leave_turn(&l, 3));
	assert_string_equal(left, "");
	d.done = 5;
	assert_true(leave_turn(&l, 4));
	assert_string_equal(left, "a");
	d.done = 9;
	assert_true(leave_turn(&l, 5));
	assert_string_equal(left, "abc");
	assert_int_equal(l.waiting, 0);
	assert_int_equal(l.count.waits, 3);
	assert_int_equal(d.pushed, 0);
	assert_int_equal(d.reaps, 3);
}

static void
a_lazy_port_is_pushed(void **state)
{
	struct leave l;
	struct driver d;
	unsigned turns = 0;

	(void)state;
	begin(&l, &d, true);
	d.sent = 1;
	d.in_ring = 1;
	assert_false(leave_begin(&l, "a", 0));
	d.room = 0; /* there is nothing to push it with yet */
	assert_true(leave_turn(&l, 1));
	d.room = 20;
	while (l.waiting && turns++ < 10)
		assert_true(leave_turn(&l, 1));
	assert_string_equal(left, "a");
	assert_int_equal(turns, 4);
	assert_int_equal(l.count.pushes, d.pushed);
}

/* It gets no more than what could be of use, and time goes by. */
static void
a_stuck_port_is_told_of(void **state)
{
	struct leave l;
	struct driver d;

	(void)state;
	begin(&l, &d, true);
	d.sent = 1;
	d.caps.tx_frames = 10;
	leave_init(&l, &d);
	l.gone = gone;
	assert_false(leave_begin(&l, "a", 100));
	for (unsigned i = 0; i < 5; i++)
		assert_true(leave_turn(&l, 99 + LEAVE_NS));
	assert_int_equal(d.pushed, 20);
	assert_false(leave_turn(&l, 100 + LEAVE_NS));
	assert_int_equal(l.count.stuck, 1);
	assert_string_equal(left, "");
}

/* The places of those that went are used again. */
static void
many_come_and_go(void **state)
{
	struct leave l;
	struct driver d;

	(void)state;
	begin(&l, &d, false);
	for (unsigned i = 0; i < 3 * LIMIT_CORES; i++) {
		d.sent += 2;
		assert_false(leave_begin(&l, "x", i));
		assert_false(leave_begin(&l, "y", i));
		d.done = d.sent;
		assert_true(leave_turn(&l, i));
		assert_string_equal(left, "xy");
		memset(left, 0, sizeof(left));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_waits_for_nothing),
		cmocka_unit_test(each_goes_when_its_frames_are_done),
		cmocka_unit_test(a_lazy_port_is_pushed),
		cmocka_unit_test(a_stuck_port_is_told_of),
		cmocka_unit_test(many_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
