/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/write_oplog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/unit.h"

/* The linker knows no argument to give to a wrapped call. */
static struct oplog *current;

/* --- entries --------------------------------------------------------------------------------- */

static uint64_t acknowledged(const struct oplog *oplog, uint32_t stream)
{
	const uint64_t released = atomic_load_explicit(&oplog->watched->streams[stream].released,
						       memory_order_acquire);
	uint64_t low = 0, high = oplog->end_count[stream];

	while (low < high) {
		const uint64_t middle = low + (high - low) / 2;

		if (oplog->ends[stream][middle] <= released) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

static void note_end(struct oplog *oplog, uint32_t stream, uint64_t end)
{
	const uint64_t count = ++oplog->end_count[stream];

	if ((count & (count - 1)) == 0) {
		oplog->ends[stream] = realloc(oplog->ends[stream], 2 * count * sizeof(uint64_t));
		assert_non_null(oplog->ends[stream]);
	}
	oplog->ends[stream][count - 1] = end;
}

/* What the recorder has put into its own stream since the last look: an event is a chunk. */
static void note_events(struct oplog *oplog)
{
	const struct takt_stream_view view = takt_region_view(oplog->watched, KIT_RECORDER);
	struct takt_stream_positions positions;
	struct takt_chunk_place place;

	assert_int_equal(takt_stream_positions(&view, &positions), 0);
	while (takt_stream_find_chunk(&view, &positions, oplog->event_at, &place) == 1) {
		struct oplog_event *event = &oplog->events[oplog->end_count[KIT_RECORDER]];

		assert_true(oplog->end_count[KIT_RECORDER] < OPLOG_EVENTS_MAX);
		event->bytes_count = place.used_bytes;
		event->bytes = malloc(place.used_bytes);
		assert_non_null(event->bytes);
		assert_int_equal(takt_stream_copy(&view, place.position + TAKT_CHUNK_HEADER_BYTES,
						  event->bytes, place.used_bytes), 0);
		oplog->event_at = place.next;
		note_end(oplog, KIT_RECORDER, place.next);
	}
}

static struct oplog_entry *add(struct oplog *oplog, enum oplog_kind kind, uint32_t node)
{
	struct oplog_entry *entry;

	note_events(oplog);

	if (oplog->count == oplog->capacity) {
		oplog->capacity = oplog->capacity ? 2 * oplog->capacity : 1024;
		oplog->entries = realloc(oplog->entries,
					   oplog->capacity * sizeof(*oplog->entries));
		assert_non_null(oplog->entries);
	}
	entry = &oplog->entries[oplog->count++];
	memset(entry, 0, sizeof(*entry));
	entry->kind = kind;
	entry->node = node;
	for (uint32_t s = 0; s < OPLOG_STREAMS; s++) {
		entry->acknowledged[s] = acknowledged(oplog, s);
		entry->put[s] = oplog->end_count[s];
	}
	return entry;
}

static void add_name(struct oplog *oplog, uint32_t node, uint32_t parent, bool is_seen)
{
	struct oplog_entry *entry = add(oplog, OPLOG_NAME, node);

	entry->parent = parent;
	entry->value = is_seen;
}

static uint32_t add_write(struct oplog *oplog, uint32_t node, const void *data, uint32_t bytes,
			  uint64_t offset)
{
	struct oplog_entry *entry = add(oplog, OPLOG_WRITE, node);

	entry->value = offset;
	entry->bytes = bytes;
	entry->data = malloc(bytes);
	assert_non_null(entry->data);
	memcpy(entry->data, data, bytes);
	return oplog->count - 1;
}

static void add_done(struct oplog *oplog, uint32_t of, int32_t result)
{
	const enum oplog_kind kind =
		oplog->entries[of].kind == OPLOG_WRITE ? OPLOG_WRITTEN : OPLOG_SYNCED;
	struct oplog_entry *entry = add(oplog, kind, oplog->entries[of].node);

	entry->of = of;
	entry->result = result;
}

/* --- nodes: files and directories that were made -------------------------------------------------- */

static uint32_t find_inode(const struct oplog *oplog, uint64_t inode)
{
	for (uint32_t i = oplog->node_count; i-- > 0;) {
		if (oplog->inodes[i] == inode) {
			return i;
		}
	}
	return OPLOG_NONE;
}

static uint32_t node_of_fd(const struct oplog *oplog, int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? OPLOG_NONE : find_inode(oplog, st.st_ino);
}

static uint32_t node_of_name(const struct oplog *oplog, int dir_fd, const char *name)
{
	struct stat st;

	return fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? OPLOG_NONE
								  : find_inode(oplog, st.st_ino);
}

/* A directory that was there before has a node too, to sync it; its own name is not in question. */
static uint32_t node_of_parent(struct oplog *oplog, int dir_fd, const char *path)
{
	char parent[PATH_MAX];
	struct stat st;
	uint32_t node;

	snprintf(parent, sizeof(parent), "%s", path);
	*(strrchr(parent, '/') ? strrchr(parent, '/') : parent) = '\0';
	assert_int_equal(fstatat(dir_fd, parent[0] ? parent : ".", &st, 0), 0);
	node = find_inode(oplog, st.st_ino);
	if (node == OPLOG_NONE) {
		assert_true(oplog->node_count < OPLOG_NODES);
		node = oplog->node_count++;
		oplog->inodes[node] = st.st_ino;
	}
	return node;
}

static void add_new(struct oplog *oplog, int dir_fd, const char *path, bool is_seen)
{
	const uint32_t parent = node_of_parent(oplog, dir_fd, path);
	struct stat st;

	assert_int_equal(fstatat(dir_fd, path, &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(oplog->node_count < OPLOG_NODES);
	oplog->inodes[oplog->node_count] = st.st_ino;
	add_name(oplog, oplog->node_count++, parent, is_seen);
}

/* --- calls round the backend ---------------------------------------------------------------------- */

int __real_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode);
int __real_mkdirat(int dir_fd, const char *path, mode_t mode);
int __wrap_mkdirat(int dir_fd, const char *path, mode_t mode);
int __real_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags);
int __wrap_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags);
int __real_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __real_unlinkat(int dir_fd, const char *path, int flags);
int __wrap_unlinkat(int dir_fd, const char *path, int flags);
int __real_fallocate(int fd, int mode, off_t offset, off_t bytes);
int __wrap_fallocate(int fd, int mode, off_t offset, off_t bytes);
int __real_ftruncate(int fd, off_t bytes);
int __wrap_ftruncate(int fd, off_t bytes);
ssize_t __real_pwrite(int fd, const void *from, size_t bytes, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *from, size_t bytes, off_t offset);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);

