/* SPDX-License-Identifier: Apache-2.0 */
/* What the word LOG on a command line means. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "logs/read/error.h"
#include "logs/read/run.h"

#define NAMED_MAX 8			/* runs that an error lists */

enum match { MATCH_RUN_ID, MATCH_NUMBER, MATCH_DIRECTORY, MATCH_GRAPH, MATCH_ALL };

static bool matches(const struct takt_log_run *run, const char *word, enum match how)
{
	const char *name;
	char id[17];

	switch (how) {
	case MATCH_RUN_ID:
		snprintf(id, sizeof(id), "%016" PRIx64, run->run);
		return strncasecmp(id, word, strlen(word)) == 0;
	case MATCH_NUMBER:
		snprintf(id, sizeof(id), "%" PRIu32, run->number);
		return run->number > 0 && strcmp(id, word) == 0;
	case MATCH_DIRECTORY:
		name = strrchr(run->path, '/');
		return name && strcmp(name + 1, word) == 0;
	case MATCH_GRAPH:
		return strcmp(run->graph, word) == 0;
	default:
		return true;
	}
}

/* Number of matches; the newest in @ret_run. */
static uint32_t find(const struct takt_log_runs *runs, const char *word, enum match how,
		     const struct takt_log_run **ret_run)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < takt_log_runs_count(runs); i++) {
		const struct takt_log_run *run = takt_log_runs_at(runs, i);

		if (matches(run, word, how)) {
			*ret_run = run;
			count++;
		}
	}
	return count;
}

/* "gnss 3f2a… , …": the newest runs that match, for an error. */
static void name_runs(const struct takt_log_runs *runs, const char *word, enum match how, char *out,
		      size_t out_bytes)
{
	size_t used = 0;
	uint32_t named = 0;

	out[0] = '\0';
	for (uint32_t i = takt_log_runs_count(runs); i-- > 0 && used < out_bytes;) {
		const struct takt_log_run *run = takt_log_runs_at(runs, i);
		int n;

		if (!matches(run, word, how)) {
			continue;
		}
		if (named++ == NAMED_MAX) {
			n = snprintf(out + used, out_bytes - used, ", …");
			break;
		}
		n = snprintf(out + used, out_bytes - used, "%s%016" PRIx64 " (%.60s)",
			     used ? ", " : "", run->run, run->graph);
		used += n > 0 ? (size_t)n : 0;
	}
}

static int give(const struct takt_log_run *run, char *ret_path, size_t path_bytes,
		struct takt_log_error *error)
{
	if ((size_t)snprintf(ret_path, path_bytes, "%s", run->path) >= path_bytes) {
		return takt_log_fail(error, -ENAMETOOLONG, "%s: the path is too long", run->path);
	}
	return 0;
}

static int choose(const struct takt_log_runs *runs, const char *word, const char *log_dir,
		  char *ret_path, size_t path_bytes, struct takt_log_error *error)
{
	const bool is_hex = word[0] && strlen(word) <= 16 &&
			    strspn(word, "0123456789abcdefABCDEF") == strlen(word);
	const struct takt_log_run *run = NULL;
	uint32_t count = 0;
	char names[768];

	if (takt_log_runs_count(runs) == 0) {
		return takt_log_fail(error, -ENOENT, "no log '%s': there is none in %s", word,
				     log_dir);
	}
	if (!word[0] || strcmp(word, "latest") == 0) {
		find(runs, word, MATCH_ALL, &run);
		return give(run, ret_path, path_bytes, error);
	}
	if (find(runs, word, MATCH_NUMBER, &run) > 0 || find(runs, word, MATCH_DIRECTORY, &run) > 0) {
		return give(run, ret_path, path_bytes, error);
	}
	if (is_hex) {
		count = find(runs, word, MATCH_RUN_ID, &run);
	}
	if (count == 1 || find(runs, word, MATCH_GRAPH, &run) > 0) {
		return give(run, ret_path, path_bytes, error);
	}
	name_runs(runs, word, count > 1 ? MATCH_RUN_ID : MATCH_ALL, names, sizeof(names));
	if (count > 1) {
		return takt_log_fail(error, -ENOTUNIQ, "'%s' begins the ids of several runs: %s",
				     word, names);
	}
	return takt_log_fail(error, -ENOENT, "no log '%s': it is no path, number, run id or graph in %s; "
			     "there are: %s", word, log_dir, names);
}

/* True when @word is to be taken as a path: a file, or a directory that can be opened. */
static bool is_path(const char *word)
{
	struct stat st;

	return stat(word, &st) == 0 && (strchr(word, '/') || !S_ISDIR(st.st_mode) ||
					takt_log_run_is_here(word));
}

int takt_log_resolve(const char *word, const char *log_dir, const char *run_dir, char *ret_path,
		     size_t path_bytes, struct takt_log_error *error)
{
	struct takt_log_runs *runs;
	char own[PATH_MAX];
	int r;

	word = word ? word : "";
	if (word[0] && is_path(word)) {
		if ((size_t)snprintf(ret_path, path_bytes, "%s", word) >= path_bytes) {
			return takt_log_fail(error, -ENAMETOOLONG, "%s: the path is too long",
					     word);
		}
		return 0;
	}
	if (strchr(word, '/')) {
		return takt_log_fail(error, -ENOENT, "%s: %s", word, strerror(ENOENT));
	}
	r = takt_log_runs_open(log_dir, run_dir, &runs, error);
	if (r < 0) {
		return r;
	}
	if (!log_dir) {
		takt_log_default_dir(own, sizeof(own));
		log_dir = own;
	}
	r = choose(runs, word, log_dir, ret_path, path_bytes, error);
	takt_log_runs_close(runs);
	return r;
}
