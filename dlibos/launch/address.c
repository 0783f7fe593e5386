/* address.c - addresses out of text, and into it. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dlibos/launch/address.h"

unsigned
address_bytes(const struct address *a)
{
	return a->v6 ? 16 : 4;
}

int
address_family(const struct address *a)
{
	return a->v6 ? AF_INET6 : AF_INET;
}

const char *
address_text(const struct address *a, char buf[ADDRESS_TEXT])
{
	char ip[INET6_ADDRSTRLEN] = "?";

	inet_ntop(address_family(a), a->ip, ip, sizeof(ip));
	snprintf(buf, ADDRESS_TEXT, "%s/%u", ip, a->bits);
	return buf;
}

static bool
bit(const struct address *a, unsigned i)
{
	return a->ip[i / 8] >> (7 - i % 8) & 1;
}

/* Whether all bits of the host's part are this. */
static bool
host_part_is(const struct address *a, bool value)
{
	for (unsigned i = a->bits; i < address_bytes(a) * 8; i++)
		if (bit(a, i) != value)
			return false;
	return true;
}

static bool
is_loopback(const struct address *a)
{
	static const uint8_t six[16] = {[15] = 1};

	return a->v6 ? !memcmp(a->ip, six, 16) : a->ip[0] == 127;
}

/* RFC 3021: a network of two addresses has neither a name nor a broadcast, and
 * RFC 4291 knows no broadcast at all. */
static bool
is_host(const struct address *a)
{
	static const uint8_t none[16];
	unsigned spare = address_bytes(a) * 8 - a->bits;

	if (!memcmp(a->ip, none, address_bytes(a)) || is_loopback(a))
		return false;
	if (a->v6 ? a->ip[0] == 0xff : a->ip[0] >= 224 || !a->ip[0])
		return false;
	if (spare < 2)
		return true;
	return !host_part_is(a, false) && (a->v6 || !host_part_is(a, true));
}

static bool
read_bits(struct address *a, const char *s)
{
	char *end;
	unsigned long n = strtoul(s, &end, 10);

	if (*s < '0' || *s > '9' || *end || !n || n > address_bytes(a) * 8)
		return false;
	a->bits = (uint8_t)n;
	return true;
}

bool
address_read(struct address *a, const char *s, bool network)
{
	const char *slash = strchr(s, '/');
	size_t n = slash ? (size_t)(slash - s) : strlen(s);
	char ip[INET6_ADDRSTRLEN];

	memset(a, 0, sizeof(*a));
	if (n >= sizeof(ip) || !slash != !network)
		return false;
	memcpy(ip, s, n);
	ip[n] = '\0';
	a->v6 = strchr(ip, ':') != NULL;
	if (inet_pton(address_family(a), ip, a->ip) != 1)
		return false;
	a->bits = (uint8_t)(address_bytes(a) * 8);
	if (slash && !read_bits(a, slash + 1))
		return false;
	a->set = is_host(a);
	return a->set;
}

bool
address_same_network(const struct address *net, const struct address *a)
{
	for (unsigned i = 0; i < net->bits; i++)
		if (bit(net, i) != bit(a, i))
			return false;
	return net->v6 == a->v6;
}

bool
address_other(const struct address *a, struct address *out)
{
	unsigned all = address_bytes(a) * 8;

	*out = *a;
	if (a->bits + 1u >= all)
		return false;
	for (unsigned i = a->bits; i < all; i++)
		out->ip[i / 8] &= (uint8_t) ~(1u << (7 - i % 8));
	out->ip[all / 8 - 1] |= 1;
	if (!memcmp(out->ip, a->ip, all / 8))
		out->ip[all / 8 - 1] ^= 3; /* the second */
	return true;
}
