/* SPDX-License-Identifier: Apache-2.0 */
/* The file: where things lie, and what is checked before any of it is believed. */
#include "rt/shm/pyslot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rt/base/round.h"
#include "rt/shm/region_guard.h"

#define FILE_BYTES_MAX (2ull << 30)
#define PAGE_BYTES 4096u

static uint64_t align(uint64_t bytes)
{
	return takt_round_up(bytes, TAKT_PYSLOT_ALIGN);
}

/* --- where things lie ------------------------------------------------------------------------ */

static uint64_t place_ports(const struct takt_layout *const *layouts,
			    uint32_t count, struct takt_pyslot_port *ports, uint64_t offset)
{
	for (uint32_t i = 0; i < count; i++) {
		ports[i] = (struct takt_pyslot_port){
			.row_at = (uint32_t)offset,
			.at = (uint32_t)(offset + TAKT_PYSLOT_ALIGN),
			.bytes_max = layouts[i]->bytes, .bytes_min = layouts[i]->fixed_bytes,
			.layout_hash = layouts[i]->hash,
		};
		offset += TAKT_PYSLOT_ALIGN + align(layouts[i]->bytes);
	}
	return offset;
}

/* What lies where for @spec. File_bytes is 0 when it is too much. */
static void place(const struct takt_pyslot_spec *spec, struct takt_pyslot_header *h)
{
	uint64_t payloads = 0;

	*h = (struct takt_pyslot_header){ 0 };
	if (spec->input_count > TAKT_PYSLOT_PORTS_MAX ||
	    spec->output_count > TAKT_PYSLOT_PORTS_MAX - spec->input_count) {
		return;
	}
	for (uint32_t i = 0; i < spec->input_count + spec->output_count; i++) {
		payloads += i < spec->input_count ? spec->inputs[i]->bytes
						  : spec->outputs[i - spec->input_count]->bytes;
	}
	if (payloads > FILE_BYTES_MAX / 2) {
		return;
	}
	h->magic = TAKT_PYSLOT_MAGIC;
	h->abi_major = TAKT_PYSLOT_ABI_MAJOR;
	h->abi_minor = TAKT_PYSLOT_ABI_MINOR;
	h->header_bytes = sizeof(*h);
	h->run = spec->run;
	h->task = spec->task;
	h->input_count = spec->input_count;
	h->output_count = spec->output_count;
	h->lane_at = align(sizeof(*h));
	h->host_at = h->lane_at + sizeof(struct takt_pyslot_lane);
	h->description_at = h->host_at + sizeof(struct takt_pyslot_host);
	h->description_bytes = spec->description_bytes;
	h->call_at = takt_round_up(h->description_at + spec->description_bytes, PAGE_BYTES);
	h->call_bytes = place_ports(spec->inputs, spec->input_count, h->ports,
				    sizeof(struct takt_pyslot_call));
	h->call_bytes = place_ports(spec->outputs, spec->output_count, h->ports + spec->input_count,
				    h->call_bytes);
	h->states_at = takt_round_up(h->call_at + h->call_bytes, PAGE_BYTES);
	if (spec->state) {
		h->state_bytes = spec->state->bytes;
		h->state_hash = spec->state->hash;
		h->state_stride = align(spec->state->bytes);
	}
	h->file_bytes = takt_round_up(h->states_at + 2 * h->state_stride, PAGE_BYTES);
}

static bool part_is_inside(uint64_t at, uint64_t bytes, uint64_t whole)
{
	return at % TAKT_PYSLOT_ALIGN == 0 && at <= whole && bytes <= whole - at;
}

static bool ports_are_inside(const struct takt_pyslot_header *h)
{
	for (uint32_t i = 0; i < h->input_count + h->output_count; i++) {
		const struct takt_pyslot_port *port = &h->ports[i];

		if (!part_is_inside(port->row_at, sizeof(struct takt_pyslot_message),
				    h->call_bytes) ||
		    !part_is_inside(port->at, port->bytes_max, h->call_bytes) ||
		    port->row_at < sizeof(struct takt_pyslot_call) ||
		    port->at < sizeof(struct takt_pyslot_call) ||
		    port->bytes_min > port->bytes_max) {
			return false;
		}
	}
	return true;
}

/* Everything that the header says lies within @file_bytes. */
static bool is_whole(const struct takt_pyslot_header *h, uint64_t file_bytes)
{
	return h->magic == TAKT_PYSLOT_MAGIC && h->file_bytes == file_bytes &&
	       h->header_bytes >= sizeof(*h) && h->input_count <= TAKT_PYSLOT_PORTS_MAX &&
	       h->output_count <= TAKT_PYSLOT_PORTS_MAX - h->input_count &&
	       part_is_inside(h->lane_at, sizeof(struct takt_pyslot_lane), file_bytes) &&
	       part_is_inside(h->host_at, sizeof(struct takt_pyslot_host), file_bytes) &&
	       part_is_inside(h->description_at, h->description_bytes, file_bytes) &&
	       part_is_inside(h->call_at, h->call_bytes, file_bytes) &&
	       h->call_bytes >= sizeof(struct takt_pyslot_call) && ports_are_inside(h) &&
	       h->state_stride <= FILE_BYTES_MAX && h->state_bytes <= h->state_stride &&
	       h->state_stride % TAKT_PYSLOT_ALIGN == 0 &&
	       part_is_inside(h->states_at, 2 * h->state_stride, file_bytes);
}

uint64_t takt_pyslot_bytes(const struct takt_pyslot_spec *spec)
{
	struct takt_pyslot_header h;

	place(spec, &h);
	return h.file_bytes;
}

