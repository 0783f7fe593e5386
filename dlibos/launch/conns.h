/* conns.h - all TCP connections of an instance, a line each: the launcher
 * writes them, `dlibos conns` reads them.
 *
 *	DOMAIN CORE STATE APP LOCAL PORT REMOTE PORT RECEIVED SENT UNACKED
 *	UNREAD SRTT_US CWND RESENT AGE_MS RECORD_AGE_MS
 *
 * APP is -1 for nobody. A line "torn" stands for a record that was being
 * written. They come in pieces, as those of stat.h do.
 */
#ifndef DLIBOS_LAUNCH_CONNS_H
#define DLIBOS_LAUNCH_CONNS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "dlibos/limits.h"

struct instance;

/* The launcher: the piece that begins with that domain's slot number `slot`,
 * counted over all of its cores; len is STAT_PIECE or more. */
void conns_piece(const struct instance *in, unsigned domain, unsigned slot,
	char *buf, size_t len);

/* `dlibos conns`. */
int conns_cmd(int argc, char **argv);

/* --- what `dlibos conns` makes of it --------------------------------------*/

#define CONNS_STATE 16 /* bytes of a name, its end included */

struct conns_end {
	char text[INET6_ADDRSTRLEN];
	uint8_t ip[16]; /* for sorting */
	uint16_t port;
};

struct conns_one {
	char domain[LIMIT_NAME], state[CONNS_STATE];
	unsigned core;
	int app; /* -1: nobody */
	struct conns_end local, remote;
	uint64_t received, sent, resent;
	uint32_t unacked, unread, srtt_us, cwnd;
	uint64_t age_ms, record_age_ms;
};

struct conns {
	struct conns_one *one;
	size_t n;
	unsigned torn;
};

/* Reads a text and sorts what it says, by local port, then by the peer. False:
 * out of memory, or a line is none. */
bool conns_read(struct conns *c, const char *text);
void conns_free(struct conns *c);

void conns_print(FILE *f, const struct conns *c);
void conns_print_json(FILE *f, const struct conns *c);

#endif
