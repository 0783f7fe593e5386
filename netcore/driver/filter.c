/* filter.c - the kernel's filter for a share of the flows. */
#include "netcore/driver/filter.h"

#include <assert.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* Where things are in a frame. */
#define TYPE_AT	    12
#define IP4_AT	    14
#define IP4_FRAG_AT 20
#define IP4_NEXT_AT 23
#define IP4_SRC_AT  26
#define IP4_DST_AT  30
#define IP6_NEXT_AT 20
#define IP6_SRC_AT  22
#define IP6_DST_END 54

#define TYPE_IP4 0x0800
#define TYPE_IP6 0x86dd
#define FRAG	 0x3fff /* more follow, or it is not the first */
#define TCP	 6
#define UDP	 17

enum { ADDRS, PORTS }; /* words of memory */

/* Where a jump goes, until all instructions are there: in jt or jf. */
enum { NEXT = 0, ALL = 254, IP6 = 255 };

struct writer {
	struct sock_filter *program;
	unsigned n;
};

static void
jump(struct writer *w, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
	assert(w->n < FILTER_MAX);
	w->program[w->n++] = (struct sock_filter){code, yes, no, k};
}

static void
put(struct writer *w, uint16_t code, uint32_t k)
{
	jump(w, code, k, NEXT, NEXT);
}

static void
load(struct writer *w, uint16_t size, uint32_t at)
{
	put(w, BPF_LD | BPF_ABS | size, at);
}

static void
alu(struct writer *w, uint16_t op, uint32_t k)
{
	put(w, BPF_ALU | BPF_K | op, k);
}

static void
alu_x(struct writer *w, uint16_t op)
{
	put(w, BPF_ALU | BPF_X | op, 0);
}

/* A is TCP or UDP, or the frame is for all. */
static void
want_ports(struct writer *w)
{
	jump(w, BPF_JMP | BPF_JEQ | BPF_K, TCP, 1, NEXT);
	jump(w, BPF_JMP | BPF_JEQ | BPF_K, UDP, NEXT, ALL);
}

/* The words of the frame, xored. */
static void
fold(struct writer *w, uint32_t from, uint32_t end)
{
	load(w, BPF_W, from);
	for (uint32_t at = from + 4; at < end; at += 4) {
		put(w, BPF_MISC | BPF_TAX, 0);
		load(w, BPF_W, at);
		alu_x(w, BPF_XOR);
	}
	put(w, BPF_ST, ADDRS);
}

/* Both ports, xored; their header begins X bytes behind `at`. */
static void
ports(struct writer *w, uint32_t at)
{
	put(w, BPF_LD | BPF_IND | BPF_H, at);
	put(w, BPF_ST, PORTS);
	put(w, BPF_LD | BPF_IND | BPF_H, at + 2);
	put(w, BPF_LDX | BPF_MEM, PORTS);
	alu_x(w, BPF_XOR);
	put(w, BPF_ST, PORTS);
}

/* A ^= A >> bits */
static void
mix(struct writer *w, uint32_t bits)
{
	put(w, BPF_MISC | BPF_TAX, 0);
	alu(w, BPF_RSH, bits);
	alu_x(w, BPF_XOR);
}

/* As steer_share(), and an end for both cases. */
static void
judge(struct writer *w, const struct steer *s)
{
	put(w, BPF_LD | BPF_MEM, ADDRS);
	alu(w, BPF_XOR, s->key);
	alu(w, BPF_MUL, STEER_MUL1);
	mix(w, 16);
	put(w, BPF_LDX | BPF_MEM, PORTS);
	alu_x(w, BPF_XOR);
	alu(w, BPF_MUL, STEER_MUL2);
	mix(w, 13);
	alu(w, BPF_MUL, STEER_MUL3);
	alu(w, BPF_RSH, 16);
	alu(w, BPF_MUL, s->shares);
	alu(w, BPF_RSH, 16);
	jump(w, BPF_JMP | BPF_JEQ | BPF_K, s->share, ALL, NEXT);
	put(w, BPF_RET | BPF_K, 0);
}

static uint8_t
target(uint8_t to, unsigned from, unsigned ip6, unsigned all)
{
	if (to == IP6)
		return (uint8_t)(ip6 - from - 1);
	return to == ALL ? (uint8_t)(all - from - 1) : to;
}

/* A frame that is too short for what is asked of it is dropped, which ends the
 * program: nobody wants it. */
unsigned
filter_make(struct sock_filter program[FILTER_MAX], const struct steer *s)
{
	struct writer w = {.program = program};
	unsigned ip6, all;

	load(&w, BPF_H, TYPE_AT);
	jump(&w, BPF_JMP | BPF_JEQ | BPF_K, TYPE_IP6, IP6, NEXT);
	jump(&w, BPF_JMP | BPF_JEQ | BPF_K, TYPE_IP4, NEXT, ALL);
	load(&w, BPF_H, IP4_FRAG_AT);
	jump(&w, BPF_JMP | BPF_JSET | BPF_K, FRAG, ALL, NEXT);
	load(&w, BPF_B, IP4_NEXT_AT);
	want_ports(&w);
	fold(&w, IP4_SRC_AT, IP4_DST_AT + 4);
	put(&w, BPF_LDX | BPF_MSH | BPF_B, IP4_AT);
	ports(&w, IP4_AT);
	judge(&w, s);
	ip6 = w.n;
	load(&w, BPF_B, IP6_NEXT_AT);
	want_ports(&w);
	fold(&w, IP6_SRC_AT, IP6_DST_END);
	put(&w, BPF_LDX | BPF_IMM, 0);
	ports(&w, IP6_DST_END);
	judge(&w, s);
	all = w.n;
	put(&w, BPF_RET | BPF_K, UINT32_MAX);
	for (unsigned i = 0; i < w.n; i++) {
		program[i].jt = target(program[i].jt, i, ip6, all);
		program[i].jf = target(program[i].jf, i, ip6, all);
	}
	return w.n;
}

static bool
is_packet(int fd)
{
	int domain = -1;
	socklen_t len = sizeof(domain);

	return !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) &&
		domain == AF_PACKET;
}

int
filter_attach(int fd, const struct steer *s)
{
	struct sock_filter program[FILTER_MAX];
	struct sock_fprog p = {.filter = program};
	int on = 1;

	p.len = (unsigned short)filter_make(program, s);
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &p, sizeof(p)))
		return -errno;
	/* What another share sends is no news to us. */
	if (is_packet(fd) &&
		setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on,
			sizeof(on)))
		return -errno;
	return 0;
}
