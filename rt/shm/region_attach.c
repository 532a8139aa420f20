/* SPDX-License-Identifier: Apache-2.0 */
/* Finding, attaching, closing and removing regions. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rt/msg/catalog.h"
#include "rt/shm/mailbox.h"
#include "rt/shm/pyslot_file.h"
#include "rt/shm/region.h"
#include "rt/shm/region_guard.h"
#include "rt/shm/region_lock.h"

static struct flock lock_of(enum takt_region_role role)
{
	return (struct flock){
		.l_type = F_WRLCK, .l_whence = SEEK_SET,
		.l_start = role == TAKT_REGION_RT ? 0 : 1, .l_len = 1,
	};
}

int takt_region_lock(int control_fd, enum takt_region_role role)
{
	struct flock lock = lock_of(role);

	if (fcntl(control_fd, F_OFD_SETLK, &lock) < 0) {
		return errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
	}
	return 0;
}

int takt_region_is_locked(int control_fd, enum takt_region_role role)
{
	struct flock lock = lock_of(role);

	if (fcntl(control_fd, F_OFD_GETLK, &lock) < 0) {
		return -errno;
	}
	return lock.l_type != F_UNLCK;
}

int takt_region_rt_alive(const struct takt_region *region)
{
	return region->role == TAKT_REGION_RT ? 1
					      : takt_region_is_locked(region->control_fd, TAKT_REGION_RT);
}

int takt_region_recorder_alive(const struct takt_region *region)
{
	return region->role == TAKT_REGION_RECORDER
		       ? 1
		       : takt_region_is_locked(region->control_fd, TAKT_REGION_RECORDER);
}

static void *find_section(const struct takt_region *region, const struct takt_region_header *header,
			  uint32_t id, uint64_t bytes_min, uint64_t *ret_bytes)
{
	for (uint32_t i = 0; i < header->section_count; i++) {
		const struct takt_section *s = &header->sections[i];

		if (s->id == id && s->offset % TAKT_REGION_ALIGN == 0 &&
		    s->offset <= region->control_bytes &&
		    s->bytes <= region->control_bytes - s->offset && s->bytes >= bytes_min) {
			*ret_bytes = s->bytes;
			return (char *)region->control + s->offset;
		}
	}
	return NULL;
}

static bool is_ended(const char *text, size_t bytes)
{
	return memchr(text, '\0', bytes) != NULL;
}

/* Others may write in the region while we look: each entry is copied, and the copy is checked and kept. */
static bool check_streams(struct takt_region *region)
{
	for (uint32_t i = 0; i < region->stream_count; i++) {
		struct takt_stream_shared s;

		memcpy(&s, &region->streams[i], offsetof(struct takt_stream_shared, committed));
		if ((s.kind != TAKT_STREAM_COPPERLISTS && s.kind != TAKT_STREAM_EVENTS) ||
		    s.arena_offset % TAKT_REGION_ALIGN != 0 ||
		    s.ring_bytes % TAKT_REGION_ALIGN != 0 || s.ring_bytes == 0 ||
		    s.arena_offset > region->arena_bytes ||
		    s.ring_bytes > region->arena_bytes - s.arena_offset ||
		    s.record_bytes_max > s.ring_bytes || s.chunk_bytes_max > s.ring_bytes ||
		    !is_ended(s.name, sizeof(s.name))) {
			return false;
		}
		region->rings[i] = (struct takt_region_ring){
			.offset = s.arena_offset, .bytes = s.ring_bytes,
			.type = s.kind == TAKT_STREAM_COPPERLISTS ? TAKT_CHUNK_COPPERLISTS
								  : TAKT_CHUNK_EVENTS,
		};
	}
	return true;
}

static int check_header(const struct takt_region *region, const struct takt_region_header *header,
			struct takt_err *err)
{
	if (region->control_bytes < TAKT_REGION_ALIGN || header->magic != TAKT_REGION_MAGIC ||
	    header->endian != TAKT_REGION_ENDIAN) {
		return takt_err_set(err, -EBADMSG, "%s: is not a region of takt", region->path);
	}
	if (header->abi_major != TAKT_REGION_ABI_MAJOR) {
		return takt_err_set(err, -EPROTONOSUPPORT,
				    "%s: region ABI %u.%u, this program knows %u; use the takt of the "
				    "same version", region->path, header->abi_major, header->abi_minor,
				    TAKT_REGION_ABI_MAJOR);
	}
	if (header->section_count > 16 || header->control_bytes > region->control_bytes ||
	    header->arena_bytes > region->arena_bytes) {
		return takt_err_set(err, -EBADMSG, "%s: damaged header", region->path);
	}
	return 0;
}

