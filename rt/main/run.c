/* SPDX-License-Identifier: Apache-2.0 */
/* takt run, takt check, takt plugin: start takt-rt, and taktd where none runs, and show what the graph says. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <takt/log.h>

#include "rt/base/quantity.h"
#include "rt/clock/clock.h"
#include "rt/main/commands.h"
#include "rt/main/log_cause.h"
#include "rt/main/lost_line.h"
#include "rt/main/out.h"
#include "rt/main/run_trouble.h"
#include "rt/main/sibling.h"
#include "rt/main/text_line.h"
#include "rt/shm/region.h"

static const char help[] =
	"usage: takt run [OPTION]... GRAPH.yaml\n"
	"Run a task graph, record it, and show its text log until it ends. Ctrl-C ends it in order,\n"
	"a second Ctrl-C at once.\n"
	"\n"
	"  --for TIME         end after TIME, like 10s\n"
	"  --cycles N         end after N cycles\n"
	"  --seed N           where the tasks' random numbers begin (default: another one each time;\n"
	"                     `takt log info` shows it)\n"
	"  --virtual          in virtual time: cycle after cycle, as fast as they go; the same graph\n"
	"                     and seed make the same recording\n"
	"  --source-from LOG  sources do not run: what LOG holds of them is put in instead, cycle by\n"
	"                     cycle; with --virtual with its cycles and times. The seed is LOG's\n"
	"                     unless --seed gives another\n"
	"  --level LEVEL      record and show texts of debug, info, warning, error, critical and above\n"
	"  --log-dir DIR      where the recording goes (default: the graph's logging.dir, else\n"
	"                     $XDG_STATE_HOME/takt or ~/.local/state/takt; /var/log/takt for root)\n"
	"  --run-dir DIR      where the shared memory is (default: /dev/shm/takt-UID)\n"
	"  --dev              no real-time priority, no locked memory, no deadline: fit for a debugger\n"
	"\n"
	"Exit codes: 0 ended as asked, 1 could not start, 2 usage, 70 ended by an error, 71 a task was\n"
	"stuck, 72 a task crashed, 74 ended as asked, but not or not wholly recorded, 130 ended at once\n"
	"by a second Ctrl-C, 137 takt-rt was killed.\n";

#define EXIT_CRASHED 72		/* as of takt-rt */
#define EXIT_NOT_RECORDED 74

#define SHOW_AT_ONCE 1000	/* records between two looks at signals */
#define READY_POLL_MS 20
#define POLL_NS 2000000
#define RECORDER_PATIENCE_NS TAKT_NS_PER_S	/* then taktd is started again */
#define GIVEN_UP_NS (TAKT_NS_PER_S / 2)	/* a region that is about to be removed looks the same for a moment */
#define END_PATIENCE_NS (10 * TAKT_NS_PER_S)	/* for taktd to finish after takt-rt has ended */

struct loss {				/* what is not recorded, and never will be */
	uint64_t copperlists;
	uint64_t events;		/* texts and lifecycle events */
	uint64_t chunks;		/* missing or damaged on the way to the disk */
	uint64_t period_ns;		/* of a cycle; 0: not known */
};

struct run {
	const char *run_dir;
	char default_run_dir[PATH_MAX];
	char region[PATH_MAX];
	char log_dir[PATH_MAX];
	char directory[PATH_MAX];	/* of the segments, once taktd has said it */
	int directory_fd;		/* to see that it is removed; -1: none yet */
	char id[17];
	pid_t rt;
	bool rt_ended;
	bool is_told_to_end;		/* by us: nobody reads what we print */
	bool is_failing;		/* the recorder says so */
	bool is_unfinished;		/* something waits for the recorder still */
	struct loss loss;		/* as known last */
	char cause[400];		/* of the end, by the log; "" when not known */
	int rt_status;
	uint64_t ended_ns;
	uint64_t recorder_asked_ns;
	uint64_t given_up_ns;		/* since when nobody records what is left of the run; 0: not so */
	struct takt_log *log;
	struct takt_log_cursor *cursor;
	struct takt_run_trouble trouble;	/* of the records that cursor has come to */
};

