/* rss.h - a device spreads flows over its queues as steer.h says. */
#ifndef NETCORE_DRIVER_RSS_H
#define NETCORE_DRIVER_RSS_H

#include <rte_ethdev.h>

#include "netcore/driver/port.h"

/* Before the port is configured: asks for it in conf, if the device has what it
 * takes. The key must stay until the port is configured: it is in the port. */
void rss_ask(struct port *p, const struct rte_eth_dev_info *info,
	const struct steer *s, struct rte_eth_conf *conf);

/* Once it has started: its table. p->caps.rss_bits says what came of it. */
void rss_table(struct port *p);

#endif
