/* port.h - what a network core sends and receives by: what the user says of
 * it, what the launcher makes of that, and what is left of it at the end:
 * nothing.
 *
 * port_option() for each option, port_complete() when all are read, then
 * port_open() before the first network domain is started, port_refresh()
 * before one is started again, and port_close().
 *
 * What the launcher makes cannot outlive it: a veth pair has its one end in a
 * network namespace that only launcher and network domain are in, and goes
 * with it; a tap goes with the last descriptor of it. port_close() only does it
 * at once. From an interface of somebody else it takes what a driver leaves
 * there; after a SIGKILL of the launcher that stays for the next instance on
 * this interface, which uses it and cleans up.
 */
#ifndef DLIBOS_LAUNCH_PORT_H
#define DLIBOS_LAUNCH_PORT_H

#include <limits.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "dlibos/domain/plan.h"
#include "dlibos/launch/address.h"

enum port_kind {
	PORT_NONE,
	PORT_VETH,
	PORT_TAP,
	PORT_AFPACKET,
	PORT_AFXDP,
	PORT_MEMIF,
	PORT_PCAP,
	PORT_PCI,
	PORT_VDEV,
	PORT_KINDS
};

struct port {
	enum port_kind kind;
	enum port_kind socket;	   /* of a veth, if the user said which */
	const char *spec;	   /* as the user said it */
	char resolved[LIMIT_PORT]; /* as the network domain is told */
	char name[IFNAMSIZ];	   /* the interface, of those that have one */
	char peer[IFNAMSIZ];	   /* the host's end of a veth */
	char netns[LIMIT_PORT];	   /* its namespace; "": ours */
	char rest[LIMIT_PORT];	   /* what only the driver understands */
	struct address ip[ADDRESS_FAMILIES];
	struct address gateway[ADDRESS_FAMILIES];
	struct address host[ADDRESS_FAMILIES]; /* of the host's end */
	unsigned mtu;			       /* 0: the port's own */
	uint8_t mac[6];			       /* all 0: likewise */
	bool has_mac;
	unsigned shares; /* network cores that have it together */
	bool by_program; /* which opens it itself: mode rtc */
	uint32_t steer_key;

	int user_ns;	  /* `netns`; -1: ours */
	int domain_ns;	  /* that network domains are started in; -1: ours */
	int hold;	  /* a tap lasts as long as this is open; -1 */
	bool promiscuous; /* the interface was, before us */
	bool guest;	  /* it is somebody else's, and was found */
};

void port_init(struct port *p);

/* An option of the command line. All die with one line, and EXIT_USAGE. */
void port_spec(struct port *p, const char *s);
void port_ip(struct port *p, const char *s);
void port_gateway(struct port *p, const char *s);
void port_mtu(struct port *p, const char *s);
void port_mac(struct port *p, const char *s);
/* All are read: `users` network cores want the port. */
void port_complete(struct port *p, unsigned users, const char *layout);

/* EXIT_OK; else it was said in one line why not, and nothing is left. */
int port_open(struct port *p);
/* What a network domain that ended may have taken along. */
void port_refresh(const struct port *p);
void port_close(struct port *p);

/* The capabilities that a network domain needs until the port is open, a bit
 * each. */
uint64_t port_caps(const struct port *p);
/* Whether memory is pinned for the device: more than a user may. */
bool port_pins(const struct port *p);

/* For a network domain, whose first core is number `share` of all. */
void port_plan(const struct port *p, unsigned share, struct plan_port *out);

/* port_share.c: the part of port_complete() and of port_plan() that is about
 * several network cores. */
void port_share(struct port *p, unsigned users, const char *layout);
/* Network cores that share it are threads of one domain. */
bool port_is_one_process(const struct port *p);
void port_plan_share(
	const struct port *p, unsigned share, struct plan_port *out);

/* One line for `dlibos status`, without its end. */
void port_text(const struct port *p, char *buf, size_t len);

#endif
