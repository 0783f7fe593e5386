/* memif_test - shared memory with another process, which may go at any time. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "netcore/driver/test/rig.h"
#include "netcore/driver/test/wire.h"

/* DPDK keeps the socket of a port that was closed. */
#define TALK   "memif:dlibos-driver-test-talk"
#define LEAVE  "memif:dlibos-driver-test-leave"
#define FRAMES 20000u
#define PEERS  12u
#define BURST  32u

/* They begin before DPDK does, and wait for a byte each. */
static struct peer {
	pid_t pid;
	int ready[2];
} all[1 + PEERS];

static void
await_link(struct rig *r)
{
	uint64_t until = wire_now_ms() + WIRE_MS;

	while (!driver_caps(r->d)->link)
		if (wire_now_ms() > until)
			wire_fail("memif: no link");
}

/* Sends, and expects its frames back. */
static void
talks(void)
{
	uint32_t number = 0;
	struct rig r;

	rig_open(&r, TALK ",client", 1500, 0, 1);
	await_link(&r);
	for (uint32_t i = 0; i < FRAMES; i++) {
		rig_send(&r, 120 + i % 1390, 1 + i % 3, ++number);
		rig_expect(&r, 120 + i % 1390, number);
	}
	rig_settle(&r);
	assert_int_equal(driver_rx_free(r.d), r.rx_free);
	assert_int_equal(driver_fd(r.d), -1);
	rig_close(&r);
	_exit(0);
}

/* Says something, and is gone without a word. */
static void
leaves(void)
{
	struct rig r;

	rig_open(&r, LEAVE ",client", 1500, 0, 1);
	await_link(&r);
	for (uint32_t i = 0; i < 100; i++)
		rig_send(&r, 1000, 1, i);
	_exit(0);
}

static void
begin(struct peer *p, void (*what)(void))
{
	char c;

	if (pipe(p->ready))
		wire_fail("no pipe");
	p->pid = fork();
	if (p->pid)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (read(p->ready[0], &c, 1) == 1)
		what();
	_exit(1);
}

static int
end(struct peer *p)
{
	int status;

	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	close(p->ready[0]);
	close(p->ready[1]);
	return status;
}

static void
goes_there_and_back(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, TALK ",server", 1500, 0, 1);
	assert_int_equal(write(all->ready[1], "", 1), 1);
	rig_echo(&r, FRAMES);
	rig_settle(&r);
	assert_int_equal(end(all), 0);
	assert_int_equal(driver_rx_free(r.d), r.rx_free);
	rig_close(&r);
}

/* Until the rings of this peer were taken away, this side is in them. */
static void
look(struct rig *r, uint64_t unmapped)
{
	uint64_t until = wire_now_ms() + WIRE_MS;
	struct driver_count c = {0};

	while (c.port_unmapped == unmapped) {
		for (unsigned i = 0; i < 1000; i++) {
			struct stack_rx_frame f[BURST];
			unsigned n = driver_rx(r->d, f, BURST);

			for (unsigned j = 0; j < n; j++)
				driver_release(r->d, f[j].buf);
		}
		driver_stats(r->d, &c);
		if (wire_now_ms() > until)
			wire_fail("memif: the peer does not go");
	}
}

static void
a_peer_that_goes_takes_nothing_along(void **state)
{
	struct driver_count c;
	struct rig r;

	(void)state;
	rig_open(&r, LEAVE ",server", 1500, 0, 1);
	for (unsigned i = 1; i <= PEERS; i++) {
		driver_stats(r.d, &c);
		assert_int_equal(write(all[i].ready[1], "", 1), 1);
		look(&r, c.port_unmapped);
		assert_int_equal(end(&all[i]), 0);
	}
	assert_int_equal(driver_rx_free(r.d), r.rx_free);
	rig_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_there_and_back),
		cmocka_unit_test(a_peer_that_goes_takes_nothing_along),
	};

	if (!wire_enter())
		return 77;
	begin(all, talks);
	for (unsigned i = 1; i <= PEERS; i++)
		begin(&all[i], leaves);
	return cmocka_run_group_tests_name("memif", tests, NULL, NULL);
}