static int find_sections(struct takt_region *region, struct takt_err *err)
{
	struct takt_region_header header;
	struct takt_region_info info;
	uint64_t bytes, stream_bytes, mailbox_bytes = sizeof(*region->mailbox);
	int r;

	memcpy(&header, region->control, sizeof(header));
	r = check_header(region, &header, err);
	if (r < 0) {
		return r;
	}
	region->info = find_section(region, &header, TAKT_SECTION_INFO, sizeof(*region->info), &bytes);
	region->streams = find_section(region, &header, TAKT_SECTION_STREAMS, sizeof(*region->streams),
				       &stream_bytes);
	region->rt = find_section(region, &header, TAKT_SECTION_STATE, sizeof(*region->rt), &bytes);
	region->recorder = find_section(region, &header, TAKT_SECTION_RECORDER, sizeof(*region->recorder),
					&bytes);
	region->storage = find_section(region, &header, TAKT_SECTION_STORAGE, sizeof(*region->storage), &bytes);
	region->catalog = find_section(region, &header, TAKT_SECTION_CATALOG, 1, &bytes);
	region->mailbox = find_section(region, &header, TAKT_SECTION_MAILBOX, sizeof(*region->mailbox),
				       &mailbox_bytes);
	region->mailbox_task_count = (uint32_t)((mailbox_bytes - sizeof(*region->mailbox)) /
						sizeof(struct takt_mailbox_task));
	if (region->info) {
		memcpy(&info, region->info, sizeof(info));
	}
	if (!region->info || !region->streams || !region->rt || !region->recorder ||
	    !region->catalog || info.catalog_bytes > bytes ||
	    info.stream_count == 0 || info.stream_count > TAKT_STREAMS_MAX ||
	    info.stream_count * sizeof(*region->streams) > stream_bytes ||
	    !is_ended(info.graph, sizeof(info.graph)) ||
	    !is_ended(info.log_dir, sizeof(info.log_dir)) ||
	    !is_ended(info.boot_id, sizeof(info.boot_id)) ||
	    !is_ended(info.machine_id, sizeof(info.machine_id))) {
		return takt_err_set(err, -EBADMSG, "%s: damaged section table", region->path);
	}
	region->stream_count = info.stream_count;
	region->run = info.run;
	if (!check_streams(region)) {
		return takt_err_set(err, -EBADMSG, "%s: damaged stream table", region->path);
	}
	return 0;
}

static int open_and_map(const struct takt_region *region, const char *name, int *ret_fd,
			void **ret_memory, uint64_t *ret_bytes)
{
	const bool writes = region->role == TAKT_REGION_RECORDER;
	char path[PATH_MAX];
	struct stat st;
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", region->path, name) >= (int)sizeof(path)) {
		return -ENAMETOOLONG;
	}
	/* Not to hang where somebody has put a pipe. */
	fd = open(path, (writes ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0) {
		return -errno;
	}
	*ret_fd = fd;
	if (fstat(fd, &st) < 0) {
		return -errno;
	}
	if (!S_ISREG(st.st_mode) || st.st_size < (off_t)TAKT_REGION_ALIGN) {
		return -EBADMSG;
	}
	/* Who records writes and deletes where the region says: with our rights that is for us to say. */
	if (writes && st.st_uid != geteuid()) {
		return -EPERM;
	}
	*ret_memory = mmap(NULL, (size_t)st.st_size, writes ? PROT_READ | PROT_WRITE : PROT_READ,
			   MAP_SHARED, fd, 0);
	if (*ret_memory == MAP_FAILED) {
		*ret_memory = NULL;
		return -errno;
	}
	*ret_bytes = (uint64_t)st.st_size;
	takt_region_guard_add(*ret_memory, *ret_bytes);
	return 0;
}

int takt_region_attach(const char *path, enum takt_region_role role,
		       struct takt_region **ret_region, struct takt_err *err)
{
	struct takt_region *region = calloc(1, sizeof(*region));
	void *arena = NULL;
	int r;

