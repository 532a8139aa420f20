/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/main/taktd_python.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pyhost/proc/host.h"
#include "rt/main/sibling.h"
#include "rt/shm/pyslot_file.h"

struct taktd_python {
	struct takt_pyhost_paths paths;
	char spawn[PATH_MAX];
	char bootstrap[PATH_MAX];
	struct takt_pyhost **hosts;	/* [count] */
	uint32_t count;
};

static int only_slots(const struct dirent *entry)
{
	return strncmp(entry->d_name, TAKT_PYSLOT_PREFIX, strlen(TAKT_PYSLOT_PREFIX)) == 0;
}

static void say(const struct takt_region *region, const char *text)
{
	fprintf(stderr, "taktd: %.63s: %s\n", region->info->graph, text);
}

static int find_paths(struct taktd_python *python, const struct takt_region *region)
{
	if (takt_sibling_find("takt-spawn", python->spawn, sizeof(python->spawn)) < 0) {
		say(region,
		    "its Python tasks do not run: takt-spawn is not installed beside taktd");
		return -ENOENT;
	}
	if (takt_sibling_python("bootstrap.py", python->bootstrap, sizeof(python->bootstrap)) < 0) {
		say(region, "its Python tasks do not run: bootstrap.py is not installed with takt");
		return -ENOENT;
	}
	python->paths = (struct takt_pyhost_paths){ python->spawn, python->bootstrap };
	return 0;
}

static void start_hosts(struct taktd_python *python, const struct takt_region *region,
			struct dirent *const *names, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct takt_err err = { 0 };

		if (takt_pyhost_start(region, names[i]->d_name + strlen(TAKT_PYSLOT_PREFIX),
				      &python->paths,
				      &python->hosts[python->count], &err) < 0) {
			say(region, err.text);
		} else {
			python->count++;
		}
	}
}

struct taktd_python *taktd_python_create(const struct takt_region *region)
{
	struct taktd_python *python = NULL;
	struct dirent **names = NULL;
	const int count = scandir(region->path, &names, only_slots, alphasort);

	if (count > 0) {
		python = calloc(1, sizeof(*python));
	}
	if (python && find_paths(python, region) == 0) {
		python->hosts = calloc((size_t)count, sizeof(struct takt_pyhost *));
	}
	if (python && python->hosts) {
		start_hosts(python, region, names, (uint32_t)count);
	}
	for (int i = 0; i < count; i++) {
		free(names[i]);
	}
	free(names);
	return python;
}

void taktd_python_ask_end(struct taktd_python *python)
{
	for (uint32_t i = 0; python && i < python->count; i++) {
		takt_pyhost_ask_end(python->hosts[i]);
	}
}

bool taktd_python_is_over(const struct taktd_python *python)
{
	for (uint32_t i = 0; python && i < python->count; i++) {
		if (!takt_pyhost_is_over(python->hosts[i])) {
			return false;
		}
	}
	return true;
}

void taktd_python_destroy(struct taktd_python *python)
{
	if (!python) {
		return;
	}
	taktd_python_ask_end(python);
	for (uint32_t i = 0; i < python->count; i++) {
		takt_pyhost_destroy(python->hosts[i]);
	}
	free(python->hosts);
	free(python);
}
