/* tcb.h - a connection (RFC 9293, 3.3.1), laid out by when it is needed. Names
 * are the RFCs'. t_: deadlines in ticks (milliseconds) of the stack's clock, 0
 * for none; _us: the low 32 bits of microseconds. */
#ifndef NETCORE_STACK_ENGINE_TCB_H
#define NETCORE_STACK_ENGINE_TCB_H

#include <stddef.h>

#include "netcore/stack/core/flow.h"
#include "netcore/stack/tcp/cc.h"
#include "netcore/stack/tcp/ooo.h"
#include "netcore/stack/tcp/segs.h"
#include "netcore/stack/tcp/sendq.h"
#include "netcore/stack/tcp/seq.h"

/* In an order that comparisons may use. */
enum tcp_state {
	TCP_CLOSED,
	TCP_SYN_SENT,
	TCP_SYN_RECEIVED,
	TCP_ESTABLISHED,
	TCP_CLOSE_WAIT,
	TCP_FIN_WAIT_1,
	TCP_FIN_WAIT_2,
	TCP_CLOSING,
	TCP_LAST_ACK,
	TCP_TIME_WAIT,
	TCP_STATES
};

enum tcb_flag {
	TCB_TS = 1 << 0,   /* timestamps were agreed on (RFC 7323) */
	TCB_SACK = 1 << 1, /* RFC 2018 */
	TCB_WSCALE = 1 << 2,
	TCB_ACK_NOW = 1 << 3,
	TCB_SYN_DUE = 1 << 4,	 /* a SYN is to be sent (again) */
	TCB_FIN_QUEUED = 1 << 5, /* a FIN follows the data */
	TCB_FIN_SENT = 1 << 6,
	TCB_NAGLE = 1 << 7,
	TCB_READY = 1 << 8,	 /* in the list of those that have to send */
	TCB_RECOVERY = 1 << 9,	 /* fast recovery */
	TCB_LOSS = 1 << 10,	 /* recovery after a timeout */
	TCB_PASSIVE = 1 << 11,	 /* came by a listener */
	TCB_ORPHAN = 1 << 12,	 /* the program has let go of it */
	TCB_KNOWN = 1 << 13,	 /* the program was told of it */
	TCB_TLP_OUT = 1 << 14,	 /* a tail probe is out (RFC 8985, 7) */
	TCB_LIFE = 1 << 15,	 /* t_life is set: timer_life() */
	TCB_DSACK = 1 << 16,	 /* to report: dsack */
	TCB_ODD = 1 << 17,	 /* see tcb_see_odd() */
	TCB_CWND_FULL = 1 << 18, /* the window was the limit of late */
	TCB_PROBE = 1 << 19,	 /* a zero window probe is due */
	TCB_RTT = 1 << 20,	 /* srtt holds a measurement */
	TCB_MOVED = 1 << 21,	 /* a FIN of the peer was taken */
	TCB_FAR = 1 << 28,	 /* a search for SACKs has stopped midway */
	TCB_ALIVE_DUE = 1 << 29, /* the next bare ACK is a probe */
	TCB_ALIVE_OUT = 1 << 30, /* no answer to a probe came yet */
	TCB_RESIZE = 1 << 22,	 /* sent again for no congestion */
	TCB_FIN_EARLY = 1 << 23, /* a FIN came ahead of its turn: early_fin */
	TCB_IP6 = 1 << 24,	 /* as the key says, which has no head then */
	TCB_ECT = 1 << 25,	 /* these two: ecn.h */
	TCB_ECN = 1 << 26,
	TCB_HELD = 1 << 27,  /* the owner takes no data: stack_hold() */
	TCB_OVER = 1u << 31, /* `closed` was told, and TIME-WAIT lasts */
};

/* What t_rexmit is for. */
enum tcb_rexmit {
	REXMIT_NONE,
	REXMIT_RTO,
	REXMIT_TLP,
	REXMIT_REO,
	REXMIT_PERSIST,
	REXMIT_NEIGHBOUR, /* where to send it is not known yet */
	REXMIT_ROOM,	  /* there is no node for it */
};

/* Two lines are all that the plain ways reach of a connection in good health;
 * what else it says, it says in `flags`. The test hot_lines finds whoever
 * reaches further. Times that are in neither line are not asked for by them. */
