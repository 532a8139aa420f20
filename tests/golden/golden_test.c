/* SPDX-License-Identifier: Apache-2.0 */
/* Logs of every format version that was ever written, read by today's reader: all they say is
 * compared with a text that was written with them.
 *
 * A directory format-N holds the segments and expected.txt. It is made once, when version N is new,
 * with
 *     golden_test --make tests/golden/format-N
 * (format-1-index, when index chunks came, with --make-indexed) and never again: a reader that says something else about it has broken the format. */
#include <dirent.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <takt/log.h>

#include "rt/base/tags.h"
#include "tests/unit/big_log.h"
#include "tests/unit/log_maker.h"
#include "tests/unit/unit.h"

/* --- a log as text --------------------------------------------------------------------------- */

static void put_hex(FILE *out, const void *bytes, uint32_t count)
{
	const unsigned char *at = bytes;

	for (uint32_t i = 0; i < count; i++) {
		fprintf(out, "%02x", at[i]);
	}
}

static void put_type(FILE *out, const struct takt_log_type *type)
{
	fprintf(out, "type %s \"%s\" hash %016" PRIx64 ", %u bytes, %u fixed\n", type->type->name,
		type->type->doc, type->hash, type->bytes, type->fixed_bytes);
	for (uint32_t f = 0; f < type->type->field_count; f++) {
		const struct takt_field *field = &type->type->fields[f];
		const struct takt_log_place *place = &type->places[f];

		fprintf(out, "  %s [%s] \"%s\": scalar %u, shape %u, length %u, at %u, items at %u "
			"of %u bytes, of %d\n", field->name, field->unit, field->doc, field->scalar,
			field->shape, field->length, place->offset_bytes, place->items_offset_bytes,
			place->item_bytes, (int)place->of);
		for (uint32_t v = 0; field->names && v < field->names->value_count; v++) {
			fprintf(out, "    %s %s = %d\n", field->names->name,
				field->names->values[v].name, field->names->values[v].value);
		}
	}
}

static void put_graph(FILE *out, const struct takt_log *log)
{
	const struct takt_log_connection *connection;
	const struct takt_log_output *output;
	const struct takt_log_task *task;

	for (uint32_t i = 0; (task = takt_log_task_at(log, i)) != NULL; i++) {
		fprintf(out, "task %s: %s of %s, %s, kind %u, every %u + %u, %s\n", task->id,
			task->type, task->plugin, task->exec, task->kind, task->every, task->offset,
			task->params);
	}
	for (uint32_t i = 0; (output = takt_log_output_at(log, i)) != NULL; i++) {
		fprintf(out, "output %u.%s: type %u, slots %u, recorded %u\n", output->task,
			output->port, output->type, output->slots, output->recorded);
	}
	for (uint32_t i = 0; (connection = takt_log_connection_at(log, i)) != NULL; i++) {
		fprintf(out, "connection %u -> %u.%s, delay %u, hold %" PRIu64 "\n",
			connection->output, connection->task, connection->port, connection->delay,
			connection->hold_ns);
	}
}

