/* rig.c - a driver, its partitions, and a frame there and back. */
#include "netcore/driver/test/rig.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "netcore/driver/test/wire.h"

#define BURST	  32
#define RX_FRAMES 3072
#define TX_FRAMES 1024
#define APP_BYTES (64u * 16384)
#define ETHER	  14
#define LINK_MS	  60000 /* on an emulated machine */

static void
part(struct part *p, enum part_kind kind, uint64_t bytes)
{
	if (part_create(p, kind, bytes, -1, "test"))
		wire_fail("no partition");
}

int
rig_try(struct rig *r, const char *port, uint16_t mtu, unsigned queue,
	unsigned queues, char *why, size_t size)
{
	struct driver_config c = {.port = port,
		.queue = queue,
		.queues = queues,
		.rx = &r->rx,
		.txhdr = &r->txhdr,
		.mtu = mtu,
		.label = "driver-test"};

	memset(r, 0, sizeof(*r));
	part(&r->rx, PART_RX, driver_rx_bytes(port, mtu, RX_FRAMES));
	part(&r->txhdr, PART_TXHDR, driver_txhdr_bytes(TX_FRAMES));
	part(&r->app, PART_APP, APP_BYTES);
	if (part_open(&r->view, PART_APP, r->app.fd, r->app.bytes))
		wire_fail("no view of the app's memory");
	r->headers = malloc(BURST * STACK_HEADERS);
	if (!r->headers)
		wire_fail("no memory");
	return driver_open(&r->d, &c, why, size);
}

void
rig_open(struct rig *r, const char *port, uint16_t mtu, unsigned queue,
	unsigned queues)
{
	char why[256];

	if (rig_try(r, port, mtu, queue, queues, why, sizeof(why)))
		wire_fail("%s", why);
	if (driver_app_add(r->d, r->view.base, r->view.bytes))
		wire_fail("the app's memory is refused");
	r->rx_free = driver_rx_free(r->d);
	r->tx_free = driver_tx_free(r->d);
}

void
rig_close(struct rig *r)
{
	int fd = r->app.fd;

	if (r->d) /* the next one's may get the same address */
		driver_app_drop(r->d, r->view.base, r->view.bytes);
	driver_close(r->d);
	part_close(&r->rx);
	part_close(&r->txhdr);
	r->view.fd = -1; /* the app's own */
	part_close(&r->view);
	r->app.fd = fd;
	part_close(&r->app);
	free(r->headers);
	memset(r, 0, sizeof(*r));
}

void
rig_await_link(struct rig *r, int wire)
{
	uint64_t until = wire_now_ms() + LINK_MS;
	struct stack_rx_frame f[BURST];
	uint8_t frame[64];
	unsigned n = 0;

	wire_fill(frame, sizeof(frame), 0);
	while (!n) {
		if (wire_now_ms() > until)
			wire_fail("the port gets no frame");
		wire_send(wire, frame, sizeof(frame));
		poll(NULL, 0, 20); /* nothing tells: look again */
		n = driver_rx(r->d, f, BURST);
		for (unsigned i = 0; i < n; i++)
			driver_release(r->d, f[i].buf);
	}
}

static bool
ours(const struct stack_rx_frame *f)
{
	return f->len >= 18 && f->data[12] == WIRE_TYPE >> 8 &&
		f->data[13] == (WIRE_TYPE & 0xff);
}

/* Frames of our type, at least one; others go back at once. */
static unsigned
await(struct rig *r, struct stack_rx_frame *f, unsigned max)
{
	uint64_t until = wire_now_ms() + WIRE_MS;
	struct pollfd p = {.fd = driver_fd(r->d), .events = POLLIN};
	unsigned n, kept = 0;

	while (!kept) {
		n = driver_rx(r->d, f, max);
		for (unsigned i = 0; i < n; i++)
			if (ours(&f[i]))
				f[kept++] = f[i];
			else
				driver_release(r->d, f[i].buf);
		if (kept)
			break;
		if (wire_now_ms() > until)
			wire_fail("the driver got no frame");
		if (driver_tx_waiting(r->d))
			driver_tx(r->d, NULL, 0);
		else if (p.fd >= 0 && !driver_pending(r->d))
			poll(&p, 1, 100);
	}
	return kept;
}

