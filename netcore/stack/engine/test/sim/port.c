/* port.c - a node's device: frames of the engine go to the wire as the engine's
 * configuration says that it may leave them, and those from the wire to the
 * engine, alone or in bursts. */
#include "netcore/stack/engine/test/sim/own.h"

#include <stdlib.h>
#include <string.h>

#include "netcore/stack/engine/test/host.h"
#include "netcore/stack/engine/test/sim/dev.h"
#include "netcore/stack/wire/be.h"
#include "netcore/stack/wire/eth.h"

#define BURST 32

/* --- out ------------------------------------------------------------------*/

static void
complain(struct sim_node *n, const char *what)
{
	sim_say(n, "%s", what);
	if (!n->sim->bad)
		n->sim->bad = what;
}

static void
to_wire(void *arg, const uint8_t *frame, uint32_t len)
{
	struct sim_node *n = arg;
	uint8_t *copy = malloc(len);
	struct dev_view v;

	if (!copy)
		abort();
	memcpy(copy, frame, len);
	if (len > WIRE_ETH_LEN + (uint32_t)n->cfg.mtu)
		complain(n, "a frame larger than the MTU");
	if (be_get16(frame + 12) != WIRE_ETH_ARP && !dev_look(frame, len, &v))
		complain(n, "a frame of which nothing is known");
	wire_send(n, copy, len);
}

static void
send_frame(struct sim_node *n, const struct stack_tx_frame *f, uint8_t *frame,
	uint32_t len)
{
	unsigned k;

	if ((f->flags & STACK_TX_CKSUM) &&
		(!n->cfg.tx_cksum || !dev_complete(frame, len)))
		complain(n, "a checksum that cannot be completed");
	if (!(f->flags & STACK_TX_TSO)) {
		to_wire(n, frame, len);
		return;
	}
	if (!n->cfg.tso || f->len > n->cfg.tso || f->len <= f->mss)
		complain(n, "a super-segment of a wrong size");
	k = dev_cut(frame, len, f->mss, to_wire, n);
	if (k < 2)
		complain(n, "a super-segment that cannot be cut");
	n->cut += k - 1;
}

void
port_drain(struct sim_node *n)
{
	static uint8_t headers[BURST][STACK_HEADERS], frame[SIM_FRAME];
	struct stack_tx_frame f[BURST];
	unsigned k;

	for (unsigned j = 0; j < BURST; j++)
		f[j].headers = headers[j];
	while ((k = stack_tx(n->stack, f, BURST, n->sim->now)))
		for (unsigned j = 0; j < k; j++) {
			send_frame(n, &f[j], frame,
				host_frame(&f[j], frame, sizeof(frame)));
			if (f[j].buf) {
				n->buffers--;
				free(f[j].buf);
			}
		}
}

/* --- in -------------------------------------------------------------------*/

void
port_hand(struct sim_node *n)
{
	unsigned k = n->rx_n;

	n->rx_n = 0;
	n->buffers += k;
	stack_rx(n->stack, n->rx, k, n->sim->now);
	for (unsigned i = 0; i < k; i++)
		if (!n->rx[i].kept) {
			n->buffers--;
			free(n->rx[i].buf);
		}
}

/* Joins it to the one before. */
static bool
joined(struct sim_node *n, const uint8_t *frame, uint32_t len)
{
	struct stack_rx_frame *f = n->rx_n ? &n->rx[n->rx_n - 1] : NULL;
	uint8_t *p = f ? f->buf : NULL;

	if (!f || !(f->flags & STACK_RX_CKSUM_OK) ||
		!dev_join(&p, &f->len, frame, len))
		return false;
	f->data = f->buf = p;
	n->merged++;
	return true;
}

void
sim_forge(struct sim_node *n, const uint8_t *frame, uint32_t len)
{
	uint8_t *copy = malloc(len);

	if (!copy || n->rx_n)
		abort();
	memcpy(copy, frame, len);
	say_frame(n, "gets, forged,", frame, len);
	n->rx[n->rx_n++] =
		(struct stack_rx_frame){.data = copy, .len = len, .buf = copy};
	port_hand(n);
}

void
port_arrive(struct sim_node *n, uint8_t *frame, uint32_t len)
{
	struct sim *s = n->sim;
	bool ok = (n->dev.cksum || n->dev.lro) && dev_right(frame, len);

	if (s->seen)
		s->seen(s, n->index, frame, len);
	if (!n->stack || len > WIRE_ETH_LEN + (uint32_t)n->cfg.mtu) {
		n->oversized++;
		free(frame);
		return;
	}
	say_frame(n, "gets", frame, len);
	s->acted |= 1ull << n->index;
	if (ok && n->dev.lro && joined(n, frame, len)) {
		free(frame);
		return;
	}
	n->rx[n->rx_n++] = (struct stack_rx_frame){
		.data = frame,
		.len = len,
		.flags = ok ? STACK_RX_CKSUM_OK : 0,
		.buf = frame,
	};
	if (!n->dev.wait_ns || n->rx_n == SIM_RX) {
		port_hand(n);
		sim_poll(s, n->index);
	} else if (n->rx_n == 1) {
		queue_push(s,
			(struct sim_event){.at = s->now + n->dev.wait_ns,
				.what = SIM_HAND,
				.node = (uint16_t)n->index});
	}
}
