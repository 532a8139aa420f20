/* SPDX-License-Identifier: Apache-2.0 */
/* The catalog: everything needed to read a recording, in every segment of it.
 *
 * takt-rt encodes it once before the first cycle (CBOR, one map, keys as text) and publishes the bytes
 * in the shared region; taktd copies them into each segment as they are; readers decode them. Unknown
 * keys are skipped, so that later versions can add. */
#ifndef TAKT_MSG_CATALOG_H
#define TAKT_MSG_CATALOG_H

#include <takt/text.h>
#include <takt/type.h>

#include "rt/base/err.h"
#include "rt/base/tags.h"

#define TAKT_CATALOG_VERSION 1u
#define TAKT_CATALOG_BYTES_MAX (64u << 20)

enum takt_stream_kind { TAKT_STREAM_COPPERLISTS = 1, TAKT_STREAM_EVENTS = 2 };

struct takt_catalog_stream {		/* index = stream number */
	const char *name;		/* "lane0", "lane0.events", "io.nmea", "main", "crash" */
	uint32_t kind;			/* enum takt_stream_kind; events: text, lifecycle, errors */
	uint32_t lane;			/* of copperlists */
};

struct takt_catalog_task {		/* index = task number = plan order */
	const char *id;
	const char *type;
	const char *plugin;
	const char *exec;		/* "lane", "io", "background" */
	const char *params;		/* effective ones as JSON text */
	uint32_t kind;			/* enum takt_kind */
	uint32_t every;
	uint32_t offset;
};

struct takt_catalog_output {		/* index = output number, as in the copperlists' rows */
	uint32_t task;
	const char *port;
	uint32_t type;			/* index into types */
	uint32_t slots;			/* messages per cycle at most */
	bool recorded;
};

struct takt_catalog_connection {
	uint32_t output;
	uint32_t task;
	const char *port;
	uint32_t delay;			/* cycles: 0 or 1 */
	uint64_t hold_ns;		/* 0: none */
};

struct takt_catalog_format {		/* index = number of the text site */
	const char *format;
	const char *file;
	const char *tags;		/* one character an argument, see takt/text.h */
	uint32_t line;
	uint32_t level;
};

struct takt_catalog_fact {		/* build, host, kernel, isolation, what was missing */
	const char *key;
	const char *value;
};

struct takt_catalog {
	const char *graph;
	const char *config;		/* effective graph file, YAML text */
	const char *config_path;
	uint64_t period_ns;		/* 0: free running */
	uint64_t counter_hz;		/* of the copperlists' counter */
	uint64_t origin_mono_ns;	/* CLOCK_MONOTONIC and CLOCK_REALTIME at the run's start */
	int64_t origin_real_ns;
	const struct takt_type **types;	/* nested ones included, a type behind those it contains */
	uint32_t type_count;
	uint32_t stream_count;
	const struct takt_catalog_stream *streams;
	const struct takt_catalog_task *tasks;
	const struct takt_catalog_output *outputs;
	const struct takt_catalog_connection *connections;
	const struct takt_catalog_format *formats;
	const struct takt_catalog_fact *facts;
	uint32_t task_count;
	uint32_t output_count;
	uint32_t connection_count;
	uint32_t format_count;
	uint32_t fact_count;
};

/* Encode into a new buffer (free()). A text may be NULL; what is no UTF-8 in it is replaced.
 * Returns 0, -ENOMEM, -E2BIG above TAKT_CATALOG_BYTES_MAX, -EINVAL (takt_layouts_create).  [setup] */
TAKT_SETUP int takt_catalog_encode(const struct takt_catalog *catalog, void **ret_bytes,
				   uint32_t *ret_size_bytes, struct takt_err *err);

/* Decode outside input. Every index is checked, every type laid out. All pointers are
 * freed by takt_catalog_destroy; texts are never NULL, and types carry bytes and align.
 * Returns 0, -EBADMSG with the place, -EPROTO (written by a newer takt), -ENOMEM.  [bg] */
TAKT_BG int takt_catalog_decode(const void *bytes, uint32_t size_bytes,
				struct takt_catalog **ret_catalog, struct takt_err *err);
TAKT_BG void takt_catalog_destroy(struct takt_catalog *catalog);

#endif
