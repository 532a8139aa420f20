/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/main/sibling.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BESIDE_MAX 3

static bool self_dir(char *out, uint32_t out_bytes)
{
	const ssize_t n = readlink("/proc/self/exe", out, out_bytes - 1);

	if (n <= 0) {
		return false;
	}
	out[n] = '\0';
	*strrchr(out, '/') = '\0';
	return true;
}

/* The first of DIR/@name that may be used as @mode says: DIR is one of @beside, from the folder of this
 * executable, or @configured. */
static int find(const char *const beside[BESIDE_MAX], const char *configured, const char *name, int mode, char *out,
		uint32_t out_bytes)
{
	char self[PATH_MAX];

	for (int i = 0; i < BESIDE_MAX && beside[i] && self_dir(self, sizeof(self)); i++) {
		if (snprintf(out, out_bytes, "%s%s/%s", self, beside[i], name) < (int)out_bytes &&
		    access(out, mode) == 0) {
			return 0;
		}
	}
	if (snprintf(out, out_bytes, "%s/%s", configured, name) < (int)out_bytes && access(out, mode) == 0) {
		return 0;
	}
	return -ENOENT;
}

int takt_sibling_find(const char *name, char *out, uint32_t out_bytes)
{
	return find((const char *const[BESIDE_MAX]){ "", "/../libexec/takt" }, TAKT_LIBEXECDIR, name, X_OK, out, out_bytes);
}

int takt_sibling_include(char *out, uint32_t out_bytes)
{
	char path[PATH_MAX], found[PATH_MAX];
	const int r = find((const char *const[BESIDE_MAX]){ "/include", "/../include" }, TAKT_INCLUDEDIR, "takt/task.h",
			   R_OK, path, sizeof(path));

	if (r < 0) {
		return r;
	}
	path[strlen(path) - strlen("/takt/task.h")] = '\0';
	if (!realpath(path, found)) {
		return -errno;
	}
	return snprintf(out, out_bytes, "%s", found) < (int)out_bytes ? 0 : -ENAMETOOLONG;
}

int takt_sibling_plugin(const char *name, char *out, uint32_t out_bytes)
{
	return find((const char *const[BESIDE_MAX]){ "/plugins" }, TAKT_PLUGINDIR, name, F_OK, out, out_bytes);
}

int takt_sibling_python(const char *name, char *out, uint32_t out_bytes)
{
	return find((const char *const[BESIDE_MAX]){ "/python/takt", "/../share/takt/python/takt",
						     "/../../share/takt/python/takt" },
		    TAKT_PYTHONDIR, name, R_OK, out, out_bytes);
}
