/* SPDX-License-Identifier: Apache-2.0 */
#include "pyhost/proc/child.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIPE_BYTES_MIN (64u << 10)
#define PIPE_BYTES_MAX (1u << 20)
#define FIRST_FREE_FD 3

int takt_pyhost_interpreter(const struct takt_python_description *description, char *out,
			    uint32_t out_bytes)
{
	const struct takt_python_settings *s = &description->settings;
	const int n = s->venv[0] ? snprintf(out, out_bytes, "%s/bin/python3", s->venv)
				 : snprintf(out, out_bytes, "%s", s->interpreter[0]
					    ? s->interpreter : "python3");

	return n < (int)out_bytes ? 0 : -ENAMETOOLONG;
}

/* --- environment ----------------------------------------------------------------------------- */

static bool is_replaced(const struct takt_python_settings *s, const char *variable)
{
	for (uint32_t i = 0; i < s->env_count; i++) {
		const size_t n = strlen(s->env[i].name);

		if (strncmp(variable, s->env[i].name, n) == 0 && variable[n] == '=') {
			return true;
		}
	}
	return false;
}

static void free_environment(char **env)
{
	for (uint32_t i = 0; env && env[i]; i++) {
		free(env[i]);
	}
	free(env);
}

/* Ours with those of the graph in it; NULL: no memory. */
static char **make_environment(const struct takt_python_settings *s)
{
	uint32_t count = 0, n = 0;
	char **env;

	while (environ[count]) {
		count++;
	}
	env = calloc((size_t)count + s->env_count + 1, sizeof(*env));
	for (uint32_t i = 0; env && i < count; i++) {
		if (!is_replaced(s, environ[i])) {
			env[n] = strdup(environ[i]);
			n += env[n] != NULL;
		}
	}
	for (uint32_t i = 0; env && i < s->env_count; i++) {
		n += asprintf(&env[n], "%s=%s", s->env[i].name, s->env[i].value) >= 0;
	}
	return env;
}

/* --- spawning -------------------------------------------------------------------------------- */

struct pipes {
	int to[2], from[2], log[2];
};

static void close_all(const struct pipes *p)
{
	for (int i = 0; i < 2; i++) {
		close(p->to[i]);
		close(p->from[i]);
		close(p->log[i]);
	}
}

static int open_pipes(struct pipes *p, uint64_t frame_bytes)
{
	const uint64_t bytes = frame_bytes < PIPE_BYTES_MIN   ? PIPE_BYTES_MIN
			       : frame_bytes > PIPE_BYTES_MAX ? PIPE_BYTES_MAX
							      : frame_bytes;

	*p = (struct pipes){ { -1, -1 }, { -1, -1 }, { -1, -1 } };
	if (pipe2(p->to, O_CLOEXEC) < 0 || pipe2(p->from, O_CLOEXEC) < 0 ||
	    pipe2(p->log, O_CLOEXEC) < 0 ||
	    fcntl(p->to[1], F_SETFL, O_NONBLOCK) < 0 || fcntl(p->from[0], F_SETFL,
							      O_NONBLOCK) < 0 ||
	    fcntl(p->log[0], F_SETFL, O_NONBLOCK) < 0) {
		const int r = -errno;

		close_all(p);
		return r;
	}
	/* Where there is a limit, frames go in pieces. */
	fcntl(p->to[1], F_SETPIPE_SZ, (int)bytes);
	fcntl(p->from[1], F_SETPIPE_SZ, (int)bytes);
	return 0;
}

static int fill_actions(posix_spawn_file_actions_t *actions, const struct pipes *p)
{
	int r = posix_spawn_file_actions_adddup2(actions, p->to[0], STDIN_FILENO);

	r = r ? r : posix_spawn_file_actions_adddup2(actions, p->from[1], STDOUT_FILENO);
	r = r ? r : posix_spawn_file_actions_adddup2(actions, p->log[1], STDERR_FILENO);
	return r ? r : posix_spawn_file_actions_addclosefrom_np(actions, FIRST_FREE_FD);
}

