/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/write_crash.h"

#include <stdlib.h>
#include <string.h>

#include "logs/read/handle.h"
#include "rt/base/crc32c.h"
#include "tests/unit/unit.h"

#define SECTOR_BYTES 512u

enum fill { FILL_ZEROS, FILL_OLDER_SEGMENT, FILL_OTHER_RUN, FILL_MISPLACED };

/* --- files ---------------------------------------------------------------------------------------- */

static void *clean_memory(uint64_t bytes)
{
	void *memory = calloc(1, bytes);

	assert_non_null(memory);
	return memory;
}

/* The chunks in @bytes as a run with another id would have written them. */
static void make_foreign(char *bytes, uint64_t size)
{
	for (uint64_t at = 0; at + TAKT_BLOCK_BYTES <= size; at += TAKT_BLOCK_BYTES) {
		struct takt_chunk chunk;

		memcpy(&chunk, bytes + at, sizeof(chunk));
		if (chunk.magic == TAKT_CHUNK_MAGIC) {
			chunk.run ^= 1;
			chunk.header_crc =
				takt_crc32c(0, &chunk, offsetof(struct takt_chunk, header_crc));
			memcpy(bytes + at, &chunk, sizeof(chunk));
		}
	}
}

static uint64_t capacity_of(const struct crash_disk *disk, uint32_t node)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < disk->oplog->count; i++) {
		const struct oplog_entry *entry = &disk->oplog->entries[i];

		if (entry->node == node && entry->kind == OPLOG_SIZE && entry->value > bytes) {
			bytes = entry->value;
		}
		if (entry->node == node && entry->kind == OPLOG_WRITE &&
		    entry->value + entry->bytes > bytes) {
			bytes = entry->value + entry->bytes;
		}
	}
	return bytes;
}

/* A new file, on blocks that held other things before. */
static void make_file(struct crash_disk *disk, uint32_t number)
{
	struct crash_node *node = &disk->nodes[number];
	const struct crash_node *older =
		disk->newest_file == OPLOG_NONE ? NULL : &disk->nodes[disk->newest_file];

	node->capacity = capacity_of(disk, number);
	if (node->capacity == 0) {
		return;			/* a directory */
	}
	node->now = clean_memory(node->capacity);
	node->is_written = clean_memory(node->capacity / SECTOR_BYTES);
	for (uint32_t f = 0; f < CRASH_FILLS; f++) {
		node->base[f] = clean_memory(node->capacity);
		if (older && (f == FILL_OLDER_SEGMENT || f == FILL_OTHER_RUN)) {
			memcpy(node->base[f], older->now,
			       node->capacity < older->capacity ? node->capacity : older->capacity);
		}
	}
	make_foreign(node->base[FILL_OTHER_RUN], node->capacity);
	disk->images[number].bytes = clean_memory(node->capacity);
	disk->images[number].capacity = node->capacity;
	disk->newest_file = number;
}

/* A copy of what is being written, some blocks behind its place, wherever nothing is on stable storage. */
static void misplace(struct crash_node *node, uint32_t number, const struct oplog_entry *write)
{
	const uint64_t to = write->value + (number % 3 + 1) * TAKT_BLOCK_BYTES;

	for (uint64_t at = 0; at < write->bytes && to + at < node->capacity; at += SECTOR_BYTES) {
		if (!node->is_written[(to + at) / SECTOR_BYTES]) {
			memcpy(node->base[FILL_MISPLACED] + to + at, write->data + at, SECTOR_BYTES);
		}
	}
}

static void write_to_base(struct crash_node *node, const struct crash_pending *pending)
{
	const struct oplog_entry *entry = pending->entry;
	const uint32_t bytes = (uint32_t)pending->result;

	for (uint32_t f = 0; f < CRASH_FILLS; f++) {
		memcpy(node->base[f] + entry->value, entry->data, bytes);
	}
	memset(node->is_written + entry->value / SECTOR_BYTES, true, bytes / SECTOR_BYTES);
}

