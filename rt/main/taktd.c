/* SPDX-License-Identifier: Apache-2.0 */
/* taktd: records all running graphs of its user.
 *
 * The main thread finds regions, attaches, makes and closes files; the writer thread (logs/write/writer.h)
 * moves the data. There is one taktd for each run directory: it holds the lock taktd.lock there.
 *
 * --exit-when-idle leaves no run behind: who starts a run publishes its region first and starts a taktd then.
 * That one ends when the lock is held. The holder that wants to end gives the lock up, and looks once more:
 * a region that is there now was published while the lock was held, so it takes the lock again (or leaves the
 * region to whom has it). */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "rt/base/file.h"
#include "rt/base/version.h"
#include "rt/clock/clock.h"
#include "rt/main/sd_journal.h"
#include "rt/main/taktd_journal.h"
#include "rt/main/taktd_requests.h"
#include "rt/main/taktd_runs.h"
#include "rt/main/taktd_service.h"
#include "rt/os/limits.h"
#include "rt/os/memory.h"
#include "rt/shm/region.h"
#include "rt/shm/region_guard.h"

#define TICK_MS 100
#define IDLE_NS 2000000000ull
#define STOP_NS 10000000000ull

static const char help[] =
	"usage: taktd [OPTION]...\n"
	"Record what runs: attaches to the shared memory of every takt-rt of this user and\n"
	"writes it to its log directory. `takt run` starts one where none is.\n"
	"\n"
	"  --run-dir DIR      where the shared memory is (default: /dev/shm/takt-UID)\n"
	"  --exit-when-idle   end when nothing has run for 2 s\n"
	"  --no-python        run no Python tasks, only record\n"
	"  --backend WAY      auto, uring, direct or buffered (default: auto, the best that works)\n"
	"  --journal WHEN     auto, always or never: send texts of warning and above to the journal\n"
	"                     (default: auto, when systemd runs us as a service)\n"
	"  --journal-socket PATH  where the journal listens (default: " TAKT_SD_JOURNAL_SOCKET ")\n"
	"  --verbose          say what is recorded where\n"
	"  --help, --version\n"
	"\n"
	"Exit codes: 0 ended as asked (with --exit-when-idle also: another taktd runs),\n"
	"1 failed, 2 usage.\n";

enum journal_when { JOURNAL_AUTO = 0, JOURNAL_ALWAYS, JOURNAL_NEVER };

struct command {
	char run_dir[PATH_MAX];
	enum takt_backend_kind backend;
	enum journal_when journal;
	const char *journal_socket;
	bool exit_when_idle;
	bool no_python;
	bool verbose;
};

struct service {
	const struct command *command;
	struct taktd_runs *runs;
	struct taktd_requests *requests;
	struct taktd_journal *journal;
	int lock_fd;
	int signal_fd;
	int event_fd;
	int watch_fd;			/* inotify on the run directory; -1: there is none */
	uint64_t idle_since_ns;
	uint64_t stop_at_ns;		/* 0: not asked to */
};

static int usage(const char *what, const char *value)
{
	fprintf(stderr, "taktd: %s: %s; see taktd --help\n", what, value);
	return 2;
}

enum option_id { OPT_RUN_DIR = 256, OPT_EXIT_WHEN_IDLE, OPT_NO_PYTHON, OPT_BACKEND, OPT_JOURNAL,
	OPT_JOURNAL_SOCKET, OPT_VERBOSE, OPT_HELP, OPT_VERSION };

static const struct option options[] = {
	{ "run-dir", required_argument, NULL, OPT_RUN_DIR },
	{ "exit-when-idle", no_argument, NULL, OPT_EXIT_WHEN_IDLE },
	{ "no-python", no_argument, NULL, OPT_NO_PYTHON },
	{ "backend", required_argument, NULL, OPT_BACKEND },
	{ "journal", required_argument, NULL, OPT_JOURNAL },
	{ "journal-socket", required_argument, NULL, OPT_JOURNAL_SOCKET },
	{ "verbose", no_argument, NULL, OPT_VERBOSE },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ 0 },
};

