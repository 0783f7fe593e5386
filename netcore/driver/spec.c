/* spec.c - from the words of a port to a DPDK device. */
#include "netcore/driver/spec.h"

#include <ctype.h>
#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dlibos/base/bits.h"
#include "dlibos/limits.h"

#define PARTS	   8 /* of a specification, between commas */
#define PAGE	   4096u
#define FRAMES	   1024u /* in each of a packet socket's rings */
#define FRAME_STEP 128u
/* Ethernet, and what the ring of a packet socket asks for. */
#define AROUND 192u

#define OPT_QUEUE 1u
#define OPT_ROLE  2u
#define OPT_ID	  4u
#define OPT_FILES 8u

static const struct kind {
	const char *word;
	const char *form;   /* how it is said, for the user */
	const char *device; /* of which each port gets a number */
	unsigned options;
} kinds[] = {
	[SPEC_AFPACKET] = {"afpacket", "afpacket:INTERFACE", "net_af_packet",
		0},
	[SPEC_AFXDP] = {"afxdp", "afxdp:INTERFACE[,queue=N]", "net_af_xdp",
		OPT_QUEUE},
	[SPEC_TAP] = {"tap", "tap:NAME", "net_tap", 0},
	[SPEC_MEMIF] = {"memif", "memif:SOCKET[,server|client][,id=N]",
		"net_memif", OPT_ROLE | OPT_ID},
	[SPEC_PCAP] = {"pcap", "pcap:rx=FILE[,tx=FILE]", "net_pcap", OPT_FILES},
	[SPEC_PCI] = {"pci", "pci:ADDRESS", NULL, 0},
	[SPEC_VDEV] = {"vdev", "vdev:STRING", NULL, 0},
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* What was said, in pieces. */
struct said {
	const char *text; /* whole */
	char copy[LIMIT_PORT];
	const char *name; /* the first part, unless there is none */
	const char *rx, *tx;
	bool server;
	unsigned queue, id;
};

/* A printf that returns err, for `return refuse(...)`. */
__attribute__((format(printf, 4, 5))) static int
refuse(int err, char *why, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, size, fmt, ap);
	va_end(ap);
	return err;
}

/* DPDK splits what it is told at commas, and knows quotes and brackets: a name
 * has none of these. */
static bool
plain(const char *s, size_t max)
{
	size_t n = strspn(s,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVW"
		"XYZ0123456789._/@:+-");

	return n && n <= max && !s[n];
}

static bool
number(const char *s, unsigned max, unsigned *out)
{
	char *end;
	unsigned long v;

	if (!isdigit((unsigned char)*s))
		return false;
	v = strtoul(s, &end, 10);
	if (*end || v > max)
		return false;
	*out = (unsigned)v;
	return true;
}

static int
option(struct spec *s, struct said *said, const char *o, char *why, size_t size)
{
	unsigned options = kinds[s->kind].options;
	bool ok = false;

	if (!strcmp(o, "trust"))
		s->trust = ok = true;
	else if (options & OPT_QUEUE && !strncmp(o, "queue=", 6))
		ok = number(o + 6, 4095, &said->queue);
	else if (options & OPT_ID && !strncmp(o, "id=", 3))
		ok = number(o + 3, 65535, &said->id);
	else if (options & OPT_ROLE && !strcmp(o, "server"))
		said->server = ok = true;
	else if (options & OPT_ROLE && !strcmp(o, "client"))
		ok = true;
	else if (options & OPT_FILES && !strncmp(o, "rx=", 3)) {
		said->rx = o + 3;
		ok = plain(said->rx, 128);
	} else if (options & OPT_FILES && !strncmp(o, "tx=", 3)) {
		said->tx = o + 3;
		ok = plain(said->tx, 128);
	}
	if (ok)
		return 0;
	return refuse(-EINVAL, why, size, "port %.64s: what is '%.64s'? (%s)",
		said->text, o, kinds[s->kind].form);
}

static int
split(struct spec *s, struct said *said, const char *rest, char *why,
	size_t size)
{
	bool named = s->kind != SPEC_PCAP;
	char *left = said->copy, *p;
	int rc;

	snprintf(said->copy, sizeof(said->copy), "%s", rest);
	if (named)
		said->name = strsep(&left, ",");
	while ((p = strsep(&left, ","))) {
		rc = option(s, said, p, why, size);
		if (rc)
			return rc;
	}
	if ((named && !plain(said->name, 100)) || (!named && !said->rx))
		return refuse(-EINVAL, why, size,
			"port %.64s: it is said like this: %s", said->text,
			kinds[s->kind].form);
	return 0;
}

/* The kernel's ring for a packet socket is of frames in blocks of whole pages.
 * DPDK takes it to be one array, so nothing may be left at a block's end; and
 * what fits into a frame, by its count of 32 bytes around it, must fit into a
 * buffer. The kernel's own count is 66. */
static void
afpacket(struct spec *s, const struct said *said, const struct spec_for *f)
{
	unsigned frame = (f->room + 32) / FRAME_STEP * FRAME_STEP;
	unsigned block = frame * (PAGE / FRAME_STEP);

	snprintf(s->args, sizeof(s->args),
		"%s,iface=%s,qpairs=%u,blocksz=%u,framesz=%u,framecnt=%u",
		s->device, said->name, f->queues, block, frame, FRAMES);
}

