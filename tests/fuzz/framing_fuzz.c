/* The framings of serial.so: whatever comes, frames keep to their bounds, and the pieces in
 * which the bytes come make no difference; and whatever is framed comes back. */
#include <stdlib.h>
#include <string.h>

#include "rt/io/framing.h"

#define FRAME_MAX 64u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds) {
		abort();
	}
}

static uint64_t run(enum framing_kind kind, const uint8_t *data, size_t size, size_t piece)
{
	uint8_t buffer[FRAME_MAX];
	struct framing f;
	uint64_t hash = size;

	framing_init(&f, kind, '\n', buffer, sizeof(buffer));
	for (size_t at = 0, used = 0; at < size; at += used) {
		const size_t give = size - at < piece ? size - at : piece;
		const enum framing_event event = framing_push(&f, data + at, give, &used);

		must(used > 0 && used <= give && f.used <= FRAME_MAX && f.used <= f.length);
		must(event == FRAMING_MORE || f.damaged || f.length > 0);
		must(event != FRAMING_FRAME || f.used == f.length);
		for (uint32_t i = 0; event != FRAMING_MORE && i < f.used; i++) {
			hash = hash * 1099511628211u + f.bytes[i];
		}
		hash = event == FRAMING_MORE ? hash : hash * 31 + (uint64_t)event;
	}
	return hash;
}

static void round_trip(enum framing_kind kind, const uint8_t *data, size_t size)
{
	uint8_t *wire = malloc(framing_encoded_max(size)), *back = malloc(size + 1);
	struct framing f;
	size_t used = 0, bytes;

	must(wire && back);
	bytes = framing_encode(kind, '\n', data, size, wire);
	must(bytes <= framing_encoded_max(size));
	framing_init(&f, kind, '\n', back, (uint32_t)size);
	if (size > 0 && bytes > 0) {
		must(framing_push(&f, wire, bytes, &used) == FRAMING_FRAME && used == bytes);
		must(f.used == size && memcmp(back, data, size) == 0);
	}
	free(wire);
	free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int kind = FRAMING_DELIMITER; kind <= FRAMING_SLIP; kind++) {
		const uint64_t hash = run((enum framing_kind)kind, data, size, size + 1);

		must(run((enum framing_kind)kind, data, size, 1) == hash);
		must(run((enum framing_kind)kind, data, size, 7) == hash);
		round_trip((enum framing_kind)kind, data, size);
	}
	return 0;
}
