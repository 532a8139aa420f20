/* SPDX-License-Identifier: Apache-2.0 */
/* Prints a log of the fault graphs, a record a line, for tests:
 *
 *     C <cycle> <tick number or -> <payload right: 1 0 -> <messages>
 *     T <cycle> <level> <task or -> <text>
 *     L <cycle> <event> <task or -> <value0> <value1> <value2> <value3> <text>
 *     R <stream> <kind> <cycle> <CRC32C of the record's bytes>      instead of these, with --raw
 *     D <kind> <what>                       damage
 *     S <state> <records> <mono ns of the first copperlist> <of the last>       last line */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <takt/log.h>

#include "rt/base/crc32c.h"

struct tick {			/* as in plugins/faults.c */
	uint64_t number;
	uint64_t inverse;
	uint32_t count;
	uint8_t at[65536];
};

static const char *task_id(const struct takt_log *log, uint32_t task)
{
	const struct takt_log_task *t = takt_log_task_at(log, task);

	return t ? t->id : "-";
}

static int is_right(const struct tick *tick, uint32_t bytes)
{
	if (tick->inverse != ~tick->number || 20 + tick->count > bytes) {
		return 0;
	}
	for (uint32_t i = 0; i < tick->count; i++) {
		if (tick->at[i] != (uint8_t)tick->number) {
			return 0;
		}
	}
	return 1;
}

static void print_copperlist(const struct takt_log *log, const struct takt_log_record *r)
{
	const struct takt_log_copperlist *cl = r->copperlist;

	for (uint32_t i = 0; i < cl->message_count; i++) {
		const struct takt_log_output *o = takt_log_output_at(log, cl->messages[i].output);
		const struct tick *tick = cl->messages[i].payload;

		if (o && tick && strcmp(task_id(log, o->task), "ticker") == 0) {
			printf("C %" PRIu64 " %" PRIu64 " %d %u\n", r->cycle, tick->number,
			       is_right(tick, cl->messages[i].payload_bytes), cl->message_count);
			return;
		}
	}
	printf("C %" PRIu64 " - - %u\n", r->cycle, cl->message_count);
}

static void print_record(const struct takt_log *log, const struct takt_log_record *r)
{
	char text[8192];

	takt_log_text_format(log, r, text, sizeof(text));
	if (r->kind == TAKT_LOG_COPPERLIST) {
		print_copperlist(log, r);
	} else if (r->kind == TAKT_LOG_TEXT) {
		printf("T %" PRIu64 " %s %s %s\n", r->cycle, takt_log_level_name(r->text->level),
		       task_id(log, r->text->task), text);
	} else {
		printf("L %" PRIu64 " %s %s %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %s\n",
		       r->cycle, r->lifecycle->name, task_id(log, r->lifecycle->task),
		       r->lifecycle->values[0], r->lifecycle->values[1], r->lifecycle->values[2],
		       r->lifecycle->values[3], r->lifecycle->text);
	}
}

static void print_raw(const struct takt_log *log, const struct takt_log_record *r)
{
	printf("R %s %u %" PRIu64 " %08" PRIx32 "\n", takt_log_stream_at(log, r->stream)->name, r->kind, r->cycle,
	       takt_crc32c(0, r->bytes, r->bytes_count));
}

int main(int argc, char **argv)
{
	const int raw = argc > 2 && strcmp(argv[2], "--raw") == 0;
	const int live = argc > 2 && !raw;
	const struct takt_log_options options = { sizeof(options), live ? 1u : 0u, live ? argv[2] : NULL };
	struct takt_log_error error = { 0 };
	struct takt_log *log;
	struct takt_log_cursor *cursor;
	const struct takt_log_record *record;
	const struct takt_log_damage *damage;
	uint64_t records = 0, first_ns = 0, last_ns = 0;
	int r;

	if (argc < 2 || takt_log_open(argv[1], &options, &log, &error) < 0 ||
	    takt_log_cursor_create(log, NULL, &cursor, &error) < 0) {
		fprintf(stderr, "logdump: %s\n", argc < 2 ? "LOG [RUN-DIR]" : error.text);
		return 1;
	}
	while ((r = takt_log_next(cursor, &record, &error)) > 0) {
		if (raw) {
			print_raw(log, record);
		} else {
			print_record(log, record);
		}
		records++;
		if (record->kind == TAKT_LOG_COPPERLIST) {
			first_ns = first_ns ? first_ns : record->mono_ns;
			last_ns = record->mono_ns;
		}
	}
	for (uint32_t i = 0; (damage = takt_log_damage_at(log, i)); i++) {
		printf("D %u %s stream %u offset %" PRIu64 " seq %" PRIu64 "..%" PRIu64 "\n", damage->kind,
		       damage->what, damage->stream, damage->offset, damage->first_seq,
		       damage->last_seq);
	}
	printf("S %u %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", takt_log_info_of(log)->state, records,
	       first_ns, last_ns);
	takt_log_cursor_destroy(cursor);
	takt_log_close(log);
	return r < 0;
}
