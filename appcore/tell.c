/* tell.c - what the cores of one domain say to each other. */
#include <errno.h>

#include "appcore/appcore.h"
#include "dlibos/domain/mesh.h"

_Static_assert(DL_TELL_CORES == LIMIT_MATES, "what programs are told");

void
tell_rx(void *arg, struct edge *e, const struct msg *m, unsigned n)
{
	const struct mesh_end *end = arg;
	struct dl *dl = end->core->user;

	(void)e, (void)n;
	dl->count.told++;
	dl->program->told(dl, end->mate, m->conn, m->ref);
}

/* Room is a FIFO again, not only parking: else it would be used up one by
 * one. */
unsigned
tell_room(struct dl *dl)
{
	const struct mesh *mesh = dl->core->domain->mesh;
	unsigned n = 0;

	for (unsigned i = 0; i < mesh->cores; i++) {
		if (!dl->is_deaf[i] ||
			mesh_end(mesh, dl_core(dl), i)->edge.parked)
			continue;
		dl->is_deaf[i] = false;
		dl->deaf--;
		n++;
		if (dl->program->tell_room)
			dl->program->tell_room(dl, i);
	}
	return n;
}

int
dl_tell(struct dl *dl, unsigned core, uint32_t cookie, uint64_t value)
{
	struct mesh *mesh = dl->core->domain->mesh;
	struct msg m = {.type = MSG_TELL, .conn = cookie, .ref = value};

	if (core == dl_core(dl) || core >= dl_cores(dl) || value >> 63)
		return -EINVAL;
	if (!mesh)
		return -ENOTCONN;
	if (likely(edge_send(
		    &mesh_end(mesh, dl_core(dl), core)->edge, &m, 1))) {
		dl->count.tells++;
		return 0;
	}
	dl->count.tells_refused++;
	if (!dl->is_deaf[core]) {
		dl->is_deaf[core] = true;
		dl->deaf++;
	}
	return -EAGAIN;
}
