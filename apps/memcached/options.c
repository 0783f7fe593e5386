/* options.c - the words of the command line. */
#include "apps/memcached/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/memcached/store.h"

#define ITEM_MOST (4u << 20) /* a message's length has 23 bits */

static int
wrong(const char *what, const char *value, const char *why)
{
	fprintf(stderr, "memcached: %s%s%s: %s; memcached -h lists all\n", what,
		value ? " " : "", value ? value : "", why);
	return -1;
}

static int
usage(void)
{
	puts("memcached on DLibOS: dlibos run ... -- memcached [OPTION]...\n"
	     "-p PORT      11211\n"
	     "-l ADDRESS   any\n"
	     "-m MIB       for items, of what --app-memory gives: 64\n"
	     "-t CORES     at most: all that the layout gives\n"
	     "-c CONNS     at a time: 1024\n"
	     "-I BYTES     the largest item, k and m allowed: 1m, at most 4m\n"
	     "-f FACTOR    from one chunk size to the next: 1.25\n"
	     "-n BYTES     least room for key, value and flags: 48\n"
	     "-M           no memory is an error, nothing is evicted\n"
	     "-F           no flush_all\n"
	     "-A           the command shutdown is allowed\n"
	     "-U PORT      for datagrams, of text commands: none\n"
	     "-v           says more; -b is accepted\n"
	     "-o hashpower=N,hot_lru_pct=N,warm_lru_pct=N,hot_max_factor=X,\n"
	     "   warm_max_factor=X,temporary_ttl=N,no_slab_reassign,modern,\n"
	     "   lockpower=N\n"
	     "--mode sharded: each core has a part of the keys in a store of "
	     "its\n"
	     "   own, and no lock; shared: one store for all (default);\n"
	     "   apart: each of several processes has a store of its own\n"
	     "-V           the version whose behaviour this is");
	return 1;
}

static int
number(const char *what, const char *s, uint64_t least, uint64_t most,
	uint64_t *to)
{
	char *end, why[80];

	errno = 0;
	*to = strtoull(s, &end, 10);
	if (*s >= '0' && *s <= '9' && !*end && !errno && *to >= least &&
		*to <= most)
		return 0;
	snprintf(why, sizeof(why), "a number from %llu to %llu is wanted",
		(unsigned long long)least, (unsigned long long)most);
	return wrong(what, s, why);
}

static int
real(const char *what, const char *s, double least, double *to)
{
	char *end;

	*to = strtod(s, &end);
	if (end != s && !*end && *to >= least && *to <= 1e6)
		return 0;
	return wrong(what, s, "is no such factor");
}

static int
size(const char *what, const char *s, uint64_t most, uint32_t *to)
{
	size_t len = strlen(s);
	char digits[24];
	unsigned shift = 0;
	uint64_t n;

	if (len && (s[len - 1] | 32) == 'k')
		shift = 10;
	if (len && (s[len - 1] | 32) == 'm')
		shift = 20;
	snprintf(digits, sizeof(digits), "%.*s", (int)len - !!shift, s);
	if (number(what, digits, 1, most >> shift, &n))
		return -1;
	*to = (uint32_t)(n << shift);
	return 0;
}

static int
extended(struct settings *s, char *list)
{
	enum {
		HASHPOWER,
		LOCKPOWER,
		HOT,
		WARM,
		HOT_FACTOR,
		WARM_FACTOR,
		TTL,
		NO_MOVE,
		NOP
	};
	static char names[][24] = {"hashpower", "lockpower", "hot_lru_pct",
		"warm_lru_pct", "hot_max_factor", "warm_max_factor",
		"temporary_ttl", "no_slab_reassign", "modern"};
	char *const words[] = {names[0], names[1], names[2], names[3], names[4],
		names[5], names[6], names[7], names[8], NULL};
	uint64_t n = 0;

	while (*list) {
		char *value = NULL, *at = list;
		int w = getsubopt(&list, words, &value), rc = 0;

		if (w < 0)
			return wrong("-o", at, "is not supported");
		if (w < NO_MOVE && !value)
			return wrong("-o", at, "lacks its value");
		if (w == HASHPOWER) {
			rc = number(at, value, 12, 30, &n);
			s->hashpower = (unsigned)n;
		} else if (w == LOCKPOWER) {
			rc = number(at, value, 1, 20, &n);
			s->lockpower = (unsigned)n;
		} else if (w == HOT) {
			rc = number(at, value, 1, 79, &n);
			s->hot_percent = (unsigned)n;
		} else if (w == WARM) {
			rc = number(at, value, 1, 79, &n);
			s->warm_percent = (unsigned)n;
		} else if (w == HOT_FACTOR) {
			rc = real(at, value, 0.01, &s->hot_factor);
		} else if (w == WARM_FACTOR) {
			rc = real(at, value, 0.01, &s->warm_factor);
		} else if (w == TTL) {
			rc = number(at, value, 0, UINT32_MAX, &n);
			s->temp_ttl = (uint32_t)n;
		} else if (w == NO_MOVE) {
			s->no_move = true;
		}
		if (rc)
			return rc;
	}
	return 0;
}

