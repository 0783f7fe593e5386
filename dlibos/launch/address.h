/* address.h - internet addresses as a user writes them: A, or A/L with the
 * length of the network. Bytes are as on the wire. */
#ifndef DLIBOS_LAUNCH_ADDRESS_H
#define DLIBOS_LAUNCH_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADDRESS_TEXT 64 /* bytes of one in words, its end included */

enum { ADDRESS_4, ADDRESS_6, ADDRESS_FAMILIES };

struct address {
	uint8_t ip[16]; /* the first four, of IPv4 */
	uint8_t bits;	/* of the network; all, where none was said */
	uint8_t v6;
	bool set;
};

/* Reads A, or A/L if `network`. False for what is none, and for what no host
 * can have: multicast, loopback, the network itself and its broadcast. */
bool address_read(struct address *a, const char *s, bool network);

bool address_same_network(const struct address *net, const struct address *a);

/* The first host address of a's network that is not a; false: there is no
 * other. */
bool address_other(const struct address *a, struct address *out);

/* In words, with its length; returns buf. */
const char *address_text(const struct address *a, char buf[ADDRESS_TEXT]);

unsigned address_bytes(const struct address *a);
int address_family(const struct address *a); /* AF_INET or AF_INET6 */

#endif