/* --- what is pending ------------------------------------------------------------------------------ */

static void put_pending(struct crash_node *node, const struct oplog_entry *entry)
{
	assert_true(node->pending_count < CRASH_PENDING_MAX);
	node->pending[node->pending_count++] =
		(struct crash_pending){ .entry = entry, .number = OPLOG_NONE };
}

static void note_written(struct crash_disk *disk, uint32_t number)
{
	const struct oplog_entry *done = &disk->oplog->entries[number];
	struct crash_node *node = &disk->nodes[done->node];

	for (uint32_t i = 0; i < node->pending_count; i++) {
		if (node->pending[i].entry == &disk->oplog->entries[done->of]) {
			node->pending[i].number = number;
			node->pending[i].result = done->result;
		}
	}
}

/* Whether a sync of @synced that began as entry @began covers it, as far as it was a success. */
static bool is_covered(const struct crash_disk *disk, const struct crash_node *node,
		       const struct crash_pending *pending, uint32_t synced, uint32_t began)
{
	const uint32_t own = (uint32_t)(pending->entry - disk->oplog->entries);

	switch (pending->entry->kind) {
	case OPLOG_NAME:
		return pending->entry->parent == synced && own < began;
	case OPLOG_SIZE:
		return node == &disk->nodes[synced] && own < began;
	case OPLOG_WRITE:
		return node == &disk->nodes[synced] && pending->number < began && pending->result >= 0;
	case OPLOG_WRITTEN:
	case OPLOG_SYNC:
	case OPLOG_SYNCED:
	default:
		return false;
	}
}

static void make_durable(struct crash_node *node, const struct crash_pending *pending)
{
	if (pending->entry->kind == OPLOG_NAME) {
		node->is_seen = pending->entry->value != 0;
	} else if (pending->entry->kind == OPLOG_SIZE) {
		node->size = pending->entry->value;
	} else {
		write_to_base(node, pending);
	}
}

static void note_synced(struct crash_disk *disk, const struct oplog_entry *done)
{
	if (done->result < 0 || done->node == OPLOG_NONE ||
	    (disk->is_lying && disk->sync_count++ % 3 == 0)) {
		return;
	}
	for (uint32_t n = 0; n < disk->oplog->node_count; n++) {
		struct crash_node *node = &disk->nodes[n];
		uint32_t kept = 0;

		for (uint32_t i = 0; i < node->pending_count; i++) {
			const struct crash_pending pending = node->pending[i];

			if (is_covered(disk, node, &pending, done->node, done->of)) {
				make_durable(node, &pending);
			} else {
				node->pending[kept++] = pending;
			}
		}
		node->pending_count = kept;
	}
}

bool crash_advance(struct crash_disk *disk)
{
	const struct oplog_entry *entry = &disk->oplog->entries[disk->at];
	struct crash_node *node = entry->node == OPLOG_NONE ? NULL : &disk->nodes[entry->node];

	if (disk->at + 1 >= disk->oplog->count) {
		return false;
	}
	switch (entry->kind) {
	case OPLOG_NAME:
		if (!node->is_made) {
			node->is_made = true;
			node->parent = entry->parent;
			make_file(disk, entry->node);
		}
		put_pending(node, entry);
		break;
	case OPLOG_WRITE:
		put_pending(node, entry);
		memcpy(node->now + entry->value, entry->data, entry->bytes);
		misplace(node, entry->node, entry);
		break;
	case OPLOG_SIZE:
		put_pending(node, entry);
		break;
	case OPLOG_WRITTEN:
		note_written(disk, disk->at);
		break;
	case OPLOG_SYNCED:
		note_synced(disk, entry);
		break;
	case OPLOG_SYNC:
	default:
		break;
	}
	disk->at++;
	return true;
}

/* --- the cut -------------------------------------------------------------------------------------- */