static int
one(struct settings *s, int o, char *arg)
{
	uint64_t n = 0;
	int rc = 0;

	switch (o) {
	case 'p':
		rc = number("-p", arg, 1, 65535, &n);
		s->port = (uint16_t)n;
		return rc;
	case 'l':
		s->addr = arg;
		return 0;
	case 'm':
		rc = number("-m", arg, 1, 1u << 20, &n);
		s->limit = n << 20;
		return rc;
	case 't':
		rc = number("-t", arg, 1, 256, &n);
		s->threads = (unsigned)n;
		return rc;
	case 'c':
		rc = number("-c", arg, 1, 1u << 20, &n);
		s->conns = (unsigned)n;
		return rc;
	case 'I':
		return size("-I", arg, ITEM_MOST, &s->item_max);
	case 'f':
		return real("-f", arg, 1.01, &s->factor);
	case 'n':
		rc = number("-n", arg, 1, 1u << 20, &n);
		s->chunk_min = (uint32_t)n;
		return rc;
	case 'U':
		rc = number("-U", arg, 0, 65535, &n);
		s->udp_port = (uint16_t)n;
		return rc;
	case 'b':
	case 'B':
	case 'u':
		return 0; /* the backlog, the protocol, the user: not ours */
	case 'M':
		s->no_evict = true;
		return 0;
	case 'F':
		s->no_flush = true;
		return 0;
	case 'A':
		s->shutdown = true;
		return 0;
	case 'v':
		s->verbose++;
		return 0;
	case 'o':
		return extended(s, arg);
	case 1:
		s->sharded = !strcmp(arg, "sharded");
		s->apart = !strcmp(arg, "apart");
		return s->sharded || s->apart || !strcmp(arg, "shared")
			? 0
			: wrong("--mode", arg, "shared, sharded or apart");
	default:
		return -1;
	}
}

int
options_parse(struct settings *s, int argc, char **argv)
{
	static const struct option longs[] = {
		{"mode", required_argument, NULL, 1},
		{"port", required_argument, NULL, 'p'},
		{"udp-port", required_argument, NULL, 'U'},
		{"listen", required_argument, NULL, 'l'},
		{"memory-limit", required_argument, NULL, 'm'},
		{"threads", required_argument, NULL, 't'},
		{"conn-limit", required_argument, NULL, 'c'},
		{"max-item-size", required_argument, NULL, 'I'},
		{"disable-evictions", no_argument, NULL, 'M'},
		{"disable-flush-all", no_argument, NULL, 'F'},
		{"enable-shutdown", no_argument, NULL, 'A'},
		{"extended", required_argument, NULL, 'o'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{0},
	};
	struct store_config d;
	int o;

	opterr = 0;
	store_defaults(&d);
	*s = (struct settings){
		.port = 11211,
		.limit = 64u << 20,
		.conns = 1024,
		.item_max = d.item_max,
		.chunk_min = d.chunk_min,
		.factor = d.factor,
		.hashpower = d.hashpower,
		.lockpower = d.stripes,
		.hot_percent = d.hot_percent,
		.warm_percent = d.warm_percent,
		.hot_factor = d.hot_factor,
		.warm_factor = d.warm_factor,
		.temp_ttl = d.temp_ttl,
	};
	while ((o = getopt_long(argc, argv, "p:l:m:t:c:I:f:n:b:B:u:U:MFAvo:hV",
			longs, NULL)) != -1) {
		if (o == 'h')
			return usage();
		if (o == 'V') {
			puts("memcached " SETTINGS_VERSION " (DLibOS)");
			return 1;
		}
		if (o == '?')
			return wrong(argv[optind - 1], NULL,
				"is no option, or lacks its value");
		if (one(s, o, optarg))
			return -1;
	}
	if (optind < argc)
		return wrong(argv[optind], NULL, "is no option");
	/* A datagram is answered at once, and does not wait for other cores. */
	if (s->udp_port && s->sharded)
		return wrong("-U", NULL, "not with --mode sharded");
	return 0;
}
