/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/write/carry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "logs/read/segment.h"
#include "rt/base/crc32c.h"
#include "rt/base/testpoint.h"
#include "rt/shm/carried.h"

#define KEPT_BYTES (TAKT_CARRIED_BYTES_MAX / 4 * 3)	/* of a file that gets too large */
#define NEW_FILE TAKT_CARRIED_FILE TAKT_CARRIED_NEW_SUFFIX

/* --- collecting ------------------------------------------------------------------------------ */

static uint32_t crc_of(const struct takt_carried_frame *frame, const void *records)
{
	return takt_crc32c(takt_crc32c(0, frame, offsetof(struct takt_carried_frame, crc)), records,
			   frame->bytes);
}

static int make_room(struct takt_carry *carry, size_t bytes)
{
	size_t room = carry->room ? carry->room : 4096;
	char *grown;

	while (room - carry->bytes < bytes) {
		room *= 2;
	}
	grown = room == carry->room ? carry->frames : realloc(carry->frames, room);
	if (!grown) {
		return -ENOMEM;
	}
	carry->frames = grown;
	carry->room = room;
	return 0;
}

/* A frame of the lifecycle records among the @bytes at @records; none when there are none. */
static int put_frame(struct takt_carry *carry, const struct takt_log_chunk *chunk, const char *records)
{
	struct takt_carried_frame frame = { .magic = TAKT_CARRIED_FRAME_MAGIC, .seq = chunk->seq,
					    .stream = chunk->stream };
	const size_t begin = carry->bytes;
	struct takt_record record;
	int r = make_room(carry, sizeof(frame) + chunk->used_bytes);

	if (r < 0) {
		return r;
	}
	for (uint32_t at = 0; chunk->used_bytes - at >= sizeof(record); at += record.bytes) {
		memcpy(&record, records + at, sizeof(record));
		if (record.bytes < sizeof(record) || record.bytes % 8 != 0 ||
		    record.bytes > chunk->used_bytes - at) {
			break;
		}
		if (record.kind == TAKT_RECORD_LIFECYCLE) {
			memcpy(carry->frames + begin + sizeof(frame) + frame.bytes, records + at,
			       record.bytes);
			frame.bytes += record.bytes;
			frame.record_count++;
		}
	}
	if (frame.record_count > 0) {
		frame.crc = crc_of(&frame, carry->frames + begin + sizeof(frame));
		memcpy(carry->frames + begin, &frame, sizeof(frame));
		carry->bytes += sizeof(frame) + frame.bytes;
	}
	return 0;
}

static int take_chunk(const struct takt_log_chunk *chunk, void *user)
{
	struct takt_carry *carry = user;
	void *records;
	int r;

	if (chunk->type != TAKT_CHUNK_EVENTS || chunk->used_bytes % 8 != 0) {
		return 0;
	}
	records = malloc((size_t)chunk->used_bytes + 1);
	if (!records) {
		return -ENOMEM;
	}
	r = takt_log_segment_read_chunk(chunk, records);
	r = r == 0 ? put_frame(carry, chunk, records) : r == -EBADMSG ? 0 : r;
	free(records);
	return r;
}

int takt_carry_collect(const char *path, struct takt_carry *ret_carry)
{
	struct takt_log_damage_list unheeded = { 0 };
	struct takt_log_segment *segment;
	struct takt_log_io io;
	int r = takt_log_io_open(path, &io);

	*ret_carry = (struct takt_carry){ 0 };
	if (r == 0) {
		r = takt_log_segment_open(io, path, &segment, &unheeded, NULL);
	}
	if (r == 0) {
		ret_carry->run = segment->run;
		r = takt_log_segment_scan(segment, false, take_chunk, ret_carry, &unheeded);
		takt_log_segment_close(segment);
	}
	takt_log_damage_fini(&unheeded);
	return r;
}

void takt_carry_fini(struct takt_carry *carry)
{
	free(carry->frames);
	*carry = (struct takt_carry){ 0 };
}

/* --- the file -------------------------------------------------------------------------------- */

struct file {				/* as it is */
	struct takt_carried_head head;
	char *bytes;			/* all of it; owned */
	size_t size;
	size_t end;			/* behind the last good frame */
};

static bool is_head(const struct takt_carried_head *head, uint64_t run)
{
	return head->magic == TAKT_CARRIED_MAGIC && head->run == run &&
	       head->crc == takt_crc32c(0, head, offsetof(struct takt_carried_head, crc));
}

/* The frame at @at, when all of it is there; its checksum may be wrong. */
static bool load_frame(const struct file *file, size_t at, struct takt_carried_frame *ret_frame)
{
	if (file->size - at < sizeof(*ret_frame)) {
		return false;
	}
	memcpy(ret_frame, file->bytes + at, sizeof(*ret_frame));
	return ret_frame->magic == TAKT_CARRIED_FRAME_MAGIC && ret_frame->bytes % 8 == 0 &&
	       ret_frame->bytes <= file->size - at - sizeof(*ret_frame);
}

