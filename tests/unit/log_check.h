/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a log and compares every record with what its maker wrote. */
#ifndef TAKT_TESTS_LOG_CHECK_H
#define TAKT_TESTS_LOG_CHECK_H

#include <takt/log.h>

#include "tests/unit/log_maker.h"

struct log_check {
	uint32_t record_count;		/* read */
	uint32_t missing_count;		/* written, not read */
	uint32_t hole_count;		/* of those, with a later one of their stream read */
	uint64_t seen_bytes;		/* sum over all that is lent, so that it is all touched */
	char fault[256];		/* "" or the first thing that must not be */
};

/* Read @cursor to its end. Each record must be one that was written, lent whole, come once and not
 * before its time. Returns false with `fault` said. */
bool log_check_cursor(const struct log_maker *maker, const struct takt_log *log,
		      struct takt_log_cursor *cursor, struct log_check *ret_check);

/* Open the maker's segments in memory and read all of them. */
bool log_check_segments(struct log_maker *maker, struct takt_log **ret_log,
			struct log_check *ret_check, struct takt_log_error *error);

/* Touch every byte that @record lends; format it when it is text. Returns a sum. */
uint64_t log_check_touch(const struct takt_log *log, const struct takt_log_record *record);

#endif
