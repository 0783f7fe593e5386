/* say.c - what happens, a line each, if there is a log. */
#include "netcore/stack/engine/test/sim/own.h"

#include <stdarg.h>

#include "netcore/stack/engine/test/sim/dev.h"
#include "netcore/stack/wire/arp.h"
#include "netcore/stack/wire/be.h"
#include "netcore/stack/wire/eth.h"
#include "netcore/stack/wire/tcp.h"

static void
head(const struct sim_node *n)
{
	fprintf(n->sim->log, "%5llu.%06llu  %2d  ",
		(unsigned long long)(n->sim->now / 1000000000),
		(unsigned long long)(n->sim->now / 1000 % 1000000), n->index);
}

void
sim_say(const struct sim_node *n, const char *fmt, ...)
{
	va_list ap;

	if (!n->sim->log)
		return;
	head(n);
	va_start(ap, fmt);
	vfprintf(n->sim->log, fmt, ap);
	va_end(ap);
	fputc('\n', n->sim->log);
}

static void
say_tcp(FILE *f, const uint8_t *p, uint32_t left)
{
	struct cursor c = cursor_of(p, left);
	struct wire_tcp t;

	if (wire_tcp_parse(&c, &t)) {
		fprintf(f, " TCP, broken");
		return;
	}
	fprintf(f, " %u>%u ", t.sport, t.dport);
	for (unsigned i = 0; i < 8; i++)
		if (t.flags >> i & 1)
			fputc("FSRPAUEC"[i], f);
	fprintf(f, " seq %u+%u ack %u win %u", t.seq, (unsigned)cursor_left(&c),
		t.ack, t.window);
	if (t.opts & WIRE_TCP_TS)
		fprintf(f, " ts %u/%u", t.ts_val, t.ts_ecr);
	for (unsigned i = 0; i < t.sacks; i++)
		fprintf(f, " [%u, %u)", t.sack[i].left, t.sack[i].right);
}

void
say_frame(const struct sim_node *n, const char *what, const uint8_t *p,
	uint32_t len)
{
	FILE *f = n->sim->log;
	struct dev_view v;

	if (!f)
		return;
	head(n);
	fprintf(f, "%s ..%02x to ..%02x %u:", what, p[11], p[5], len);
	if (!dev_look(p, len, &v))
		fprintf(f, " type %04x", be_get16(p + 12));
	else if (v.data)
		say_tcp(f, p + v.l4, v.end - v.l4);
	else
		fprintf(f, " IP, protocol %u", v.proto);
	fputc('\n', f);
}