enum fate { FATE_NONE, FATE_ALL, FATE_TORN, FATE_ANY };

static bool is_kept(enum fate fate, uint32_t *random)
{
	return fate == FATE_ALL || (fate != FATE_NONE && kit_random(random) % 2 == 0);
}

/* One of: sectors at random, the first ones, the last ones, all but some in the middle. */
static void tear(struct crash_image *image, const struct oplog_entry *write, uint32_t *random)
{
	const uint32_t sectors = write->bytes / SECTOR_BYTES;
	const uint32_t shape = kit_random(random) % 4;
	const uint32_t a = kit_random(random) % (sectors + 1);
	const uint32_t b = a + kit_random(random) % (sectors + 1 - a);

	for (uint32_t i = 0; i < sectors; i++) {
		const bool is_there = shape == 0   ? kit_random(random) % 2 == 0
				      : shape == 1 ? i < a
				      : shape == 2 ? i >= a
						   : i < a || i >= b;

		if (is_there) {
			memcpy(image->bytes + write->value + (uint64_t)i * SECTOR_BYTES,
			       write->data + (uint64_t)i * SECTOR_BYTES, SECTOR_BYTES);
		}
	}
}

static void make_image(struct crash_disk *disk, uint32_t number, enum fate fate, uint32_t *random)
{
	const struct crash_node *node = &disk->nodes[number];
	struct crash_image *image = &disk->images[number];

	memcpy(image->bytes, node->base[kit_random(random) % CRASH_FILLS], node->capacity);
	image->size = node->size;
	for (uint32_t i = 0; i < node->pending_count; i++) {
		const struct oplog_entry *entry = node->pending[i].entry;
		enum fate one = fate == FATE_ANY ? (enum fate)(kit_random(random) % 3) : fate;

		if (entry->kind == OPLOG_SIZE && is_kept(fate, random)) {
			image->size = entry->value;
		} else if (entry->kind == OPLOG_WRITE && one == FATE_TORN) {
			tear(image, entry, random);
		} else if (entry->kind == OPLOG_WRITE && one == FATE_ALL) {
			memcpy(image->bytes + entry->value, entry->data, entry->bytes);
		}
	}
}

/* The names of a node change in order: any number of them, from the first on. */
static void choose_names(const struct crash_disk *disk, enum fate fate, uint32_t *random, bool *ret_seen)
{
	for (uint32_t n = 0; n < disk->oplog->node_count; n++) {
		const struct crash_node *node = &disk->nodes[n];
		bool goes_on = true;

		ret_seen[n] = !node->is_made || node->is_seen;
		for (uint32_t i = 0; i < node->pending_count && goes_on; i++) {
			if (node->pending[i].entry->kind == OPLOG_NAME) {
				goes_on = is_kept(fate, random);
				ret_seen[n] = goes_on ? node->pending[i].entry->value != 0 : ret_seen[n];
			}
		}
	}
}

static bool is_found(const struct crash_disk *disk, uint32_t number, const bool *seen)
{
	uint32_t steps = 0;

	while (seen[number] && disk->nodes[number].is_made && steps++ < OPLOG_NODES) {
		number = disk->nodes[number].parent;
	}
	return seen[number];
}

void crash_make_images(struct crash_disk *disk, uint32_t *random)
{
	const enum fate fate = (enum fate)(kit_random(random) % 4);
	bool seen[OPLOG_NODES];

	choose_names(disk, fate, random, seen);
	for (uint32_t n = 0; n < disk->oplog->node_count; n++) {
		disk->images[n].size = 0;
		if (disk->nodes[n].capacity > 0 && is_found(disk, n, seen)) {
			make_image(disk, n, fate, random);
		}
	}
}

/* --- the verdict ---------------------------------------------------------------------------------- */