static void put_catalog(FILE *out, const struct takt_log *log)
{
	const struct takt_log_info *info = takt_log_info_of(log);
	const struct takt_log_format *format;
	const struct takt_log_stream *stream;
	const struct takt_log_type *type;
	const struct takt_log_fact *fact;

	fprintf(out, "graph %s, run %016" PRIx64 ", state %u, %u segments, %" PRIu64 " bytes\n",
		info->graph, info->run, info->state, info->segment_count, info->bytes);
	fprintf(out, "period %" PRIu64 ", counter %" PRIu64 ", start %" PRIu64 " %" PRId64
		", end %" PRIu64 ", cycles %" PRIu64 "..%" PRIu64 "\n", info->period_ns,
		info->counter_hz, info->start_mono_ns, info->start_real_ns, info->end_mono_ns,
		info->first_cycle, info->last_cycle);
	fprintf(out, "%" PRIu64 " chunks, %" PRIu64 " records, %" PRIu64 " copperlists, %" PRIu64
		" damages\n", info->chunk_count, info->record_count, info->copperlist_count,
		info->damage_count);
	fprintf(out, "machine %s, boot %s, config of %s:\n%s", info->machine_id, info->boot_id,
		info->config_path, info->config);
	for (uint32_t i = 0; (stream = takt_log_stream_at(log, i)) != NULL; i++) {
		fprintf(out, "stream %s: kind %u, lane %u, %" PRIu64 " chunks, %" PRIu64 " records, %"
			PRIu64 " bytes\n", stream->name, stream->kind, stream->lane,
			stream->chunk_count, stream->record_count, stream->bytes);
	}
	for (uint32_t i = 0; (type = takt_log_type_at(log, i)) != NULL; i++) {
		put_type(out, type);
	}
	put_graph(out, log);
	for (uint32_t i = 0; (format = takt_log_format_at(log, i)) != NULL; i++) {
		fprintf(out, "format \"%s\" (%s) %s:%u level %u\n", format->format, format->tags,
			format->file, format->line, format->level);
	}
	for (uint32_t i = 0; (fact = takt_log_fact_at(log, i)) != NULL; i++) {
		fprintf(out, "fact %s: %s\n", fact->key, fact->value);
	}
}

static void put_copperlist(FILE *out, const struct takt_log_copperlist *list)
{
	fprintf(out, " lane %u complete %u late %" PRIu64 " duration %" PRIu64 "\n", list->lane,
		list->complete, list->late_ns, list->duration_ns);
	for (uint32_t i = 0; i < list->task_count; i++) {
		fprintf(out, "  task %" PRIu64 "..%" PRIu64 " result %d flags %u\n",
			list->tasks[i].begin_mono_ns, list->tasks[i].end_mono_ns,
			list->tasks[i].result, list->tasks[i].flags);
	}
	for (uint32_t i = 0; i < list->message_count; i++) {
		const struct takt_log_message *m = &list->messages[i];

		fprintf(out, "  message of %u, stamp %" PRIu64 ", tov %u %" PRIu64 " %" PRIu64
			", status \"%s\", %s", m->output, m->stamp_mono_ns, m->tov.kind,
			m->tov.begin_ns, m->tov.end_ns, m->status, m->payload ? "" : "not recorded");
		if (m->payload) {
			put_hex(out, m->payload, m->payload_bytes);
		}
		fprintf(out, "\n");
	}
}

static void put_record(FILE *out, const struct takt_log *log, const struct takt_log_record *record)
{
	char line[256];

	fprintf(out, "%u/%u cycle %" PRIu64 " at %" PRIu64 " %" PRId64, record->kind, record->stream,
		record->cycle, record->mono_ns, record->real_ns);
	if (record->copperlist) {
		put_copperlist(out, record->copperlist);
		return;
	}
	takt_log_text_format(log, record, line, sizeof(line));
	if (record->text) {
		fprintf(out, " text level %u task %d format %u: %s\n", record->text->level,
			(int)record->text->task, record->text->format, line);
	} else {
		fprintf(out, " event %u %s task %d values %" PRId64 " %" PRId64 ": %s\n",
			record->lifecycle->event, record->lifecycle->name,
			(int)record->lifecycle->task, record->lifecycle->values[0],
			record->lifecycle->values[1], line);
	}
}

/* All that the log in @dir says; free() it. */
static char *describe(const char *dir)
{
	const struct takt_log_record *record;
	struct takt_log_error error = { 0 };
	struct takt_log_cursor *cursor;
	struct takt_log *log;
	char *text = NULL;
	size_t bytes = 0;
	FILE *out;

	if (takt_log_open(dir, NULL, &log, &error) < 0 ||
	    takt_log_cursor_create(log, NULL, &cursor, &error) < 0) {
		fprintf(stderr, "%s\n", error.text);
		return NULL;
	}
	out = open_memstream(&text, &bytes);
	TAKT_CHECK(out);
	put_catalog(out, log);
	while (takt_log_next(cursor, &record, &error) > 0) {
		put_record(out, log, record);
	}
	fprintf(out, "%s%" PRIu64 " damages\n", error.text, takt_log_info_of(log)->damage_count);
	fclose(out);
	takt_log_cursor_destroy(cursor);
	takt_log_close(log);
	return text;
}

