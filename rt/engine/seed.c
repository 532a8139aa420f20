/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/engine/seed.h"

#include <errno.h>
#include <sys/random.h>

#include <takt/random.h>

#define FNV_OFFSET 0xcbf29ce484222325u	/* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv */
#define FNV_PRIME 0x100000001b3u

int takt_seed_draw(uint64_t *ret_seed)
{
	uint32_t seed;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed)) {
		return -errno;
	}
	*ret_seed = seed;
	return 0;
}

uint64_t takt_seed_of_task(uint64_t run_seed, const char *id)
{
	uint64_t hash = FNV_OFFSET;

	for (const char *c = id; *c; c++) {
		hash = (hash ^ (uint8_t)*c) * FNV_PRIME;
	}
	hash ^= takt_random_split_(&run_seed);
	return takt_random_split_(&hash);
}
