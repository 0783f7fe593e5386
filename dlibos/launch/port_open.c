/* port_open.c - interfaces come and go; see port.h for what becomes of them
 * when we are killed. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "dlibos/base/log.h"
#include "dlibos/launch/link.h"
#include "dlibos/launch/netns.h"
#include "dlibos/launch/port.h"

/* A namespace that nobody is in any more is taken down by the kernel a little
 * later; so long may the host's end of a launcher that was killed stand in the
 * way of the next one. */
#define LEFT_MS	 2000
#define LEFT_TRY 20

static int
failed(const struct port *p, const char *what, int rc)
{
	log_say("--port %.80s: %s: %s", p->spec, what, strerror(-rc));
	return EXIT_FAIL;
}

/* Where the host's end of a port is. `own` is where we are. */
static int
host_ns(const struct port *p, int own)
{
	return p->user_ns >= 0 ? p->user_ns : own;
}

static int
dress_host(const struct port *p, const char *name)
{
	int rc = link_up(name, false);

	for (int v = 0; v < ADDRESS_FAMILIES && !rc; v++)
		if (p->host[v].set)
			rc = link_add_address(name, &p->host[v]);
	return rc;
}

/* --- veth ----------------------------------------------------------------*/

static int
make_pair(const struct port *p, int peer_ns)
{
	struct link_veth v = {
		.name = p->name,
		.peer = p->peer,
		.peer_ns = peer_ns,
		.mtu = p->mtu,
		.mac = p->has_mac ? p->mac : NULL,
	};
	int rc = link_make_veth(&v);

	for (int ms = 0; rc == -EEXIST && ms < LEFT_MS; ms += LEFT_TRY) {
		poll(NULL, 0, LEFT_TRY);
		rc = link_make_veth(&v);
	}
	return rc;
}

/* Our end belongs to the domain's packet socket alone: the kernel neither
 * answers there, nor forwards, nor says anything of its own. */
static int
dress_ours(const struct port *p)
{
	int rc = link_no_ipv6(p->name);

	if (!rc)
		rc = link_no_offloads(p->name);
	return rc ? rc : link_up(p->name, true);
}

/* In the namespace of our end. */
static int
veth_both(const struct port *p, int peer_ns)
{
	int rc = make_pair(p, peer_ns);

	if (rc == -EEXIST) {
		log_say("--port %.80s: there is an interface %s already%s%s: "
			"choose another by peer=NAME",
			p->spec, p->peer, p->netns[0] ? " in " : "", p->netns);
		return EXIT_USAGE;
	}
	if (rc)
		return failed(p, "no veth pair", rc);
	rc = dress_ours(p);
	if (rc)
		return failed(p, p->name, rc);
	rc = netns_enter(peer_ns);
	if (!rc)
		rc = link_no_offloads(p->peer);
	if (!rc)
		rc = dress_host(p, p->peer);
	return rc ? failed(p, p->peer, rc) : EXIT_OK;
}

static int
veth_open(struct port *p, int own)
{
	p->domain_ns = netns_make();
	if (p->domain_ns < 0)
		return failed(p, "no network namespace", p->domain_ns);
	return veth_both(p, host_ns(p, own));
}

/* --- the others ----------------------------------------------------------*/

static int
tap_open(struct port *p)
{
	int rc;

	p->hold = link_make_tap(p->name);
	if (p->hold == -EEXIST) {
		log_say("--port %.80s: there is an interface %s already%s%s",
			p->spec, p->name, p->netns[0] ? " in " : "", p->netns);
		return EXIT_USAGE;
	}
	if (p->hold < 0)
		return failed(p, "no tap", p->hold);
	rc = dress_host(p, p->name);
	return rc ? failed(p, p->name, rc) : EXIT_OK;
}

static int
guest_open(struct port *p)
{
	if (!link_exists(p->name)) {
		log_say("--port %.80s: there is no interface %s%s%s", p->spec,
			p->name, p->netns[0] ? " in " : "", p->netns);
		return EXIT_USAGE;
	}
	p->promiscuous = link_is_promiscuous(p->name);
	p->guest = true;
	return EXIT_OK;
}

/* The domain goes where the interface is. */
static int
open_there(struct port *p)
{
	if (p->user_ns >= 0) {
		int rc = netns_enter(p->user_ns);

		if (rc)
			return failed(p, p->netns, rc);
		p->domain_ns = p->user_ns;
	}
	return p->kind == PORT_TAP ? tap_open(p) : guest_open(p);
}

/* Back to where we were; without that nothing of ours can be found again. */
static void
go_back(int own)
{
	int rc = netns_enter(own);

	if (rc)
		die(EXIT_FAIL, "cannot go back to our network namespace: %s",
			strerror(-rc));
	close(own);
}

int
port_open(struct port *p)
{
	int own, rc;

	if (p->kind != PORT_VETH && p->kind != PORT_TAP &&
		p->kind != PORT_AFPACKET && p->kind != PORT_AFXDP)
		return EXIT_OK;
	own = netns_own();
	if (own < 0)
		return failed(p, "/proc/thread-self/ns/net", own);
	rc = p->kind == PORT_VETH ? veth_open(p, own) : open_there(p);
	go_back(own);
	if (rc)
		port_close(p);
	return rc;
}

void
port_refresh(const struct port *p)
{
	int own = netns_own();

	/* DPDK's driver takes a tap down when it ends in an orderly way, and
	 * the kernel then takes its addresses of IPv6 away. */
	if (p->kind == PORT_TAP && own >= 0 &&
		(p->user_ns < 0 || !netns_enter(p->user_ns))) {
		int rc = dress_host(p, p->name);

		if (rc)
			failed(p, p->name, rc);
		go_back(own);
	} else if (own >= 0) {
		close(own);
	}
}

/* A pair goes when one end is deleted; the namespace alone would take a while
 * longer. */
static void
take_off(const struct port *p)
{
	if (p->kind == PORT_VETH)
		link_delete(p->name);
	if (p->guest && !p->promiscuous)
		link_not_promiscuous(p->name);
	if (p->guest && p->kind == PORT_AFXDP)
		link_no_xdp(p->name);
}

static void
take_off_there(const struct port *p)
{
	int own = netns_own();

	if (own < 0)
		return;
	if (!netns_enter(p->domain_ns))
		take_off(p);
	go_back(own);
}

static void
close_at(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void
port_close(struct port *p)
{
	if (p->domain_ns >= 0)
		take_off_there(p);
	else if (p->guest)
		take_off(p);
	close_at(&p->hold);
	if (p->domain_ns != p->user_ns)
		close_at(&p->domain_ns);
	p->domain_ns = -1;
	close_at(&p->user_ns);
}
