/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/read/damage.h"

#include <stdlib.h>
#include <string.h>

void takt_log_damage_put(struct takt_log_damage_list *list, const struct takt_log_damage *row)
{
	char *file;

	list->count++;
	list->bytes += row->bytes;
	if (row->kind == TAKT_LOG_LOST_CHUNKS) {
		list->lost_chunk_count += row->last_seq - row->first_seq + 1;
	}
	if (list->row_count == TAKT_LOG_DAMAGE_ROWS_MAX) {
		return;
	}
	if (list->row_count == list->row_capacity) {
		const uint32_t capacity = list->row_capacity ? 2 * list->row_capacity : 16;
		struct takt_log_damage *rows = realloc(list->rows, capacity * sizeof(*rows));

		if (!rows) {
			return;
		}
		list->rows = rows;
		list->row_capacity = capacity;
	}
	file = strdup(row->file ? row->file : "");
	if (!file) {
		return;
	}
	list->rows[list->row_count] = *row;
	list->rows[list->row_count++].file = file;
}

void takt_log_damage_fini(struct takt_log_damage_list *list)
{
	for (uint32_t i = 0; i < list->row_count; i++) {
		free((void *)(uintptr_t)list->rows[i].file);
	}
	free(list->rows);
	*list = (struct takt_log_damage_list){ 0 };
}