static int take_journal(struct command *command, const char *value)
{
	static const char *const words[] = { [JOURNAL_AUTO] = "auto", [JOURNAL_ALWAYS] = "always",
					     [JOURNAL_NEVER] = "never" };

	for (uint32_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(value, words[i]) == 0) {
			command->journal = (enum journal_when)i;
			return -1;
		}
	}
	return usage("--journal is one of auto, always, never", value);
}

/* Returns -1 to go on, else the exit code. */
static int take_option(struct command *command, int option, const char *value)
{
	switch (option) {
	case OPT_RUN_DIR:
		if (strlen(value) >= sizeof(command->run_dir)) {
			return usage("path too long", value);
		}
		snprintf(command->run_dir, sizeof(command->run_dir), "%s", value);
		return -1;
	case OPT_EXIT_WHEN_IDLE:
		command->exit_when_idle = true;
		return -1;
	case OPT_NO_PYTHON:
		command->no_python = true;
		return -1;
	case OPT_BACKEND:
		return takt_backend_parse_kind(value, &command->backend) < 0
			       ? usage("--backend is one of auto, uring, direct, buffered", value)
			       : -1;
	case OPT_JOURNAL:
		return take_journal(command, value);
	case OPT_JOURNAL_SOCKET:
		command->journal_socket = value;
		return -1;
	case OPT_VERBOSE:
		command->verbose = true;
		return -1;
	case OPT_HELP:
		fputs(help, stdout);
		return 0;
	case OPT_VERSION:
		printf("taktd %s\n", takt_version());
		return 0;
	default:
		return 2;
	}
}

static int parse_command(struct command *command, int argc, char **argv)
{
	int option, code;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		code = option == '?' ? usage("unknown option or missing value", argv[optind - 1])
				     : take_option(command, option, optarg);
		if (code >= 0) {
			return code;
		}
	}
	return optind < argc ? usage("unexpected argument", argv[optind]) : -1;
}

/* --- the loop -------------------------------------------------------------------------------- */

static void empty(int fd)
{
	char bytes[4096];

	while (fd >= 0 && read(fd, bytes, sizeof(bytes)) > 0) {
	}
}

