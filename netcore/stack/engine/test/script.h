/* script.h - one engine, and a peer that is a list of lines: this segment comes
 * in, that one must go out, at these virtual times.
 *
 *	struct script *s = script_established(SCRIPT_ALL);
 *
 *	SEND(.seq = 1, .ack = 1, .len = 1000);
 *	script_wait(s, 40);
 *	EXPECT(.seq = 1, .ack = 1001);
 *	script_end(s);
 *
 * Sequence numbers are relative: 0 is the SYN, 1 the first byte. The real ones
 * begin just under the wrap on both sides. Bytes have a pattern by number, and
 * are compared on both ways. ARP is answered here. Every frame that goes out
 * must be expected; script_end() sees to that, to the engine's invariants, and
 * to buffers that were not given back. */
#ifndef NETCORE_STACK_ENGINE_TEST_SCRIPT_H
#define NETCORE_STACK_ENGINE_TEST_SCRIPT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <cmocka.h>

#include "netcore/stack/stack.h"
#include "netcore/stack/wire/tcp.h"

#define FIN WIRE_TCP_FIN
#define SYN WIRE_TCP_SYN
#define RST WIRE_TCP_RST
#define ACK WIRE_TCP_ACK
#define URG WIRE_TCP_URG
#define ECE WIRE_TCP_ECE
#define CWR WIRE_TCP_CWR
#define MSS 1460u /* without timestamps */

/* What the peer's SYN offers; and what is agreed on, for we offer all. */
enum script_option {
	SCRIPT_NONE = 0, /* no option at all */
	SCRIPT_MSS = WIRE_TCP_MSS,
	SCRIPT_TS = WIRE_TCP_TS,
	SCRIPT_SACK = WIRE_TCP_SACK_OK,
	SCRIPT_WSCALE = WIRE_TCP_WSCALE,
	SCRIPT_MSS_SACK = SCRIPT_MSS | SCRIPT_SACK,
	SCRIPT_ALL = SCRIPT_MSS | SCRIPT_TS | SCRIPT_SACK | SCRIPT_WSCALE,
};

struct script_block {
	uint32_t from, to;
};

/* A segment, either way. flags 0 means ACK; PSH is never compared. */
struct script_seg {
	uint32_t seq, ack;
	uint8_t flags;
	uint32_t len;
	uint32_t window; /* as in the header; in: 0 is script.window */
	bool shut;	 /* in: a window of 0 */
	uint16_t urgent; /* in: the pointer */
	uint32_t ts;	 /* in: 0 is the peer's clock */
	uint8_t opts;	 /* in, SYN: enum script_option */
	bool no_ack;	 /* in: flags are 0 indeed */
	uint8_t tos;	 /* of the IP header; out: not compared */
	struct script_block sack[4];

	/* out, besides */
	struct wire_tcp h;
	uint64_t at;
};

#define SCRIPT_PORT	 80
#define SCRIPT_PEER_PORT 5000
#define SCRIPT_UNDER	 600u /* so far under the wrap do we begin */
#define SCRIPT_SEGS	 512
#define SCRIPT_BYTES	 (1u << 18)

struct script {
	struct stack *stack;
	struct stack_config cfg;
	uint64_t now;
	stack_conn conn; /* the last one that was accepted or begun */
	uint32_t iss;	 /* ours, read from the SYN */
	uint32_t irs;	 /* the peer's */
	uint16_t port;	 /* the peer's */
	uint32_t window; /* of the peer's segments, by default */
	uint8_t wscale;
	uint8_t opts;	  /* agreed on: enum script_option */
	uint16_t mss;	  /* of the peer's SYN */
	uint32_t ts;	  /* the peer's clock: at script_new(), plus ms */
	uint32_t echo;	  /* of our clock, in the peer's segments */
	uint32_t last_ts; /* our clock, in the last that went out */
	bool read;	  /* the program reads at once */
	bool mute_arp;

	/* what the program was told */
	unsigned accepted, connected, remote_closed, closed;
	enum stack_why why;
	uint32_t received, acked, written;
	void (*on_data)(struct script *s); /* after the count */
	void (*on_connected)(struct script *s);

	int buffers; /* that the engine or the program holds */
	struct script_seg out[SCRIPT_SEGS];
	unsigned head, tail;
	uint32_t sent;
	uint64_t start;
};

/* All of it runs over IPv6 if the environment has SCRIPT_FAMILY=6; the MTU is
 * larger then by as much as the header is. */
bool script_v6(void);
/* 1 is the engine, 2 the peer; all others are nobody. */
struct ip_addr script_ip(uint32_t host);
struct stack_config script_config(void);
struct script *script_new(const struct stack_config *cfg); /* NULL: default */
void script_end(struct script *s);

/* All of these fail the test if it goes otherwise. */
void script_send(struct script *s, struct script_seg g);
struct script_seg *script_expect(
	struct script *s, const char *file, int line, struct script_seg g);
void script_silence(struct script *s, const char *file, int line);

/* Virtual time passes, timers run. */
void script_wait(struct script *s, uint32_t ms);
/* Until a frame goes out: how many ms that took; at most `most`, and then
 * nothing went out. */
uint32_t script_until(struct script *s, uint32_t most);
/* The program sends the next n bytes of the pattern. */
int script_write(struct script *s, uint32_t n);

struct script *script_syn_sent(const struct stack_config *cfg);
struct script *script_syn_received(
	const struct stack_config *cfg, uint8_t opts);
struct script *script_open(const struct stack_config *cfg, uint8_t opts);
struct script *script_established(uint8_t opts);
/* One more connection, when the last one is gone. */
void script_again(struct script *s, uint8_t opts);
/* Whatever goes out now is not looked at. */
void script_drain(struct script *s);
/* The end of what was ever sent. */
uint32_t script_sent(const struct script *s);

#define SEND(...) script_send(s, (struct script_seg){__VA_ARGS__})
#define EXPECT(...) \
	script_expect(s, __FILE__, __LINE__, (struct script_seg){__VA_ARGS__})
#define SILENCE()   script_silence(s, __FILE__, __LINE__)
#define COUNT(name) (stack_counters(s->stack)->name)

#endif
