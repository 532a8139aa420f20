/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/main/taktd_requests.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <takt/log.h>

#include "logs/write/writer.h"
#include "rt/main/request.h"
#include "rt/msg/catalog.h"
#include "rt/os/thread.h"
#include "rt/shm/mailbox.h"

#define WORDS_MAX 8u
#define PATIENCE_US 100000	/* with who connects and does not speak: others wait meanwhile */
#define REFUSED_MS 100	/* until the next try to take a connection */

struct taktd_requests {
	struct takt_thread thread;
	int listen_fd;
	int stop_fd;
	pthread_mutex_t lock;		/* of what follows */
	struct takt_region *regions[TAKT_WRITER_RUNS_MAX];
	uint32_t count;
};

/* --- what can be asked ----------------------------------------------------------------------- */

static struct takt_region *find_region(struct taktd_requests *requests, const char *run)
{
	char id[17];

	for (uint32_t i = 0; i < requests->count; i++) {
		snprintf(id, sizeof(id), "%016" PRIx64, requests->regions[i]->run);
		if (strcmp(id, run) == 0) {
			return requests->regions[i];
		}
	}
	return NULL;
}

/* The tasks of a run, out of memory that others may write. Caller destroys. */
static int read_catalog(const struct takt_region *region, struct takt_catalog **ret_catalog,
			struct takt_err *err)
{
	const uint64_t room = region->control_bytes -
			      (uint64_t)((const char *)region->catalog - (const char *)region->control);
	const uint64_t bytes = region->info->catalog_bytes;
	void *copy = bytes <= room && bytes <= TAKT_CATALOG_BYTES_MAX ? malloc(bytes) : NULL;
	int r;

	if (!copy) {
		return takt_err_set(err, -EBADMSG, "the run's catalog is damaged");
	}
	memcpy(copy, region->catalog, bytes);
	r = takt_catalog_decode(copy, (uint32_t)bytes, ret_catalog, err);
	free(copy);
	return r;
}

static int ask_levels(struct takt_region *region, const char *task, uint32_t level, struct takt_err *err)
{
	struct takt_catalog *catalog = NULL;
	uint32_t found = 0;
	int r = read_catalog(region, &catalog, err);

	for (uint32_t i = 0; r == 0 && i < catalog->task_count; i++) {
		if ((task[0] == '*' || strcmp(catalog->tasks[i].id, task) == 0) &&
		    takt_mailbox_has(region, i)) {
			takt_mailbox_ask_level(region, i, level);
			found++;
		}
	}
	takt_catalog_destroy(catalog);
	if (r == 0 && found == 0) {
		r = takt_err_set(err, -ENOENT, "no task '%s' in the run", task);
	}
	return r;
}

static int request_level(struct taktd_requests *requests, char **words, struct takt_err *err)
{
	const int level = takt_log_level_parse(words[3]);
	struct takt_region *region = find_region(requests, words[1]);

	if (level < 0) {
		return takt_err_set(err, -EINVAL, "'%s' is no level", words[3]);
	}
	if (!region || takt_region_rt_alive(region) != 1) {
		return takt_err_set(err, -ESRCH, "no run %s goes on here", words[1]);
	}
	if (!region->mailbox) {
		return takt_err_set(err, -ENOTSUP, "the takt-rt of this run is older than its mailbox: "
				    "start the run again");
	}
	return ask_levels(region, words[2], (uint32_t)level, err);
}

static const struct {
	const char *name;
	uint32_t word_count;
	int (*run)(struct taktd_requests *requests, char **words, struct takt_err *err);
} kinds[] = {
	{ "level", 4, request_level },
};

/* --- a request, and its answer --------------------------------------------------------------- */

static uint32_t split(char *text, char **words)
{
	uint32_t count = 0;

	for (char *rest = text, *word; count < WORDS_MAX && (word = strsep(&rest, " "));) {
		words[count++] = word;
	}
	return count;
}

static int run_request(struct taktd_requests *requests, char *text, struct takt_err *err)
{
	char *words[WORDS_MAX];
	const uint32_t count = split(text, words);
	int r;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(words[0], kinds[i].name) == 0 && count == kinds[i].word_count) {
			pthread_mutex_lock(&requests->lock);
			r = kinds[i].run(requests, words, err);
			pthread_mutex_unlock(&requests->lock);
			return r;
		}
	}
	return takt_err_set(err, -EINVAL, "this taktd knows no such request");
}

/* Only our own user and root may ask; the socket's mode says so too. */
static bool is_allowed(int fd)
{
	struct ucred who;
	socklen_t bytes = sizeof(who);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &bytes) == 0 &&
	       (who.uid == geteuid() || who.uid == 0);
}

