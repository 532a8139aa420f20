/* SPDX-License-Identifier: Apache-2.0 */
#include <takt/log.h>

#include "rt/shm/chunk.h"

#define TAKT_ENDING(number, NAME, text, doc) _Static_assert((int)TAKT_LOG_ENDED_##NAME == (number), text);
#include "rt/shm/ending.def"
#undef TAKT_ENDING

static const char *const names[] = {
	"unknown",
#define TAKT_ENDING(number, name, text, doc) [number] = (text),
#include "rt/shm/ending.def"
#undef TAKT_ENDING
};

const char *takt_log_ending_name(uint32_t ending)
{
	return names[ending < sizeof(names) / sizeof(names[0]) ? ending : TAKT_LOG_ENDED_UNKNOWN];
}
