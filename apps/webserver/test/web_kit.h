/* web_kit.h - a folder of documents for a test, and memory that knows what it
 * has given.
 */
#ifndef APPS_WEBSERVER_TEST_WEB_KIT_H
#define APPS_WEBSERVER_TEST_WEB_KIT_H

#include "apps/webserver/http_answer.h"
#include "apps/webserver/site.h"

#define KIT_BLOCKS 512
#define KIT_TIME   784111777 /* of all files: Sun, 06 Nov 1994 08:49:37 GMT */
#define KIT_NOW	   (KIT_TIME + 1000)
#define KIT_DATE   "Date: Sun, 06 Nov 1994 09:06:17 GMT\r\n\r\n"

struct kit {
	char folder[64];
	struct {
		char *p;
		size_t len;
	} block[KIT_BLOCKS];
	unsigned given, live; /* blocks */
	unsigned most;	      /* that are given; then NULL */
	struct site_config config;
	struct site_report report;
	struct site *site;
	struct http_clock clock;
	char *slots;
	char room[HTTP_ROOM];
};

/* An empty folder in a temporary place; ends the program if that fails. */
void kit_begin(struct kit *k);

/* The documents are loaded, their folder is not needed any more. */
void kit_remove_folder(struct kit *k);

/* Frees the site, removes the folder. Checks that all memory came back. */
void kit_end(struct kit *k);

/* A file with its folders; the path is relative. */
void kit_file(struct kit *k, const char *path, const char *bytes, size_t len);
void kit_text(struct kit *k, const char *path, const char *text);
void kit_link(struct kit *k, const char *path, const char *target);
void kit_full_path(const struct kit *k, const char *path, char to[256]);

/* Loads the folder; what site_load() returns. */
int kit_load(struct kit *k);

/* Whether each piece lies in memory that may be sent. */
bool kit_owns(const struct kit *k, const struct http_answer *a);

#endif
