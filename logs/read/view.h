/* SPDX-License-Identifier: Apache-2.0 */
/* Records as the reader lends them. Every offset and length in a record is outside input, also
 * where the checksum is right; nothing is lent that does not lie in the record. */
#ifndef TAKT_LOGS_READ_VIEW_H
#define TAKT_LOGS_READ_VIEW_H

#include "logs/read/tables.h"
#include "rt/shm/record.h"

struct takt_log_view {			/* memory that a lent record points into */
	struct takt_log_record record;
	struct takt_log_copperlist copperlist;
	struct takt_log_text text;
	struct takt_log_lifecycle lifecycle;
	struct takt_log_task_row *tasks;
	struct takt_log_message *messages;
	char (*statuses)[TAKT_STATUS_BYTES_MAX + 1];	/* one a message */
	uint32_t task_capacity;
	uint32_t message_capacity;
	struct takt_log_arg args[TAKT_TEXT_ARGS];
	char strings[TAKT_TEXT_ARGS][TAKT_TEXT_STRING_BYTES + 1];
	char *line;			/* of a lifecycle record */
	uint32_t line_capacity;
};

/* Fill @view from the record at @bytes (8-aligned; its head was checked: record->bytes are there).
 * Returns 0, -EBADMSG when its contents are impossible, -ENOMEM.  [bg] */
int takt_log_view_copperlist(struct takt_log_view *view, const struct takt_log_tables *tables,
			     const void *bytes);
int takt_log_view_text(struct takt_log_view *view, const struct takt_log_tables *tables,
		       const void *bytes);
int takt_log_view_lifecycle(struct takt_log_view *view, const struct takt_log_tables *tables,
			    const void *bytes);

/* Whether the record in @view concerns @task: said by it, ran, or has a message.  [any] */
bool takt_log_view_is_of(const struct takt_log_view *view, const struct takt_log_tables *tables,
			 uint32_t task);

void takt_log_view_fini(struct takt_log_view *view);

#endif