static void
memif(struct spec *s, const struct said *said, const struct spec_for *f)
{
	bool path = said->name[0] == '/';
	const char *name = said->name;

	if (name[0] == '@')
		name++;
	snprintf(s->args, sizeof(s->args),
		"%s,role=%s,id=%u,socket=%s,socket-abstract=%s,bsize=%u,"
		"rsize=10,zero-copy=no",
		s->device, said->server ? "server" : "client", said->id, name,
		path ? "no" : "yes", (unsigned)round_up(f->mtu + 18, 64));
}

static int
interface(struct spec *s, const struct said *said, bool is_there, char *why,
	size_t size)
{
	const char *name = said->name;

	if (strlen(name) >= IFNAMSIZ || strchr(name, '/'))
		return refuse(-EINVAL, why, size,
			"port %.64s: '%.64s' is no name of an interface",
			said->text, name);
	if (is_there && !if_nametoindex(name))
		return refuse(-ENODEV, why, size,
			"port %.64s: there is no interface %s here", said->text,
			name);
	snprintf(s->interface, sizeof(s->interface), "%s", name);
	return 0;
}

/* [DOMAIN:]BUS:DEVICE.FUNCTION, in hexadecimal digits. */
static int
pci(struct spec *s, const struct said *said, char *why, size_t size)
{
	unsigned domain = 0, bus, device, function;
	const char *name = said->name;
	int used = 0;

	if (sscanf(name, "%4x:%2x:%2x.%1u%n", &domain, &bus, &device, &function,
		    &used) != 4) {
		domain = 0;
		if (sscanf(name, "%2x:%2x.%1u%n", &bus, &device, &function,
			    &used) != 3)
			used = 0;
	}
	if (!used || name[used])
		return refuse(-EINVAL, why, size,
			"port %.64s: '%.64s' is no address of a device",
			said->text, name);
	snprintf(s->device, sizeof(s->device), "%04x:%02x:%02x.%u", domain, bus,
		device, function);
	snprintf(s->args, sizeof(s->args), "%s", s->device);
	return 0;
}

static int
complete(struct spec *s, const struct said *said, const struct spec_for *f,
	char *why, size_t size)
{
	int rc = 0;

	switch (s->kind) {
	case SPEC_AFPACKET:
		rc = interface(s, said, true, why, size);
		afpacket(s, said, f);
		break;
	case SPEC_AFXDP:
		rc = interface(s, said, true, why, size);
		/* The kernel serves the queue by itself while we sleep. */
		snprintf(s->args, sizeof(s->args),
			"%s,iface=%s,start_queue=%u,queue_count=%u,"
			"busy_budget=0",
			s->device, said->name, said->queue, f->queues);
		break;
	case SPEC_TAP:
		rc = interface(s, said, false, why, size);
		snprintf(s->args, sizeof(s->args), "%s,iface=%s", s->device,
			said->name);
		break;
	case SPEC_MEMIF:
		memif(s, said, f);
		break;
	case SPEC_PCAP:
		if (access(said->rx, R_OK))
			return refuse(-ENOENT, why, size, "port %.64s: %s: %s",
				said->text, said->rx, strerror(errno));
		snprintf(s->args, sizeof(s->args), "%s,rx_pcap=%s%s%s",
			s->device, said->rx, said->tx ? ",tx_pcap=" : "",
			said->tx ? said->tx : "");
		break;
	case SPEC_PCI:
		return pci(s, said, why, size);
	case SPEC_VDEV:
		break;
	}
	return rc;
}

unsigned
spec_around(const char *text)
{
	/* The kernel puts room for a program of XDP into each frame. */
	return strncmp(text, "afxdp:", 6) ? AROUND : AROUND + 256;
}

/* Here the user speaks to DPDK himself: the device's name is what stands in
 * front of the first comma. */
static int
vdev(struct spec *s, const char *text, const char *rest, char *why, size_t size)
{
	size_t n = strcspn(rest, ",");

	if (!n || n >= sizeof(s->device) || strlen(rest) >= sizeof(s->args))
		return refuse(-EINVAL, why, size,
			"port %.64s: it is said like this: %s", text,
			kinds[SPEC_VDEV].form);
	memcpy(s->device, rest, n);
	snprintf(s->args, sizeof(s->args), "%s", rest);
	return 0;
}

int
spec_parse(struct spec *s, const char *text, const struct spec_for *f,
	char *why, size_t size)
{
	struct said said = {.text = text};
	const char *rest = strchr(text, ':');
	size_t n = rest ? (size_t)(rest - text) : 0;
	unsigned k = 0;
	int rc;

	memset(s, 0, sizeof(*s));
	if (strlen(text) >= LIMIT_PORT)
		return refuse(-EINVAL, why, size,
			"port %.32s...: longer than %d bytes", text,
			LIMIT_PORT - 1);
	for (const char *p = text; *p; p++)
		if (!isprint((unsigned char)*p))
			return refuse(-EINVAL, why, size,
				"a port's name has a byte that does not print");
	while (k < KINDS &&
		(strlen(kinds[k].word) != n || strncmp(text, kinds[k].word, n)))
		k++;
	if (!rest || k == KINDS)
		return refuse(-EINVAL, why, size,
			"port %.64s: there are afpacket:, afxdp:, tap:, memif:,"
			" pcap:, pci: and vdev:",
			text);
	s->kind = (enum spec_kind)k;
	if (s->kind == SPEC_VDEV)
		return vdev(s, text, rest + 1, why, size);
	if (kinds[k].device)
		snprintf(s->device, sizeof(s->device), "%s%u", kinds[k].device,
			f->number);
	rc = split(s, &said, rest + 1, why, size);
	return rc ? rc : complete(s, &said, f, why, size);
}
