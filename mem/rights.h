/* rights.h - who may touch what. The table in rights.c is the whole policy:
 * the launcher hands descriptors over by it, and by nothing else. */
#ifndef MEM_RIGHTS_H
#define MEM_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>

enum role {
	ROLE_NET = 1,  /* a network domain */
	ROLE_APP = 2,  /* an application domain */
	ROLE_TOOL = 4, /* the launcher and whatever only looks */
	ROLE_NIC = 8,  /* the device, through the IOMMU */
};

enum part_kind {
	PART_RX,    /* received packets */
	PART_COPY,  /* what one of several applications received */
	PART_TXHDR, /* headers of what is sent */
	PART_APP,   /* what an application wants sent */
	PART_EDGE,  /* a domain's side of its edges to one other domain */
	PART_STAT,  /* statistics of a domain's cores */
	PART_KINDS
};

struct rights {
	const char *name;
	uint8_t writer;	 /* the role that makes it: the only one to write */
	uint8_t device;	 /* ROLE_NIC if the device writes it, too */
	uint8_t peers;	 /* roles of peer domains that read it */
	uint8_t others;	 /* further readers */
	bool one_reader; /* made for one peer domain, seen by no other */
	bool one_app;	 /* hidden where several applications may be */
	uint64_t bytes;	 /* its size, if the plan says nothing else */
};

extern const struct rights rights[PART_KINDS];

/* May a domain of role `reader` that has an edge with the writing domain map
 * it, read-only? copies: the writer may have several applications, so each gets
 * what it received copied. */
bool rights_peer_reads(enum part_kind kind, enum role reader, bool copies);

#endif