/* --- mapping --------------------------------------------------------------------------------- */

static void find_parts(struct takt_pyslot *slot)
{
	char *memory = slot->memory;

	slot->lane = (struct takt_pyslot_lane *)(void *)(memory + slot->geometry.lane_at);
	slot->host = (struct takt_pyslot_host *)(void *)(memory + slot->geometry.host_at);
	slot->call = (struct takt_pyslot_call *)(void *)(memory + slot->geometry.call_at);
	slot->description = memory + slot->geometry.description_at;
}

static int path_of(const char *dir, const char *task_id, char *out, struct takt_err *err)
{
	if (snprintf(out, PATH_MAX, "%s/" TAKT_PYSLOT_PREFIX "%s", dir, task_id) >= PATH_MAX) {
		return takt_err_set(err, -ENAMETOOLONG, "%s: path too long", dir);
	}
	return 0;
}

/* A file with all of its memory there, see rt/shm/region.c. */
static int make_file(const char *path, uint64_t bytes)
{
	const int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r;

	if (fd < 0) {
		return -errno;
	}
	do {
		r = posix_fallocate(fd, 0, (off_t)bytes);
	} while (r == EINTR);
	if (r != 0) {
		close(fd);
		unlink(path);
		return -r;
	}
	return fd;
}

int takt_pyslot_create(const char *dir, const struct takt_pyslot_spec *spec,
		       struct takt_pyslot *ret_slot,
		       struct takt_err *err)
{
	struct takt_pyslot slot = { 0 };
	char path[PATH_MAX];
	int r, fd;

	place(spec, &slot.geometry);
	if (slot.geometry.file_bytes == 0 || slot.geometry.file_bytes > FILE_BYTES_MAX) {
		return takt_err_set(err, -EINVAL,
				    "task `%s`: a Python task has at most %u ports and %llu MiB "
				    "of messages and state", spec->task_id, TAKT_PYSLOT_PORTS_MAX,
				    FILE_BYTES_MAX >> 20);
	}
	r = path_of(dir, spec->task_id, path, err);
	if (r < 0) {
		return r;
	}
	fd = make_file(path, slot.geometry.file_bytes);
	if (fd < 0) {
		return takt_err_set(err, fd, "%s: %s", path, strerror(-fd));
	}
	slot.memory =
		mmap(NULL, slot.geometry.file_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	r = -errno;
	close(fd);
	if (slot.memory == MAP_FAILED) {
		unlink(path);
		return takt_err_set(err, r, "%s: %s", path, strerror(-r));
	}
	memset(slot.memory, 0, slot.geometry.file_bytes);
	find_parts(&slot);
	memcpy((char *)slot.memory + slot.geometry.description_at, spec->description,
	       spec->description_bytes);
	memcpy(slot.memory, &slot.geometry, sizeof(slot.geometry));
	*ret_slot = slot;
	return 0;
}

/* Open @path, which must be a file of ours; its size. */
static int open_file(const char *path, bool writable, uint64_t *ret_bytes)
{
	const int fd =
		open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	int r;

	if (fd < 0) {
		return -errno;
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_size < (off_t)sizeof(struct takt_pyslot_header) ||
	    (uint64_t)st.st_size > FILE_BYTES_MAX) {
		r = -EBADMSG;
		close(fd);
		return r;
	}
	*ret_bytes = (uint64_t)st.st_size;
	return fd;
}

int takt_pyslot_attach(const char *dir, const char *task_id, bool writable,
		       struct takt_pyslot *ret_slot,
		       struct takt_err *err)
{
	struct takt_pyslot slot = { 0 };
	char path[PATH_MAX];
	uint64_t bytes = 0;
	int r, fd;

	r = path_of(dir, task_id, path, err);
	if (r < 0) {
		return r;
	}
	fd = open_file(path, writable, &bytes);
	if (fd < 0) {
		return takt_err_set(err, fd, "%s: %s", path, strerror(-fd));
	}
	/* A copy first: what is checked is what is used. */
	if (pread(fd, &slot.geometry, sizeof(slot.geometry), 0) != (ssize_t)sizeof(slot.geometry)) {
		r = -EBADMSG;
	} else if (slot.geometry.magic == TAKT_PYSLOT_MAGIC &&
		   slot.geometry.abi_major != TAKT_PYSLOT_ABI_MAJOR) {
		r = -EPROTO;
	} else if (!is_whole(&slot.geometry, bytes)) {
		r = -EBADMSG;
	}
	if (r == 0) {
		slot.memory =
			mmap(NULL, bytes, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED, fd,
			     0);
		r = slot.memory == MAP_FAILED ? -errno : 0;
	}
	close(fd);
	if (r < 0) {
		return takt_err_set(err, r, "%s: %s", path,
				    r == -EPROTO ? "was made by another takt"
				    : r == -EBADMSG ? "is no slot of a Python task, or damaged"
					    : strerror(-r));
	}
	takt_region_guard_add(slot.memory, bytes);
	find_parts(&slot);
	*ret_slot = slot;
	return 0;
}

void takt_pyslot_close(struct takt_pyslot *slot)
{
	if (slot->memory) {
		takt_region_guard_remove(slot->memory);
		munmap(slot->memory, slot->geometry.file_bytes);
		slot->memory = NULL;
	}
}

const char *takt_pyslot_phase_name(uint32_t phase)
{
	static const char *const names[] =
		{ "absent", "starting", "ready", "restarting", "failed", "stopped" };

	return phase < sizeof(names) / sizeof(names[0]) ? names[phase] : "?";
}
