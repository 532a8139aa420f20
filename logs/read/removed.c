/* SPDX-License-Identifier: Apache-2.0 */
/* Segments that retention has deleted: their numbers stand in a file beside the others. What was in them is
 * not damage. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "logs/read/files.h"

#define FILE_BYTES_MAX (1u << 24)

static int compare(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Numbers at the beginning of lines, each once, in order. Returns their count. */
static uint32_t parse(const char *text, size_t bytes, uint32_t *numbers)
{
	uint32_t count = 0, kept = 0;

	for (size_t i = 0; i < bytes; i++) {
		uint64_t number = 0;
		bool is_number = false;

		for (; i < bytes && text[i] >= '0' && text[i] <= '9'; i++) {
			number = number < UINT32_MAX ? number * 10 + (uint64_t)(text[i] - '0') : number;
			is_number = true;
		}
		if (is_number && number > 0 && number < UINT32_MAX) {
			numbers[count++] = (uint32_t)number;
		}
		while (i < bytes && text[i] != '\n') {
			i++;
		}
	}
	qsort(numbers, count, sizeof(*numbers), compare);
	for (uint32_t i = 0; i < count; i++) {
		if (kept == 0 || numbers[kept - 1] != numbers[i]) {
			numbers[kept++] = numbers[i];
		}
	}
	return kept;
}

/* The file's bytes; NULL when there is none, also when something else lies there: a FIFO would make us wait. */
static char *read_regular(const char *path, uint32_t *ret_bytes)
{
	struct takt_log_io io;
	char *text = NULL;
	int64_t bytes;

	if (takt_log_io_open(path, &io) < 0) {
		return NULL;
	}
	bytes = io.size(io.user);
	if (bytes >= 0 && bytes <= FILE_BYTES_MAX) {
		text = malloc((size_t)bytes + 1);
		bytes = text ? io.read(io.user, 0, text, (uint32_t)bytes) : -1;
		*ret_bytes = bytes > 0 ? (uint32_t)bytes : 0;
	}
	io.close(io.user);
	return text;
}

void takt_log_files_load_removed(struct takt_log_files *files)
{
	char path[PATH_MAX];
	uint32_t *numbers;
	char *text;
	uint32_t bytes;

	if (!files->directory || snprintf(path, sizeof(path), "%s/" TAKT_SEGMENTS_REMOVED, files->directory) >=
					 (int)sizeof(path)) {
		return;
	}
	text = read_regular(path, &bytes);
	numbers = text ? calloc(bytes / 2 + 1, sizeof(*numbers)) : NULL;	/* a digit and a newline each */
	if (numbers) {
		free(files->removed);
		files->removed = numbers;
		files->removed_count = parse(text, bytes, numbers);
	}
	free(text);
}

bool takt_log_files_is_removed(struct takt_log_files *files, uint32_t stream, uint64_t first_seq,
			       uint64_t last_seq)
{
	const struct takt_log_index_stream *s = &files->index.streams[stream];
	const size_t before = takt_log_index_find(s, first_seq);
	const size_t behind = takt_log_index_find(s, last_seq + 1);
	const uint32_t from = before > 0 ? s->chunks[before - 1].segment->number : 0;
	const uint32_t to = behind < s->chunk_count ? s->chunks[behind].segment->number : UINT32_MAX;

	takt_log_files_load_removed(files);
	for (uint32_t i = 0; i < files->removed_count; i++) {
		if (files->removed[i] > from && files->removed[i] < to) {
			return true;
		}
	}
	return false;
}
