/* SPDX-License-Identifier: Apache-2.0 */
/* The files are written to a hidden directory beside the one that is wanted, which then gets its name: rename(2)
 * takes the place of nothing or of an empty directory, and of nothing else. */
#include "rt/main/new_project.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rt/base/file.h"
#include "rt/base/text_buffer.h"

#define FILE_BYTES_MAX (64u << 10)
#define FOLDER "tests"		/* the one that the templates' paths have */

static const struct {
	const char *text;
	const char *path;
	uint32_t languages;
} files[] = {
#define TAKT_NEW_FILE(symbol, path, languages) { symbol, path, languages },
#include "rt/main/new_files.def"
#undef TAKT_NEW_FILE
};
#define FILE_COUNT (sizeof(files) / sizeof(files[0]))

struct project {
	const char *parent;
	const char *name;
	enum takt_new_language language;
	char hidden[NAME_MAX];		/* the directory's name until all is written */
	int parent_fd;
	int fd;				/* of the hidden directory */
	struct takt_err *err;
};

/* @text with the project's words in place of NAME and SUFFIX. */
static void render(const struct project *project, const char *text, struct takt_text_buffer *out)
{
	const struct {
		const char *token;
		const char *word;
	} tokens[] = {
		{ "NAME", project->name },
		{ "SUFFIX", project->language == TAKT_NEW_CXX ? "cc" : "c" },
	};

	while (*text) {
		const char *word = NULL;

		for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]) && !word; i++) {
			if (strncmp(text, tokens[i].token, strlen(tokens[i].token)) == 0) {
				word = tokens[i].word;
				text += strlen(tokens[i].token);
			}
		}
		if (word) {
			takt_text_buffer_puts(out, word);
		} else {
			takt_text_buffer_put(out, text++, 1);
		}
	}
}

static int file_write(const struct project *project, const char *path, const char *text, size_t size_bytes)
{
	const int fd = openat(project->fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	int r;

	if (fd < 0) {
		return -errno;
	}
	r = takt_file_write_all(fd, text, size_bytes);
	if (close(fd) < 0 && r == 0) {
		r = -errno;
	}
	return r;
}

static int file_make(const struct project *project, size_t index)
{
	struct takt_text_buffer path, text;
	int r;

	takt_text_buffer_init(&path, PATH_MAX);
	takt_text_buffer_init(&text, FILE_BYTES_MAX);
	render(project, files[index].path, &path);
	render(project, files[index].text, &text);
	r = path.error ? path.error : text.error;
	if (r == 0) {
		r = file_write(project, path.text, text.text, text.used);
	}
	if (r < 0) {
		takt_err_set(project->err, r, "%s/%s: cannot write %s: %s", project->parent, project->name,
			     path.error ? files[index].path : path.text, strerror(-r));
	}
	takt_text_buffer_fini(&path);
	takt_text_buffer_fini(&text);
	return r;
}

/* Take back what was made. */
static void discard(const struct project *project)
{
	for (size_t i = 0; i < FILE_COUNT && project->fd >= 0; i++) {
		struct takt_text_buffer path;

		takt_text_buffer_init(&path, PATH_MAX);
		render(project, files[i].path, &path);
		if (path.error == 0) {
			unlinkat(project->fd, path.text, 0);
		}
		takt_text_buffer_fini(&path);
	}
	if (project->fd >= 0) {
		unlinkat(project->fd, FOLDER, AT_REMOVEDIR);
	}
	unlinkat(project->parent_fd, project->hidden, AT_REMOVEDIR);
}

static int refuse(const struct project *project, int error)
{
	const char *dir = strcmp(project->parent, ".") == 0 ? "" : project->parent;
	const char *slash = dir[0] && strcmp(dir, "/") != 0 ? "/" : "";

	if (error == -EEXIST || error == -ENOTEMPTY) {
		return takt_err_set(project->err, -EEXIST, "%s%s%s is there already and is not empty: nothing was "
				    "changed; choose another name", dir, slash, project->name);
	}
	if (error == -ENOTDIR) {
		return takt_err_set(project->err, -EEXIST, "%s%s%s is there already and is not a directory: nothing "
				    "was changed; choose another name", dir, slash, project->name);
	}
	return takt_err_set(project->err, error, "%s%s%s: cannot make it: %s", dir, slash, project->name,
			    strerror(-error));
}

/* All files in the hidden directory, which then gets its name. */
static int fill(struct project *project)
{
	int r = 0;

	project->fd = openat(project->parent_fd, project->hidden, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (project->fd < 0 || mkdirat(project->fd, FOLDER, 0777) < 0) {
		return refuse(project, -errno);
	}
	for (size_t i = 0; i < FILE_COUNT && r == 0; i++) {
		if (files[i].languages & project->language) {
			r = file_make(project, i);
		}
	}
	if (r == 0 && renameat(project->parent_fd, project->hidden, project->parent_fd, project->name) < 0) {
		r = refuse(project, -errno);
	}
	return r;
}

/* What would make the rename fail, said before anything is written. */
static int look(const struct project *project)
{
	struct stat st;

	if (fstatat(project->parent_fd, project->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode)) {
		return refuse(project, -ENOTDIR);
	}
	return 0;
}

static int create(struct project *project)
{
	int r;

	project->parent_fd = open(project->parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (project->parent_fd < 0) {
		r = -errno;
		return takt_err_set(project->err, r, "%s: %s%s", project->parent, strerror(-r),
				    r == -ENOENT ? "; make it first" : "");
	}
	r = look(project);
	if (r == 0 && mkdirat(project->parent_fd, project->hidden, 0777) < 0) {
		r = refuse(project, -errno);
	} else if (r == 0) {
		r = fill(project);
		if (r < 0) {
			discard(project);
		}
	}
	if (project->fd >= 0) {
		close(project->fd);
	}
	close(project->parent_fd);
	return r;
}

int takt_new_project_create(const char *parent, const char *name, enum takt_new_language language,
			    struct takt_err *err)
{
	struct project project = { .parent = parent, .name = name, .language = language, .parent_fd = -1, .fd = -1,
				   .err = err };
	sigset_t asked, before;
	int r;

	snprintf(project.hidden, sizeof(project.hidden), ".%s.%ld.new", name, (long)getpid());
	sigemptyset(&asked);	/* a Ctrl-C comes after the files: whole or not at all */
	sigaddset(&asked, SIGINT);
	sigaddset(&asked, SIGTERM);
	sigaddset(&asked, SIGHUP);
	sigprocmask(SIG_BLOCK, &asked, &before);
	r = create(&project);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return r;
}
