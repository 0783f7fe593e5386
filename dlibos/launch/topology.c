/* topology.c - the processors of a machine, as plain arrays. */
#include "dlibos/launch/topology.h"
#include "dlibos/launch/text.h"

#include <errno.h>
#include <hwloc.h>
#include <stdbool.h>
#include <string.h>

/* hwloc's logical numbers have holes once PUs are left out; this makes them
 * dense. The PUs come in logical order, so that equal ones are neighbours. */
struct dense {
	hwloc_obj_t last;
	unsigned count;
};

static int
dense_number(struct dense *d, hwloc_obj_t obj)
{
	if (!obj)
		return -1;
	if (obj != d->last || !d->count) {
		d->last = obj;
		d->count++;
	}
	return (int)d->count - 1;
}

/* Small guests show PUs and nothing else: then a PU is its own core. */
static hwloc_obj_t
core_of(hwloc_topology_t hw, hwloc_obj_t pu)
{
	hwloc_obj_t core =
		hwloc_get_ancestor_obj_by_type(hw, HWLOC_OBJ_CORE, pu);

	return core ? core : pu;
}

static unsigned
count_nodes(const struct topology *t)
{
	unsigned n = 0, j;

	for (unsigned i = 0; i < t->pus; i++) {
		for (j = 0; j < i && t->pu[j].node != t->pu[i].node; j++)
			;
		n += j == i;
	}
	return n;
}

static int
fill(struct topology *t, hwloc_topology_t hw, hwloc_const_cpuset_t usable)
{
	struct dense cores = {0}, l3s = {0}, packages = {0};
	hwloc_obj_t obj = NULL;

	while ((obj = hwloc_get_next_obj_by_type(hw, HWLOC_OBJ_PU, obj))) {
		struct topology_pu *pu = &t->pu[t->pus];
		int node = hwloc_bitmap_first(obj->nodeset);

		if (!hwloc_bitmap_isset(usable, obj->os_index))
			continue;
		if (t->pus == TOPOLOGY_PUS)
			return -E2BIG;
		pu->os = (int)obj->os_index;
		pu->core = dense_number(&cores, core_of(hw, obj));
		pu->smt = 0;
		if (t->pus && pu[-1].core == pu->core)
			pu->smt = pu[-1].smt + 1;
		pu->l3 = dense_number(&l3s,
			hwloc_get_ancestor_obj_by_type(
				hw, HWLOC_OBJ_L3CACHE, obj));
		pu->node = node < 0 ? 0 : node;
		pu->package = dense_number(&packages,
			hwloc_get_ancestor_obj_by_type(
				hw, HWLOC_OBJ_PACKAGE, obj));
		if (pu->package < 0)
			pu->package = 0;
		t->pus++;
	}
	t->cores = cores.count;
	t->l3s = l3s.count;
	t->packages = packages.count ? packages.count : 1;
	t->nodes = count_nodes(t);
	return t->pus ? 0 : -EIO;
}

/* The thread's affinity: what a taskset or a container's cpuset leaves. */
static int
fill_usable(struct topology *t, hwloc_topology_t hw, const char *synthetic)
{
	hwloc_bitmap_t usable = hwloc_bitmap_alloc();
	int rc;

	if (!usable)
		return -ENOMEM;
	if (synthetic ||
		hwloc_get_cpubind(hw, usable, HWLOC_CPUBIND_THREAD) < 0)
		hwloc_bitmap_fill(usable);
	rc = fill(t, hw, usable);
	hwloc_bitmap_free(usable);
	return rc;
}

int
topology_load(
	struct topology *t, const char *synthetic, char *err, size_t errlen)
{
	hwloc_topology_t hw;
	int rc;

	memset(t, 0, sizeof(*t));
	if (hwloc_topology_init(&hw) < 0)
		return text_explain(
			-ENOMEM, err, errlen, "topology: no memory for hwloc");
	if (synthetic && hwloc_topology_set_synthetic(hw, synthetic) < 0) {
		hwloc_topology_destroy(hw);
		return text_explain(-EINVAL, err, errlen,
			"topology '%s' is not an hwloc synthetic string: write "
			"it like 'numa:4 l3:1 core:9 pu:1'",
			synthetic);
	}
	rc = hwloc_topology_load(hw) < 0 ? -EIO : fill_usable(t, hw, synthetic);
	hwloc_topology_destroy(hw);
	if (rc == -E2BIG)
		return text_explain(rc, err, errlen,
			"topology: more than %d CPUs: start with fewer, by "
			"taskset(1)",
			TOPOLOGY_PUS);
	if (rc)
		return text_explain(rc, err, errlen,
			"topology: hwloc finds no usable CPU: see what "
			"lstopo(1) shows (%s)",
			strerror(-rc));
	return 0;
}

void
topology_spare(struct topology *t)
{
	struct topology_pu first = t->pu[0];
	unsigned n = 0;
	bool l3, package;

	if (t->cores < 2)
		return;
	while (t->pu[n].core == first.core)
		n++;
	t->pus -= n;
	memmove(t->pu, t->pu + n, t->pus * sizeof(*t->pu));
	/* Numbers go on being dense. */
	l3 = t->pu[0].l3 != first.l3;
	package = t->pu[0].package != first.package;
	for (unsigned i = 0; i < t->pus; i++) {
		t->pu[i].core--;
		t->pu[i].l3 -= l3;
		t->pu[i].package -= package;
	}
	t->cores--;
	t->l3s -= l3;
	t->packages -= package;
	t->nodes = count_nodes(t);
}

int
topology_group(const struct topology *t, unsigned i, enum topology_level level)
{
	switch (level) {
	case TOPOLOGY_L3:
		return t->pu[i].l3;
	case TOPOLOGY_NODE:
		return t->pu[i].node;
	case TOPOLOGY_MACHINE:
		break;
	}
	return 0;
}