static void find_end(struct file *file)
{
	struct takt_carried_frame frame;

	file->end = sizeof(file->head);
	for (size_t at = file->end; load_frame(file, at, &frame);) {
		at += sizeof(frame);
		if (frame.crc == crc_of(&frame, file->bytes + at)) {
			file->end = at + frame.bytes;
		}
		at += frame.bytes;
	}
}

static int read_all(int fd, char *out, size_t bytes)
{
	for (size_t done = 0; done < bytes;) {
		const ssize_t n = pread(fd, out + done, bytes - done, (off_t)done);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return n < 0 ? -errno : -EIO;
		}
		done += (size_t)n;
	}
	return 0;
}

static int write_all(int fd, const void *from, size_t bytes, size_t offset)
{
	for (size_t done = 0; done < bytes;) {
		const ssize_t n = pwrite(fd, (const char *)from + done, bytes - done,
					 (off_t)(offset + done));

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return n < 0 ? -errno : -EIO;
		}
		done += (size_t)n;
	}
	return 0;
}

/* Load what is there; a file without our head of @run begins anew. */
static int load(int fd, uint64_t run, struct file *file)
{
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0) {
		return -errno;
	}
	*file = (struct file){ .size = (size_t)st.st_size };
	if (!S_ISREG(st.st_mode) || file->size > 2 * TAKT_CARRIED_BYTES_MAX) {
		return -EBADMSG;
	}
	file->bytes = malloc(file->size + 1);
	if (!file->bytes) {
		return -ENOMEM;
	}
	r = read_all(fd, file->bytes, file->size);
	if (r == 0 && file->size >= sizeof(file->head)) {
		memcpy(&file->head, file->bytes, sizeof(file->head));
	}
	if (is_head(&file->head, run)) {
		find_end(file);
	} else {
		file->size = 0;
		file->head = (struct takt_carried_head){ .magic = TAKT_CARRIED_MAGIC, .run = run };
	}
	return r;
}

static int write_head(int fd, struct takt_carried_head *head)
{
	head->crc = takt_crc32c(0, head, offsetof(struct takt_carried_head, crc));
	return write_all(fd, head, sizeof(*head), 0);
}

static int append(int fd, int dir_fd, struct file *file, const struct takt_carry *carry)
{
	const bool is_new = file->size == 0;
	const size_t end = is_new ? sizeof(file->head) : file->end;
	int r = is_new ? write_head(fd, &file->head) : 0;

	if (r == 0 && ftruncate(fd, (off_t)end) < 0) {
		r = -errno;
	}
	r = r < 0 ? r : write_all(fd, carry->frames, carry->bytes, end);
	if (r == 0 && (fsync(fd) < 0 || (is_new && fsync(dir_fd) < 0))) {
		r = -errno;
	}
	return r;
}

/* Where to go on behind the oldest frames, so that @bytes are left at most; what is left out is counted. */
static size_t leave_out(struct file *file, size_t at, size_t bytes)
{
	struct takt_carried_frame frame;

	while (at < file->size && file->size - at > bytes && load_frame(file, at, &frame)) {
		file->head.dropped += frame.record_count;
		at += sizeof(frame) + frame.bytes;
	}
	return at;
}

/* Write the newest part of @file and of @carry into a new file, and put it in the old one's place. */
static int write_anew(int dir_fd, struct file *file, const struct takt_carry *carry)
{
	struct file more = { .bytes = carry->frames, .size = carry->bytes };
	const size_t kept = leave_out(&more, 0, KEPT_BYTES);
	const size_t behind = carry->bytes - kept;
	const int fd = openat(dir_fd, NEW_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	size_t from;
	int r;

	if (fd < 0) {
		return -errno;
	}
	file->size = file->end;
	from = leave_out(file, sizeof(file->head), behind < KEPT_BYTES ? KEPT_BYTES - behind : 0);
	file->head.dropped += more.head.dropped;
	r = write_head(fd, &file->head);
	r = r < 0 ? r : write_all(fd, file->bytes + from, file->end - from, sizeof(file->head));
	r = r < 0 ? r : write_all(fd, carry->frames + kept, behind, sizeof(file->head) + file->end - from);
	if (r == 0 && fsync(fd) < 0) {
		r = -errno;
	}
	close(fd);
	TAKT_TEST_POINT("carry_written_anew");
	if (r == 0 && (renameat(dir_fd, NEW_FILE, dir_fd, TAKT_CARRIED_FILE) < 0 || fsync(dir_fd) < 0)) {
		r = -errno;
	}
	if (r < 0) {
		unlinkat(dir_fd, NEW_FILE, 0);
	}
	return r;
}

int takt_carry_append(int dir_fd, const struct takt_carry *carry)
{
	struct file file = { .bytes = NULL };
	int fd, r;

	if (carry->bytes == 0) {
		return 0;
	}
	fd = openat(dir_fd, TAKT_CARRIED_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0) {
		return -errno;
	}
	r = load(fd, carry->run, &file);
	if (r == 0 && file.size > 0 && file.end + carry->bytes > TAKT_CARRIED_BYTES_MAX) {
		r = write_anew(dir_fd, &file, carry);
	} else if (r == 0) {
		r = append(fd, dir_fd, &file, carry);
	}
	TAKT_TEST_POINT("carry_appended");
	free(file.bytes);
	close(fd);
	return r;
}
