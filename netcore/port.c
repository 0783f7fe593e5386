/* port.c - a network core's port and stack, by its plan. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "dlibos/base/clock.h"
#include "dlibos/base/log.h"
#include "netcore/core.h"

/* A program may leave so much unread on a connection. */
#define WINDOW (256u << 10)

#define VETH "veth:" /* what a port's name begins with */

static struct ip_addr
address(const uint8_t ip4[4])
{
	return ip_addr_v4((uint32_t)ip4[0] << 24 | (uint32_t)ip4[1] << 16 |
		(uint32_t)ip4[2] << 8 | ip4[3]);
}

static bool
is_zero(const void *p, size_t n)
{
	const uint8_t *b = p;

	while (n && !*b)
		b++, n--;
	return !n;
}

static uint32_t
app_cores(const struct domain_core *c)
{
	return c->plan.edges ? c->plan.edges : 1;
}

static struct steer
steer_plan(const struct domain_core *c)
{
	const struct plan_port *port = &c->domain->plan.port;

	return (struct steer){
		.key = port->steer_key,
		.share = (uint16_t)(port->share + c->index),
		.shares = port->shares,
	};
}

static struct stack_config
stack_plan(const struct domain_core *core, const struct driver_caps *caps)
{
	const struct plan_plan *p = &core->domain->plan;
	const struct plan_port *port = &p->port;
	uint32_t conns = plan_stack_conns(p->conns);
	struct stack_config c = {
		.conns = conns,
		.udp_ports = DOOR_LISTENERS,
		.half_open = plan_half_open(p->conns),
		.listeners = DOOR_LISTENERS,
		.send_refs = share_sends(app_cores(core)) + conns,
		.segs = LIMIT_SENDS + 2 * conns,
		.ooo = caps->rx_buffers / 4 * p->cores + 16,
		.rcv_window = WINDOW,
		.frags = 16,
		.frag_pieces = 256,
		.mtu = caps->mtu,
		.tx_cksum = caps->tx_cksum,
		.tso = caps->tso,
		.ip4 = address(port->ip4),
		.ip4_bits = port->ip4_bits,
		.gateway4 = address(port->gateway4),
		.ip6_bits = port->ip6_bits,
		.steer = steer_plan(core),
	};

	c.steer.rss_bits = caps->rss_bits;
	if (is_zero(port->ip4, sizeof(port->ip4)))
		c.ip4 = (struct ip_addr){0, 0};
	if (is_zero(port->gateway4, sizeof(port->gateway4)))
		c.gateway4 = (struct ip_addr){0, 0};
	if (!is_zero(port->ip6, sizeof(port->ip6)))
		c.ip6 = ip_addr_v6(port->ip6);
	if (!is_zero(port->gateway6, sizeof(port->gateway6)))
		c.gateway6 = ip_addr_v6(port->gateway6);
	memcpy(c.mac, caps->mac, sizeof(c.mac));
	if (getrandom(c.secret, sizeof(c.secret), 0) != sizeof(c.secret))
		die(EXIT_FAIL, "getrandom: no secret for sequence numbers");
	return c;
}

/* A core's part of a partition, which frames are received into or sent from:
 * of whole pages, and large ones if it has such. */
static struct part
part_of_core(const struct domain_core *c, enum part_kind kind)
{
	struct part p = c->domain->part[kind];

	p.bytes = c->domain->plan.bytes[kind] / c->domain->plan.cores;
	p.base += c->index * p.bytes;
	return p;
}

/* Of a veth's end it is for us to find out what the kernel lets us have: an XDP
 * socket, which costs less, or else a packet socket. */
static int
open_veth(struct driver **d, struct driver_config *c, char *why, size_t size)
{
	const char *name = c->port + strlen(VETH);
	char text[LIMIT_PORT];

	c->port = text;
	snprintf(text, sizeof(text), "afxdp:%s", name);
	if (!driver_open(d, c, why, size))
		return 0;
	log_say("%s; it gets a packet socket", why);
	snprintf(text, sizeof(text), "afpacket:%s", name);
	return driver_open(d, c, why, size);
}

/* Of rx, the end is not for frames, if an application reads it. */
static void
cut_wholes(struct netcore *n, struct part *rx)
{
	n->wholes = n->core->domain->plan.copies ? 0 : whole_fit(rx->bytes);
	rx->bytes -= (uint64_t)n->wholes * WHOLE_ROOM;
	n->whole = rx->base + rx->bytes;
}

