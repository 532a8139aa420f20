/* SPDX-License-Identifier: Apache-2.0 */
/* Carries the lifecycle records of a segment over into a file of the run's directory (rt/shm/carried.h), so that
 * they outlive it. */
#ifndef TAKT_LOGS_WRITE_CARRY_H
#define TAKT_LOGS_WRITE_CARRY_H

#include <stddef.h>
#include <stdint.h>

#include "rt/base/tags.h"

struct takt_carry {
	uint64_t run;
	char *frames;			/* owned */
	size_t bytes;
	size_t room;
};

/* Read the lifecycle records of the segment at @path; what is damaged is passed over. Returns 0 or -errno, then
 * there are none. Either way: takt_carry_fini.  [bg] */
TAKT_BG int takt_carry_collect(const char *path, struct takt_carry *ret_carry);

/* Append them to the file in @dir_fd, on stable storage when it returns 0. -ENOSPC, -errno: nothing of what was
 * there is lost.  [bg] */
TAKT_BG int takt_carry_append(int dir_fd, const struct takt_carry *carry);
TAKT_BG void takt_carry_fini(struct takt_carry *carry);

#endif
