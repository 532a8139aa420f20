/* SPDX-License-Identifier: Apache-2.0 */
/* CRC32C (Castagnoli, as in RFC 3720), the checksum of chunks and superblocks. */
#ifndef TAKT_BASE_CRC32C_H
#define TAKT_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

#include "rt/base/tags.h"

/* Checksum of what @crc is the checksum of, followed by @size_bytes at @bytes. Start with 0.
 * Uses the CPU's instruction where there is one.  [any] */
TAKT_ANY uint32_t takt_crc32c(uint32_t crc, const void *bytes, size_t size_bytes);

/* The same without special instructions: for CPUs without them, and to test the fast
 * one against. */
TAKT_ANY uint32_t takt_crc32c_portable(uint32_t crc, const void *bytes, size_t size_bytes);

#endif
