/* hub.c - the turn over all edges, and the sleep. */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "dlibos/base/clock.h"
#include "dlibos/base/cpu.h"
#include "noc/bell.h"
#include "noc/hub.h"

/* A core that never sleeps looks for dead peers every so many turns. */
#define LOOK_TURNS (1u << 16)

#define EVENTS 16

static int
watch(struct hub *h, int fd, void *ptr)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = ptr};

	return epoll_ctl(h->epoll_fd, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

int
hub_init(struct hub *h, enum idle_policy p, uint64_t spin_ns,
	struct hub_count *count)
{
	int rc;

	memset(h, 0, sizeof(*h));
	h->count = count ? count : &h->counters;
	idle_init(&h->idle, p, spin_ns);
	h->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (h->epoll_fd < 0)
		return -errno;
	h->poke_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (h->poke_fd < 0) {
		rc = -errno;
		goto close_epoll;
	}
	rc = watch(h, h->poke_fd, h);
	if (!rc)
		return 0;
	close(h->poke_fd);
close_epoll:
	close(h->epoll_fd);
	return rc;
}

void
hub_fini(struct hub *h)
{
	close(h->poke_fd);
	close(h->epoll_fd);
}

int
hub_watch(struct hub *h, int fd)
{
	return watch(h, fd, NULL);
}

void
hub_look(struct hub *h, uint64_t every_ns)
{
	uint64_t cycles = clock_cycles_from_ns(every_ns);

	if (h->idle.spin_cycles < cycles)
		h->idle.spin_cycles = cycles;
}

int
hub_add(struct hub *h, struct edge *e)
{
	if (h->edges == LIMIT_CORES)
		return -ENOSPC;
	if (e->bell_in >= 0) {
		int rc = watch(h, e->bell_in, e);

		if (rc)
			return rc;
	}
	h->edge[h->edges++] = e;
	return 0;
}

void
hub_remove(struct hub *h, struct edge *e)
{
	for (unsigned i = 0; i < h->edges; i++) {
		if (h->edge[i] != e)
			continue;
		if (e->bell_in >= 0)
			epoll_ctl(h->epoll_fd, EPOLL_CTL_DEL, e->bell_in, NULL);
		h->edge[i] = h->edge[--h->edges];
		return;
	}
}

static void
drop(struct hub *h, struct edge *e)
{
	hub_remove(h, e);
	if (h->on_down)
		h->on_down(h->arg, e);
}

unsigned
hub_serve(struct hub *h)
{
	unsigned work = 0;

	if (unlikely(atomic_load_32(&h->poked))) {
		atomic_store_32(&h->poked, 0);
		atomic_full_fence();
		if (h->on_poke)
			h->on_poke(h->arg);
	}
	for (unsigned i = 0; i < h->edges; i++) {
		struct edge *e = h->edge[i];

		work += edge_serve(e, LIMIT_BURST);
		if (unlikely(e->down)) {
			drop(h, e);
			i--; /* another one stands in its place */
		}
	}
	return work;
}

void
hub_flush(struct hub *h)
{
	for (unsigned i = 0; i < h->edges; i++)
		edge_flush(h->edge[i]);
}

/* Also of a poke that was seen before it rang: else it would end every sleep
 * to come. */
static void
hush_poke(struct hub *h)
{
	uint64_t v;

	while (read(h->poke_fd, &v, sizeof(v)) < 0 && errno == EINTR)
		;
}

/* What the kernel has to say; waits for it for up to `ms`. Returns whether
 * there was anything. */
static bool
listen_to_kernel(struct hub *h, int ms)
{
	struct epoll_event ev[EVENTS];
	int n = epoll_wait(h->epoll_fd, ev, EVENTS, ms);

	for (int i = 0; i < n; i++) {
		struct edge *e = ev[i].data.ptr;
		if (ev[i].data.ptr == h) {
			hush_poke(h);
			continue;
		}
		/* The ringer is gone: serve what it left, as far as that is
		 * possible, then go down. */
		if (e && !bell_hush(e->bell_in) && !edge_pending(e))
			e->down = EDGE_PEER_GONE;
	}
	return n > 0;
}

static bool
pending(struct hub *h)
{
	if (atomic_load_32(&h->poked))
		return true;
	for (unsigned i = 0; i < h->edges; i++)
		if (edge_pending(h->edge[i]))
			return true;
	return false;
}

static int
sleep_ms(uint64_t deadline)
{
	uint64_t now = clock_ns(), ms;

	if (deadline == UINT64_MAX)
		return LIMIT_SLEEP_MS;
	if (deadline <= now)
		return 0;
	ms = (deadline - now + 999999) / 1000000;
	return ms < LIMIT_SLEEP_MS ? (int)ms : LIMIT_SLEEP_MS;
}

static void
fall_asleep(struct hub *h, uint64_t deadline)
{
	int ms = sleep_ms(deadline);
	uint64_t t;

	if (h->on_sleep)
		h->on_sleep(h->arg);
	for (unsigned i = 0; i < h->edges; i++)
		edge_fall_asleep(h->edge[i]);
	if (h->own_fence)
		atomic_full_fence();
	else
		cpu_heavy_fence();
	if (!pending(h)) {
		t = clock_ns();
		atomic_store_rel_64(&h->count->asleep_since, t);
		/* A sleep that nothing ended needs no spinning after it. */
		h->fresh_sleep = !listen_to_kernel(h, ms);
		h->count->sleeps++;
		/* In this order nobody sees this sleep twice. */
		atomic_store_rel_64(&h->count->asleep_since, 0);
		atomic_store_rel_64(&h->count->asleep_ns,
			h->count->asleep_ns + clock_ns() - t);
	}
	for (unsigned i = 0; i < h->edges; i++)
		edge_wake(h->edge[i]);
}

/* Somebody who may have something to do, and no other CPU to do it on. */
static bool
sharer_is_awake(const struct hub *h)
{
	for (unsigned i = 0; i < h->edges; i++)
		if (!edge_peer_sleeps(h->edge[i]))
			return true;
	return false;
}

static void
rest(struct hub *h, uint64_t deadline)
{
	bool yields = h->idle.policy == IDLE_SHARING && sharer_is_awake(h);

	if (!yields && !idle_turn(&h->idle) && !h->fresh_sleep)
		return;
	if (h->idle.policy <= IDLE_YIELD)
		return;
	fall_asleep(h, deadline);
	h->idle.since = 0;
}

void
hub_idle(struct hub *h, unsigned work, uint64_t deadline)
{
	h->count->turns++;
	if (unlikely(++h->turn % LOOK_TURNS == 0))
		listen_to_kernel(h, 0);
	if (likely(work)) {
		uint64_t now = clock_cycles();

		if (h->began)
			h->count->busy_cycles += now - h->began;
		h->began = now;
		h->count->busy_turns++;
		h->idle.since = 0;
		h->fresh_sleep = false;
		return;
	}
	rest(h, deadline);
	h->began = clock_cycles();
}

void
hub_poke(struct hub *h)
{
	uint64_t one = 1;

	atomic_store_32(&h->poked, 1);
	if (write(h->poke_fd, &one, sizeof(one)) < 0)
		return; /* full: it wakes anyhow */
}