void
rig_expect(struct rig *r, size_t len, uint32_t number)
{
	struct stack_rx_frame f;

	await(r, &f, 1);
	if (f.len != len || !wire_is(f.data, len, number))
		wire_fail("frame %u: %u bytes came, of %zu, or others", number,
			f.len, len);
	if (f.data < r->rx.base || f.data + f.len > r->rx.base + r->rx.bytes)
		wire_fail("a frame outside the partition");
	driver_release(r->d, f.buf);
}

void
rig_send(struct rig *r, size_t len, unsigned pieces, uint32_t number)
{
	uint64_t sent = driver_tx_sent(r->d);
	uint8_t frame[WIRE_MAX];
	struct stack_tx_frame f = {
		.headers = r->headers, .pieces = (uint16_t)pieces};
	size_t at, each;

	wire_fill(frame, len, number);
	at = pieces ? ETHER + number % 50 : len;
	assert(at <= STACK_HEADERS);
	memcpy(r->headers, frame, at);
	f.header_len = (uint16_t)at;
	/* Pieces lie apart, and begin anywhere. */
	for (unsigned i = 0; i < pieces; i++) {
		uint64_t offset = (number % 64) * 16384 + i * 800 + i;

		each = i + 1 == pieces ? len - at : (len - at) / (pieces - i);
		if (pieces == 1)
			offset = (number % 64) * 16384;
		memcpy(r->app.base + offset, frame + at, each);
		f.piece[i] = (struct stack_piece){
			part_at(&r->view, offset, each), (uint32_t)each};
		f.len += (uint32_t)each;
		at += each;
	}
	while (!driver_tx_room(r->d)) {
		driver_tx(r->d, NULL, 0);
		driver_tx_reap(r->d);
	}
	if (driver_tx(r->d, &f, 1) != 1)
		wire_fail("a frame was refused, and there was room");
	memset(r->headers, 0, STACK_HEADERS);
	if (driver_tx_sent(r->d) != sent + !!pieces)
		wire_fail("frame %u has a wrong serial", number);
}

void
rig_echo(struct rig *r, unsigned frames)
{
	struct stack_rx_frame in[BURST];
	struct stack_tx_frame out[BURST] = {0};
	unsigned n, taken;

	for (unsigned done = 0; done < frames; done += n) {
		n = await(r, in, BURST);
		for (unsigned i = 0; i < n; i++) {
			out[i] = (struct stack_tx_frame){
				.headers = r->headers + i * STACK_HEADERS,
				.header_len = ETHER,
				.pieces = 1,
				.len = in[i].len - ETHER,
				.buf = in[i].buf,
				.piece = {{in[i].data + ETHER,
					in[i].len - ETHER}},
			};
			memcpy(out[i].headers, in[i].data, ETHER);
		}
		for (taken = 0; taken < n;) {
			taken += driver_tx(r->d, out + taken, n - taken);
			if (taken < n)
				driver_tx_reap(r->d);
		}
	}
}

void
rig_settle(struct rig *r)
{
	uint64_t until = wire_now_ms() + WIRE_MS;

	while (driver_tx_done(r->d) != driver_tx_sent(r->d) ||
		driver_tx_free(r->d) != r->tx_free) {
		driver_tx(r->d, NULL, 0);
		driver_tx_reap(r->d);
		if (wire_now_ms() > until)
			wire_fail("let go of %llu of %llu frames, %u of %u "
				  "buffers",
				(unsigned long long)driver_tx_done(r->d),
				(unsigned long long)driver_tx_sent(r->d),
				driver_tx_free(r->d), r->tx_free);
	}
}
