/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/write_faulty.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"
#include "tests/unit/write_kit.h"

#define CHUNKS_MAX 100000u

static struct faulty *self_of(struct takt_backend *backend)
{
	return (struct faulty *)backend;
}

static bool happens(struct faulty *self, uint32_t permille)
{
	return permille > 0 && kit_random(&self->random) % 1000 < permille;
}

static void complain(struct faulty *self, const char *what, uint64_t where)
{
	if (self->complaint[0] == '\0') {
		snprintf(self->complaint, sizeof(self->complaint), "%s (%llu)", what,
			 (unsigned long long)where);
	}
}

/* --- the witness ----------------------------------------------------------------------------- */

static void note_chunk(struct faulty *self, uint32_t stream, uint64_t position, uint64_t end)
{
	struct faulty_chunk *chunks = self->chunks[stream];
	uint32_t i = self->chunk_count[stream];

	while (i > 0 && chunks[i - 1].position > position) {
		i--;
	}
	if (i > 0 && chunks[i - 1].position == position) {
		return;		/* written again */
	}
	if (i != self->chunk_count[stream]) {
		complain(self, "chunks are not taken in order", position);
		return;
	}
	assert_true(i < CHUNKS_MAX);
	chunks[i] = (struct faulty_chunk){ position, end, false };
	self->chunk_count[stream]++;
}

static void look_into(struct faulty *self, struct faulty_write *write, const char *buffer)
{
	uint64_t at = 0;

	while (at < write->bytes) {
		const struct takt_chunk *chunk =
			(const struct takt_chunk *)(const void *)(buffer + at);

		if (chunk->magic == TAKT_CHUNK_MAGIC && chunk->type == TAKT_CHUNK_INDEX) {
			return;		/* of no stream */
		}
		if (chunk->magic != TAKT_CHUNK_MAGIC || chunk->stream >= FAULTY_STREAMS) {
			complain(self, "a write that is not made of chunks", at);
			return;
		}
		if (at == 0) {
			write->stream = chunk->stream;
			write->begin = chunk->position;
		}
		write->end = chunk->position + takt_chunk_span(chunk->used_bytes);
		note_chunk(self, chunk->stream, chunk->position, write->end);
		at += takt_chunk_span(chunk->used_bytes);
	}
}

/* Every chunk before `released` must be durable. Called whenever the recorder calls us. */
static void check_released(struct faulty *self)
{
	for (uint32_t s = 0; self->streams && s < FAULTY_STREAMS; s++) {
		const uint64_t released =
			atomic_load_explicit(&self->streams[s].released, memory_order_acquire);
		const struct faulty_chunk *chunks = self->chunks[s];

		while (self->durable_count[s] < self->chunk_count[s] &&
		       chunks[self->durable_count[s]].is_durable) {
			self->durable_count[s]++;
		}
		if (self->durable_count[s] < self->chunk_count[s]
			    ? released > chunks[self->durable_count[s]].position
			    : self->chunk_count[s] > 0 &&
				      released > chunks[self->chunk_count[s] - 1].end) {
			complain(self, "released before it was durable", released);
		}
	}
}

static void set_durable(struct faulty *self, const struct faulty_write *write)
{
	struct faulty_chunk *chunks = self->chunks[write->stream];

	for (uint32_t i = 0; i < self->chunk_count[write->stream]; i++) {
		if (chunks[i].position >= write->begin && chunks[i].position < write->end) {
			chunks[i].is_durable = true;
		}
	}
}

static struct faulty_write *find_write(struct faulty *self, uint64_t cookie)
{
	for (uint32_t i = 0; i < 4096; i++) {
		if (self->writes[i].is_used && self->writes[i].cookie == cookie) {
			return &self->writes[i];
		}
	}
	return NULL;
}

static struct faulty_write *new_write(struct faulty *self)
{
	for (uint32_t i = 0; i < 4096; i++) {
		if (!self->writes[i].is_used) {
			memset(&self->writes[i], 0, sizeof(self->writes[i]));
			self->writes[i].is_used = true;
			return &self->writes[i];
		}
	}
	fail_msg("too many writes without a sync");
	return NULL;
}

/* The recorder is told. */
static void on_delivered(struct faulty *self, const struct takt_backend_done *done)
{
	struct faulty_write *write = find_write(self, done->cookie);

	if (write) {
		write->done_bytes += done->result > 0 ? (uint64_t)done->result / 4096 * 4096 : 0;
		write->is_complete = write->done_bytes >= write->bytes;
		if (done->result < 0 && done->result != -EAGAIN) {
			write->is_used = false;
		}
		return;
	}
	for (uint32_t i = 0; i < 4096; i++) {
		write = &self->writes[i];
		if (write->is_used && write->is_covered) {
			if (done->result == 0) {
				set_durable(self, write);
			}
			write->is_used = false;
		}
	}
}

/* --- the backend ----------------------------------------------------------------------------- */

static int faulty_open(struct takt_backend *backend, int dir_fd, const char *name)
{
	struct faulty *self = self_of(backend);

	return self->open_error ? self->open_error : self->inner->ops->open(self->inner, dir_fd, name);
}