/* --- reading and making ---------------------------------------------------------------------- */

static char *read_file(const char *path)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *file = fopen(path, "r"), *out;
	int c;

	if (!file) {
		return NULL;
	}
	out = open_memstream(&text, &bytes);
	TAKT_CHECK(out);
	while ((c = fgetc(file)) != EOF) {
		fputc(c, out);
	}
	fclose(out);
	fclose(file);
	return text;
}

/* The first line in which they differ. */
static void compare(const char *path, const char *is, const char *expected)
{
	for (uint32_t line = 1; *is || *expected; line++) {
		const size_t n = strcspn(is, "\n"), m = strcspn(expected, "\n");

		if (n != m || memcmp(is, expected, n) != 0) {
			fail_msg("%s:%u: expected: %.*s\n  it is: %.*s", path, line, (int)m, expected,
				 (int)n, is);
		}
		is += n + (is[n] == '\n');
		expected += m + (expected[m] == '\n');
	}
}

static void every_golden_log_says_what_it_always_said(void **state)
{
	const char *top = getenv("top_srcdir");
	char golden[PATH_MAX], path[PATH_MAX];
	struct dirent **names;
	uint32_t read_count = 0;
	int count;

	(void)state;
	snprintf(golden, sizeof(golden), "%s/tests/golden", top ? top : ".");
	count = scandir(golden, &names, NULL, alphasort);
	assert_true(count > 0);
	for (int i = 0; i < count; i++) {
		if (strncmp(names[i]->d_name, "format-", 7) == 0) {
			char *is, *expected;

			snprintf(path, sizeof(path), "%.2000s/%s", golden, names[i]->d_name);
			is = describe(path);
			assert_non_null(is);
			snprintf(path, sizeof(path), "%.2000s/%s/expected.txt", golden,
				 names[i]->d_name);
			expected = read_file(path);
			assert_non_null(expected);
			compare(path, is, expected);
			free(expected);
			free(is);
			read_count++;
		}
		free(names[i]);
	}
	free(names);
	assert_true(read_count >= 1);
}

static int make_expected(const char *dir)
{
	char path[PATH_MAX];
	char *text = describe(dir);
	FILE *file;

	snprintf(path, sizeof(path), "%s/expected.txt", dir);
	file = text ? fopen(path, "w") : NULL;
	if (!file || fputs(text, file) < 0 || fclose(file) != 0) {
		perror(path);
		return 1;
	}
	free(text);
	return 0;
}

static int make_indexed(const char *dir)
{
	big_log_make(&(struct big_log_spec){ .dir = dir, .segment_count = 2, .chunk_count = 8,
					     .chunk_bytes = 2 * 56, .record_bytes = 56,
					     .is_indexed = true });
	return make_expected(dir);
}

static int make(const char *dir)
{
	struct log_maker *maker = log_maker_create(0x901d, 1);

	log_maker_event(maker, TAKT_EVENT_mission_started, TAKT_NO_TASK, "mission");
	log_maker_cycles(maker, 24, 12);
	log_maker_begin(maker);
	for (uint32_t i = 0; i < 3; i++) {	/* as a taktd that came back writes them again */
		log_maker_repeat(maker, maker->chunk_count - 3);
	}
	log_maker_cycles(maker, 12, 12);
	log_maker_event(maker, TAKT_EVENT_shutdown_completed, 1, "");
	log_maker_seal_all(maker);
	log_maker_close(maker, TAKT_SEGMENT_LAST);
	log_maker_save(maker, dir);
	log_maker_destroy(maker);
	return make_expected(dir);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_golden_log_says_what_it_always_said),
	};

	if (argc == 3 && strcmp(argv[1], "--make") == 0) {
		return make(argv[2]);
	}
	if (argc == 3 && strcmp(argv[1], "--make-indexed") == 0) {
		return make_indexed(argv[2]);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
