/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/config/nearest.h"

#include "rt/base/suggest.h"

#define NAMES_SHOWN 16u

const char *takt_nearest(const char *word, const char *what, const char *const *names,
			 uint32_t count, char *out)
{
	const char *near = takt_suggest_find(word, names, count);
	uint32_t used;
	int put;

	if (near) {
		snprintf(out, TAKT_NEAREST_BYTES, "did you mean `%.63s`?", near);
		return out;
	}
	if (count == 0) {
		snprintf(out, TAKT_NEAREST_BYTES, "there are no %s", what);
		return out;
	}
	put = snprintf(out, TAKT_NEAREST_BYTES, "there %s: ", count == 1 ? "is only" : "are");
	used = (uint32_t)put;
	for (uint32_t i = 0; i < count && used < TAKT_NEAREST_BYTES - 72; i++) {
		if (i == NAMES_SHOWN) {
			snprintf(out + used, TAKT_NEAREST_BYTES - used, ", …");
			break;
		}
		put = snprintf(out + used, TAKT_NEAREST_BYTES - used, "%s%.63s", i ? ", " : "",
			       names[i]);
		used += (uint32_t)put;
	}
	return out;
}
