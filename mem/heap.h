/* heap.h - what a program allocates for sending: objects of any size in the
 * partition that it writes and its net cores read.
 *
 * The heap never reads or writes the partition: readers find data there and
 * nothing else, and a stray store of the program cannot hurt the heap. All
 * bookkeeping is private memory, taken at heap_init() and touched only as the
 * partition gets used (1 to 3 % of what is in use, 9 % if all of it is 16-byte
 * objects; in address space 9 % of the partition).
 *
 * One thread owns a heap and makes all calls. After heap_init() there is no
 * system call. heap_alloc() and heap_free() are O(1): at worst the first sets
 * a slab of at most 16 pages up, or empties the one idle slab that each class
 * keeps, before it says NULL.
 *
 *	size		rounded up to		starts at a multiple of
 *	1..48		16			16
 *	49..512		64			64
 *	..32 KiB	1/8 of the power of 2	64
 *			below: waste < 12.5 %
 *	more		pages of 4 KiB		4096
 *
 * An object of a whole number of pages starts on a page. Fresh memory goes
 * out from low addresses upwards; of each class the object freed last is the
 * first to go out again, being the one that is in the cache.
 */
#ifndef MEM_HEAP_H
#define MEM_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dlibos/base/cacheline.h"
#include "mem/span.h"

#define HEAP_GRAIN	  16	/* bytes; all objects start at a multiple */
#define HEAP_SLAB_MAX	  32768 /* bytes; a larger object has its own pages */
#define HEAP_SLAB_OBJECTS 256
#define HEAP_SMALL	  1024 /* bytes; a table knows its class */
#define HEAP_CLASSES	  59

/* A span cut into objects of one class. */
struct heap_slab {
	uint64_t live[HEAP_SLAB_OBJECTS / 64]; /* a bit per object */
	uint64_t offset;		       /* of its first object */
	struct heap_class *class;	       /* NULL: this is no slab now */
	uint32_t nfree;
	uint16_t mark;	  /* heap_alloc() looks closer if nfree gets here */
	uint16_t objects; /* that fit */
	uint32_t next;	  /* with room, of the same class; or unused */
	uint32_t prev;	  /* the first one's says nothing */
	uint8_t free[HEAP_SLAB_OBJECTS]; /* a stack of numbers */
} CACHELINE_ALIGNED;

#define HEAP_NO_SLAB UINT32_MAX

struct heap_class {
	struct heap_slab *avail; /* slabs with room, the one used last first */
	struct heap_slab *spare; /* if one of them is empty, it is this one */
	uint64_t live;		 /* objects */
	uint32_t size;		 /* bytes of an object */
	uint32_t recip;		 /* 2^32 / size, rounded up */
	uint32_t pages;		 /* of a slab */
};

/* Why heap_free() refused. */
enum heap_bad {
	HEAP_BAD_FOREIGN,  /* nothing was ever handed out there */
	HEAP_BAD_INTERIOR, /* inside a live object, not at its start */
	HEAP_BAD_DOUBLE,   /* an object started there and was freed */
	HEAP_BAD_REASONS
};

struct heap {
	unsigned char *base;
	uint64_t bytes;		    /* whole pages */
	struct heap_slab **slab_of; /* by page; NULL for none */
	struct heap_slab *slabs;
	uint64_t *ever;	     /* a bit per grain: an object started there once */
	uint32_t unused;     /* list of records */
	uint32_t slabs_made; /* the others were never used */
	uint8_t class_of[HEAP_SMALL / HEAP_GRAIN + 1]; /* by grains */
	struct heap_class classes[HEAP_CLASSES];
	struct spans spans;
	uint64_t large; /* live objects with pages of their own, */
	uint64_t large_bytes;
	uint64_t failures;
	uint64_t bad[HEAP_BAD_REASONS];
	void *mem;
	size_t mem_bytes;
};

struct heap_stats {
	uint64_t bytes_live; /* by heap_size(), not by what was asked for */
	uint64_t objects_live;
	uint64_t bytes_spans; /* in live objects and slabs: the rest is free */
	uint64_t failures;    /* heap_alloc() said NULL */
	uint64_t bad[HEAP_BAD_REASONS]; /* heap_free() refused */
};

/* A heap over [base, base + size), which must stay mapped as long as somebody
 * uses the objects; the heap itself does not care. base is page aligned, size
 * is cut to whole pages, 4 KiB to LIMIT_PART_MAX. *h must not move afterwards.
 * 0, -EINVAL or -ENOMEM; on failure there is nothing to undo. */
int heap_init(struct heap *h, void *base, uint64_t size);

/* Gives the bookkeeping back, whatever is live. Not the partition. */
void heap_fini(struct heap *h);

/* An object of at least size bytes (0 is taken as 1), contents undefined, or
 * NULL if there is no room, which is counted. */
void *heap_alloc(struct heap *h, size_t size);

/* 0, and the object is free. Otherwise nothing changes but a count:
 * -EALREADY if an object that started at p was freed and nothing lies there
 * now, -EINVAL if p never was an object (NULL, outside, never handed out) or
 * is inside a live one. What cannot be seen: a second free after the memory
 * was handed out again from the same address. */
int heap_free(struct heap *h, void *p);

/* Bytes that may be used of the live object that starts at p; 0 if none. */
size_t heap_size(const struct heap *h, const void *p);

/* Whether [p, p + len) lies inside one live object, for any p and len. With
 * len 0: whether p does. */
bool heap_owns_range(const struct heap *h, const void *p, size_t len);

void heap_stats(const struct heap *h, struct heap_stats *stats);

/* heap_check.c: whether all invariants hold; walks everything, for tests. */
bool heap_check(const struct heap *h);

#endif