static void serve(struct taktd_requests *requests, int fd)
{
	const struct timeval patience = { .tv_usec = PATIENCE_US };
	char request[TAKT_REQUEST_BYTES_MAX + 1], answer[TAKT_REQUEST_BYTES_MAX];
	struct takt_err err = { 0 };
	ssize_t n;
	int r;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	n = is_allowed(fd) ? recv(fd, request, sizeof(request), MSG_TRUNC) : -1;
	if (n <= 0) {
		return;
	}
	request[n < (ssize_t)sizeof(request) ? n : 0] = '\0';
	r = run_request(requests, request, &err);
	if (r < 0) {
		snprintf(answer, sizeof(answer), "error %d %s", -r, err.text);
	}
	(void)!send(fd, r < 0 ? answer : "ok", r < 0 ? strlen(answer) : 2, MSG_NOSIGNAL);
}

static void *requests_main(void *arg)
{
	struct taktd_requests *requests = arg;
	struct pollfd fds[] = {
		{ .fd = requests->stop_fd, .events = POLLIN },
		{ .fd = requests->listen_fd, .events = POLLIN },
	};

	while ((poll(fds, 2, -1) >= 0 || errno == EINTR) && !(fds[0].revents & POLLIN)) {
		const int fd = fds[1].revents ? accept4(requests->listen_fd, NULL, NULL, SOCK_CLOEXEC) : -1;

		if (fd >= 0) {
			serve(requests, fd);
			close(fd);
		} else if (fds[1].revents) {
			poll(fds, 1, REFUSED_MS);	/* it stays readable while descriptors are short */
		}
	}
	return NULL;
}

/* --- setting up ------------------------------------------------------------------------------ */

/* Whoever left a socket here is gone: the lock is ours. */
static int listen_in(int run_dir_fd)
{
	const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address;
	mode_t mask;
	int r;

	if (fd < 0) {
		return -errno;
	}
	takt_request_address(run_dir_fd, &address);
	unlinkat(run_dir_fd, TAKT_REQUEST_SOCKET, 0);
	mask = umask(0177);
	r = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (r < 0 || listen(fd, 16) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

static int start_thread(struct taktd_requests *requests)
{
	const struct takt_thread_spec spec = { .name = "requests", .cpu = -1, .main = requests_main,
						.arg = requests };
	sigset_t all, before;
	int r;

	sigfillset(&all);
	sigdelset(&all, SIGBUS);	/* of a region that is cut: see region_guard.h */
	pthread_sigmask(SIG_BLOCK, &all, &before);
	r = takt_thread_start(&requests->thread, &spec);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r;
}

int taktd_requests_start(int run_dir_fd, struct taktd_requests **ret_requests, struct takt_err *err)
{
	struct taktd_requests *requests = calloc(1, sizeof(*requests));
	int r = requests ? 0 : -ENOMEM;

	if (r == 0) {
		pthread_mutex_init(&requests->lock, NULL);
		requests->stop_fd = eventfd(0, EFD_CLOEXEC);
		requests->listen_fd = listen_in(run_dir_fd);
		r = requests->stop_fd < 0 ? -errno : requests->listen_fd < 0 ? requests->listen_fd : 0;
	}
	if (r == 0) {
		r = start_thread(requests);
	}
	if (r < 0) {
		if (requests) {
			close(requests->stop_fd);
			close(requests->listen_fd);
		}
		free(requests);
		return takt_err_set(err, r, "%s: %s", TAKT_REQUEST_SOCKET, strerror(-r));
	}
	*ret_requests = requests;
	return 0;
}

void taktd_requests_add(struct taktd_requests *requests, struct takt_region *region)
{
	if (!requests) {
		return;
	}
	pthread_mutex_lock(&requests->lock);
	if (requests->count < TAKT_WRITER_RUNS_MAX) {
		requests->regions[requests->count++] = region;
	}
	pthread_mutex_unlock(&requests->lock);
}

void taktd_requests_remove(struct taktd_requests *requests, const struct takt_region *region)
{
	if (!requests) {
		return;
	}
	pthread_mutex_lock(&requests->lock);
	for (uint32_t i = 0; i < requests->count; i++) {
		if (requests->regions[i] == region) {
			requests->regions[i] = requests->regions[--requests->count];
			break;
		}
	}
	pthread_mutex_unlock(&requests->lock);
}

void taktd_requests_stop(struct taktd_requests *requests)
{
	const uint64_t one = 1;

	if (!requests) {
		return;
	}
	(void)!write(requests->stop_fd, &one, sizeof(one));
	takt_thread_join(&requests->thread);
	close(requests->stop_fd);
	close(requests->listen_fd);
	pthread_mutex_destroy(&requests->lock);
	free(requests);
}
