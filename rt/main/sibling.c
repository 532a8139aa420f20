/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/main/sibling.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int takt_sibling_find(const char *name, char *out, uint32_t out_bytes)
{
	char self[PATH_MAX];
	const ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (n > 0) {
		self[n] = '\0';
		slash = strrchr(self, '/');
		*slash = '\0';
		if (snprintf(out, out_bytes, "%s/%s", self, name) < (int)out_bytes &&
		    access(out, X_OK) == 0) {
			return 0;
		}
	}
	if (snprintf(out, out_bytes, "%s/%s", TAKT_LIBEXECDIR, name) < (int)out_bytes &&
	    access(out, X_OK) == 0) {
		return 0;
	}
	return -ENOENT;
}
