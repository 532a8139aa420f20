/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/main/live_run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rt/base/text_buffer.h"

struct search {
	const char *word;
	char path[PATH_MAX];		/* of the first that fits */
	uint32_t by_name;		/* how many have the name, and how many the beginning of the id */
	uint32_t by_id;
	struct takt_text_buffer names;	/* of what fits, or of all that there are */
	char text[256];
};

static bool is_running(const char *path)
{
	struct takt_region *region = NULL;
	bool is_alive;

	if (takt_region_attach(path, TAKT_REGION_READER, &region, NULL) < 0) {
		return false;
	}
	is_alive = takt_region_rt_alive(region) == 1;
	takt_region_close(region);
	return is_alive;
}

/* @path ends in GRAPH/RUN. A name goes before an id that begins like it. */
static int visit(const char *path, void *user)
{
	struct search *search = user;
	const char *run = strrchr(path, '/') + 1;
	const char *graph = run - 1;
	const size_t length = strlen(search->word);
	bool is_name;

	while (graph > path && graph[-1] != '/') {
		graph--;
	}
	is_name = (size_t)(run - 1 - graph) == length && strncmp(graph, search->word, length) == 0;
	if (!is_running(path)) {
		return 0;
	}
	takt_text_buffer_printf(&search->names, "%s%.*s", search->names.used ? ", " : "",
				(int)(run + 16 - graph), graph);
	if (is_name && search->by_name++ == 0) {
		snprintf(search->path, sizeof(search->path), "%s", path);
	} else if (!is_name && length > 0 && strncmp(run, search->word, length) == 0 &&
		   search->by_id++ == 0 && search->by_name == 0) {
		snprintf(search->path, sizeof(search->path), "%s", path);
	}
	return 0;
}

int takt_live_run_find(const char *run_dir, const char *word, struct takt_region **ret_region,
		       struct takt_err *err)
{
	struct search search = { .word = word };
	uint32_t count;
	int r;

	takt_text_buffer_init_fixed(&search.names, search.text, sizeof(search.text));
	r = takt_region_scan(run_dir, visit, &search);
	if (r < 0) {
		return takt_err_set(err, r, "%s: %s", run_dir, strerror(-r));
	}
	count = search.by_name > 0 ? search.by_name : search.by_id;
	if (count == 0) {
		return takt_err_set(err, -ENOENT, "no graph or run '%s' is running%s%s", word,
				    search.text[0] ? "; there are: " : ", and no other", search.text);
	}
	if (count > 1) {
		return takt_err_set(err, -ENOTUNIQ, "'%s' is not one run; running: %s", word, search.text);
	}
	return takt_region_attach(search.path, TAKT_REGION_READER, ret_region, err);
}
