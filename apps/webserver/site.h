/* site.h - documents in memory, each with the heads of its responses ready.
 *
 * A site is made once and never changes; any number of cores may read it. New
 * contents are a new site (a generation), loaded beside the old one. All that
 * is sent lies in memory of the caller's, from his `alloc`, so that it can be
 * memory which a network core is able to send from; the index is the
 * process's own.
 *
 * How long it must stay: pieces of an answer point into the site until the
 * last byte of them was acknowledged. So the caller counts, for each
 * generation, the answers under way, and calls site_free() when it has a newer
 * one and that count is 0.
 */
#ifndef APPS_WEBSERVER_SITE_H
#define APPS_WEBSERVER_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "apps/webserver/hash.h"

#define SITE_DEPTH    16   /* folders in folders */
#define SITE_PATH_MAX 1024 /* bytes of a document's path */
#define SITE_TAG_MAX  40   /* bytes of an entity tag, with its quotes */

/* A head but for the Date line and the empty line. It ends in "Connection:
 * close"; who goes on sends less of it. */
struct site_head {
	const char *p;
	uint16_t keep, close; /* bytes to send */
};

struct site_text {
	const char *p;
	size_t len;
};

struct site_doc {
	const char *path; /* decoded; or of a folder, with or without '/' */
	uint32_t path_len;
	uint16_t status; /* 200; or 301, then only `whole` and `body` count */
	uint8_t tag_len;
	char tag[SITE_TAG_MAX]; /* strong: of the contents */
	int64_t modified;
	struct site_head whole;	    /* 200, or 301 */
	struct site_head partial;   /* 206, without lengths */
	struct site_head unchanged; /* 304 */
	struct site_head beyond;    /* 416 */
	struct site_text body;
};

/* An answer that is no document. */
struct site_page {
	int status;
	struct site_head head;
	struct site_text body;
};

enum { SITE_PAGES = 12 };

/* Memory that can be sent from. alloc returns NULL when there is no more;
 * free gets what alloc returned, and may be NULL if site_free() and reloading
 * are not wanted. */
struct site_memory {
	void *(*alloc)(void *arg, size_t bytes);
	void (*free)(void *arg, void *p);
	void *arg;
};

struct site_slot;

struct site {
	struct site_memory memory;
	struct hash_key key;
	struct site_slot *slots; /* 2^n of them, half of them free at least */
	uint32_t mask;
	uint32_t count, room; /* of docs, of which some are names of others */
	struct site_doc *docs;
	void **blocks; /* what came from memory.alloc */
	uint32_t block_count, block_room;
	struct site_page pages[SITE_PAGES];
	struct site_text go_on; /* 100 Continue */
	struct site_text keep;	/* the line that HTTP/1.0 needs to go on */
};

struct site_config {
	struct site_memory memory;
	struct hash_key key; /* random, for the table */
	int64_t now;	     /* no document is newer */
	uint32_t max_files;
	uint64_t max_bytes; /* of all documents */
};

/* What was found. Names are left out and counted, each by its reason, and the
 * first of them named; or everything fails, and `why` is the line that says
 * so. */
struct site_report {
	uint32_t files, folders;
	uint64_t bytes;
	uint32_t links;	     /* leave the root, or lead round in a circle */
	uint32_t hidden;     /* begin with a dot; .well-known does not count */
	uint32_t special;    /* neither file nor folder */
	uint32_t unreadable; /* for this user */
	uint32_t names;	     /* with control bytes in them */
	char first[SITE_PATH_MAX];
	char why[256];
};

/* Reads a folder. 0; or -errno, *out unchanged, nothing kept. Reads files, so
 * it takes its time: before the start, or on a thread of its own. */
int site_load(struct site **out, const char *folder,
	const struct site_config *config, struct site_report *report);

/* Any thread that may free the memory; NULL is nothing. */
void site_free(struct site *s);

/* The document at a path, or NULL. No allocation, no lock. */
const struct site_doc *site_find(
	const struct site *s, const char *path, size_t len);

/* The page for a status; 500's if there is none. */
const struct site_page *site_page(const struct site *s, int status);

#endif
