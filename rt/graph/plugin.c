/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/graph/plugin.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rt/config/nearest.h"
#include "rt/graph/text_site.h"

#ifndef TAKT_PLUGINDIR
#error "TAKT_PLUGINDIR: the folder of the installed plug-ins"
#endif

#define PLACES_MAX 3u
#define NEAR_NAMES_MAX 64u

struct places {
	char dirs[PLACES_MAX][PATH_MAX];
	uint32_t count;
};

/* The folder of the running program. Returns 0 or -errno. */
static int program_dir(char *out, size_t out_bytes)
{
	ssize_t length = readlink("/proc/self/exe", out, out_bytes - 1);
	char *slash;

	if (length < 0) {
		return -errno;
	}
	out[length] = 0;
	slash = strrchr(out, '/');
	if (!slash) {
		return -ENOENT;
	}
	*slash = 0;
	return 0;
}

/* Where the plug-in @name may be, for a graph file in @dir. Returns the file's name there. */
static const char *places_list(struct places *places, const char *dir, const char *name)
{
	const char *slash = strrchr(name, '/');
	char program[PATH_MAX - 16];

	places->count = 1;
	if (slash) {
		snprintf(places->dirs[0], PATH_MAX, "%s%s%.*s", name[0] == '/' ? "" : dir,
			 name[0] == '/' ? "" : "/", (int)(slash - name + (slash == name)), name);
		return slash + 1;
	}
	snprintf(places->dirs[0], PATH_MAX, "%s", dir);
	if (program_dir(program, sizeof(program)) == 0) {
		snprintf(places->dirs[places->count++], PATH_MAX, "%s/plugins", program);
	}
	snprintf(places->dirs[places->count++], PATH_MAX, "%s", TAKT_PLUGINDIR);
	return name;
}

static int name_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The shared objects of @dir, for "did you mean". */
static uint32_t objects_list(struct takt_pool *pool, const char *dir, const char **names,
			     uint32_t count)
{
	DIR *d = opendir(dir);
	struct dirent *entry;

	while (d && count < NEAR_NAMES_MAX && (entry = readdir(d))) {
		const size_t length = strlen(entry->d_name);

		if (length > 3 && strcmp(entry->d_name + length - 3, ".so") == 0) {
			names[count] = takt_pool_copy(pool, entry->d_name, length);
			count += names[count] != NULL;
		}
	}
	if (d) {
		closedir(d);
	}
	return count;
}

static int not_found(struct takt_pool *pool, const struct takt_node *name, const char *file,
		     const struct places *places, struct takt_err *err)
{
	char near[TAKT_NEAREST_BYTES], tried[512];
	const char *names[NEAR_NAMES_MAX];
	uint32_t count = 0;
	const size_t length = strlen(file);
	const bool is_object = length > 3 && strcmp(file + length - 3, ".so") == 0;
	char object[PATH_MAX];
	size_t used = 0;

	snprintf(object, sizeof(object), is_object ? "%s" : "%s.so", file);
	tried[0] = 0;
	for (uint32_t i = 0; i < places->count; i++) {
		count = objects_list(pool, places->dirs[i], names, count);
		if (used < sizeof(tried)) {
			used += (size_t)snprintf(tried + used, sizeof(tried) - used, "%s%.150s",
						 i ? ", " : "", places->dirs[i]);
		}
	}
	qsort(names, count, sizeof(names[0]), name_compare);
	return takt_node_error(name, err, "no plug-in `%.80s` in %s; %s", file, tried,
			       takt_nearest(object, "shared objects there", names, count, near));
}

/* The first place that has the file, into @out of PATH_MAX. */
static int find(struct takt_pool *pool, const struct takt_node *name, const char *dir, char *out,
		struct takt_err *err)
{
	struct places places;
	const char *file = places_list(&places, dir, name->text);
	struct stat st;

	for (uint32_t i = 0; i < places.count; i++) {
		int length = snprintf(out, PATH_MAX, "%s/%s", places.dirs[i], file);

		if (length < 0 || length >= PATH_MAX || stat(out, &st) < 0) {
			continue;
		}
		if (!S_ISREG(st.st_mode)) {
			return takt_node_error(name, err, "plug-in `%.300s` is no file; give a "
					       "shared object, e.g. gnss.so", out);
		}
		return 0;
	}
	return not_found(pool, name, file, &places, err);
}

int takt_plugin_load(struct takt_pool *pool, const struct takt_node *name, const char *dir,
		     struct takt_plugin_handle **ret_handle, struct takt_err *err)
{
	struct takt_plugin_handle *handle = takt_pool_alloc(pool, 1, sizeof(*handle));
	struct takt_err why = { 0 };
	char path[PATH_MAX];
	int rc;

	if (!handle) {
		return takt_err_set(err, -ENOMEM, "out of memory");
	}
	rc = find(pool, name, dir, path, err);
	if (rc < 0) {
		return rc;
	}
	handle->path = takt_pool_copy(pool, path, strlen(path));
	if (!handle->path) {
		return takt_err_set(err, -ENOMEM, "out of memory");
	}
	handle->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!handle->handle) {
		return takt_node_error(name, err, "plug-in `%.80s` cannot be loaded: %.500s",
				       name->text,
				       dlerror());
	}
	handle->plugin = dlsym(handle->handle, TAKT_PLUGIN_SYMBOL);
	if (!handle->plugin) {
		return takt_node_error(name, err, "`%.300s` is no plug-in of this takt: it has no "
				       "symbol %s; declare it with TAKT_PLUGIN(…)", path,
				       TAKT_PLUGIN_SYMBOL);
	}
	if (takt_plugin_check(handle->plugin, &why) < 0) {
		return takt_node_error(name, err, "plug-in `%.80s`: %s", name->text, why.text);
	}
	handle->text_site_count = (uint32_t)(handle->plugin->text_end - handle->plugin->text_begin);
	*ret_handle = handle;
	return 0;
}

void takt_plugin_number_sites(struct takt_plugin_handle *handle, uint32_t first_site)
{
	handle->first_text_site = first_site;
	for (uint32_t i = 0; i < handle->text_site_count; i++) {
		handle->plugin->text_begin[i].id = first_site + i;
		takt_text_site_prepare(&handle->plugin->text_begin[i]);
	}
}