static int64_t image_read(void *user, uint64_t offset, void *out, uint32_t bytes)
{
	const struct crash_image *image = user;
	const uint64_t left = offset < image->size ? image->size - offset : 0;
	const uint32_t n = left < bytes ? (uint32_t)left : bytes;

	memcpy(out, image->bytes + (n ? offset : 0), n);
	return n;
}

static int64_t image_size(void *user)
{
	return (int64_t)((const struct crash_image *)user)->size;
}

static uint64_t image_data_from(void *user, uint64_t offset)
{
	const uint64_t size = ((const struct crash_image *)user)->size;

	return offset < size ? offset : size;
}

static void image_close(void *user)
{
	(void)user;
}

static void judge_record(const struct crash_disk *disk, const struct takt_log_record *record,
			 struct crash_verdict *verdict, bool *ret_hole)
{
	const struct oplog_entry *next = &disk->oplog->entries[disk->at];
	const uint32_t s = record->stream;
	uint64_t number;

	if (s >= OPLOG_STREAMS ||
	    !oplog_is_record(disk->oplog, s, record->bytes, record->bytes_count, verdict->read[s],
			     &number) ||
	    number >= next->put[s]) {
		verdict->false_accepts++;
		return;
	}
	*ret_hole = *ret_hole || number > verdict->read[s];
	if (number > verdict->read[s] && verdict->read[s] < next->acknowledged[s]) {
		const uint64_t end = number < next->acknowledged[s] ? number : next->acknowledged[s];

		verdict->lost += end - verdict->read[s];
	}
	verdict->read[s] = number + 1;
}

static void judge_log(const struct crash_disk *disk, struct takt_log *log, struct crash_verdict *verdict)
{
	const struct takt_log_record *record;
	struct takt_log_cursor *cursor;
	bool has_hole = false;

	assert_int_equal(takt_log_cursor_create(log, NULL, &cursor, NULL), 0);
	while (takt_log_next(cursor, &record, NULL) > 0) {
		judge_record(disk, record, verdict, &has_hole);
	}
	takt_log_cursor_destroy(cursor);
	verdict->damages = takt_log_info_of(log)->damage_count;
	verdict->silent_holes = has_hole && verdict->damages == 0;
}

void crash_judge(const struct crash_disk *disk, struct crash_verdict *ret_verdict)
{
	const struct oplog_entry *next = &disk->oplog->entries[disk->at];
	struct takt_log_io ios[OPLOG_NODES];
	struct takt_log *log = NULL;
	uint32_t count = 0;

	memset(ret_verdict, 0, sizeof(*ret_verdict));
	for (uint32_t n = 0; n < disk->oplog->node_count; n++) {
		if (disk->images[n].size > 0) {
			ios[count++] = (struct takt_log_io){
				.user = (void *)(uintptr_t)&disk->images[n], .read = image_read,
				.size = image_size, .data_from = image_data_from, .close = image_close,
			};
		}
	}
	if (count > 0 && takt_log_open_io(ios, count, &log, NULL) == 0) {
		judge_log(disk, log, ret_verdict);
		takt_log_close(log);
	}
	for (uint32_t s = 0; s < OPLOG_STREAMS; s++) {
		if (ret_verdict->read[s] < next->acknowledged[s]) {
			ret_verdict->lost += next->acknowledged[s] - ret_verdict->read[s];
		}
	}
}

/* --- create and destroy --------------------------------------------------------------------------- */

struct crash_disk *crash_create(const struct oplog *oplog)
{
	struct crash_disk *disk = clean_memory(sizeof(*disk));

	disk->oplog = oplog;
	disk->newest_file = OPLOG_NONE;
	return disk;
}

void crash_destroy(struct crash_disk *disk)
{
	for (uint32_t n = 0; n < OPLOG_NODES; n++) {
		for (uint32_t f = 0; f < CRASH_FILLS; f++) {
			free(disk->nodes[n].base[f]);
		}
		free(disk->nodes[n].now);
		free(disk->nodes[n].is_written);
		free(disk->images[n].bytes);
	}
	free(disk);
}