static int fill_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, all;
	int r;

	sigemptyset(&none);
	sigfillset(&all);
	r = posix_spawnattr_setsigmask(attributes, &none);
	r = r ? r : posix_spawnattr_setsigdefault(attributes, &all);
	return r ? r : posix_spawnattr_setflags(attributes,
						POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static int spawn(const struct pipes *p, char *const *argv, char *const *env, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int r = posix_spawn_file_actions_init(&actions);

	if (r) {
		return -r;
	}
	r = posix_spawnattr_init(&attributes);
	if (r == 0) {
		r = fill_actions(&actions, p);
		r = r ? r : fill_attributes(&attributes);
		r = r ? r : posix_spawn(ret_pid, argv[0], &actions, &attributes, argv, env);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

static int spawn_python(const struct pipes *p, const struct takt_pyhost_paths *paths,
			const struct takt_python_description *d, pid_t *ret_pid)
{
	char parent[16], nice[16], memory[24], program[PATH_MAX], cpus[] = "";
	char isolated[] = "-I", no_bytecode[] = "-B";
	char *argv[] = { (char *)(uintptr_t)paths->spawn, parent, nice, memory,
			 d->settings.cpus[0] ? (char *)(uintptr_t)d->settings.cpus : cpus, program,
			 isolated,
			 no_bytecode, (char *)(uintptr_t)paths->bootstrap, NULL };
	char **env;
	int r = takt_pyhost_interpreter(d, program, sizeof(program));

	if (r < 0) {
		return r;
	}
	snprintf(parent, sizeof(parent), "%d", (int)getpid());
	snprintf(nice, sizeof(nice), "%d", (int)d->settings.nice);
	snprintf(memory, sizeof(memory), "%" PRIu64, d->settings.memory_bytes);
	env = make_environment(&d->settings);
	r = env ? spawn(p, argv, env, ret_pid) : -ENOMEM;
	free_environment(env);
	return r;
}

int takt_pyhost_child_spawn(struct takt_pyhost_child *child, const struct takt_pyhost_paths *paths,
			    const struct takt_python_description *description, uint64_t frame_bytes,
			    struct takt_err *err)
{
	struct pipes p;
	int r = open_pipes(&p, frame_bytes);

	if (r < 0) {
		return takt_err_set(err, r, "no pipes for Python: %s", strerror(-r));
	}
	r = spawn_python(&p, paths, description, &child->pid);
	if (r < 0) {
		child->pid = 0;
		close_all(&p);
		return takt_err_set(err, r, "%s: %s", paths->spawn, strerror(-r));
	}
	close(p.to[0]);
	close(p.from[1]);
	close(p.log[1]);
	child->to_fd = p.to[1];
	child->from_fd = p.from[0];
	child->log_fd = p.log[0];
	return 0;
}

/* --- ending ---------------------------------------------------------------------------------- */

bool takt_pyhost_child_has_ended(const struct takt_pyhost_child *child)
{
	siginfo_t info = { 0 };

	return child->pid > 0 && waitid(P_PID, (id_t)child->pid, &info,
					WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == child->pid;
}

static void close_fd(int *fd)
{
	if (*fd >= 0) {
		close(*fd);
	}
	*fd = -1;
}

int takt_pyhost_child_end(struct takt_pyhost_child *child)
{
	int status = 0;

	if (child->pid > 0) {
		/* It is not reaped yet: the number is still its own. It may not lead its group
		 * yet. */
		kill(-child->pid, SIGKILL);
		kill(child->pid, SIGKILL);
		while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR) {
		}
		child->pid = 0;
		close_fd(&child->to_fd);
		close_fd(&child->from_fd);
		close_fd(&child->log_fd);
	}
	return status;
}
