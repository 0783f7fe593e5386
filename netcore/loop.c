/* loop.c - (step 1 of 8) a network core's loop, in packet order. */
#include "dlibos/base/clock.h"
#include "dlibos/base/log.h"
#include "netcore/core.h"

/* Nothing wakes us for a frame that the port did not take, or on a port that
 * cannot say that a frame came, or for one that came by another's queue. */
#define LOOK_NS 1000000u

static unsigned
rx_burst(struct netcore *n)
{
	unsigned got = driver_rx(n->driver, n->rx, CORE_BURST);

	if (!got)
		return 0;
	stack_rx(n->stack, n->rx, got, n->now);
	for (unsigned i = 0; i < got; i++)
		if (!n->rx[i].kept)
			driver_release(n->driver, n->rx[i].buf);
	return got;
}

/* As many as go out in a turn: what is sent is acknowledged. */
static unsigned
rx_bursts(struct netcore *n)
{
	unsigned all = 0, got;

	for (unsigned i = 0; i < CORE_BURSTS; i++) {
		got = rx_burst(n);
		all += got;
		if (got < CORE_BURST)
			break;
	}
	return all;
}

static unsigned
tx_bursts(struct netcore *n)
{
	unsigned all = 0;

	for (unsigned i = 0; i < CORE_BURSTS; i++) {
		unsigned room = driver_tx_room(n->driver), got;

		if (room > CORE_BURST)
			room = CORE_BURST;
		got = stack_tx(n->stack, n->tx, room, n->now);
		if (got || driver_tx_waiting(n->driver))
			driver_tx(n->driver, n->tx, got);
		all += got;
		if (got < CORE_BURST)
			break;
	}
	return all;
}

static void
let_leave(struct netcore *n)
{
	if (leave_turn(&n->leave, n->now))
		return;
	n->publish.due = 0;
	publish(n);
	die(EXIT_FAIL,
		"the device does not let go of the memory of an application "
		"that is gone");
}

unsigned
netcore_turn(struct netcore *n, unsigned (*serve)(void *), void *arg)
{
	unsigned work = 0;

	n->now = clock_ns();
	if (unlikely(n->now >= n->publish.due))
		publish(n);
	if (unlikely(!n->driver))
		return serve(arg);
	n->door.tx_done = driver_tx_done(n->driver);
	n->door.tx_sent = driver_tx_sent(n->driver);
	work += rx_bursts(n);
	work += serve(arg);
	stack_timers(n->stack, n->now);
	work += tx_bursts(n);
	if (unlikely(n->leave.waiting))
		let_leave(n);
	if (unlikely(door_turn(&n->door)))
		driver_tx_reap(n->driver);
	return work;
}

void
netcore_rest(struct netcore *n)
{
	publish(n);
	if (n->driver)
		driver_arm(n->driver);
}

void
netcore_watch(struct netcore *n, struct hub *hub)
{
	if (!n->driver)
		return;
	if (driver_fd(n->driver) < 0)
		hub_look(hub, LOOK_NS);
	else if (hub_watch(hub, driver_fd(n->driver)))
		die(EXIT_FAIL, "core %u cannot wait for its port",
			n->core->plan.id);
}

uint64_t
netcore_deadline(struct netcore *n)
{
	uint64_t t, show;

	if (!n->driver)
		return UINT64_MAX;
	t = stack_deadline(n->stack);
	show = publish_deadline(n);
	t = show < t ? show : t;
	if ((driver_fd(n->driver) < 0 || driver_tx_waiting(n->driver) ||
		    n->mates || n->door.pending || n->leave.waiting) &&
		t > n->now + LOOK_NS)
		t = n->now + LOOK_NS;
	return driver_pending(n->driver) ? 0 : t;
}
