/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "logs/read/view.h"

/* True when [@at, @at + @bytes) lies behind the first @head_bytes of a record of @record_bytes. */
static bool lies_within(uint64_t at, uint64_t bytes, uint64_t head_bytes, uint64_t record_bytes)
{
	return at >= head_bytes && at <= record_bytes && bytes <= record_bytes - at;
}

static uint64_t ns_of(uint32_t ticks, uint64_t counter_hz)
{
	return (uint64_t)ticks * 1000000000u / counter_hz;
}

static int make_room(struct takt_log_view *view, uint32_t task_count, uint32_t message_count)
{
	if (task_count > view->task_capacity) {
		void *tasks = realloc(view->tasks, task_count * sizeof(*view->tasks));

		if (!tasks) {
			return -ENOMEM;
		}
		view->tasks = tasks;
		view->task_capacity = task_count;
	}
	if (message_count > view->message_capacity) {
		void *messages = realloc(view->messages, message_count * sizeof(*view->messages));
		void *statuses;

		if (!messages) {
			return -ENOMEM;
		}
		view->messages = messages;
		statuses = realloc(view->statuses, message_count * sizeof(*view->statuses));
		if (!statuses) {
			return -ENOMEM;
		}
		view->statuses = statuses;
		view->message_capacity = message_count;
	}
	return 0;
}

static void view_tasks(struct takt_log_view *view, const struct takt_copperlist *head,
		       uint64_t counter_hz)
{
	const char *rows = (const char *)(head + 1);

	for (uint32_t i = 0; i < head->task_count; i++) {
		struct takt_task_row row;

		memcpy(&row, rows + i * sizeof(row), sizeof(row));
		view->tasks[i] = (struct takt_log_task_row){
			.begin_mono_ns = head->record.mono_ns + ns_of(row.begin, counter_hz),
			.end_mono_ns = head->record.mono_ns + ns_of(row.end, counter_hz),
			.result = row.result,
			.flags = row.flags,
		};
	}
}

static bool payload_is_possible(const struct takt_log_tables *tables,
				const struct takt_copperlist *head,
				const struct takt_message_row *row, uint64_t head_bytes)
{
	const struct takt_log_type *type = &tables->types[tables->outputs[row->output].type];

	if (row->flags & TAKT_MESSAGE_NOT_RECORDED) {
		return row->payload_at == 0;
	}
	return row->payload_at % 8 == 0 && row->payload_bytes >= type->fixed_bytes &&
	       row->payload_bytes <= type->bytes &&
	       lies_within(row->payload_at, row->payload_bytes, head_bytes, head->record.bytes);
}

/* Returns 0, -EBADMSG. */
static int view_message(struct takt_log_view *view, const struct takt_log_tables *tables,
			const struct takt_copperlist *head, uint32_t i)
{
	const uint64_t head_bytes = sizeof(*head) +
				    (uint64_t)head->task_count * sizeof(struct takt_task_row);
	const char *bytes = (const char *)head;
	char *status = view->statuses[i];
	struct takt_message_row row;

	memcpy(&row, bytes + head->messages_at + i * sizeof(row), sizeof(row));
	if (row.output >= tables->catalog->output_count || row.tov_kind > TAKT_TOV_RANGE ||
	    !payload_is_possible(tables, head, &row, head_bytes)) {
		return -EBADMSG;
	}
	status[0] = '\0';
	if (row.status_at != 0) {
		if (row.status_bytes > TAKT_STATUS_BYTES_MAX ||
		    !lies_within(row.status_at, row.status_bytes, head_bytes, head->record.bytes)) {
			return -EBADMSG;
		}
		memcpy(status, bytes + row.status_at, row.status_bytes);
		status[row.status_bytes] = '\0';
	}
	view->messages[i] = (struct takt_log_message){
		.payload = row.flags & TAKT_MESSAGE_NOT_RECORDED ? NULL : bytes + row.payload_at,
		.status = status,
		.output = row.output,
		.payload_bytes = row.flags & TAKT_MESSAGE_NOT_RECORDED ? 0 : row.payload_bytes,
		.tov = { .kind = row.tov_kind, .begin_ns = row.tov_begin_ns,
			 .end_ns = row.tov_end_ns },
		.stamp_mono_ns = row.stamp_ns,
		.age_cycles = row.flags >> TAKT_MESSAGE_AGE_SHIFT,
	};
	return 0;
}

static bool head_is_possible(const struct takt_log_tables *tables,
			     const struct takt_copperlist *head)
{
	const uint64_t head_bytes = sizeof(*head) +
				    (uint64_t)head->task_count * sizeof(struct takt_task_row);

	return head->record.bytes >= sizeof(*head) &&
	       head->task_count <= tables->catalog->task_count &&
	       head_bytes <= head->record.bytes &&
	       (head->message_count == 0 ||
		(head->messages_at % 8 == 0 &&
		 lies_within(head->messages_at,
			     (uint64_t)head->message_count * sizeof(struct takt_message_row),
			     head_bytes, head->record.bytes)));
}

int takt_log_view_copperlist(struct takt_log_view *view, const struct takt_log_tables *tables,
			     const void *bytes)
{
	const struct takt_copperlist *head = bytes;
	const uint64_t counter_hz = tables->catalog->counter_hz;
	int r;

	if (head->record.bytes < sizeof(*head) || !head_is_possible(tables, head)) {
		return -EBADMSG;
	}
	r = make_room(view, head->task_count, head->message_count);
	if (r < 0) {
		return r;
	}
	view_tasks(view, head, counter_hz);
	for (uint32_t i = 0; i < head->message_count; i++) {
		r = view_message(view, tables, head, i);
		if (r < 0) {
			return r;
		}
	}
	view->copperlist = (struct takt_log_copperlist){
		.tasks = view->tasks,
		.messages = view->messages,
		.task_count = head->task_count,
		.message_count = head->message_count,
		.late_ns = head->late_ns,
		.duration_ns = ns_of(head->duration, counter_hz),
	};
	view->record.copperlist = &view->copperlist;
	return 0;
}