static void signals_of_ours(sigset_t *ret_set)
{
	sigemptyset(ret_set);
	sigaddset(ret_set, SIGINT);
	sigaddset(ret_set, SIGTERM);
	sigaddset(ret_set, SIGHUP);
}

/* Spawn with no signal blocked; @session: apart from our terminal. */
static int spawn(const char *path, char **argv, bool session, const char *output, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, pipes;
	int r;

	sigemptyset(&none);
	sigemptyset(&pipes);
	sigaddset(&pipes, SIGPIPE);
	posix_spawnattr_init(&attr);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setsigdefault(&attr, &pipes);
	posix_spawnattr_setflags(&attr, (short)(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
						(session ? POSIX_SPAWN_SETSID
							 : POSIX_SPAWN_SETPGROUP)));
	if (session) {
		posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
		posix_spawn_file_actions_addopen(&actions, 1, output,
						 O_WRONLY | O_CREAT | O_APPEND, 0600);
		posix_spawn_file_actions_adddup2(&actions, 1, 2);
	}
	r = posix_spawn(ret_pid, path, &actions, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return -r;
}

/* One taktd serves all runs below a run directory; a second one sees that and leaves. */
static void ask_for_recorder(struct run *run)
{
	char path[PATH_MAX], output[PATH_MAX + 16];
	char *argv[] = { path, (char *)(uintptr_t)"--exit-when-idle", (char *)(uintptr_t)"--run-dir",
			 (char *)(uintptr_t)run->run_dir, NULL };
	pid_t pid;
	int r;

	run->recorder_asked_ns = takt_clock_mono_ns();
	r = takt_sibling_find("taktd", path, sizeof(path));
	if (r == 0) {
		snprintf(output, sizeof(output), "%s/taktd.log", run->run_dir);
		r = spawn(path, argv, true, output, &pid);
	}
	if (r < 0) {
		fprintf(stderr, "takt: taktd does not start (%s): the run is not recorded\n",
			strerror(-r));
	}
}

static const char *option_value(int argc, char **argv, const char *name)
{
	const size_t n = strlen(name);

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], name) == 0 && i + 1 < argc) {
			return argv[i + 1];
		}
		if (strncmp(argv[i], name, n) == 0 && argv[i][n] == '=') {
			return argv[i] + n + 1;
		}
	}
	return NULL;
}

static bool has_option(int argc, char **argv, const char *name)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], name) == 0) {
			return true;
		}
	}
	return false;
}

/* takt-rt with our arguments; @first are put before them. */
static int spawn_rt(int argc, char **argv, const char *const *first, pid_t *ret_pid)
{
	char path[PATH_MAX];
	char **args = calloc((size_t)argc + 8, sizeof(*args));
	int n = 0, r;

	if (!args) {
		return -ENOMEM;
	}
	r = takt_sibling_find("takt-rt", path, sizeof(path));
	args[n++] = path;
	while (*first) {
		args[n++] = (char *)(uintptr_t)*first++;
	}
	for (int i = 1; i < argc; i++) {
		args[n++] = argv[i];
	}
	if (r == 0) {
		r = spawn(path, args, false, NULL, ret_pid);
	}
	free(args);
	if (r < 0) {
		fprintf(stderr, "takt: takt-rt does not start: %s; is takt installed whole?\n",
			strerror(-r));
	}
	return r;
}

static void pass_on(const struct run *run, int signal)
{
	kill(run->rt, signal == SIGHUP ? SIGTERM : signal);
}

