/* SPDX-License-Identifier: Apache-2.0 */
/* The catalog of a run as the public tables of <takt/log.h>. */
#ifndef TAKT_LOGS_READ_TABLES_H
#define TAKT_LOGS_READ_TABLES_H

#include <takt/log.h>

#include "rt/msg/catalog.h"

struct takt_log_tables {
	struct takt_catalog *catalog;	/* owned; all strings are its */
	struct takt_log_stream *streams;
	struct takt_log_task *tasks;
	struct takt_log_output *outputs;
	struct takt_log_connection *connections;
	struct takt_log_format *formats;
	struct takt_log_fact *facts;
	struct takt_log_type *types;
	uint32_t list_stream_count;	/* streams of copperlists: parts of a cycle */
	struct takt_log_place *places;	/* of all types, one behind the other */
};

/* Decode the catalog in @bytes. Returns 0, -EBADMSG, -ENOMEM; on failure @tables is empty.  [bg] */
int takt_log_tables_init(struct takt_log_tables *tables, const void *bytes, uint32_t size_bytes,
			 const char *path, struct takt_log_error *error);
void takt_log_tables_fini(struct takt_log_tables *tables);

#endif
