/* SPDX-License-Identifier: Apache-2.0 */
/* Creating a region. Phases: made (temporary name, locked, filled) -> published (final name). */
#include "rt/shm/region.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rt/base/round.h"
#include "rt/msg/catalog.h"
#include "rt/shm/mailbox.h"
#include "rt/shm/region_lock.h"

#define SECTION_COUNT 7u
#define MADE_PREFIX "."

struct placement {
	uint64_t control_bytes;
	uint64_t arena_bytes;
	struct takt_section sections[SECTION_COUNT];
	uint64_t ring_bytes[TAKT_STREAMS_MAX];
};

int takt_run_dir_default(char *out, uint32_t out_bytes)
{
	const int n = snprintf(out, out_bytes, "/dev/shm/takt-%u", (unsigned)geteuid());

	return n < 0 || (uint32_t)n >= out_bytes ? -ENAMETOOLONG : 0;
}

int takt_run_dir_ensure(const char *run_dir, struct takt_err *err)
{
	struct stat st;

	if (mkdir(run_dir, 0700) < 0 && errno != EEXIST) {
		return takt_err_set(err, -errno, "%s: cannot make the run directory: %s", run_dir,
				    strerror(errno));
	}
	if (lstat(run_dir, &st) < 0) {
		return takt_err_set(err, -errno, "%s: %s", run_dir, strerror(errno));
	}
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid()) {
		return takt_err_set(err, -EPERM,
				    "%s: is not a directory of ours; remove it or use --run-dir",
				    run_dir);
	}
	return 0;
}

static void place(const struct takt_region_spec *spec, uint32_t shrink, struct placement *p)
{
	const uint64_t bytes[SECTION_COUNT] = {
		sizeof(struct takt_region_info),
		(uint64_t)spec->stream_count * sizeof(struct takt_stream_shared),
		sizeof(struct takt_rt_state), sizeof(struct takt_recorder_state),
		spec->catalog_bytes,
		sizeof(struct takt_region_storage),
		sizeof(struct takt_mailbox) + spec->task_count * sizeof(struct takt_mailbox_task),
	};
	const uint32_t strides[SECTION_COUNT] = { (uint32_t)bytes[0], sizeof(struct takt_stream_shared),
				      (uint32_t)bytes[2], (uint32_t)bytes[3], 1,
				      sizeof(struct takt_region_storage),
				      sizeof(struct takt_mailbox_task) };
	uint64_t offset = TAKT_REGION_ALIGN;

	for (uint32_t i = 0; i < SECTION_COUNT; i++) {
		p->sections[i] = (struct takt_section){ i + 1, strides[i], offset, bytes[i] };
		offset += takt_round_up(bytes[i], TAKT_REGION_ALIGN);
	}
	p->control_bytes = offset;
	p->arena_bytes = 0;
	for (uint32_t i = 0; i < spec->stream_count; i++) {
		const struct takt_stream_spec *s = &spec->streams[i];
		const uint64_t least = takt_stream_ring_bytes_min(s->record_bytes_max);
		uint64_t want = takt_round_up(s->ring_bytes >> shrink, TAKT_REGION_ALIGN);

		p->ring_bytes[i] = want < least ? least : want;
		p->arena_bytes += p->ring_bytes[i];
	}
}

/* A file with all its memory there: a sparse tmpfs that fills up would be SIGBUS later. */
static int make_file(int dir_fd, const char *name, uint64_t bytes, int *ret_fd)
{
	const int fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int r;

	if (fd < 0) {
		return -errno;
	}
	do {
		r = posix_fallocate(fd, 0, (off_t)bytes);
	} while (r == EINTR);
	if (r != 0) {
		close(fd);
		unlinkat(dir_fd, name, 0);
		return -r;
	}
	*ret_fd = fd;
	return 0;
}

static int map_file(int fd, uint64_t bytes, void **ret_memory)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED) {
		return -errno;
	}
	*ret_memory = memory;
	return 0;
}