static void take_signals(struct service *service)
{
	struct signalfd_siginfo info;

	while (read(service->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (service->stop_at_ns == 0) {
			service->stop_at_ns = takt_clock_mono_ns() + STOP_NS;
			taktd_notify("STOPPING=1");
			taktd_runs_stop(service->runs);
		} else {
			service->stop_at_ns = 1;	/* asked twice: at once */
		}
	}
}

static void wait_for_news(struct service *service)
{
	struct pollfd fds[] = {
		{ .fd = service->signal_fd, .events = POLLIN },
		{ .fd = service->event_fd, .events = POLLIN },
		{ .fd = service->watch_fd, .events = POLLIN },
	};

	poll(fds, 3, TICK_MS);
	empty(service->event_fd);
	empty(service->watch_fd);
	take_signals(service);
}

/* Nothing has been there for a while: end, unless something comes at the last moment. */
static bool may_end(struct service *service)
{
	const struct command *command = service->command;

	taktd_unlock(service->lock_fd);
	if (taktd_runs_scan(service->runs, command->run_dir, takt_clock_mono_ns()) == 0) {
		return true;
	}
	if (taktd_lock(service->lock_fd) == 0) {
		service->idle_since_ns = takt_clock_mono_ns();
		return false;
	}
	taktd_runs_stop(service->runs);	/* another taktd was quicker, and may have it */
	service->stop_at_ns = takt_clock_mono_ns() + STOP_NS;
	return false;
}

static int serve(struct service *service)
{
	uint32_t attached;

	service->idle_since_ns = takt_clock_mono_ns();
	for (;;) {
		if (taktd_runs_scan(service->runs, service->command->run_dir, takt_clock_mono_ns()) > 0) {
			service->idle_since_ns = takt_clock_mono_ns();
		}
		attached = taktd_runs_tend(service->runs, takt_clock_mono_ns());
		if (service->stop_at_ns != 0 && attached == 0) {
			return 0;
		}
		if (service->stop_at_ns != 0 && takt_clock_mono_ns() > service->stop_at_ns) {
			fprintf(stderr, "taktd: the disk does not answer; "
				"what is not written stays in memory\n");
			return 1;
		}
		if (service->stop_at_ns == 0 && service->command->exit_when_idle &&
		    takt_clock_mono_ns() - service->idle_since_ns > IDLE_NS && may_end(service)) {
			return 0;
		}
		wait_for_news(service);
	}
}

/* --- setting up ------------------------------------------------------------------------------ */

static int open_signals(void)
{
	sigset_t set;

	/* A file that hits a limit is an error of that write, not the end of everything. */
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* What a taktd can do without; that it has to is said. */
static void start_helpers(struct service *service, int run_dir_fd)
{
	const struct command *command = service->command;
	struct takt_err err = { 0 };

	if (taktd_requests_start(run_dir_fd, &service->requests, &err) < 0) {
		fprintf(stderr, "taktd: nothing can be asked of running graphs: %s\n", err.text);
	}
	if (command->journal == JOURNAL_ALWAYS ||
	    (command->journal == JOURNAL_AUTO && takt_sd_journal_is_ours())) {
		err = (struct takt_err){ 0 };
		if (taktd_journal_start(command->journal_socket, command->run_dir, &service->journal,
					&err) < 0) {
			fprintf(stderr, "taktd: nothing goes to the journal: %s\n", err.text);
		}
	}
}

static int start(struct service *service, int run_dir_fd, struct takt_err *err)
{
	const struct command *command = service->command;
	struct taktd_runs_options how = {
		.backend = command->backend, .notify_fd = service->event_fd, .verbose = command->verbose,
		.no_python = command->no_python,
	};

	start_helpers(service, run_dir_fd);
	how.requests = service->requests;
	how.journal = service->journal;
	return taktd_runs_create(&how, &service->runs, err);
}

static int run(const struct command *command, int run_dir_fd, int lock_fd)
{
	struct service service = {
		.command = command, .lock_fd = lock_fd,
		.signal_fd = open_signals(),
		.event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
		.watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK),
	};
	struct takt_err err = { 0 };
	int code = 1;

	if (service.signal_fd < 0 || service.event_fd < 0) {
		fprintf(stderr, "taktd: %s\n", strerror(errno));
	} else if (start(&service, run_dir_fd, &err) < 0) {
		fprintf(stderr, "taktd: %s\n", err.text);
	} else {
		if (service.watch_fd >= 0) {
			inotify_add_watch(service.watch_fd, command->run_dir,
					  IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
		}
		taktd_notify("READY=1");
		code = serve(&service);
	}
	if (code == 0) {
		taktd_requests_stop(service.requests);
		taktd_runs_destroy(service.runs);
		taktd_journal_stop(service.journal);
	}	/* else a thread may hang in the kernel: the end of the process takes care of it */
	return code;
}

int main(int argc, char **argv)
{
	struct command command = { .backend = TAKT_BACKEND_AUTO, .journal_socket = TAKT_SD_JOURNAL_SOCKET };
	struct takt_err err = { 0 };
	int code, run_dir_fd, lock_fd;

	if (takt_file_keep_standard() < 0) {
		return 1;
	}
	code = parse_command(&command, argc, argv);
	if (code >= 0) {
		return code;
	}
	takt_region_guard_install();	/* without it a file that is cut is the end, as before */
	takt_limit_raise(RLIMIT_MEMLOCK);	/* registered memory counts as locked */
	takt_limit_raise(RLIMIT_NOFILE);
	if (command.run_dir[0] == '\0') {
		takt_run_dir_default(command.run_dir, sizeof(command.run_dir));
	}
	run_dir_fd = taktd_run_dir_open(command.run_dir, &err);
	if (run_dir_fd < 0) {
		fprintf(stderr, "taktd: %s\n", err.text);
		return 1;
	}
	lock_fd = taktd_lock_open(run_dir_fd, &err);
	if (lock_fd == -EBUSY) {
		fprintf(stderr, "taktd: one is running for %s already\n", command.run_dir);
		return command.exit_when_idle ? 0 : 1;
	}
	if (lock_fd < 0) {
		fprintf(stderr, "taktd: %s: %s\n", command.run_dir, err.text);
		return 1;
	}
	/* So that no page of the writer thread's has to be read again when memory gets short; a limit that forbids
	 * it is no reason not to record. */
	takt_memory_lock(0);
	return run(&command, run_dir_fd, lock_fd);
}