static bool is_noting(void)
{
	return current && current->depth == 0;
}

int __wrap_mkdir(const char *path, mode_t mode)
{
	const int r = __real_mkdir(path, mode);

	if (r == 0 && is_noting()) {
		add_new(current, AT_FDCWD, path, true);
	}
	return r;
}

int __wrap_mkdirat(int dir_fd, const char *path, mode_t mode)
{
	const int r = __real_mkdirat(dir_fd, path, mode);

	if (r == 0 && is_noting()) {
		add_new(current, dir_fd, path, true);
	}
	return r;
}

static int note_rename(int r, int dir_fd, const char *to)
{
	const size_t bytes = strlen(to), suffix_bytes = strlen(TAKT_SEGMENT_SUFFIX);

	if (r == 0 && is_noting()) {
		add_name(current, node_of_name(current, dir_fd, to), node_of_parent(current, dir_fd, to),
			 bytes > suffix_bytes &&
				 strcmp(to + bytes - suffix_bytes, TAKT_SEGMENT_SUFFIX) == 0);
	}
	return r;
}

int __wrap_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	if (is_noting() && current->has_no_noreplace) {
		errno = EINVAL;
		return -1;
	}
	return note_rename(__real_renameat2(from_fd, from, to_fd, to, flags), to_fd, to);
}

int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	return note_rename(__real_renameat(from_fd, from, to_fd, to), to_fd, to);
}

int __wrap_unlinkat(int dir_fd, const char *path, int flags)
{
	const uint32_t node = is_noting() ? node_of_name(current, dir_fd, path) : OPLOG_NONE;
	const int r = __real_unlinkat(dir_fd, path, flags);

	if (r == 0 && node != OPLOG_NONE) {
		add_name(current, node, node_of_parent(current, dir_fd, path), false);
		current->inodes[node] = 0;
	}
	return r;
}

