/* settings.h - what the options said, as the parsers and statistics see it. */
#ifndef APPS_MEMCACHED_SETTINGS_H
#define APPS_MEMCACHED_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#define SETTINGS_VERSION "1.6.18"

struct settings {
	uint16_t port;
	uint16_t udp_port; /* 0: none */
	const char *addr;  /* -l; NULL: any */
	uint64_t limit;	   /* bytes of items */
	unsigned threads;
	unsigned conns;
	uint32_t item_max;
	uint32_t chunk_min;
	double factor;
	unsigned hashpower;
	unsigned lockpower;
	unsigned verbose;
	unsigned hot_percent, warm_percent;
	double hot_factor, warm_factor;
	uint32_t temp_ttl;
	bool no_evict, no_move, no_flush, no_cas;
	bool shutdown; /* is allowed */
	bool sharded;  /* each core has a store of its own, and a part of the
			* keys */
	bool apart;    /* each process has one, and knows no other's keys */
};

#endif