static void
open_port(struct netcore *n)
{
	struct domain *d = n->core->domain;
	const struct plan_port *port = &d->plan.port;
	char why[256], label[2 * LIMIT_NAME + 2];
	struct part rx = part_of_core(n->core, PART_RX);
	struct part txhdr = part_of_core(n->core, PART_TXHDR);
	struct driver_config c = {
		.port = port->spec,
		.queue = port->queue + n->core->index,
		.queues = port->queues,
		.rx = &rx,
		.txhdr = &txhdr,
		.mtu = port->mtu,
		.label = label,
		.steer = steer_plan(n->core),
	};
	int rc;

	cut_wholes(n, &rx);
	memcpy(c.mac, port->mac, sizeof(c.mac));
	snprintf(label, sizeof(label), "%.*s-%.*s", LIMIT_NAME - 1,
		d->plan.instance, LIMIT_NAME - 1, d->plan.name);
	label[DRIVER_LABEL - 1] = '\0';
	for (char *p = label; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-_", *p))
			*p = '-';
	if (!strncmp(c.port, VETH, strlen(VETH)))
		rc = open_veth(&n->driver, &c, why, sizeof(why));
	else
		rc = driver_open(&n->driver, &c, why, sizeof(why));
	if (rc)
		die(EXIT_FAIL, "%s", why);
}

static void
drop_rights(void)
{
	int rc = domain_drop_rights();

	if (rc)
		die(EXIT_FAIL, "capabilities stay: %s", strerror(-rc));
}

/* With the last of them the port starts, and nobody needs a right any more. */
static void
open_together(struct netcore *n)
{
	pthread_mutex_lock(&n->mates->lock);
	open_port(n);
	pthread_mutex_unlock(&n->mates->lock);
	if (pthread_barrier_wait(&n->mates->all) ==
		PTHREAD_BARRIER_SERIAL_THREAD)
		drop_rights();
	pthread_barrier_wait(&n->mates->all);
}

static void
open_stack(struct netcore *n, const struct driver_caps *caps)
{
	const struct plan_plan *p = &n->core->domain->plan;
	struct stack_config c = stack_plan(n->core, caps);
	size_t bytes;

	c.send_quota = &n->door.share[SHARE_SENDS];
	bytes = round_up(stack_bytes(&c), CACHELINE);
	n->stack_mem = aligned_alloc(CACHELINE, bytes);
	if (!n->stack_mem)
		die(EXIT_FAIL, "out of memory for %u connections", p->conns);
	memset(n->stack_mem, 0, bytes);
	n->stack =
		stack_init(n->stack_mem, &c, &door_ops, &n->door, clock_ns());
}

static void
release(void *arg, void *buf)
{
	driver_release(((struct netcore *)arg)->driver, buf);
}

static uint8_t *
take(void *arg, void **buf, uint32_t *room)
{
	return driver_take(((struct netcore *)arg)->driver, buf, room);
}

void
netcore_open(
	struct netcore *n, struct domain_core *c, struct netcore_mates *mates)
{
	struct domain *d = c->domain;
	uint32_t copies = (uint32_t)(d->plan.bytes[PART_COPY] / COPY_ROOM /
		d->plan.cores);
	uint32_t wholes = whole_fit((uint64_t)copies * COPY_ROOM);
	const struct driver_caps *caps = NULL;
	struct door_config dc = {
		.conns = plan_conn_numbers(d->plan.conns),
		.stack_conns = d->plan.conns,
		.sends = share_sends(app_cores(c)),
		.dispatch = d->plan.dispatch == PLAN_LEAST_CONNS
			? DOOR_LEAST_CONNS
			: DOOR_ROUND_ROBIN,
		.rx_buffers = 1,
		.apps = app_cores(c),
		.rx = &d->part[PART_RX],
		.copies = d->plan.copies,
		.copy_buffers = copies - wholes * (WHOLE_ROOM / COPY_ROOM),
		.copy_wholes = wholes,
		.copy_first = copies * c->index,
		.release = release,
		.take = take,
		.arg = n,
	};

	memset(n, 0, sizeof(*n));
	n->core = c;
	n->mates = mates;
	n->now = clock_ns();
	if (d->plan.port.spec[0]) {
		if (mates) {
			open_together(n);
		} else {
			open_port(n);
			drop_rights();
		}
		caps = driver_caps(n->driver);
		/* Those of mates, too, may be lent to us. */
		dc.rx_buffers = caps->rx_buffers * d->plan.cores;
		dc.whole = n->whole;
		dc.wholes = n->wholes;
	}
	if (door_init(&n->door, &dc))
		die(EXIT_FAIL, "out of memory for %u connections", dc.conns);
	if (caps)
		open_stack(n, caps);
	n->door.stack = n->stack;
	for (unsigned i = 0; i < CORE_BURST; i++)
		n->tx[i].headers = n->headers[i];
	leave_init(&n->leave, n->driver);
	publish_open(n);
}

void
netcore_close(struct netcore *n)
{
	publish_close(n);
	/* Nobody looks at the port any more when it stops. */
	if (n->mates) {
		pthread_barrier_wait(&n->mates->all);
		pthread_mutex_lock(&n->mates->lock);
	}
	driver_close(n->driver);
	if (n->mates)
		pthread_mutex_unlock(&n->mates->lock);
	door_fini(&n->door);
	free(n->stack_mem);
}

void
netcore_app_up(struct netcore *n, unsigned app, struct edge *e,
	const struct part *data, unsigned domain, unsigned process)
{
	int rc = n->driver ? driver_app_add(n->driver, data->base, data->bytes)
			   : 0;

	if (rc) {
		log_say("the device cannot read an application's memory: %s",
			strerror(-rc));
		e->down = EDGE_PEER_GONE;
	}
	door_app_up(&n->door, app, e, data, domain, process);
}

void
netcore_app_left(struct netcore *n, const struct part *data)
{
	if (n->driver)
		driver_app_drop(n->driver, data->base, data->bytes);
}

bool
netcore_app_down(struct netcore *n, unsigned app, void *who)
{
	door_app_down(&n->door, app);
	return leave_begin(&n->leave, who, clock_ns());
}
