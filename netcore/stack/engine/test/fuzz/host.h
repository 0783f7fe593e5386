/* host.h - an engine with a program on it, for fuzzers. The program keeps books
 * of all that it was told and did, and aborts when an upcall, or a frame that
 * goes out, is not what these allow. Everything that is handed over lies in a
 * block of its own, freed as soon as it may be. */
#ifndef NETCORE_STACK_ENGINE_TEST_FUZZ_HOST_H
#define NETCORE_STACK_ENGINE_TEST_FUZZ_HOST_H

#include "netcore/stack/engine/engine.h"

#define HOST_CONNS 16 /* more than an engine has here */
#define HOST_FLOWS 1024
#define HOST_FRAME 70000
#define HOST_MAC(n)                         \
	{                                   \
		2, 0, 0, 0, 0, (uint8_t)(n) \
	}

/* What the program does by itself. */
enum host_manner {
	HOST_READS = 1,	    /* gives back at once what it got */
	HOST_ECHOES = 2,    /* sends as much */
	HOST_GREETS = 4,    /* sends when it is connected */
	HOST_FEEDS = 8,	    /* sends when something is acknowledged */
	HOST_FOLLOWS = 16,  /* closes when its peer has */
	HOST_HANGS_UP = 32, /* closes when it is connected */
	HOST_ABORTS = 64,   /* resets when something comes */
};

struct host_mem {
	struct host_mem *next;
	uint32_t len;
	uint8_t bytes[];
};

struct host_conn {
	stack_conn c; /* 0: the place is free */
	bool told, ended, shut, gone;
	uint64_t sent, acked, got, unread;
	uint32_t part; /* of the oldest block, acknowledged */
	struct host_mem *oldest, *newest;
};

struct host {
	struct stack *s;
	struct stack_config cfg;
	uint64_t now;
	uint8_t manners;
	bool by_seq; /* what is received is byte_at() of its number */
	bool any;    /* ... or may be anything */
	bool mute;   /* the end: upcalls do nothing more */
	bool closer; /* the plain case is not for this one */
	bool quiet;  /* frames go out and are not looked at by `wire` */
	uint32_t buffers;
	/* Hashes of all that were, by connections and flows. */
	uint64_t upcalls[HOST_CONNS], frames[HOST_FLOWS];
	struct host_conn conn[HOST_CONNS];
	uint32_t ends[STACK_ABORTED + 1];
	uint64_t got; /* bytes, of all connections */
	void (*wire)(struct host *h, const uint8_t *frame, uint32_t len);
	void *user;
};

struct host *host_new(const struct stack_config *cfg, uint64_t now);
/* All is closed, time runs on, nobody answers: everything must come back. */
void host_end(struct host *h);
void host_free(struct host *h);

/* n frames, of which each becomes a block of its own. */
struct host_frame {
	uint32_t len, flags;
	uint8_t bytes[2048];
};
void host_rx(struct host *h, const struct host_frame *f, unsigned n);
void host_tx(struct host *h);
void host_timers(struct host *h);
void host_check(const struct host *h);

void host_connect(struct host *h, struct ip_addr ip, uint16_t port);
/* i may be any number: the connection that it falls on, if there is one. */
void host_send(struct host *h, unsigned i, uint32_t len);
void host_done(struct host *h, unsigned i, uint32_t bytes);
void host_shut(struct host *h, unsigned i);
void host_close(struct host *h, unsigned i, bool reset);
void host_datagram(struct host *h, uint16_t lport, struct ip_addr ip,
	uint16_t port, uint32_t len);

/* look.c: whether a frame may go out like this; `bytes` is all of it. */
void look_frame(struct host *h, const struct stack_tx_frame *f,
	const uint8_t *bytes, uint32_t len);

static inline uint64_t
host_fold(uint64_t hash, uint64_t v)
{
	hash = (hash ^ v) * 0x100000001b3;
	return hash ^ hash >> 29;
}

static inline struct host_conn *
host_find(struct host *h, stack_conn c)
{
	for (unsigned i = 0; i < HOST_CONNS; i++)
		if (h->conn[i].c == c)
			return &h->conn[i];
	return NULL;
}

#endif
