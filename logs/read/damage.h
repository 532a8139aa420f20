/* SPDX-License-Identifier: Apache-2.0 */
/* What could not be read: the list behind takt_log_damage_at. */
#ifndef TAKT_LOGS_READ_DAMAGE_H
#define TAKT_LOGS_READ_DAMAGE_H

#include <takt/log.h>

#define TAKT_LOG_DAMAGE_ROWS_MAX 10000u		/* of more, only the sums are kept */

struct takt_log_damage_list {
	struct takt_log_damage *rows;
	uint32_t row_count;
	uint32_t row_capacity;
	uint64_t count;
	uint64_t bytes;
	uint64_t lost_chunk_count;
};

/* Append @row; its file name is copied, `what` must be a constant. Without memory only the sums
 * grow. [bg] */
void takt_log_damage_put(struct takt_log_damage_list *list, const struct takt_log_damage *row);
void takt_log_damage_fini(struct takt_log_damage_list *list);

#endif