/* Wait for "RUN-ID REGION" or the end of takt-rt; signals go to it meanwhile. */
static int read_ready(int fd, struct run *run)
{
	const struct timespec now = { 0, 0 };
	char line[PATH_MAX + 32];
	size_t used = 0;
	sigset_t set;

	signals_of_ours(&set);
	while (used < sizeof(line) - 1 && !memchr(line, '\n', used)) {
		struct pollfd ready = { .fd = fd, .events = POLLIN };
		const int signal = sigtimedwait(&set, NULL, &now);
		ssize_t n;

		if (signal > 0) {
			pass_on(run, signal);
		}
		if (poll(&ready, 1, READY_POLL_MS) <= 0) {
			continue;
		}
		n = read(fd, line + used, sizeof(line) - 1 - used);
		if (n <= 0) {
			break;
		}
		used += (size_t)n;
	}
	close(fd);
	line[used] = '\0';
	return sscanf(line, "%16[0-9a-f] %4095[^\n]", run->id, run->region) == 2 ? 0 : -ESRCH;
}

static void reap(struct run *run, int flags)
{
	if (!run->rt_ended && waitpid(run->rt, &run->rt_status, flags) == run->rt) {
		run->rt_ended = true;
		run->ended_ns = takt_clock_mono_ns();
	}
}

static int exit_code(const struct run *run)
{
	return WIFEXITED(run->rt_status) ? WEXITSTATUS(run->rt_status)
					 : 128 + WTERMSIG(run->rt_status);
}

static void open_log(struct run *run)
{
	const struct takt_log_options options = { sizeof(options), 1, run->run_dir };
	struct takt_log_filter filter = TAKT_LOG_FILTER_ALL;
	struct takt_log_error error = { 0 };

	filter.kinds = 1u << TAKT_LOG_TEXT | 1u << TAKT_LOG_LIFECYCLE;
	if (takt_log_open(run->region, &options, &run->log, &error) < 0 &&
	    (run->directory[0] == '\0' ||
	     takt_log_open(run->directory, &options, &run->log, NULL) < 0)) {
		return;
	}
	if (takt_log_cursor_create(run->log, &filter, &run->cursor, &error) < 0) {
		takt_log_close(run->log);
		run->log = NULL;
	}
}

/* Print what is new, a bounded part of it. Returns whether there may be more. */
static bool show(struct run *run)
{
	const struct takt_log_record *record;
	uint32_t count = 0;

	if (!run->cursor) {
		open_log(run);
	}
	while (run->cursor && !run->is_told_to_end && count < SHOW_AT_ONCE &&
	       takt_log_next(run->cursor, &record, NULL) > 0) {
		const bool is_news = takt_run_trouble_put(&run->trouble, run->log, record);

		if (record->kind == TAKT_LOG_TEXT) {
			takt_text_line_print(stdout, run->log, record);
		} else if (is_news) {
			takt_text_line_print_warning(stdout, run->log, record);
		} else if (takt_lost_line_is_due(record, 0)) {
			takt_text_line_print_lost(stdout, run->log, record);
		}
		count++;
	}
	if ((fflush(stdout) != 0 || ferror(stdout)) && !run->is_told_to_end) {
		run->is_told_to_end = true;	/* whoever read us has seen enough */
		if (!run->rt_ended) {
			kill(run->rt, SIGTERM);
		}
	}
	return count == SHOW_AT_ONCE;
}

/* Say once when the recorder can't write, and when it can again. */
static void warn(struct run *run, const struct takt_recorder_state *recorder)
{
	const bool is_failing = atomic_load_explicit(&recorder->phase, memory_order_acquire) ==
				TAKT_RECORDER_FAILING;
	char text[sizeof(recorder->text)];

	if (is_failing && !run->is_failing) {
		memcpy(text, recorder->text, sizeof(text));
		text[sizeof(text) - 1] = '\0';
		fprintf(stderr, "takt: not recording: %s\n", text);
	} else if (!is_failing && run->is_failing) {
		fprintf(stderr, "takt: recording again\n");
	}
	run->is_failing = is_failing;
}

