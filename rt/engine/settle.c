/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/engine/settle.h"

#include <liburing.h>
#include <sys/uio.h>

#define PIECE_BYTES (1ull << 30)	/* the most that one registered buffer may have */

void takt_arena_settle(void *arena, uint64_t arena_bytes)
{
	struct io_uring ring;
	struct iovec piece;

	if (io_uring_queue_init(1, &ring, 0) < 0) {
		return;
	}
	for (uint64_t at = 0; at < arena_bytes; at += PIECE_BYTES) {
		const uint64_t left = arena_bytes - at;

		piece.iov_base = (char *)arena + at;
		piece.iov_len = left < PIECE_BYTES ? left : PIECE_BYTES;
		if (io_uring_register_buffers(&ring, &piece, 1) == 0) {
			io_uring_unregister_buffers(&ring);
		}
	}
	io_uring_queue_exit(&ring);
}
