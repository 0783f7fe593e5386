/* port_share.c - several network cores have one port together: which part is
 * whose.
 *
 * Of an interface of the kernel each sees all frames, by a packet socket of its
 * own, and takes its share of the flows by a hash that all of them know. Links
 * of memif are apart: what comes by one belongs to who has it, and the hash is
 * not asked. Of these ports each network core is a domain.
 *
 * The queues of other ports are one process's: its network cores are threads of
 * one domain, each with a queue, and hand each other what is not theirs by the
 * same hash.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "dlibos/base/log.h"
#include "dlibos/launch/port.h"

#define ID_ROOM 16 /* bytes of a link's id, as it is said */

bool
port_is_one_process(const struct port *p)
{
	return p->kind == PORT_TAP || p->kind == PORT_AFXDP ||
		p->kind == PORT_PCI || p->kind == PORT_VDEV;
}

void
port_share(struct port *p, unsigned users, const char *layout)
{
	if (users > 1 && p->kind == PORT_PCAP)
		die(EXIT_USAGE,
			"--port %.80s: it serves one network core, and layout "
			"%s has %u: choose a layout with one, or another port",
			p->spec, layout, users);
	if (users > 1 && p->socket == PORT_AFXDP)
		die(EXIT_USAGE,
			"--port %.80s: an XDP socket serves one network core, "
			"and layout %s has %u: leave socket=xdp away",
			p->spec, layout, users);
	if (users > LIMIT_QUEUES && port_is_one_process(p))
		die(EXIT_USAGE,
			"--port %.80s: it has %d queues at most, and layout %s "
			"%u network cores",
			p->spec, LIMIT_QUEUES, layout, users);
	if (users > 1 && strlen(p->spec) + ID_ROOM > LIMIT_PORT)
		die(EXIT_USAGE, "--port %.32s...: too long for several links",
			p->spec);
	p->shares = users;
	if (getrandom(&p->steer_key, sizeof(p->steer_key), 0) !=
		sizeof(p->steer_key))
		die(EXIT_FAIL, "getrandom: no key for shares of a port");
}

/* The last id that is said counts. */
static void
own_link(char *spec, size_t size, unsigned share)
{
	const char *id = NULL;
	size_t n = strlen(spec);

	for (const char *s = spec; (s = strstr(s, ",id=")); s++)
		id = s + 4;
	snprintf(spec + n, size - n, ",id=%lu",
		(id ? strtoul(id, NULL, 10) : 0) + share);
}

void
port_plan_share(const struct port *p, unsigned share, struct plan_port *out)
{
	if (p->shares < 2)
		return;
	if (p->kind == PORT_MEMIF) {
		own_link(out->spec, sizeof(out->spec), share);
		return;
	}
	if (port_is_one_process(p))
		out->queues = p->shares;
	out->share = (uint16_t)share;
	out->shares = (uint16_t)p->shares;
	out->steer_key = p->steer_key;
}