static void fill(struct takt_region *region, const struct takt_region_spec *spec,
		 const struct placement *p)
{
	struct takt_region_header *header = region->control;
	struct takt_region_info *info;
	uint64_t offset = 0;

	memcpy(header->sections, p->sections, sizeof(p->sections));
	info = (struct takt_region_info *)(void *)((char *)region->control + p->sections[0].offset);
	*info = spec->info;
	info->stream_count = spec->stream_count;
	info->catalog_bytes = spec->catalog_bytes;
	region->info = info;
	region->streams = (struct takt_stream_shared *)(void *)((char *)region->control +
								p->sections[1].offset);
	region->rt = (struct takt_rt_state *)(void *)((char *)region->control + p->sections[2].offset);
	region->recorder = (struct takt_recorder_state *)(void *)((char *)region->control +
								  p->sections[3].offset);
	region->catalog = (char *)region->control + p->sections[4].offset;
	memcpy((char *)region->control + p->sections[4].offset, spec->catalog, spec->catalog_bytes);
	memcpy((char *)region->control + p->sections[5].offset, &spec->storage, sizeof(spec->storage));
	region->storage = (const struct takt_region_storage *)(const void *)((char *)region->control +
									     p->sections[5].offset);
	region->mailbox = (struct takt_mailbox *)(void *)((char *)region->control + p->sections[6].offset);
	region->mailbox_task_count = spec->task_count;
	region->stream_count = spec->stream_count;
	region->run = spec->info.run;
	for (uint32_t i = 0; i < spec->stream_count; i++) {
		takt_stream_shared_init(&region->streams[i], spec->streams[i].kind,
					spec->streams[i].name, offset, p->ring_bytes[i],
					spec->streams[i].record_bytes_max);
		region->rings[i] = (struct takt_region_ring){
			.offset = offset, .bytes = p->ring_bytes[i],
			.type = spec->streams[i].kind == TAKT_STREAM_COPPERLISTS
					? TAKT_CHUNK_COPPERLISTS : TAKT_CHUNK_EVENTS,
		};
		offset += p->ring_bytes[i];
	}
	header->abi_major = TAKT_REGION_ABI_MAJOR;
	header->abi_minor = TAKT_REGION_ABI_MINOR;
	header->endian = TAKT_REGION_ENDIAN;
	header->header_bytes = sizeof(*header);
	header->section_count = SECTION_COUNT;
	header->control_bytes = p->control_bytes;
	header->arena_bytes = p->arena_bytes;
	header->magic = TAKT_REGION_MAGIC;
}

static int make_files(struct takt_region *region, const struct takt_region_spec *spec, int dir_fd,
		      struct takt_err *err)
{
	struct placement p;
	uint32_t shrink = 0;
	uint64_t before;
	void *arena = NULL;
	int r;

	place(spec, 0, &p);
	r = make_file(dir_fd, "control", p.control_bytes, &region->control_fd);
	if (r == 0) {
		r = takt_region_lock(region->control_fd, TAKT_REGION_RT);
	}
	while (r == 0) {
		r = make_file(dir_fd, "arena", p.arena_bytes, &region->arena_fd);
		if (r != -ENOSPC) {
			break;
		}
		before = p.arena_bytes;
		place(spec, ++shrink, &p);
		region->arena_shrunk = true;
		r = p.arena_bytes < before ? 0 : -ENOSPC;
	}
	if (r == 0) {
		region->control_bytes = p.control_bytes;
		r = map_file(region->control_fd, p.control_bytes, &region->control);
	}
	if (r == 0) {
		r = map_file(region->arena_fd, p.arena_bytes, &arena);
	}
	if (r < 0) {
		place(spec, 63, &p);	/* every ring at its least */
		return takt_err_set(err, r,
				    "%s: no room for the shared memory of the run (%" PRIu64
				    " KiB at least): %s; set logging.arena or free memory there",
				    region->path, (p.control_bytes + p.arena_bytes) >> 10,
				    strerror(-r));
	}
	region->arena = arena;
	region->arena_bytes = p.arena_bytes;
	fill(region, spec, &p);
	return 0;
}

