/* start_app.c - what fails at once is told of after the call has returned,
 * wherever that was: in start(), in a timer, in a callback.
 *
 *	start_app ADDRESS ATTEMPTS FAIL
 *
 * Of so many attempts to connect at least FAIL must fail, each time; a ping is
 * behind them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dlibos/dlibos.h"

#define PATIENCE_MS 30000

static struct app {
	struct dl_addr addr;
	unsigned attempts, fail;
	unsigned round; /* 1: start(), 2: a timer, 3: a callback */
	unsigned failed, pongs, within;
	int inside; /* of a call */
	struct dl_timer timer, patience;
} app;

static const struct dl_handler handler;

static void
ask(struct dl *dl)
{
	app.round++;
	app.failed = app.pongs = 0;
	app.inside = 1;
	for (unsigned i = 0; i < app.attempts; i++)
		if (dl_connect(dl, &app.addr, 9, &handler, NULL))
			app.failed++; /* that is soon enough */
	if (dl_ping(dl, 0, app.round, 7))
		dl_quit(dl, 1);
	app.inside = 0;
}

static void
expired(struct dl *dl, struct dl_timer *t)
{
	(void)t;
	ask(dl);
}

static void
told(struct dl *dl)
{
	app.within += (unsigned)app.inside;
	if (app.failed < app.fail || !app.pongs)
		return;
	printf("round %u: %u or more failed, %u within a call\n", app.round,
		app.fail, app.within);
	fflush(stdout);
	if (app.round == 1)
		dl_timer_set(dl, &app.timer, 1);
	else if (app.round == 2)
		ask(dl);
	else
		dl_quit(dl, app.within ? 1 : 0);
	app.pongs = 0; /* the round is over */
}

static void
connect_failed(struct dl *dl, void *arg, enum dl_why why)
{
	(void)arg, (void)why;
	app.failed++;
	told(dl);
}

static void
pong(struct dl *dl, unsigned net, uint32_t cookie, uint64_t value)
{
	(void)net, (void)value;
	if (cookie != app.round)
		return;
	app.pongs++;
	told(dl);
}

static void
data(struct dl *dl, struct dl_conn *c, const void *ptr, size_t len)
{
	(void)dl, (void)ptr;
	dl_recv_done(c, len);
}

static const struct dl_handler handler = {
	.data = data,
	.connect_failed = connect_failed,
};

static void
gave_up(struct dl *dl, struct dl_timer *t)
{
	(void)t;
	printf("round %u: %u of %u failed, %u pongs\n", app.round, app.failed,
		app.fail, app.pongs);
	dl_quit(dl, 1);
}

static void
start(struct dl *dl, void *arg)
{
	(void)arg;
	app.timer.expired = expired;
	app.patience.expired = gave_up;
	dl_timer_set(dl, &app.patience, PATIENCE_MS);
	ask(dl);
}

static const struct dl_program program = {.start = start, .pong = pong};

int
main(int argc, char **argv)
{
	if (argc != 4 || dl_addr_parse(&app.addr, argv[1])) {
		fprintf(stderr, "start_app ADDRESS ATTEMPTS FAIL\n");
		return 2;
	}
	app.attempts = (unsigned)strtoul(argv[2], NULL, 10);
	app.fail = (unsigned)strtoul(argv[3], NULL, 10);
	return dl_run(&program, NULL);
}