static void note_size(int fd, off_t bytes)
{
	const uint32_t node = is_noting() ? node_of_fd(current, fd) : OPLOG_NONE;

	if (node != OPLOG_NONE) {
		add(current, OPLOG_SIZE, node)->value = (uint64_t)bytes;
	}
}

int __wrap_fallocate(int fd, int mode, off_t offset, off_t bytes)
{
	int r;

	if (is_noting() && current->has_no_fallocate) {
		errno = EOPNOTSUPP;
		return -1;
	}
	r = __real_fallocate(fd, mode, offset, bytes);
	if (r == 0) {
		note_size(fd, offset + bytes);
	}
	return r;
}

int __wrap_ftruncate(int fd, off_t bytes)
{
	const int r = __real_ftruncate(fd, bytes);

	if (r == 0) {
		note_size(fd, bytes);
	}
	return r;
}

ssize_t __wrap_pwrite(int fd, const void *from, size_t bytes, off_t offset)
{
	const uint32_t node = is_noting() ? node_of_fd(current, fd) : OPLOG_NONE;
	uint32_t entry = 0;
	ssize_t n;

	if (node != OPLOG_NONE) {
		entry = add_write(current, node, from, (uint32_t)bytes, (uint64_t)offset);
	}
	n = __real_pwrite(fd, from, bytes, offset);
	if (node != OPLOG_NONE) {
		add_done(current, entry, n < 0 ? -errno : (int32_t)n);
	}
	return n;
}

static int note_sync(int fd, int (*sync)(int))
{
	const uint32_t node = is_noting() ? node_of_fd(current, fd) : OPLOG_NONE;
	uint32_t entry = 0;
	int r;

	if (node != OPLOG_NONE) {
		add(current, OPLOG_SYNC, node);
		entry = current->count - 1;
	}
	r = sync(fd);
	if (node != OPLOG_NONE) {
		add_done(current, entry, r < 0 ? -errno : 0);
	}
	return r;
}

int __wrap_fsync(int fd)
{
	return note_sync(fd, __real_fsync);
}

int __wrap_fdatasync(int fd)
{
	return note_sync(fd, __real_fdatasync);
}

/* --- the backend ---------------------------------------------------------------------------------- */

static struct oplog *self_of(struct takt_backend *backend)
{
	return (struct oplog *)backend;
}

static int oplog_open(struct takt_backend *backend, int dir_fd, const char *name)
{
	struct oplog *self = self_of(backend);
	int fd;

	self->depth++;
	fd = self->inner->ops->open(self->inner, dir_fd, name);
	self->depth--;
	if (fd >= 0) {
		add_new(self, dir_fd, name, false);
	}
	return fd;
}

static int oplog_start(struct takt_backend *backend)
{
	return self_of(backend)->inner->ops->start(self_of(backend)->inner);
}

static int oplog_use(struct takt_backend *backend, uint32_t slot, int fd)
{
	struct oplog *self = self_of(backend);

	self->slots[slot] = fd < 0 ? OPLOG_NONE : node_of_fd(self, fd);
	return self->inner->ops->use(self->inner, slot, fd);
}

static void keep_cookie(struct oplog *self, uint64_t cookie, uint32_t entry)
{
	for (uint32_t i = 0; i < 16; i++) {
		if (self->cookie_entries[i] == OPLOG_NONE) {
			self->cookies[i] = cookie;
			self->cookie_entries[i] = entry;
			return;
		}
	}
	fail_msg("more in flight than there may be");
}

static int oplog_write(struct takt_backend *backend, uint32_t slot, const void *buffer,
			 uint32_t bytes, uint64_t offset, uint64_t cookie)
{
	struct oplog *self = self_of(backend);
	const uint32_t entry = add_write(self, self->slots[slot], buffer, bytes, offset);
	int r;

	self->depth++;
	r = self->inner->ops->write(self->inner, slot, buffer, bytes, offset, cookie);
	self->depth--;
	if (r == 0) {
		keep_cookie(self, cookie, entry);
	} else {
		add_done(self, entry, r);
	}
	return r;
}

