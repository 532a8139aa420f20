/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds one segment to the reader, as it is and with its checksums made right, and touches all it
 * lends. */
#include <stdlib.h>
#include <string.h>

#include "logs/read/handle.h"
#include "rt/base/tags.h"
#include "tests/unit/log_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(struct log_maker_segment *segment)
{
	const struct takt_log_io io = log_maker_io(segment);
	const struct takt_log_record *record;
	struct takt_log_cursor *cursor;
	struct takt_log *log;
	uint64_t lent_bytes = 0;

	if (takt_log_open_io(&io, 1, &log, NULL) < 0) {
		return;
	}
	takt_log_info_of(log);
	if (takt_log_cursor_create(log, NULL, &cursor, NULL) == 0) {
		while (takt_log_next(cursor, &record, NULL) > 0) {
			log_check_touch(log, record);
			lent_bytes += record->bytes_count;
			TAKT_CHECK(lent_bytes <= segment->size);
		}
		takt_log_seek_last(cursor, 3, NULL);
		takt_log_next(cursor, &record, NULL);
		takt_log_cursor_destroy(cursor);
	}
	takt_log_close(log);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct log_maker_segment segment = { .bytes = malloc(size + 1), .size = size };

	TAKT_CHECK(segment.bytes);
	memcpy(segment.bytes, data, size);
	read_all(&segment);
	log_maker_sign(&segment);
	read_all(&segment);
	free(segment.bytes);
	return 0;
}