/* Where taktd writes; keeps it alive. Returns whether the region is still there. */
static bool look_at_recorder(struct run *run)
{
	struct takt_region *region = NULL;
	const uint64_t now = takt_clock_mono_ns();

	if (takt_region_attach(run->region, TAKT_REGION_READER, &region, NULL) < 0) {
		return false;
	}
	if (takt_region_recorder_alive(region) == 1) {
		run->recorder_asked_ns = now;
	}
	memcpy(run->log_dir, region->info->log_dir, sizeof(run->log_dir));
	if (run->directory[0] == '\0' &&
	    memchr(region->recorder->directory, '\0', sizeof(region->recorder->directory))) {
		memcpy(run->directory, region->recorder->directory, sizeof(run->directory));
		run->directory_fd = open(run->directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	warn(run, region->recorder);
	if (!run->rt_ended || takt_region_recorder_alive(region) == 1 ||
	    atomic_load_explicit(&region->recorder->phase, memory_order_acquire) != TAKT_RECORDER_DETACHED) {
		run->given_up_ns = 0;
	} else if (run->given_up_ns == 0) {
		run->given_up_ns = now;
	}
	run->loss.copperlists = atomic_load_explicit(&region->rt->lost_copperlists, memory_order_relaxed);
	run->loss.events = atomic_load_explicit(&region->rt->lost_events, memory_order_relaxed);
	takt_region_close(region);
	if (now - run->recorder_asked_ns > RECORDER_PATIENCE_NS) {
		ask_for_recorder(run);
	}
	return true;
}

static void follow(struct run *run)
{
	struct timespec span = { 0, POLL_NS };
	bool is_more = false;
	sigset_t set;
	int signal;

	signals_of_ours(&set);
	for (uint32_t tick = 0;; tick++) {
		bool there = true;

		span.tv_nsec = is_more ? 0 : run->cursor ? (long)takt_log_pause_ns(run->cursor) : POLL_NS;
		signal = sigtimedwait(&set, NULL, &span);
		if (signal > 0 && !run->rt_ended) {
			pass_on(run, signal);
		} else if (signal > 0) {
			break;	/* what is left to wait for is taktd, and it needs nobody */
		}
		reap(run, WNOHANG);
		if (tick % 50 == 0 || run->rt_ended) {
			there = look_at_recorder(run);
		}
		is_more = show(run);
		run->is_unfinished = there;
		if (run->rt_ended && !there && !is_more) {
			break;	/* all is recorded, and shown */
		}
		if (run->given_up_ns != 0 && !is_more &&
		    takt_clock_mono_ns() - run->given_up_ns > GIVEN_UP_NS) {
			break;
		}
		if (run->rt_ended && !is_more &&
		    takt_clock_mono_ns() - run->ended_ns > END_PATIENCE_NS) {
			break;
		}
	}
}

/* What the log says at last. Returns whether the recorder found takt-rt gone without having ended the run. */
static bool read_end(struct run *run)
{
	const struct takt_log_info *info;
	struct takt_log *log;
	bool was_killed;

	if (run->is_unfinished || takt_log_open(run->directory, NULL, &log, NULL) < 0) {
		return false;
	}
	info = takt_log_info_of(log);
	was_killed = info->ending == TAKT_LOG_ENDED_KILLED;
	takt_log_cause_find(log, run->cause, sizeof(run->cause));
	if (info->is_counted) {
		run->loss.copperlists = info->lost_copperlists;
		run->loss.events = info->lost_events;
	}
	run->loss.chunks = info->lost_chunk_count;
	run->loss.period_ns = info->period_ns;
	takt_log_close(log);
	return was_killed;
}

/* What the other commands find the log by, wherever it is. */
static const char *name_of(const struct run *run)
{
	return run->directory[0] ? run->directory : run->id;
}

static void say_loss(const struct run *run)
{
	const struct loss *loss = &run->loss;
	char time[TAKT_QUANTITY_TEXT_BYTES];

	fprintf(stderr, "takt: lost %" PRIu64 " copperlists", loss->copperlists);
	if (loss->period_ns > 0 && loss->copperlists > 0) {
		fprintf(stderr, " (%s)", takt_quantity_format_ns(loss->copperlists * loss->period_ns, time,
								 sizeof(time)));
	}
	fprintf(stderr, ", %" PRIu64 " texts and events", loss->events);
	if (loss->chunks > 0) {
		fprintf(stderr, ", %" PRIu64 " chunks", loss->chunks);
	}
	fputs(": they are not in the recording; takt log lifecycle ", stderr);
	takt_out_print_plain(stderr, name_of(run));
	fputs(" shows when\n", stderr);
}

static void say_cause(const struct run *run, const char *what)
{
	char memory[sizeof(run->cause) + 64];
	struct takt_text_buffer cause;

	takt_text_buffer_init_fixed(&cause, memory, sizeof(memory));
	takt_out_put_plain(&cause, run->cause);		/* a text of a task may stand in it */
	fprintf(stderr, "takt: %s%s%s (takt log lifecycle ", what, run->cause[0] ? ": " : "",
		run->cause[0] ? memory : "");
	takt_out_print_plain(stderr, name_of(run));
	fputs(")\n", stderr);
}

/* The directory that was there first is gone; taktd may have made another for what came later. */
static bool was_removed(const struct run *run)
{
	struct stat st;

	return run->directory_fd >= 0 && fstat(run->directory_fd, &st) == 0 && st.st_nlink == 0;
}

/* Print how it ended and where the recording is. Returns the exit code. */
static int report(struct run *run)
{
	const bool is_there = run->directory[0] != '\0' && access(run->directory, F_OK) == 0;
	const bool was_killed = is_there && read_end(run);
	const bool is_lossy = run->loss.copperlists > 0 || run->loss.events > 0 || run->loss.chunks > 0;
	const bool is_whole = is_there && !was_removed(run) && !run->is_unfinished && !is_lossy;
	const int code = exit_code(run);

	if (WIFSIGNALED(run->rt_status)) {
		fprintf(stderr, "takt: takt-rt was ended by signal %d\n", WTERMSIG(run->rt_status));
	} else if (code == 70) {
		say_cause(run, "the run was ended by an error");
	} else if (code == 71) {
		say_cause(run, "a task was stuck");
	} else if (code == 72) {
		say_cause(run, "a task crashed");
	}
	fprintf(stderr, "run %s\n", run->id);
	if (!is_there && run->directory[0] == '\0') {
		fprintf(stderr, "takt: not recorded: see %s/taktd.log; what there is waits in %s; to record it "
			"elsewhere: takt log recover --log-dir DIR %s\n", run->run_dir, run->region,
			run->region);
	} else if (!is_there || was_removed(run)) {
		fprintf(stderr, "takt: the recording was removed meanwhile%s: %s\n",
			is_there ? ", what came later is there" : "", run->directory);
	}
	if (is_there) {
		if (run->is_unfinished) {
			fprintf(stderr, "takt: not recorded to its end yet: the rest waits in %s for taktd\n",
				run->region);
		}
		fprintf(stderr, "log %s\n", run->directory);
		fprintf(stderr, "look at it: takt log info %s\n", run->directory);
	}
	if (is_lossy) {
		say_loss(run);
	}
	takt_run_trouble_print(stderr, &run->trouble, run->log, name_of(run), code == 70);
	if (WIFEXITED(run->rt_status) && was_killed) {
		fprintf(stderr, "takt: takt-rt was ended from inside, as by _exit() in a task; "
			"no failsafe was called\n");
		return EXIT_CRASHED;
	}
	return code == 0 && !is_whole ? EXIT_NOT_RECORDED : code;
}

int takt_command_run(int argc, char **argv)
{
	struct run run = { .rt = -1, .directory_fd = -1 };
	const char *dir = option_value(argc, argv, "--run-dir");
	char fd_text[16];
	const char *const first[] = { "--as", "takt run", "--ready-fd", fd_text, NULL };
	int pipe_fds[2];
	sigset_t set;
	int r, code;

	if (has_option(argc, argv, "--help")) {
		fputs(help, stdout);
		return 0;
	}
	takt_run_dir_default(run.default_run_dir, sizeof(run.default_run_dir));
	run.run_dir = dir ? dir : run.default_run_dir;
	signals_of_ours(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (pipe(pipe_fds) < 0 || fcntl(pipe_fds[0], F_SETFD, FD_CLOEXEC) < 0) {
		fprintf(stderr, "takt: pipe: %s\n", strerror(errno));
		return 1;
	}
	snprintf(fd_text, sizeof(fd_text), "%d", pipe_fds[1]);
	r = spawn_rt(argc, argv, first, &run.rt);
	close(pipe_fds[1]);
	if (r < 0) {
		return 1;
	}
	if (read_ready(pipe_fds[0], &run) < 0) {
		reap(&run, 0);	/* it has said why */
		return exit_code(&run);
	}
	look_at_recorder(&run);
	ask_for_recorder(&run);
	follow(&run);
	if (run.directory[0] == '\0') {	/* a run so short that we never saw taktd at it */
		takt_log_resolve(run.id, run.log_dir, run.run_dir, run.directory,
				 sizeof(run.directory), NULL);
	}
	code = report(&run);
	takt_run_trouble_fini(&run.trouble);
	takt_log_cursor_destroy(run.cursor);
	takt_log_close(run.log);
	return code;
}

int takt_command_check(int argc, char **argv)
{
	const char *const first[] = { "--as", "takt check", "--check", NULL };
	struct run run = { .rt = -1, .directory_fd = -1 };

	if (has_option(argc, argv, "--help")) {
		fputs("usage: takt check [--json] GRAPH.yaml\n"
		      "       takt check --keys\n"
		      "Load and plan a graph and print the plan; changes nothing. --keys: print every\n"
		      "key that a graph file may have, with its unit, default and range. A source's file\n"
		      "that is not there is a warning: it may come.\n"
		      "\n"
		      "Exit status: 0, 1 the graph cannot be run here as it is, 2 usage.\n", stdout);
		return 0;
	}
	if (spawn_rt(argc, argv, first, &run.rt) < 0) {
		return 1;
	}
	reap(&run, 0);
	return exit_code(&run);
}

/* `-o json`, as of takt's other commands, into takt-rt's --json. False for another form. */
static bool take_output(int argc, char **argv)
{
	static char json[] = "--json";

	for (int i = 1; i < argc; i++) {
		const bool two = strcmp(argv[i], "-o") == 0 || strcmp(argv[i], "--output") == 0;
		const char *form = two && i + 1 < argc ? argv[i + 1]
				   : strncmp(argv[i], "--output=", 9) == 0 ? argv[i] + 9
				   : !two && strncmp(argv[i], "-o", 2) == 0 ? argv[i] + 2 : NULL;

		if (two || form) {
			if (!form || strcmp(form, "json") != 0) {
				return false;
			}
			argv[i] = json;
			if (two) {
				argv[i + 1] = json;
			}
		}
	}
	return true;
}

int takt_command_plugin(int argc, char **argv)
{
	const char *const first[] = { "--as", "takt plugin", "--plugin", NULL };
	struct run run = { .rt = -1, .directory_fd = -1 };

	if (has_option(argc, argv, "--help")) {
		fputs("usage: takt plugin [-o json] NAME.so\n"
		      "The tasks of a plug-in: what each does, its ports with the fields of their messages, and\n"
		      "its parameters with unit, default and range. NAME.so is looked for as in a graph file of this\n"
		      "folder: here, in plugins/ beside takt, and where takt is installed (there are serial.so,\n"
		      "udp.so, can.so and evdev.so); with a `/` it is a path.\n"
		      "\n"
		      "Exit status: 0, 1 no such plug-in or one that cannot be used, 2 usage.\n", stdout);
		return 0;
	}
	if (!take_output(argc, argv)) {
		fputs("takt: the only form is -o json; see takt plugin --help\n", stderr);
		return TAKT_EXIT_USAGE;
	}
	if (spawn_rt(argc, argv, first, &run.rt) < 0) {
		return 1;
	}
	reap(&run, 0);
	return exit_code(&run);
}