static int faulty_start(struct takt_backend *backend)
{
	return self_of(backend)->inner->ops->start(self_of(backend)->inner);
}

static int faulty_use(struct takt_backend *backend, uint32_t slot, int fd)
{
	struct faulty *self = self_of(backend);

	check_released(self);
	self->is_sync_failed[slot] = false;
	for (uint32_t i = 0; i < 4096; i++) {
		if (self->writes[i].slot == slot) {
			self->writes[i].is_used = false;
		}
	}
	return self->inner->ops->use(self->inner, slot, fd);
}

static void hold(struct faulty *self, uint64_t cookie, int32_t result)
{
	assert_true(self->held_count < FAULTY_HELD_MAX);
	self->held[self->held_count++] = (struct faulty_held){
		{ cookie, result }, self->delay_max ? kit_random(&self->random) % self->delay_max : 0,
	};
}

static int32_t inner_result(struct faulty *self)
{
	struct takt_backend_done done = { 0 };

	assert_int_equal(self->inner->ops->reap(self->inner, &done, 1, 0), 1);
	return done.result;
}

static int faulty_write_op(struct takt_backend *backend, uint32_t slot, const void *buffer,
			   uint32_t bytes, uint64_t offset, uint64_t cookie)
{
	struct faulty *self = self_of(backend);
	struct faulty_write *write = find_write(self, cookie);
	uint32_t part = bytes;

	check_released(self);
	if (!write) {
		write = new_write(self);
		write->cookie = cookie;
		write->bytes = bytes;
		write->slot = slot;
		look_into(self, write, buffer);
	}
	self->write_count++;
	if (happens(self, self->again_permille)) {
		hold(self, cookie, -EAGAIN);
		return 0;
	}
	if (happens(self, self->write_error_permille)) {
		self->error_count++;
		hold(self, cookie, self->write_error);
		return 0;
	}
	if (happens(self, self->short_permille) && bytes > 4096) {
		/* Not at a block's start: the recorder must go back to one. */
		part = kit_random(&self->random) % (bytes / 512) * 512;
	}
	if (part == 0) {
		hold(self, cookie, 0);
		return 0;
	}
	assert_int_equal(self->inner->ops->write(self->inner, slot, buffer, part, offset, cookie), 0);
	hold(self, cookie, inner_result(self));
	return 0;
}

static int faulty_sync(struct takt_backend *backend, uint32_t slot, uint64_t cookie)
{
	struct faulty *self = self_of(backend);
	int32_t result = 0;

	check_released(self);
	self->sync_count++;
	if (self->is_sync_failed[slot]) {
		complain(self, "synced again after a failed sync", slot);
	}
	for (uint32_t i = 0; i < 4096; i++) {
		struct faulty_write *write = &self->writes[i];

		write->is_covered = write->is_used && write->slot == slot && write->is_complete;
	}
	if (happens(self, self->sync_error_permille)) {
		self->error_count++;
		self->is_sync_failed[slot] = true;
		result = -EIO;
	}
	hold(self, cookie, result);
	return 0;
}

static int faulty_reap(struct takt_backend *backend, struct takt_backend_done *ret_done, uint32_t max,
		       uint64_t wait_ns)
{
	struct faulty *self = self_of(backend);
	uint32_t n = 0;

	(void)wait_ns;
	check_released(self);
	if (self->reap_error) {
		return self->reap_error;
	}
	for (uint32_t i = 0; i < self->held_count;) {
		const uint32_t pick = i + kit_random(&self->random) % (self->held_count - i);
		const struct faulty_held chosen = self->held[pick];

		self->held[pick] = self->held[i];
		self->held[i] = chosen;
		if (n == max || self->held[i].delay-- > 0) {
			i++;
			continue;
		}
		on_delivered(self, &chosen.done);
		ret_done[n++] = chosen.done;
		self->held[i] = self->held[--self->held_count];
	}
	return (int)n;
}

static void faulty_destroy(struct takt_backend *backend)
{
	struct faulty *self = self_of(backend);

	check_released(self);
	self->inner->ops->destroy(self->inner);
	self->inner = NULL;
	self->held_count = 0;
	memset(self->writes, 0, sizeof(self->writes));
}

static const struct takt_backend_ops faulty_ops = {
	.open = faulty_open,
	.start = faulty_start,
	.use = faulty_use,
	.write = faulty_write_op,
	.sync = faulty_sync,
	.reap = faulty_reap,
	.destroy = faulty_destroy,
};

struct takt_backend *faulty_wrap(struct takt_backend *backend, void *user)
{
	struct faulty *self = user;

	self->base = (struct takt_backend){ &faulty_ops, "faulty", TAKT_BACKEND_DEPTH_MAX };
	self->inner = backend;
	self->random = self->random ? self->random : 4711;
	for (uint32_t s = 0; s < FAULTY_STREAMS; s++) {
		if (!self->chunks[s]) {
			self->chunks[s] = calloc(CHUNKS_MAX, sizeof(*self->chunks[s]));
		}
		assert_non_null(self->chunks[s]);
	}
	return &self->base;
}

void faulty_fini(struct faulty *faulty)
{
	for (uint32_t s = 0; s < FAULTY_STREAMS; s++) {
		free(faulty->chunks[s]);
	}
}
