/* SPDX-License-Identifier: Apache-2.0 */
/* The line of the text log that stands where texts are missing. */
#ifndef TAKT_MAIN_LOST_LINE_H
#define TAKT_MAIN_LOST_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include <takt/log.h>

/* Whether @record is a lifecycle event that says what a text log from @level_min on lacks. */
bool takt_lost_line_is_due(const struct takt_log_record *record, uint32_t level_min);

/* "-- 236404 texts of level info lost --" for such a record, cut to @out_bytes. */
void takt_lost_line_format(const struct takt_log_record *record, char *out, size_t out_bytes);

/* The name of their level, "" where none is known; how many they are. */
const char *takt_lost_line_level(const struct takt_log_record *record);
uint64_t takt_lost_line_count(const struct takt_log_record *record);

#endif