	TAKT_CHECK(role != TAKT_REGION_RT);
	if (!region) {
		return takt_err_set(err, -ENOMEM, "out of memory");
	}
	region->role = role;
	region->control_fd = region->arena_fd = -1;
	snprintf(region->path, sizeof(region->path), "%s", path);
	r = open_and_map(region, "control", &region->control_fd, &region->control,
			 &region->control_bytes);
	if (r == 0 && role == TAKT_REGION_RECORDER) {
		r = takt_region_lock(region->control_fd, role);
	}
	if (r == 0) {
		r = open_and_map(region, "arena", &region->arena_fd, &arena, &region->arena_bytes);
		region->arena = arena;
	}
	if (r < 0) {
		takt_err_set(err, r, "%s: %s", path,
			     r == -EBUSY ? "another taktd records this run"
			     : r == -EPERM ? "is another user's: only that user may record it"
					   : strerror(-r));
	} else {
		r = find_sections(region, err);
	}
	if (r < 0) {
		takt_region_close(region);
		return r;
	}
	*ret_region = region;
	return 0;
}

void takt_region_close(struct takt_region *region)
{
	if (!region) {
		return;
	}
	takt_region_guard_remove(region->control);
	takt_region_guard_remove(region->arena);
	if (region->control) {
		munmap(region->control, region->control_bytes);
	}
	if (region->arena) {
		munmap(region->arena, region->arena_bytes);
	}
	if (region->control_fd >= 0) {
		close(region->control_fd);
	}
	if (region->arena_fd >= 0) {
		close(region->arena_fd);
	}
	free(region);
}

bool takt_region_is_cut(const struct takt_region *region)
{
	return takt_region_guard_is_replaced(region->control) ||
	       takt_region_guard_is_replaced(region->arena);
}

/* The slot files of Python tasks. */
static int remove_slots(int dir_fd)
{
	const int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	int r = 0;

	if (!dir) {
		r = -errno;
		if (fd >= 0) {
			close(fd);
		}
		return r;
	}
	for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		if (strncmp(e->d_name, TAKT_PYSLOT_PREFIX, strlen(TAKT_PYSLOT_PREFIX)) == 0 &&
		    unlinkat(dir_fd, e->d_name, 0) < 0 && errno != ENOENT) {
			r = -errno;
		}
	}
	closedir(dir);
	return r;
}

int takt_region_remove(const char *path)
{
	const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int r;

	if (fd < 0) {
		return -errno;
	}
	r = remove_slots(fd);
	if ((unlinkat(fd, "arena", 0) < 0 && errno != ENOENT) ||
	    (unlinkat(fd, "control", 0) < 0 && errno != ENOENT)) {
		r = -errno;
	}
	close(fd);
	if (r == 0 && rmdir(path) < 0) {
		r = -errno;
	}
	return r;
}

struct takt_stream_view takt_region_view(const struct takt_region *region, uint32_t number)
{
	const struct takt_region_ring *ring = &region->rings[number];

	return (struct takt_stream_view){
		.shared = &region->streams[number],
		.ring = region->arena + ring->offset,
		.ring_bytes = ring->bytes,
		.run = region->run,
		.number = number,
		.type = ring->type,
	};
}

static int scan_graph(const char *graph_dir, int (*visit)(const char *path, void *user), void *user)
{
	DIR *dir = opendir(graph_dir);
	char path[PATH_MAX];
	int r = 0;

	if (!dir) {
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	}
	for (const struct dirent *e = readdir(dir); e && r == 0; e = readdir(dir)) {
		if (strlen(e->d_name) == 16 && strspn(e->d_name, "0123456789abcdef") == 16 &&
		    snprintf(path, sizeof(path), "%s/%s", graph_dir, e->d_name) < (int)sizeof(path)) {
			r = visit(path, user);
		}
	}
	closedir(dir);
	return r;
}

int takt_region_scan(const char *run_dir, int (*visit)(const char *path, void *user), void *user)
{
	DIR *dir = opendir(run_dir);
	char path[PATH_MAX];
	int r = 0;

	if (!dir) {
		return errno == ENOENT ? 0 : -errno;
	}
	for (const struct dirent *e = readdir(dir); e && r == 0; e = readdir(dir)) {
		if (e->d_name[0] != '.' &&
		    snprintf(path, sizeof(path), "%s/%s", run_dir, e->d_name) < (int)sizeof(path)) {
			r = scan_graph(path, visit, user);
		}
	}
	closedir(dir);
	return r;
}
