/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/big_log.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "logs/write/index.h"
#include "rt/base/crc32c.h"
#include "rt/base/tags.h"
#include "rt/shm/record.h"
#include "tests/unit/log_maker.h"

struct making {
	const struct big_log_spec *spec;
	struct takt_segment_kind kind;
	struct takt_backend *backend;
	struct takt_segment segment;
	struct takt_index *index;
	char *chunk;
	char *index_chunk;
	uint64_t offset;
	uint64_t cycle;
	uint64_t seqs[LOG_MAKER_STREAMS];
	uint64_t positions[LOG_MAKER_STREAMS];
	int dir_fd;
};

static void fill_records(struct making *m, struct takt_chunk *header, uint32_t bytes, uint16_t kind)
{
	char *at = m->chunk + TAKT_CHUNK_HEADER_BYTES;

	header->first_cycle = m->cycle;
	header->first_mono_ns = LOG_MAKER_ORIGIN_MONO_NS + m->cycle * BIG_LOG_PERIOD_NS;
	while (header->used_bytes + bytes <= m->spec->chunk_bytes) {
		const struct takt_record record = {
			.bytes = bytes, .kind = kind, .cycle = m->cycle,
			.mono_ns = LOG_MAKER_ORIGIN_MONO_NS + m->cycle * BIG_LOG_PERIOD_NS,
		};

		memset(at, 0, bytes);
		memcpy(at, &record, sizeof(record));
		at += bytes;
		header->used_bytes += bytes;
		header->record_count++;
		header->last_cycle = m->cycle;
		header->last_mono_ns = record.mono_ns;
		if (kind == TAKT_RECORD_COPPERLIST) {
			m->cycle++;
		} else {
			break;
		}
	}
}

static void write_all(struct making *m, const void *from, uint64_t bytes)
{
	TAKT_CHECK(takt_segment_put(&m->segment, from, bytes, m->offset) == 0);
	m->offset += bytes;
}

static void put_chunk(struct making *m, uint32_t stream)
{
	struct takt_chunk *header = (struct takt_chunk *)(void *)m->chunk;
	struct takt_span span = { .buffer = m->chunk, .chunk_count = 1 };
	const bool is_lists = stream == LOG_MAKER_LANE0;

	memset(m->chunk, 0, takt_chunk_span(m->spec->chunk_bytes));
	*header = (struct takt_chunk){
		.magic = TAKT_CHUNK_MAGIC, .version = TAKT_CHUNK_VERSION,
		.type = is_lists ? TAKT_CHUNK_COPPERLISTS : TAKT_CHUNK_EVENTS, .stream = stream,
		.salt = m->segment.salt, .run = BIG_LOG_RUN, .seq = m->seqs[stream]++,
		.position = m->positions[stream], .index_offset = m->index->previous,
	};
	fill_records(m, header, is_lists ? m->spec->record_bytes : 32,
		     is_lists ? TAKT_RECORD_COPPERLIST : TAKT_RECORD_TEXT);
	header->payload_crc = takt_crc32c(0, header + 1, header->used_bytes);
	header->header_crc = takt_crc32c(0, header, offsetof(struct takt_chunk, header_crc));
	span.bytes = takt_chunk_span(header->used_bytes);
	m->positions[stream] += span.bytes;
	if (m->spec->is_indexed) {
		takt_index_put(m->index, &m->segment, &span, m->offset);
	}
	write_all(m, m->chunk, span.bytes);
	if (takt_index_is_due(m->index, m->offset)) {
		write_all(m, m->index_chunk, takt_index_take(m->index, &m->segment, m->offset,
							     m->offset, m->index_chunk));
	}
}

static uint64_t make_segment(struct making *m, uint32_t number)
{
	const struct takt_run_end end = { .ending = TAKT_ENDED_REQUESTED };
	const bool is_last = number == m->spec->segment_count;
	struct takt_err err = { 0 };

	TAKT_CHECK(takt_segment_create(&m->kind, m->backend, m->dir_fd, number, &m->segment, &err) == 0);
	m->offset = m->segment.data_at;
	takt_index_begin(m->index, &m->segment);
	for (uint32_t i = 0; i < m->spec->chunk_count; i++) {
		put_chunk(m, i % 8 == 7 ? LOG_MAKER_EVENTS : LOG_MAKER_LANE0);
	}
	if (is_last && m->spec->is_cut) {
		fdatasync(m->segment.fd);
		close(m->segment.fd);
		free(m->segment.block);
		return m->offset;
	}
	takt_index_close(m->index, &m->segment, &m->offset);
	TAKT_CHECK(takt_segment_close(&m->segment, m->offset, m->spec->chunk_count,
				      is_last ? &end : NULL) == 0);
	return m->offset;
}

uint64_t big_log_make(const struct big_log_spec *spec)
{
	struct making m = { .spec = spec };
	struct log_maker *maker = log_maker_create(BIG_LOG_RUN, 1);
	uint64_t bytes = 0;

	TAKT_CHECK(takt_segment_kind_init(&m.kind, BIG_LOG_RUN, "test", "", maker->catalog,
					  maker->catalog_bytes) == 0);
	TAKT_CHECK(takt_backend_buffered_create(&m.backend) == 0);
	m.kind.chunk_bytes_max = takt_chunk_span(spec->chunk_bytes);
	m.kind.segment_bytes = TAKT_SEGMENT_CHUNKS_AT + 2 * m.kind.catalog_span + (1u << 20) +
			       (spec->chunk_count + 1ull) * takt_chunk_span(spec->chunk_bytes);
	m.dir_fd = open(spec->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	TAKT_CHECK(m.dir_fd >= 0);
	m.index = calloc(1, sizeof(*m.index));
	m.chunk = aligned_alloc(TAKT_BLOCK_BYTES, takt_chunk_span(spec->chunk_bytes));
	m.index_chunk = aligned_alloc(TAKT_BLOCK_BYTES, TAKT_INDEX_SPAN_MAX);
	TAKT_CHECK(m.index && m.chunk && m.index_chunk);
	for (uint32_t i = 1; i <= spec->segment_count; i++) {
		bytes += make_segment(&m, i);
	}
	free(m.index_chunk);
	free(m.chunk);
	free(m.index);
	close(m.dir_fd);
	m.backend->ops->destroy(m.backend);
	takt_segment_kind_fini(&m.kind);
	log_maker_destroy(maker);
	return bytes;
}