/* Remove what crashed set-ups left: directories with the temporary name whose lock is free. */
static void remove_stale(const char *graph_dir)
{
	DIR *dir = opendir(graph_dir);
	char path[PATH_MAX];

	if (!dir) {
		return;
	}
	for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		int fd;

		if (strlen(e->d_name) != 17 || e->d_name[0] != '.' ||
		    snprintf(path, sizeof(path), "%s/%s/control", graph_dir, e->d_name) >=
			    (int)sizeof(path)) {
			continue;
		}
		fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (fd >= 0) {
			const bool stale = takt_region_lock(fd, TAKT_REGION_RT) == 0;

			close(fd);
			path[strlen(path) - strlen("/control")] = '\0';
			if (stale) {
				takt_region_remove(path);
			}
		}
	}
	closedir(dir);
}

/* The directory of the graph's runs. The lock on it keeps one start of a graph from taking the half-made
 * region of another, whose own lock is not there yet, for a stale one. A descriptor, or -errno. */
static int open_graph_dir(const char *graph_dir)
{
	int fd, r;

	if (mkdir(graph_dir, 0700) < 0 && errno != EEXIST) {
		return -errno;
	}
	fd = open(graph_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0) {
		return -errno;
	}
	do {
		r = flock(fd, LOCK_EX) < 0 ? -errno : 0;
	} while (r == -EINTR);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

/* The region's directory with its files; nothing of it is left on failure. */
static int make_dir(struct takt_region *region, const struct takt_region_spec *spec,
		    struct takt_err *err)
{
	int dir_fd, r;

	if (mkdir(region->path, 0700) < 0) {
		return takt_err_set(err, -errno, "%s: %s", region->path, strerror(errno));
	}
	dir_fd = open(region->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0) {
		r = takt_err_set(err, -errno, "%s: %s", region->path, strerror(errno));
		rmdir(region->path);
		return r;
	}
	r = make_files(region, spec, dir_fd, err);
	close(dir_fd);
	if (r < 0) {
		takt_region_remove(region->path);
	}
	return r;
}

static int create(struct takt_region *region, const struct takt_region_spec *spec,
		  struct takt_err *err)
{
	char graph_dir[PATH_MAX];
	int graph_fd, r;

	if (snprintf(graph_dir, sizeof(graph_dir), "%s/%s", spec->run_dir, spec->info.graph) >=
		    (int)sizeof(graph_dir) ||
	    snprintf(region->path, sizeof(region->path), "%s/" MADE_PREFIX "%016" PRIx64, graph_dir,
		     spec->info.run) >= (int)sizeof(region->path)) {
		return takt_err_set(err, -ENAMETOOLONG, "%s: path too long", spec->run_dir);
	}
	r = takt_run_dir_ensure(spec->run_dir, err);
	if (r < 0) {
		return r;
	}
	graph_fd = open_graph_dir(graph_dir);
	if (graph_fd < 0) {
		return takt_err_set(err, graph_fd, "%s: %s", graph_dir, strerror(-graph_fd));
	}
	remove_stale(graph_dir);
	r = make_dir(region, spec, err);
	close(graph_fd);
	return r;
}

int takt_region_create(const struct takt_region_spec *spec, struct takt_region **ret_region,
		       struct takt_err *err)
{
	struct takt_region *region = calloc(1, sizeof(*region));
	int r;

	if (!region) {
		return takt_err_set(err, -ENOMEM, "out of memory");
	}
	TAKT_CHECK(spec->stream_count > 0 && spec->stream_count <= TAKT_STREAMS_MAX);
	region->role = TAKT_REGION_RT;
	region->control_fd = region->arena_fd = -1;
	r = create(region, spec, err);
	if (r < 0) {
		takt_region_close(region);
		return r;
	}
	*ret_region = region;
	return 0;
}

int takt_region_publish(struct takt_region *region, struct takt_err *err)
{
	char path[PATH_MAX];
	const char *name = strrchr(region->path, '/') + 1;

	snprintf(path, sizeof(path), "%.*s%s", (int)(name - region->path), region->path, name + 1);
	if (rename(region->path, path) < 0) {
		return takt_err_set(err, -errno, "%s: %s", path, strerror(errno));
	}
	memcpy(region->path, path, sizeof(path));
	return 0;
}
