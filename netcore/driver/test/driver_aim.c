/* driver_aim - a device is aimed at memory that it may not reach, through the
 * driver's own port, and the IOMMU must say no: on a machine that has one, with
 * a device on vfio-pci and an interface of the kernel's at the other end of its
 * wire.
 *
 *	driver_aim PORT INTERFACE
 *
 * The only witness of such an access is the kernel's log; the address in it is
 * what tells ours from others.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netcore/driver/own.h"
#include "netcore/driver/test/rig.h"
#include "netcore/driver/test/wire.h"

#define BURST	 32
#define PAGE	 4096u
#define FAULT_MS 60000 /* an emulated machine, whose CPUs others use */
#define MARK	 0xa7
#define FRAME	 1000u
#define ETHER	 14u

struct aim {
	const char *port;
	int wire, log;
	struct rig rig;
};

struct target {
	const uint8_t *base;
	uint64_t bytes;
};

/* --- the kernel's log -----------------------------------------------------*/

static int
log_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || lseek(fd, 0, SEEK_END) < 0)
		wire_fail("/dev/kmsg: %s", strerror(errno));
	return fd;
}

/* Is there a line of such an access inside the target? */
static bool
faulted(const struct aim *a, const char *access, const struct target *t)
{
	char line[1024];
	const char *at;
	uint64_t addr;
	ssize_t n;

	for (;;) {
		n = read(a->log, line, sizeof(line) - 1);
		if (n < 0 && errno == EPIPE)
			continue; /* some lines were overwritten */
		if (n <= 0)
			return false;
		line[n] = 0;
		at = strstr(line, "fault addr ");
		if (!at || !strstr(line, access))
			continue;
		addr = strtoull(at + strlen("fault addr "), NULL, 16);
		if (addr - (uintptr_t)t->base >= t->bytes)
			continue;
		line[strcspn(line, "\n")] = 0;
		at = strchr(line, ';');
		printf("%s\n", at ? at + 1 : line);
		return true;
	}
}

/* --- the device writes ----------------------------------------------------*/

static void
divert(struct rte_mempool *p, void *arg, void *obj, unsigned i)
{
	const struct target *t = arg;
	struct rte_mbuf *m = obj;

	(void)p;
	m->buf_iova = (uintptr_t)t->base + i * PAGE % t->bytes;
}

/* Buffers that the device has already are good ones. It gets the others as it
 * uses those up, so frames come until it has tried. */
static void
write_into(struct aim *a, const struct target *t, const char *name)
{
	uint64_t until = wire_now_ms() + FAULT_MS;
	struct stack_rx_frame f[BURST];
	uint8_t frame[FRAME];
	unsigned n, sent = 0;

	rte_mempool_obj_iter(a->rig.d->rx, divert, (void *)(uintptr_t)t);
	while (!faulted(a, "[DMA Write", t)) {
		if (wire_now_ms() > until)
			wire_fail("%s: no fault after %u frames", name, sent);
		for (unsigned i = 0; i < BURST; i++) {
			wire_fill(frame, sizeof(frame), sent++);
			wire_send(a->wire, frame, sizeof(frame));
		}
		n = driver_rx(a->rig.d, f, BURST);
		for (unsigned i = 0; i < n; i++)
			driver_release(a->rig.d, f[i].buf);
	}
	for (uint64_t i = 0; i < t->bytes; i++)
		if (t->base[i] != MARK)
			wire_fail("%s: byte %llu was written", name,
				(unsigned long long)i);
	printf("ok %s: a fault, and nothing was written\n", name);
}

/* --- the device reads -----------------------------------------------------*/

static void
send_from(struct aim *a, const struct target *t)
{
	struct stack_tx_frame f = {.headers = a->rig.headers,
		.header_len = ETHER,
		.pieces = 1,
		.len = FRAME - ETHER,
		.piece = {{t->base, FRAME - ETHER}}};

	wire_fill(a->rig.headers, ETHER + 4, 0);
	if (driver_tx(a->rig.d, &f, 1) != 1 || driver_tx_waiting(a->rig.d))
		wire_fail("the port did not take a frame");
}

static bool
marked(const uint8_t *frame, size_t len)
{
	for (size_t i = ETHER; i + 1 < len; i++)
		if (frame[i] == MARK && frame[i + 1] == MARK)
			return true;
	return false;
}

/* All that comes before frame `number` has nothing of the memory. */
static void
nothing_until(struct aim *a, uint32_t number, const char *name)
{
	uint8_t frame[WIRE_MAX];
	unsigned others = 0;
	size_t n;

	for (;; others++) {
		n = wire_receive(a->wire, frame, sizeof(frame));
		if (n == FRAME && wire_is(frame, n, number))
			break;
		if (marked(frame, n))
			wire_fail("%s: it is on the wire", name);
	}
	printf("ok %s: a fault, and nothing of it on the wire (%u frames "
	       "without it)\n",
		name, others);
}

/* --- both -----------------------------------------------------------------*/

static void
begin(struct aim *a)
{
	rig_open(&a->rig, a->port, 1500, 0, 1);
	memset(a->rig.app.base, MARK, a->rig.app.bytes);
	rig_await_link(&a->rig, a->wire);
}

static void
writes(struct aim *a, const struct target *nobodys)
{
	struct target app;

	begin(a);
	app = (struct target){a->rig.view.base, a->rig.view.bytes};
	write_into(a, &app, "write to an application's memory");
	rig_close(&a->rig);
	begin(a);
	write_into(a, nobodys, "write to memory that is not mapped");
	rig_close(&a->rig);
}

/* A device may stop for good after a fault, and must work when its port was
 * opened again. */
static void
reads(struct aim *a, const struct target *nobodys)
{
	const char *name = "read of memory that is not mapped";
	uint64_t until = wire_now_ms() + FAULT_MS;

	begin(a);
	send_from(a, nobodys);
	while (!faulted(a, "[DMA Read", nobodys)) {
		if (wire_now_ms() > until)
			wire_fail("%s: no fault", name);
		poll(&(struct pollfd){.fd = a->log, .events = POLLIN}, 1, 100);
	}
	rig_close(&a->rig);
	begin(a);
	rig_send(&a->rig, FRAME, 1, 2);
	nothing_until(a, 2, name);
	rig_close(&a->rig);
}

int
main(int argc, char **argv)
{
	static struct aim a;
	struct target nobodys = {.bytes = 64 * PAGE};
	uint8_t *base = mmap(NULL, nobodys.bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (argc != 3) {
		fprintf(stderr, "driver_aim PORT INTERFACE\n");
		return 2;
	}
	if (base == MAP_FAILED)
		wire_fail("no memory");
	memset(base, MARK, nobodys.bytes);
	nobodys.base = base;
	a.port = argv[1];
	a.log = log_open();
	a.wire = wire_socket(argv[2]);
	reads(&a, &nobodys);
	writes(&a, &nobodys);
	return 0;
}