static int oplog_sync(struct takt_backend *backend, uint32_t slot, uint64_t cookie)
{
	struct oplog *self = self_of(backend);
	int r;

	add(self, OPLOG_SYNC, self->slots[slot]);
	keep_cookie(self, cookie, self->count - 1);
	self->depth++;
	r = self->inner->ops->sync(self->inner, slot, cookie);
	self->depth--;
	assert_int_equal(r, 0);
	return r;
}

static int oplog_reap(struct takt_backend *backend, struct takt_backend_done *ret_done, uint32_t max,
			uint64_t wait_ns)
{
	struct oplog *self = self_of(backend);
	const int n = self->inner->ops->reap(self->inner, ret_done, max, wait_ns);

	for (int i = 0; i < n; i++) {
		uint32_t k = 0;

		while (self->cookie_entries[k] == OPLOG_NONE ||
		       self->cookies[k] != ret_done[i].cookie) {
			k++;
			assert_true(k < 16);
		}
		add_done(self, self->cookie_entries[k], ret_done[i].result);
		self->cookie_entries[k] = OPLOG_NONE;
	}
	return n;
}

static void oplog_destroy(struct takt_backend *backend)
{
	struct oplog *self = self_of(backend);

	self->inner->ops->destroy(self->inner);
	memset(self->cookie_entries, 0xff, sizeof(self->cookie_entries));
}

static const struct takt_backend_ops oplog_ops = {
	.open = oplog_open,
	.start = oplog_start,
	.use = oplog_use,
	.write = oplog_write,
	.sync = oplog_sync,
	.reap = oplog_reap,
	.destroy = oplog_destroy,
};

struct takt_backend *oplog_wrap(struct takt_backend *backend, void *user)
{
	struct oplog *self = user;

	self->inner = faulty_wrap(backend, &self->faulty);
	self->base = (struct takt_backend){ &oplog_ops, "oplog", self->inner->depth };
	return &self->base;
}

/* --- begin and end -------------------------------------------------------------------------------- */

void oplog_begin(struct oplog *oplog, struct kit *kit)
{
	struct takt_err err = { 0 };

	memset(oplog, 0, sizeof(*oplog));
	memset(oplog->cookie_entries, 0xff, sizeof(oplog->cookie_entries));
	oplog->kit = kit;
	if (takt_region_attach(kit->region_path, TAKT_REGION_READER, &oplog->watched, &err) < 0) {
		fail_msg("%s", err.text);
	}
	oplog->faulty.streams = oplog->watched->streams;
	current = oplog;
}

void oplog_note_put(struct oplog *oplog, uint32_t stream)
{
	note_end(oplog, stream, atomic_load_explicit(&oplog->watched->streams[stream].committed,
						     memory_order_acquire));
}

bool oplog_is_record(const struct oplog *oplog, uint32_t stream, const void *bytes, uint32_t bytes_count,
		     uint64_t least, uint64_t *ret_number)
{
	if (stream != KIT_RECORDER) {
		return kit_is_record(oplog->kit, stream, bytes, bytes_count, ret_number) &&
		       *ret_number >= least;
	}
	for (uint64_t i = least; i < oplog->end_count[stream]; i++) {
		if (oplog->events[i].bytes_count == bytes_count &&
		    memcmp(oplog->events[i].bytes, bytes, bytes_count) == 0) {
			*ret_number = i;
			return true;
		}
	}
	return false;
}

void oplog_end(struct oplog *oplog, bool all_acknowledged)
{
	struct oplog_entry *last = add(oplog, OPLOG_SYNCED, OPLOG_NONE);

	for (uint32_t s = 0; s < OPLOG_STREAMS && all_acknowledged; s++) {
		last->acknowledged[s] = last->put[s];
	}
	current = NULL;
}

void oplog_fini(struct oplog *oplog)
{
	current = NULL;
	for (uint32_t i = 0; i < oplog->count; i++) {
		free(oplog->entries[i].data);
	}
	for (uint64_t i = 0; i < oplog->end_count[KIT_RECORDER]; i++) {
		free(oplog->events[i].bytes);
	}
	free(oplog->entries);
	for (uint32_t s = 0; s < OPLOG_STREAMS; s++) {
		free(oplog->ends[s]);
	}
	takt_region_close(oplog->watched);
	faulty_fini(&oplog->faulty);
}
