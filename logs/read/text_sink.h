/* SPDX-License-Identifier: Apache-2.0 */
/* Where a text is put together: cut to the caller's room, its whole length known. */
#ifndef TAKT_LOGS_READ_TEXT_SINK_H
#define TAKT_LOGS_READ_TEXT_SINK_H

#include <stddef.h>
#include <string.h>

struct takt_text_sink {
	char *out;
	size_t out_bytes;
	size_t used;			/* bytes of the whole text, also those that had no room */
};

static inline void takt_text_sink_put(struct takt_text_sink *sink, const char *bytes, size_t count)
{
	if (sink->used < sink->out_bytes) {
		const size_t room = sink->out_bytes - sink->used;

		memcpy(sink->out + sink->used, bytes, count < room ? count : room);
	}
	sink->used += count;
}

static inline void takt_text_sink_puts(struct takt_text_sink *sink, const char *text)
{
	takt_text_sink_put(sink, text, strlen(text));
}

#endif
