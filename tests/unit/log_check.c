/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/log_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logs/read/handle.h"

static uint64_t sum(const void *bytes, size_t count)
{
	const unsigned char *at = bytes;
	uint64_t total = 0;

	for (size_t i = 0; i < count; i++) {
		total += at[i];
	}
	return total;
}

static uint64_t touch_message(const struct takt_log *log, const struct takt_log_message *message)
{
	const struct takt_log_output *output = takt_log_output_at(log, message->output);
	const struct takt_log_type *type = takt_log_type_at(log, output->type);
	uint64_t total = sum(message->status, strlen(message->status)) + message->tov.begin_ns +
			 message->tov.end_ns + message->stamp_mono_ns;

	if (!message->payload) {
		return total;
	}
	total += sum(message->payload, message->payload_bytes);
	for (uint32_t f = 0; f < type->type->field_count; f++) {
		const struct takt_log_place *place = &type->places[f];
		const uint32_t count = takt_log_item_count(type, f, message->payload,
							   message->payload_bytes);

		total += sum((const char *)message->payload + place->items_offset_bytes,
			     (size_t)count * place->item_bytes);
	}
	return total;
}

uint64_t log_check_touch(const struct takt_log *log, const struct takt_log_record *record)
{
	uint64_t total = sum(record->bytes, record->bytes_count);
	char line[512];

	total += takt_log_text_format(log, record, line, sizeof(line)) + strlen(line);
	if (record->copperlist) {
		const struct takt_log_copperlist *list = record->copperlist;

		total += sum(list->tasks, list->task_count * sizeof(*list->tasks));
		for (uint32_t i = 0; i < list->message_count; i++) {
			total += touch_message(log, &list->messages[i]);
		}
	}
	if (record->text) {
		for (uint32_t i = 0; i < record->text->arg_count; i++) {
			total += sum(record->text->args[i].s, record->text->args[i].bytes + 1);
		}
	}
	if (record->lifecycle) {
		total += strlen(record->lifecycle->text) + strlen(record->lifecycle->name);
	}
	return total;
}

static bool say(struct log_check *check, const char *what, const struct takt_log_record *record)
{
	if (check->fault[0] == '\0') {
		snprintf(check->fault, sizeof(check->fault),
			 "%s: stream %" PRIu32 ", cycle %" PRIu64 ", %" PRIu32 " bytes", what,
			 record->stream, record->cycle, record->bytes_count);
	}
	return false;
}

/* Damage may part the streams in time, never a stream in itself. */
struct order {
	uint64_t mono_ns[LOG_MAKER_STREAMS];
};

static bool check_record(const struct log_maker *maker, const struct takt_log_record *record,
			 struct order *order, bool *seen, struct log_check *check)
{
	const struct log_maker_record *written = record->stream < LOG_MAKER_STREAMS
		? log_maker_find(maker, record->stream, record->bytes, record->bytes_count) : NULL;

	if (!written) {
		return say(check, "a record that nobody wrote", record);
	}
	if (seen[written - maker->records]) {
		return say(check, "a record came twice", record);
	}
	seen[written - maker->records] = true;
	if (record->mono_ns < order->mono_ns[record->stream]) {
		return say(check, "a record came after a later one", record);
	}
	order->mono_ns[record->stream] = record->mono_ns;
	return true;
}

bool log_check_cursor(const struct log_maker *maker, const struct takt_log *log,
		      struct takt_log_cursor *cursor, struct log_check *ret_check)
{
	bool *seen = calloc((size_t)maker->record_count + 1, sizeof(*seen));
	struct takt_log_error error = { 0 };
	const struct takt_log_record *record;
	struct order order = { { 0 } };
	bool is_good = true;
	int r;

	TAKT_CHECK(seen);
	*ret_check = (struct log_check){ 0 };
	while (is_good && (r = takt_log_next(cursor, &record, &error)) != 0) {
		if (r < 0) {
			snprintf(ret_check->fault, sizeof(ret_check->fault), "%.250s", error.text);
			is_good = false;
		} else {
			ret_check->record_count++;
			ret_check->seen_bytes += log_check_touch(log, record);
			is_good = check_record(maker, record, &order, seen, ret_check);
		}
	}
	for (uint32_t i = 0; i < maker->record_count; i++) {
		ret_check->missing_count += !seen[i];
		ret_check->hole_count += !seen[i] && maker->records[i].mono_ns <
						order.mono_ns[maker->records[i].stream];
	}
	free(seen);
	return is_good;
}

bool log_check_segments(struct log_maker *maker, struct takt_log **ret_log,
			struct log_check *ret_check, struct takt_log_error *error)
{
	struct takt_log_io *ios = calloc(maker->segment_count, sizeof(*ios));
	struct takt_log_cursor *cursor;
	bool is_good;
	int r;

	TAKT_CHECK(ios);
	*ret_check = (struct log_check){ 0 };
	*ret_log = NULL;
	for (uint32_t i = 0; i < maker->segment_count; i++) {
		ios[i] = log_maker_io(&maker->segments[i]);
	}
	r = takt_log_open_io(ios, maker->segment_count, ret_log, error);
	free(ios);
	if (r < 0) {
		return error->text[0] != '\0';
	}
	if (takt_log_cursor_create(*ret_log, NULL, &cursor, error) < 0) {
		return false;
	}
	is_good = log_check_cursor(maker, *ret_log, cursor, ret_check);
	takt_log_cursor_destroy(cursor);
	return is_good;
}