struct tcb {
	/* --- line 0 -------------------------------------------------------*/
	uint32_t flags;
	uint32_t handle;
	uint64_t user;
	uint32_t rcv_nxt;
	uint32_t rcv_adv;   /* the right edge that the peer knows */
	uint32_t rcv_space; /* what of the buffer is free */
	uint32_t last_ack_sent;
	uint32_t snd_una;
	uint32_t snd_nxt;
	uint32_t snd_wnd;
	uint32_t snd_wl1;
	uint32_t max_wnd; /* largest that the peer ever gave */
	uint32_t ts_recent;
	uint8_t t_ts_recent; /* tcb_age() then */
	uint8_t state;
	uint8_t snd_wscale : 4, rcv_wscale : 4; /* 14 at most */
	uint8_t account;			/* stack_set_account() */
	uint8_t rexmit;				/* enum tcb_rexmit */
	uint8_t backoff;			/* of the RTO: doublings */
	uint8_t tries; /* timeouts since the last progress */
	uint8_t hop;   /* where in its bank its neighbour stood last */

	/* --- line 1 -------------------------------------------------------*/
	struct sendq sendq;
	struct segs segs;
	uint32_t t_rexmit, t_delack;
	uint32_t t_wheel;   /* when the wheel looks; 0: never */
	uint32_t t_sent;    /* of the last data */
	uint32_t ts_offset; /* of our clock on this connection */
	uint32_t srtt_us, rttvar_us;
	uint16_t mss;	     /* payload of a full segment */
	uint16_t peer_mss;   /* of what the peer sends, at most */
	struct flow_key key; /* its first word, which is all of IPv4's */

	/* --- the rest -----------------------------------------------------*/
	uint32_t hash;
	uint32_t irs, iss;
	uint32_t early_fin;
	uint32_t t_life;      /* keepalive, FIN_WAIT_2, TIME_WAIT */
	uint32_t t_challenge; /* of the last one */
	uint32_t rack_us, rack_end, rack_rtt_us;
	uint32_t recover; /* snd_nxt when recovery began */
	uint32_t tlp_end;
	uint32_t rto_first_ms; /* the RTO until TCB_RTT */
	uint32_t min_rtt_us;   /* while more than one segment was under way */
	struct sendq_last last;
	struct ooo ooo;
	struct segs_odd odd;
	struct cc cc;
	uint32_t prr_delivered, prr_out, prr_flight;
	uint32_t dsack_from, dsack_to; /* to report */
	uint32_t dsack_round;	       /* snd_nxt when reo_mult grew */
	uint32_t undo_bytes; /* sent again, and not known to be for nothing */
	uint32_t undo_from, undo_to; /* where these lie */
	uint32_t ecn_at;
	uint32_t alive_seen; /* the numbers, added up */
	uint32_t t_pmtu;     /* from when on more may fit; 0: it is not less */
	/* Those that wait for the same neighbour: index + 1, 0 at the ends. */
	uint32_t wait_next, wait_prev;
	uint16_t wait_hop;
	uint16_t opened;		     /* tcb_opened() then */
	uint16_t alive_idle, alive_interval; /* seconds; 0: off */
	uint16_t mss_most;  /* what would, if the path took it */
	uint16_t mss_tried; /* what did not, in this search; 0: begin */
	uint16_t mss_probe; /* is under way in a single segment */
	uint16_t resent;    /* segments, modulo 2^16 */
	uint8_t alive_count, alive_probes; /* at most; unanswered */
	uint8_t alive_quiet;		   /* eighths of alive_idle */
	uint8_t reo_persist; /* recoveries that reo_mult outlives */
	uint8_t reo_mult;
	uint8_t dupacks;
	uint8_t ecn; /* enum ecn_bit */
	bool waits;
	bool undo;	 /* the last reduction may be undone */
	bool reordering; /* was seen on this path */
	bool tlp_again;	 /* the tail probe has sent old data again */
} CACHELINE_ALIGNED;

#define TCB_HOT (2u * CACHELINE) /* here the rest begins */

_Static_assert(offsetof(struct tcb, sendq) == CACHELINE, "line 1");
_Static_assert(offsetof(struct tcb, key.addr) == TCB_HOT,
	"what the plain ways need stands in two lines");
_Static_assert(sizeof(struct tcb) <= 448, "an idle connection is small");

static inline void
tcb_prefetch(const struct tcb *c)
{
	__builtin_prefetch(c, 1);
	__builtin_prefetch((const char *)c + CACHELINE, 1);
}

/* Time in a byte, which goes round when ticks do: of 2^24 ms, 4.7 hours; and 24
 * days of it, a part more or less. */
#define TCB_AGE_OLD 124u

static inline uint8_t
tcb_age(uint32_t tick)
{
	return (uint8_t)(tick >> 24);
}

/* When a connection was opened, in 16 bits: of 64 ms, for 70 minutes. */
#define TCB_OPENED_SHIFT 6

static inline uint16_t
tcb_opened(uint32_t tick)
{
	return (uint16_t)(tick >> TCB_OPENED_SHIFT);
}

#endif
