/* SPDX-License-Identifier: Apache-2.0 */
/* One child, from its spawn to its end. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "pyhost/proc/host_inner.h"
#include "rt/clock/clock.h"

#define GRACE_NS 200000000ull		/* to end by itself */
#define LOOK_NS 20000000ull		/* between two looks at whether the end is wanted */

static void count(_Atomic uint64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

bool takt_pyhost_is_ending(const struct takt_pyhost *host)
{
	/* Partner: takt_python_stop of takt-rt. */
	return atomic_load_explicit(&host->slot.lane->stopping, memory_order_acquire) != 0 ||
	       atomic_load_explicit(&host->is_asked, memory_order_relaxed);
}

/* --- its end --------------------------------------------------------------------------------- */

void takt_pyhost_kill_child(struct takt_pyhost *host, const char *what, uint64_t since_ns)
{
	const uint64_t now_ns = takt_clock_mono_ns();
	const int64_t values[4] = { host->child.pid, (int64_t)(now_ns - since_ns),
		(int64_t)host->number };

	count(&host->slot.host->kills);
	takt_channel_take_lines(&host->channel, false);
	takt_pyhost_events_put(&host->events, now_ns, TAKT_EVENT_python_killed, values, what);
	snprintf(host->why, sizeof(host->why), "killed: %s took too long", what);
}

/* Has it ended by itself, or does so in a moment? Its lines are taken meanwhile. */
static bool ends_by_itself(struct takt_pyhost *host, uint64_t grace_ns)
{
	const uint64_t until_ns = takt_clock_mono_ns() + grace_ns;
	struct timespec span = { 0, 200000 };

	while (!takt_pyhost_child_has_ended(&host->child)) {
		if (takt_clock_mono_ns() >= until_ns) {
			return false;
		}
		takt_channel_take_lines(&host->channel, false);
		nanosleep(&span, NULL);
	}
	return true;
}

static void describe_end(struct takt_pyhost *host, int status, char *text, size_t bytes)
{
	if (host->why[0]) {
		snprintf(text, bytes, "%s", host->why);
	} else if (WIFSIGNALED(status)) {
		snprintf(text, bytes, "signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	} else {
		snprintf(text, bytes, "exit code %d", WEXITSTATUS(status));
	}
}

/* End what is left of it, and say how it ended. */
static void bury(struct takt_pyhost *host, uint64_t grace_ns)
{
	const pid_t pid = host->child.pid;
	char text[160];
	int status;

	if (pid == 0) {
		return;
	}
	ends_by_itself(host, grace_ns);
	takt_channel_take_lines(&host->channel, true);
	status = takt_pyhost_child_end(&host->child);
	describe_end(host, status, text, sizeof(text));
	{
		const int64_t values[4] = { pid, WIFEXITED(status) ? WEXITSTATUS(status) : 0,
					    WIFSIGNALED(status) ? WTERMSIG(status) : 0,
					    (int64_t)host->number };

		takt_pyhost_events_put(&host->events, takt_clock_mono_ns(),
				       TAKT_EVENT_python_exited, values,
				       text);
	}
	atomic_store_explicit(&host->slot.host->pid, 0, memory_order_relaxed);
}

void takt_pyhost_drop_child(struct takt_pyhost *host, int result)
{
	/* Before the answer: the lane must not post the next one to a child that is gone. */
	takt_pyslot_set_phase(&host->slot, TAKT_PY_RESTARTING);
	bury(host, host->why[0] ? 0 : GRACE_NS);
	takt_pyhost_refuse_call(host, result);
	host->number = 0;
}

/* --- exceptions ------------------------------------------------------------------------------ */

static void put_lines(struct takt_pyhost *host, uint64_t now_ns, const char *text, uint32_t bytes)
{
	const char *end = text + bytes;

	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		const size_t n = (size_t)((stop ? stop : end) - text);

		if (n > 0) {
			takt_pyhost_events_line(&host->events, now_ns, TAKT_ERROR, text,
						n > UINT32_MAX ? UINT32_MAX : (uint32_t)n);
		}
		text += n + 1;
	}
}

void takt_pyhost_note_exception(struct takt_pyhost *host, const struct takt_frame_answer *answer)
{
	const uint64_t now_ns = takt_clock_mono_ns();
	int64_t values[4] = { (int64_t)answer->number, answer->line };
	const uint32_t most = 500;
	const uint32_t skip = answer->text_bytes > most ? answer->text_bytes - most : 0;
	char text[512];

	count(&host->slot.host->exceptions);
	if (!takt_pyhost_events_may_tell(&host->events, now_ns)) {
		return;
	}
	values[2] = (int64_t)host->events.faults.left_out;
	host->events.faults.left_out = 0;
	snprintf(text, sizeof(text), "%.*s", (int)(answer->text_bytes - skip), answer->text + skip);
	takt_pyhost_events_put(&host->events, now_ns, TAKT_EVENT_python_exception, values, text);
	put_lines(host, now_ns, answer->text, answer->text_bytes);
}

/* --- leading it through its life ------------------------------------------------------------- */

struct wanted {
	enum takt_frame_answer_kind kind;
	const char *what;		/* the child is at */
	uint64_t until_ns;
	bool is_stop;			/* else the end of the run ends the wait */
};

/* What the frame that has come says. 0: it is the wanted one; -EAGAIN: go on; -EIO: an error. */
static int judge(struct takt_pyhost *host, const struct wanted *wanted,
		 struct takt_frame_answer *ret_answer)
{
	const void *frame;
	size_t bytes;
	int r = -EBADMSG;

	host->channel.in.has_dropped = false;
	if (takt_frame_intake_find(&host->channel.in, &frame, &bytes)) {
		r = takt_frame_parse(frame, bytes, &host->ports, &host->slot, 0, ret_answer, NULL);
		if (r == 0 && ret_answer->kind == TAKT_FRAME_ERROR) {
			takt_pyhost_note_exception(host, ret_answer);
			host->is_final = ret_answer->is_final;
			snprintf(host->why, sizeof(host->why), "%s failed", wanted->what);
			r = -EIO;
		} else if (r == 0 && ret_answer->kind == TAKT_FRAME_READY) {
			snprintf(host->version, sizeof(host->version), "%.*s",
				 (int)ret_answer->text_bytes, ret_answer->text);
		}
		takt_frame_intake_drop(&host->channel.in);
	}
	if (r == -EIO || (r == 0 && ret_answer->kind == wanted->kind)) {
		return r;
	}
	count(&host->slot.host->bad_frames);
	return -EAGAIN;
}

/* 0 and the wanted answer; 1: the end of the run is wanted; < 0: the child is of no use. */
static int expect(struct takt_pyhost *host, const struct wanted *wanted,
		  struct takt_frame_answer *ret_answer)
{
	int r = -EAGAIN;

	while (r == -EAGAIN) {
		const uint64_t now_ns = takt_clock_mono_ns();
		const uint64_t look_ns = now_ns + LOOK_NS;

		if (!wanted->is_stop && takt_pyhost_is_ending(host)) {
			return 1;
		}
		if (now_ns >= wanted->until_ns) {
			takt_pyhost_kill_child(host, wanted->what, host->spawned_ns);
			return -ETIMEDOUT;
		}
		takt_pyhost_events_flush(&host->events, now_ns, false);
		r = takt_channel_wait(&host->channel,
				      look_ns < wanted->until_ns ? look_ns : wanted->until_ns);
		if (r == 0) {
			r = -EAGAIN;
		} else if (r > 0) {
			r = judge(host, wanted, ret_answer);
		}
	}
	return r;
}

static int send(struct takt_pyhost *host, int64_t bytes)
{
	if (bytes >= 0) {
		takt_channel_send(&host->channel, (size_t)bytes);
	}
	return bytes < 0 ? (int)bytes : 0;
}

static int check_ready(struct takt_pyhost *host, const struct takt_frame_answer *ready)
{
	if (ready->protocol != TAKT_FRAME_PROTOCOL || ready->hash != host->hash) {
		snprintf(host->why, sizeof(host->why),
			 "bootstrap.py speaks another protocol (%u, not %u)",
			 ready->protocol, TAKT_FRAME_PROTOCOL);
		host->is_final = true;
		return -EPROTO;
	}
	return 0;
}

static void keep_state(struct takt_pyhost *host, const struct takt_frame_answer *a)
{
	if (a->has_state) {
		takt_pyslot_keep_state(&host->slot);
	}
}

/* hello, ready, start, started. */
static int lead_to_started(struct takt_pyhost *host)
{
	struct takt_channel *channel = &host->channel;
	struct wanted wanted = { TAKT_FRAME_READY, "import", 0, false };
	struct takt_frame_answer a;
	int64_t values[4] = { 0 };
	int r;

	wanted.until_ns = host->spawned_ns + host->description->settings.start_timeout_ns;
	r = send(host, takt_frame_put_hello(channel->out, channel->out_room, host->hash,
					    host->slot.description,
					    (uint32_t)host->slot.geometry.description_bytes));
	r = r < 0 ? r : expect(host, &wanted, &a);
	r = r != 0 ? r : check_ready(host, &a);
	r = r != 0 ? r : send(host, takt_frame_put_start(channel->out, channel->out_room,
							 &host->ports,
							 takt_pyslot_state(&host->slot)));
	wanted.kind = TAKT_FRAME_STARTED;
	wanted.what = "start";
	r = r != 0 ? r : expect(host, &wanted, &a);
	if (r == 0) {
		keep_state(host, &a);
		values[0] = (int64_t)(takt_clock_mono_ns() - host->spawned_ns);
		takt_pyhost_events_put(&host->events, takt_clock_mono_ns(),
				       TAKT_EVENT_python_ready, values, host->version);
		takt_pyslot_set_phase(&host->slot, TAKT_PY_READY);
	}
	return r;
}

int takt_pyhost_begin_child(struct takt_pyhost *host)
{
	struct takt_err err = { 0 };
	char program[PATH_MAX] = "";
	int64_t values[4] = { 0 };
	int r;

	host->why[0] = '\0';
	host->spawned_ns = takt_clock_mono_ns();
	takt_pyslot_set_phase(&host->slot, TAKT_PY_STARTING);
	takt_channel_reset(&host->channel);
	count(&host->slot.host->spawns);
	r = takt_pyhost_child_spawn(&host->child, host->paths, host->description,
				    host->channel.out_room, &err);
	if (r < 0) {
		takt_pyhost_events_line(&host->events, host->spawned_ns, TAKT_ERROR, err.text,
					(uint32_t)strlen(err.text));
		takt_pyslot_set_phase(&host->slot, TAKT_PY_RESTARTING);
		return r;
	}
	atomic_store_explicit(&host->slot.host->pid, host->child.pid, memory_order_relaxed);
	takt_pyhost_interpreter(host->description, program, sizeof(program));
	values[0] = host->child.pid;
	values[1] = (int64_t)atomic_load_explicit(&host->slot.host->spawns, memory_order_relaxed);
	takt_pyhost_events_put(&host->events, host->spawned_ns, TAKT_EVENT_python_spawned, values,
			       program);
	r = lead_to_started(host);
	if (r > 0) {
		snprintf(host->why, sizeof(host->why), "the run ends");
		r = -ECANCELED;
	}
	if (r < 0) {
		takt_pyhost_drop_child(host, -ECHILD);
	}
	return r;
}

void takt_pyhost_stop_child(struct takt_pyhost *host)
{
	const uint64_t begun_ns = takt_clock_mono_ns();
	const struct wanted wanted = {
		TAKT_FRAME_STOPPED, "stop",
		begun_ns + host->description->settings.stop_timeout_ns, true,
	};
	struct takt_frame_answer a;
	int64_t values[4] = { 0 };
	int r = takt_pyhost_finish_call(host, wanted.until_ns);

	if (r < 0) {
		return;
	}
	host->spawned_ns = begun_ns;	/* from now on it is this that takes time */
	r = send(host, takt_frame_put_stop(host->channel.out, host->channel.out_room));
	r = r < 0 ? r : expect(host, &wanted, &a);
	if (r < 0) {
		bury(host, 0);
		return;
	}
	keep_state(host, &a);
	ends_by_itself(host, GRACE_NS);
	takt_channel_take_lines(&host->channel, true);
	values[0] = (int64_t)(takt_clock_mono_ns() - begun_ns);
	takt_pyhost_events_put(&host->events, takt_clock_mono_ns(), TAKT_EVENT_python_stopped,
			       values, NULL);
	takt_pyhost_child_end(&host->child);
	atomic_store_explicit(&host->slot.host->pid, 0, memory_order_relaxed);
}
