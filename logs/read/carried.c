/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/read/carried.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rt/base/crc32c.h"
#include "rt/base/file.h"
#include "rt/shm/carried.h"

struct frame {
	uint64_t seq;
	uint32_t stream;
	uint32_t at;			/* of its records in the file */
	uint32_t bytes;
};

struct parsing {
	struct takt_log_files *files;
	const char *path;
	const char *bytes;
	size_t size;
	struct frame *frames;
	size_t frame_count;
};

static int compare(const void *a, const void *b)
{
	const struct frame *x = a, *y = b;

	if (x->stream != y->stream) {
		return x->stream < y->stream ? -1 : 1;
	}
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static bool is_in_segments(const struct takt_log_files *files, uint32_t stream, uint64_t seq)
{
	const struct takt_log_index_stream *s = &files->index.streams[stream];
	const size_t at = takt_log_index_find(s, seq);

	return at < s->chunk_count && s->chunks[at].seq == seq;
}

static void report(struct parsing *p, size_t from, size_t to)
{
	if (p->files->grows || p->files->carried_reported) {
		return;
	}
	p->files->carried_reported = true;
	takt_log_damage_put(&p->files->damages, &(struct takt_log_damage){
		.file = p->path, .what = "lifecycle of deleted segments is damaged",
		.kind = TAKT_LOG_BAD_RECORD, .stream = TAKT_LOG_NONE, .offset = from, .bytes = to - from });
}

/* A frame whose checksum is right, or not: one that was not finished is of a chunk that is still in a segment. */
static void take_frame(struct parsing *p, const struct takt_carried_frame *frame, size_t at)
{
	const bool is_known = frame->stream < p->files->index.stream_count &&
			      is_in_segments(p->files, frame->stream, frame->seq);
	const uint32_t crc = takt_crc32c(takt_crc32c(0, frame, offsetof(struct takt_carried_frame, crc)),
					 p->bytes + at, frame->bytes);

	if (is_known || (frame->crc == 0 && crc != 0)) {	/* a head that was not written to its end */
		return;
	}
	if (crc != frame->crc || frame->stream >= p->files->index.stream_count) {
		report(p, at - sizeof(*frame), at + frame->bytes);
		return;
	}
	p->frames[p->frame_count++] = (struct frame){ .seq = frame->seq, .stream = frame->stream,
						      .at = (uint32_t)at, .bytes = frame->bytes };
}

/* Whether only zeros follow: what was not finished before a power cut. */
static bool is_zero(const struct parsing *p, size_t at)
{
	while (at < p->size && p->bytes[at] == 0) {
		at++;
	}
	return at == p->size;
}

static void find_frames(struct parsing *p)
{
	size_t at = sizeof(struct takt_carried_head);

	while (p->size - at >= sizeof(struct takt_carried_frame)) {
		struct takt_carried_frame frame;

		memcpy(&frame, p->bytes + at, sizeof(frame));
		if (frame.magic != TAKT_CARRIED_FRAME_MAGIC || frame.bytes % 8 != 0) {
			if (!is_zero(p, at)) {
				report(p, at, p->size);
			}
			break;
		}
		at += sizeof(frame);
		if (frame.bytes > p->size - at) {
			break;		/* not finished */
		}
		take_frame(p, &frame, at);
		at += frame.bytes;
	}
}

/* Frames [@from, @to) are of one stream: their records one behind the other, each chunk's once. */
static int put_stream(const struct parsing *p, size_t from, size_t to, struct takt_log_carried *carried)
{
	struct takt_log_carried_stream *stream = &carried->streams[carried->stream_count];
	uint64_t bytes = 0;

	for (size_t i = from; i < to; i++) {
		bytes += p->frames[i].bytes;
	}
	*stream = (struct takt_log_carried_stream){ .stream = p->frames[from].stream,
						    .bytes = malloc(bytes + 1) };
	if (!stream->bytes) {
		return -ENOMEM;
	}
	carried->stream_count++;
	for (size_t i = from; i < to; i++) {
		const struct frame *frame = &p->frames[i];

		if (i == from || frame->seq != p->frames[i - 1].seq) {
			memcpy(stream->bytes + stream->used_bytes, p->bytes + frame->at, frame->bytes);
			stream->used_bytes += frame->bytes;
		}
	}
	return 0;
}

static int parse(struct parsing *p, struct takt_log_carried *carried)
{
	int r = 0;

	p->frames = calloc(p->size / sizeof(struct takt_carried_frame) + 1, sizeof(*p->frames));
	carried->streams = calloc(p->files->index.stream_count + 1, sizeof(*carried->streams));
	if (!p->frames || !carried->streams) {
		free(p->frames);
		return -ENOMEM;
	}
	find_frames(p);
	qsort(p->frames, p->frame_count, sizeof(*p->frames), compare);
	for (size_t from = 0, to; from < p->frame_count && r == 0; from = to) {
		to = from + 1;
		while (to < p->frame_count && p->frames[to].stream == p->frames[from].stream) {
			to++;
		}
		r = put_stream(p, from, to, carried);
	}
	free(p->frames);
	return r;
}

int takt_log_carried_load(struct takt_log_files *files, struct takt_log_carried *ret_carried)
{
	struct parsing p = { .files = files };
	struct takt_carried_head head;
	char path[PATH_MAX];
	void *bytes;
	int r = 0;

	*ret_carried = (struct takt_log_carried){ 0 };
	if (!files->directory || snprintf(path, sizeof(path), "%s/" TAKT_CARRIED_FILE, files->directory) >=
					 (int)sizeof(path) ||
	    takt_file_read(path, 2 * TAKT_CARRIED_BYTES_MAX, &bytes, &p.size) < 0) {
		return 0;
	}
	p.path = path;
	p.bytes = bytes;
	if (p.size >= sizeof(head)) {
		memcpy(&head, bytes, sizeof(head));
		if (head.magic == TAKT_CARRIED_MAGIC && head.run == files->run) {
			if (head.crc != takt_crc32c(0, &head, offsetof(struct takt_carried_head, crc))) {
				report(&p, 0, sizeof(head));
			}
			r = parse(&p, ret_carried);
		} else if (head.magic == TAKT_CARRIED_MAGIC || p.size > sizeof(head)) {
			report(&p, 0, p.size);
		}
	}
	free(bytes);
	if (r < 0) {
		takt_log_carried_fini(ret_carried);
	}
	return r;
}

uint64_t takt_log_carried_dropped(const struct takt_log_files *files)
{
	struct takt_carried_head head = { 0 };
	char path[PATH_MAX];
	struct takt_log_io io;

	if (!files->directory || snprintf(path, sizeof(path), "%s/" TAKT_CARRIED_FILE, files->directory) >=
					 (int)sizeof(path) ||
	    takt_log_io_open(path, &io) < 0) {
		return 0;
	}
	if (takt_log_io_read(&io, 0, &head, sizeof(head)) < 0 || head.magic != TAKT_CARRIED_MAGIC ||
	    head.crc != takt_crc32c(0, &head, offsetof(struct takt_carried_head, crc))) {
		head.dropped = 0;
	}
	io.close(io.user);
	return head.dropped;
}

void takt_log_carried_fini(struct takt_log_carried *carried)
{
	for (uint32_t i = 0; i < carried->stream_count; i++) {
		free(carried->streams[i].bytes);
	}
	free(carried->streams);
	*carried = (struct takt_log_carried){ 0 };
}
