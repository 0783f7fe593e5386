/* peer.h - who talks with a host: a station that remembers what the engine said
 * last on each connection, and makes frames out of a fuzzer's bytes that are
 * near to what would come next. Their checksums are right. */
#ifndef NETCORE_STACK_ENGINE_TEST_FUZZ_PEER_H
#define NETCORE_STACK_ENGINE_TEST_FUZZ_PEER_H

#include "netcore/stack/engine/test/fuzz/bytes.h"
#include "netcore/stack/engine/test/fuzz/host.h"

#define PEER_CONNS 8
#define PEER_IP	   0x0a000002u
#define HOST_IP	   0x0a000001u

struct peer_conn {
	bool used, v6;
	uint16_t port, lport; /* ours, the engine's */
	uint32_t first, next; /* of the engine's numbers: SYN, highest */
	uint32_t acks;	      /* what it expects of us */
	uint32_t ts;	      /* its clock */
	uint32_t wnd;
};

struct peer {
	struct peer_conn conn[PEER_CONNS];
	unsigned last;	/* taken */
	uint32_t clock; /* of timestamps */
	uint16_t id;
};

struct ip_addr peer_ip(bool v6);
struct ip_addr peer_host_ip(bool v6);
/* Looks at what the engine sends. */
void peer_learn(struct peer *p, const uint8_t *frame, uint32_t len);

/* Each makes f. */
void peer_tcp(struct peer *p, struct bytes *b, struct host_frame *f);
void peer_neighbour(struct bytes *b, struct host_frame *f);
void peer_icmp(struct peer *p, struct bytes *b, struct host_frame *f);
void peer_udp(struct peer *p, struct bytes *b, struct host_frame *f);
void peer_raw(struct bytes *b, struct host_frame *f);

#endif
