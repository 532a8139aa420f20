/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/read/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct event_row {
	const char *name;
	const char *value_names[4];
};

static const struct event_row events[] = {
#define TAKT_EVENT(number, name, v0, v1, v2, v3, doc) [number] = { #name, { v0, v1, v2, v3 } },
#include "rt/shm/lifecycle.def"
#undef TAKT_EVENT
};

static uint32_t task_of(uint16_t task)
{
	return task == TAKT_NO_TASK ? TAKT_LOG_NONE : task;
}

/* Returns 0, -EBADMSG. */
static int view_arg(struct takt_log_view *view, const struct takt_text_record *head, uint32_t i,
		    char tag)
{
	const uint64_t head_bytes = sizeof(*head) + (uint64_t)head->arg_count * 8;
	struct takt_log_arg *arg = &view->args[i];
	struct takt_text_string string;
	uint64_t word;

	memcpy(&word, &head->args[i], sizeof(word));
	*arg = (struct takt_log_arg){ .tag = tag, .u = word, .i = (int64_t)word, .s = "" };
	memcpy(&arg->f, &word, sizeof(word));
	if (tag != 's') {
		return 0;
	}
	memcpy(&string, &word, sizeof(string));
	if (string.bytes > TAKT_TEXT_STRING_BYTES) {
		return -EBADMSG;
	}
	if (string.bytes > 0) {
		if (string.at < head_bytes || string.at > head->record.bytes ||
		    string.bytes > head->record.bytes - string.at) {
			return -EBADMSG;
		}
		memcpy(view->strings[i], (const char *)head + string.at, string.bytes);
	}
	view->strings[i][string.bytes] = '\0';
	arg->s = view->strings[i];
	arg->bytes = string.bytes;
	return 0;
}

int takt_log_view_text(struct takt_log_view *view, const struct takt_log_tables *tables,
		       const void *bytes)
{
	const struct takt_text_record *head = bytes;
	const bool has_suppressed = head->record.flags & TAKT_TEXT_HAS_SUPPRESSED;
	const char *tags = "";
	size_t tag_count;

	if (head->record.bytes < sizeof(*head) || head->arg_count > TAKT_TEXT_ARGS ||
	    head->record.bytes < sizeof(*head) + (head->arg_count + (uint64_t)has_suppressed) * 8) {
		return -EBADMSG;
	}
	if (head->site < tables->catalog->format_count) {
		tags = tables->formats[head->site].tags;
	}
	tag_count = strlen(tags);
	for (uint32_t i = 0; i < head->arg_count; i++) {
		const int r = view_arg(view, head, i, i < tag_count ? tags[i] : '\0');

		if (r < 0) {
			return r;
		}
	}
	view->text = (struct takt_log_text){
		.level = head->level,
		.task = task_of(head->task),
		.format = head->site,
		.arg_count = head->arg_count,
		.args = view->args,
		.suppressed = has_suppressed ? head->args[head->arg_count] : 0,
	};
	view->record.text = &view->text;
	return 0;
}

int takt_log_view_lifecycle(struct takt_log_view *view, const struct takt_log_tables *tables,
			    const void *bytes)
{
	static const struct event_row unknown = { "unknown", { "", "", "", "" } };
	const struct takt_lifecycle_record *head = bytes;
	const struct event_row *row = &unknown;

	(void)tables;
	if (head->record.bytes < sizeof(*head) ||
	    head->text_bytes > head->record.bytes - sizeof(*head)) {
		return -EBADMSG;
	}
	if (head->event < sizeof(events) / sizeof(events[0]) && events[head->event].name) {
		row = &events[head->event];
	}
	if (head->text_bytes >= view->line_capacity) {
		char *line = realloc(view->line, (size_t)head->text_bytes + 1);

		if (!line) {
			return -ENOMEM;
		}
		view->line = line;
		view->line_capacity = head->text_bytes + 1;
	}
	memcpy(view->line, head->text, head->text_bytes);
	view->line[head->text_bytes] = '\0';
	view->lifecycle = (struct takt_log_lifecycle){
		.event = head->event,
		.task = task_of(head->task),
		.name = row->name,
		.text = view->line,
	};
	for (uint32_t i = 0; i < 4; i++) {
		view->lifecycle.values[i] = head->values[i];
		view->lifecycle.value_names[i] = row->value_names[i];
	}
	view->record.lifecycle = &view->lifecycle;
	return 0;
}

static bool copperlist_is_of(const struct takt_log_copperlist *list,
			     const struct takt_log_tables *tables, uint32_t task)
{
	if (task < list->task_count && (list->tasks[task].flags & TAKT_TASK_RAN)) {
		return true;
	}
	for (uint32_t i = 0; i < list->message_count; i++) {
		if (tables->outputs[list->messages[i].output].task == task) {
			return true;
		}
	}
	return false;
}

bool takt_log_view_is_of(const struct takt_log_view *view, const struct takt_log_tables *tables,
			 uint32_t task)
{
	if (view->record.text) {
		return view->text.task == task;
	}
	if (view->record.lifecycle) {
		return view->lifecycle.task == task;
	}
	return view->record.copperlist && copperlist_is_of(&view->copperlist, tables, task);
}

void takt_log_view_fini(struct takt_log_view *view)
{
	free(view->tasks);
	free(view->messages);
	free(view->statuses);
	free(view->line);
	*view = (struct takt_log_view){ 0 };
}
