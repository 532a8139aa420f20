/* SPDX-License-Identifier: Apache-2.0 */
/* takt log digest: a row for each stream that virtual time makes the same again, and one for them all.
 *
 * FNV-1a of 64 bits over the records as they were written: to tell runs apart, no protection against forgery. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rt/base/json.h"
#include "rt/main/commands.h"
#include "rt/main/log_find.h"
#include "rt/main/log_scan.h"

#define FNV_OFFSET UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

struct digest {
	uint64_t hash;
	uint64_t records;
};

struct digests {
	const struct takt_log *log;
	struct digest *streams;		/* [count] */
	uint32_t count;
};

static void put_bytes(struct digest *digest, const void *bytes, size_t size_bytes)
{
	const unsigned char *at = bytes;
	uint64_t hash = digest->hash;

	for (size_t i = 0; i < size_bytes; i++) {
		hash = (hash ^ at[i]) * FNV_PRIME;
	}
	digest->hash = hash;
}

/* What the main thread, taktd and a crash say is of this process and its surroundings. */
static bool is_repeatable(const struct takt_log_stream *stream)
{
	static const char *const others[] = { "main", "crash", "recorder" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strcmp(stream->name, others[i]) == 0) {
			return false;
		}
	}
	return true;
}

static bool takes(const struct takt_scan *scan, const struct takt_log_record *record)
{
	const struct digests *digests = scan->user;

	return record->stream < digests->count &&
	       is_repeatable(takt_log_stream_at(digests->log, record->stream));
}

static void put(struct takt_scan *scan, const struct takt_log_record *record)
{
	const struct digests *digests = scan->user;

	put_bytes(&digests->streams[record->stream], record->bytes, record->bytes_count);
	digests->streams[record->stream].records++;
}

static void print_row(struct takt_out *out, const char *name, const struct digest *digest)
{
	char hash[24];

	snprintf(hash, sizeof(hash), "%016" PRIx64, digest->hash);
	takt_out_row_begin(out);
	if (out->form == TAKT_FORM_SHORT) {
		takt_out_put_padded(&out->text, name, 24);
		takt_text_buffer_printf(&out->text, " %10" PRIu64 "  %s\n", digest->records, hash);
	} else if (out->form == TAKT_FORM_CSV) {
		takt_csv_puts(&out->text, name);
		takt_text_buffer_printf(&out->text, ",%" PRIu64 ",%s", digest->records, hash);
	} else {
		takt_out_text_member(&out->text, "{\"stream\":", name);
		takt_out_u64_member(&out->text, ",\"records\":", digest->records);
		takt_out_text_member(&out->text, ",\"digest\":", hash);
		takt_text_buffer_puts(&out->text, "}");
	}
	takt_out_row_end(out);
}

static void print(struct takt_out *out, const struct digests *digests)
{
	struct digest all = { FNV_OFFSET, 0 };

	if (out->form == TAKT_FORM_SHORT) {
		takt_text_buffer_printf(&out->text, "%-24s %10s  %s\n", "stream", "records", "digest");
	} else if (out->form == TAKT_FORM_CSV) {
		takt_text_buffer_puts(&out->text, "stream,records,digest\r\n");
	}
	for (uint32_t i = 0; i < digests->count; i++) {
		const char *name = takt_log_stream_at(digests->log, i)->name;
		const struct digest *digest = &digests->streams[i];

		if (digest->records > 0) {
			print_row(out, name, digest);
			put_bytes(&all, name, strlen(name) + 1);
			put_bytes(&all, digest, sizeof(*digest));
			all.records += digest->records;
		}
	}
	print_row(out, "all", &all);
}

int takt_log_command_digest(const struct takt_log_args *args)
{
	struct digests digests = { 0 };
	struct takt_out out;
	struct takt_scan scan = { .args = args, .out = &out, .show = put, .takes = takes, .user = &digests,
		.kinds = 1u << TAKT_LOG_COPPERLIST | 1u << TAKT_LOG_TEXT, .task = TAKT_LOG_NONE };
	int status = takt_log_find(args, &scan.log), written;

	if (status != TAKT_EXIT_OK) {
		return status;
	}
	digests.log = scan.log;
	while (takt_log_stream_at(scan.log, digests.count)) {
		digests.count++;
	}
	digests.streams = calloc(digests.count + 1, sizeof(digests.streams[0]));
	if (!digests.streams) {
		fputs("takt: no memory\n", stderr);
		takt_log_close(scan.log);
		return TAKT_EXIT_ERROR;
	}
	for (uint32_t i = 0; i < digests.count; i++) {
		digests.streams[i].hash = FNV_OFFSET;
	}
	takt_out_init(&out, args->form);
	status = takt_scan_run(&scan);
	if (scan.shown > 0) {
		print(&out, &digests);
	}
	written = takt_out_fini(&out);
	free(digests.streams);
	takt_log_close(scan.log);
	return status ? status : written;
}
