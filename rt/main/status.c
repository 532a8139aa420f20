/* SPDX-License-Identifier: Apache-2.0 */
/* takt status: a row for each run that has shared memory. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logs/read/live.h"
#include "rt/base/json.h"
#include "rt/base/quantity.h"
#include "rt/main/bad_option.h"
#include "rt/main/commands.h"
#include "rt/main/log_time.h"
#include "rt/main/out.h"
#include "rt/main/python_status.h"
#include "rt/main/run_status.h"
#include "rt/main/run_threads.h"

static const char help[] =
	"usage: takt status [OPTION]... [GRAPH|RUN]\n"
	"How running graphs are doing: all of this user and of the service, those called GRAPH, or the\n"
	"one whose id begins with RUN.\n"
	"\n"
	"  -o, --output FORM   short, json (one array), jsonl (one object a line), csv\n"
	"      --threads       also each thread: process, name, policy, priority, CPUs\n"
	"      --run-dir DIR   where the shared memory is (default: /run/takt and /dev/shm/takt-UID)\n"
	"  -h, --help          print this\n"
	"\n"
	"Seconds of memory say how long a ring lasts when taktd writes nothing from now on, at the mean\n"
	"rate of the run so far. With csv --threads has a row a thread, and nothing else.\n"
	"\n"
	"Exit status: 0, 1 error, 2 usage, 4 no such run.\n";

struct command {
	enum takt_form form;
	const char *word;
	const char *run_dir;
	bool threads;
	struct takt_out out;
	const struct takt_run_status *now;	/* the run whose threads are put */
	uint32_t count;
	uint32_t failed;
	bool any_thread;
};

/* --- threads ---------------------------------------------------------------------------------- */

static void put_thread_short(struct takt_text_buffer *out, const struct takt_run_thread *thread,
			     const char *cpus)
{
	char text[16] = "";

	if (thread->priority > 0) {
		snprintf(text, sizeof(text), "%d", thread->priority);
	} else if (thread->nice != 0) {
		snprintf(text, sizeof(text), "nice %d", thread->nice);
	}
	takt_text_buffer_puts(out, "    ");
	takt_out_put_padded(out, thread->process, 9);
	takt_out_put_padded(out, thread->name, 17);
	takt_text_buffer_printf(out, "%8d  %-8s %-8s %4" PRIu32 "  %s\n", (int)thread->tid,
				takt_policy_name(thread->policy), text, thread->last_cpu, cpus);
}

static void put_thread_json(struct takt_text_buffer *out, const struct takt_run_thread *thread,
			    const char *cpus)
{
	takt_out_text_member(out, "{\"process\":", thread->process);
	takt_out_text_member(out, ",\"name\":", thread->name);
	takt_out_i64_member(out, ",\"pid\":", thread->pid);
	takt_out_i64_member(out, ",\"tid\":", thread->tid);
	takt_out_text_member(out, ",\"policy\":", takt_policy_name(thread->policy));
	takt_out_i64_member(out, ",\"priority\":", thread->priority);
	takt_out_i64_member(out, ",\"nice\":", thread->nice);
	takt_out_u64_member(out, ",\"last_cpu\":", thread->last_cpu);
	takt_out_text_member(out, ",\"cpus\":", cpus);
	takt_text_buffer_puts(out, "}");
}

static void put_thread_csv(struct command *command, const struct takt_run_thread *thread,
			   const char *cpus)
{
	struct takt_text_buffer *out = &command->out.text;

	takt_out_row_begin(&command->out);
	takt_csv_puts(out, command->now->graph);
	takt_text_buffer_printf(out, ",%016" PRIx64 ",", command->now->run);
	takt_csv_puts(out, thread->process);
	takt_text_buffer_puts(out, ",");
	takt_csv_puts(out, thread->name);
	takt_text_buffer_printf(out, ",%d,%d,%s,%d,%d,%" PRIu32 ",", (int)thread->pid,
				(int)thread->tid,
				takt_policy_name(thread->policy), thread->priority, thread->nice,
				thread->last_cpu);
	takt_csv_puts(out, cpus);
	takt_out_row_end(&command->out);
}

static void put_thread(const struct takt_run_thread *thread, void *user)
{
	char cpus[TAKT_CPULIST_TEXT_BYTES] = "";
	struct command *command = user;

	takt_cpulist_format(&thread->cpus, cpus, sizeof(cpus));
	if (command->form == TAKT_FORM_SHORT) {
		put_thread_short(&command->out.text, thread, cpus);
	} else if (command->form == TAKT_FORM_CSV) {
		put_thread_csv(command, thread, cpus);
	} else {
		takt_text_buffer_puts(&command->out.text, command->any_thread ? "," : "");
		put_thread_json(&command->out.text, thread, cpus);
	}
	command->any_thread = true;
}

static void put_threads(struct command *command, const struct takt_run_status *status)
{
	const pid_t recorder = status->recorded ? takt_recorder_pid_find(status->path) : 0;

	command->now = status;
	command->any_thread = false;
	if (status->alive) {
		takt_run_threads_visit(status->pid, put_thread, command);
	}
	if (recorder > 0) {
		takt_run_threads_visit(recorder, put_thread, command);
	}
}

/* --- for people ------------------------------------------------------------------------------- */

static void put_short_counters(struct takt_text_buffer *out, const struct takt_run_status *status)
{
	char worst[TAKT_QUANTITY_TEXT_BYTES];

	takt_text_buffer_printf(out,
				"  late      %" PRIu64 " overruns, %" PRIu64 " cycles skipped, %" PRIu64
				" late starts, the worst %s late\n", status->overruns,
				status->skipped_cycles, status->late_starts,
				takt_quantity_format_ns(status->worst_late_ns, worst, sizeof(worst)));
	takt_text_buffer_printf(out,
				"  lost      %" PRIu64 " copperlists, %" PRIu64 " events, %" PRIu64
				" inputs dropped\n", status->lost_copperlists, status->lost_events,
				status->dropped_inputs);
	takt_text_buffer_printf(out,
				"  lane      %" PRIu64 " page faults (%" PRIu64 " from disk), %" PRIu64
				" involuntary switches\n",
				status->minor_faults + status->major_faults,
				status->major_faults, status->involuntary_switches);
	if (status->distrusted) {
		takt_text_buffer_printf(out,
					"  distrust  %" PRIu64 " impossible positions from taktd\n",
					status->distrusted);
	}
}

static void put_short_rings(struct takt_text_buffer *out, const struct takt_run_status *status)
{
	char free[TAKT_QUANTITY_TEXT_BYTES], size[TAKT_QUANTITY_TEXT_BYTES];

	for (uint32_t i = 0; i < status->ring_count; i++) {
		const struct takt_ring_status *ring = &status->rings[i];

		takt_text_buffer_puts(out, i == 0 ? "  memory    " : "            ");
		takt_out_put_plain(out, ring->name);
		takt_text_buffer_printf(out, ": %s of %s free",
					takt_quantity_format_bytes(ring->free_bytes, free,
								   sizeof(free)),
					takt_quantity_format_bytes(ring->bytes, size, sizeof(size)));
		if (ring->seconds >= 0 && ring->seconds < 1e6) {
			takt_text_buffer_printf(out, ", %.1f s", ring->seconds);
		}
		takt_text_buffer_puts(out, "\n");
	}
}

static void put_short_recorder(struct takt_text_buffer *out, const struct takt_run_status *status)
{
	char written[TAKT_QUANTITY_TEXT_BYTES], synced[TAKT_QUANTITY_TEXT_BYTES],
		disk[TAKT_QUANTITY_TEXT_BYTES];

	takt_text_buffer_printf(out, "  recorder  %s", takt_recorder_state_name(status));
	if (status->backend[0]) {
		takt_text_buffer_puts(out, status->recorded ? " by " : ", it had recorded by ");
		takt_out_put_plain(out, status->backend);
		takt_text_buffer_printf(out, ", segment %" PRIu32 ", %s written, %s of it safe",
					status->segment,
					takt_quantity_format_bytes(status->written_bytes, written,
								   sizeof(written)),
					takt_quantity_format_bytes(status->synced_bytes, synced,
								   sizeof(synced)));
	}
	if (status->disk_known) {
		takt_text_buffer_printf(out, ", disk %s free",
					takt_quantity_format_bytes(status->disk_free_bytes, disk,
								   sizeof(disk)));
	}
	takt_text_buffer_puts(out, "\n");
	if (status->errors || status->broken_chunks) {
		takt_text_buffer_printf(out, "            %" PRIu64 " errors%s%s, %" PRIu64
					" damaged chunks\n", status->errors,
					status->last_errno ? ", the last: " : "",
					status->last_errno ? strerror(status->last_errno) : "",
					status->broken_chunks);
	}
	if (status->text[0]) {
		takt_text_buffer_puts(out, "            ");
		takt_out_put_plain(out, status->text);
		takt_text_buffer_puts(out, "\n");
	}
	takt_text_buffer_puts(out, "  log       ");
	takt_out_put_plain(out, status->directory[0] ? status->directory : "(none yet)");
	takt_text_buffer_puts(out, "\n");
}

static void put_short(struct command *command, const struct takt_run_status *status)
{
	struct takt_text_buffer *out = &command->out.text;
	char age[TAKT_QUANTITY_TEXT_BYTES];

	takt_text_buffer_puts(out, command->count > 1 ? "\n" : "");
	takt_out_put_plain(out, status->graph);
	takt_text_buffer_printf(out, " run %016" PRIx64 ": %s", status->run,
				takt_run_state_name(status));
	if (status->alive) {
		takt_text_buffer_printf(out, ", pid %d, for %s", (int)status->pid,
					takt_quantity_format_ns(status->age_ns / 1000000 * 1000000,
								age,
								sizeof(age)));
	} else if (!status->recorded) {
		takt_text_buffer_puts(out, "; `takt log recover` puts what it left into its log");
	}
	takt_text_buffer_printf(out, "\n  cycle     #%" PRIu64 "\n", status->cycles);
	put_short_counters(out, status);
	takt_python_status_put_short(out, status->path);
	put_short_rings(out, status);
	put_short_recorder(out, status);
	if (command->threads) {
		takt_text_buffer_printf(out, "  threads\n    %-8s %-16s %8s  %-8s %-8s %4s  %s\n",
					"process",
					"name", "tid", "policy", "priority", "cpu", "may run on");
		put_threads(command, status);
	}
}

/* --- JSON and CSV ----------------------------------------------------------------------------- */

/* Every number, once for both forms. */
#define NUMBERS(N) \
	N(cycles) N(overruns) N(skipped_cycles) N(late_starts) N(worst_late_ns) N(lost_copperlists) \
	N(lost_events) N(dropped_inputs) N(distrusted) N(minor_faults) N(major_faults) \
	N(involuntary_switches) N(written_bytes) N(synced_bytes) N(chunks) N(errors) N(broken_chunks)

static void put_json_rings(struct takt_text_buffer *out, const struct takt_run_status *status)
{
	takt_text_buffer_puts(out, ",\"rings\":[");
	for (uint32_t i = 0; i < status->ring_count; i++) {
		const struct takt_ring_status *ring = &status->rings[i];

		takt_out_text_member(out, i ? ",{\"name\":" : "{\"name\":", ring->name);
		takt_out_u64_member(out, ",\"bytes\":", ring->bytes);
		takt_out_u64_member(out, ",\"free_bytes\":", ring->free_bytes);
		takt_text_buffer_puts(out, ",\"seconds\":");
		if (ring->seconds >= 0) {
			takt_json_put_f64(out, ring->seconds);
		} else {
			takt_text_buffer_puts(out, "null");
		}
		takt_text_buffer_puts(out, "}");
	}
	takt_text_buffer_puts(out, "]");
}

static void put_json(struct command *command, const struct takt_run_status *status)
{
	struct takt_text_buffer *out = &command->out.text;
	char id[24], time[TAKT_TIME_TEXT_BYTES];

	snprintf(id, sizeof(id), "%016" PRIx64, status->run);
	takt_out_text_member(out, "{\"graph\":", status->graph);
	takt_out_text_member(out, ",\"run\":", id);
	takt_out_text_member(out, ",\"state\":", takt_run_state_name(status));
	takt_out_text_member(out, ",\"ending\":", takt_log_ending_name(status->ending));
	takt_out_i64_member(out, ",\"exit_code\":", status->exit_code);
	takt_out_i64_member(out, ",\"pid\":", status->alive ? status->pid : 0);
	takt_out_text_member(out, ",\"start\":",
			     takt_iso_time_format(status->start_real_ns, time, sizeof(time)));
	takt_out_u64_member(out, ",\"age_ns\":", status->age_ns);
#define MEMBER(name) takt_out_u64_member(out, ",\"" #name "\":", status->name);
	NUMBERS(MEMBER)
#undef MEMBER
	put_json_rings(out, status);
	takt_python_status_put_json(out, status->path);
	takt_out_text_member(out, ",\"recorder\":", takt_recorder_state_name(status));
	takt_out_text_member(out, ",\"backend\":", status->backend);
	takt_out_u64_member(out, ",\"segment\":", status->segment);
	takt_out_text_member(out, ",\"last_error\":",
			     status->last_errno ? strerror(status->last_errno) : "");
	takt_out_text_member(out, ",\"text\":", status->text);
	takt_text_buffer_puts(out, ",\"disk_free_bytes\":");
	if (status->disk_known) {
		takt_json_put_u64(out, status->disk_free_bytes);
	} else {
		takt_text_buffer_puts(out, "null");
	}
	takt_out_text_member(out, ",\"directory\":", status->directory);
	takt_out_text_member(out, ",\"log_dir\":", status->log_dir);
	takt_out_text_member(out, ",\"region\":", status->path);
	if (command->threads) {
		takt_text_buffer_puts(out, ",\"threads\":[");
		put_threads(command, status);
		takt_text_buffer_puts(out, "]");
	}
	takt_text_buffer_puts(out, "}");
}

static void put_csv_header(struct takt_text_buffer *out, bool threads)
{
	if (threads) {
		takt_text_buffer_puts(out,
				      "graph,run,process,name,pid,tid,policy,priority,nice,last_cpu,cpus"
				      "\r\n");
		return;
	}
#define COLUMN(name) "," #name
	takt_text_buffer_puts(out, "graph,run,state,pid,age_ns" NUMBERS(COLUMN)
			      ",recorder,backend,segment,text,directory,ending,exit_code,last_error,"
			      "disk_free_bytes,rings\r\n");
#undef COLUMN
}

/* "lane0=16777216/16777216 …": bytes free and in all, of each. */
static void put_csv_rings(struct takt_text_buffer *out, const struct takt_run_status *status)
{
	char memory[4096];
	struct takt_text_buffer rings;

	takt_text_buffer_init_fixed(&rings, memory, sizeof(memory));
	takt_text_buffer_puts(&rings, "");
	for (uint32_t i = 0; i < status->ring_count; i++) {
		takt_text_buffer_printf(&rings, "%s%s=%" PRIu64 "/%" PRIu64, i ? " " : "",
					status->rings[i].name, status->rings[i].free_bytes,
					status->rings[i].bytes);
	}
	takt_csv_puts(out, memory);
}

static void put_csv(struct takt_text_buffer *out, const struct takt_run_status *status)
{
	takt_csv_puts(out, status->graph);
	takt_text_buffer_printf(out, ",%016" PRIx64 ",%s,%d,%" PRIu64, status->run,
				takt_run_state_name(status), status->alive ? (int)status->pid : 0,
				status->age_ns);
#define CELL(name) takt_text_buffer_printf(out, ",%" PRIu64, status->name);
	NUMBERS(CELL)
#undef CELL
	takt_text_buffer_printf(out, ",%s,", takt_recorder_state_name(status));
	takt_csv_puts(out, status->backend);
	takt_text_buffer_printf(out, ",%" PRIu32 ",", status->segment);
	takt_csv_puts(out, status->text);
	takt_text_buffer_puts(out, ",");
	takt_csv_puts(out, status->directory);
	takt_text_buffer_printf(out, ",%s,%d,", takt_log_ending_name(status->ending), status->exit_code);
	takt_csv_puts(out, status->last_errno ? strerror(status->last_errno) : "");
	takt_text_buffer_puts(out, ",");
	if (status->disk_known) {
		takt_text_buffer_printf(out, "%" PRIu64, status->disk_free_bytes);
	}
	takt_text_buffer_puts(out, ",");
	put_csv_rings(out, status);
}

/* ---------------------------------------------------------------------------------------------- */

static int visit(const char *path, void *user)
{
	struct command *command = user;
	struct takt_run_status status;
	struct takt_err err = { 0 };
	const int r = takt_run_status_read(path, &status, &err);

	if (r == -ENOENT) {
		return 0;		/* gone meanwhile */
	}
	if (r < 0) {
		fprintf(stderr, "takt: %s\n", err.text);
		command->failed++;
		return 0;
	}
	if (!takt_run_is_meant(&status, command->word)) {
		return 0;
	}
	command->count++;
	if (command->form == TAKT_FORM_CSV && command->threads) {
		put_threads(command, &status);
		return 0;
	}
	takt_out_row_begin(&command->out);
	if (command->form == TAKT_FORM_SHORT) {
		put_short(command, &status);
	} else if (command->form == TAKT_FORM_CSV) {
		put_csv(&command->out.text, &status);
	} else {
		put_json(command, &status);
	}
	takt_out_row_end(&command->out);
	return takt_out_done(&command->out);
}

static int show(struct command *command)
{
	int r, written;

	takt_out_init(&command->out, command->form);
	if (command->form == TAKT_FORM_CSV) {
		put_csv_header(&command->out.text, command->threads);
	}
	r = takt_log_live_scan(command->run_dir, visit, command);
	if (r < 0) {
		fprintf(stderr, "takt: %s: %s\n",
			command->run_dir ? command->run_dir : "run directories",
			strerror(-r));
	}
	written = takt_out_fini(&command->out);
	if (r < 0 || command->failed || written) {
		return TAKT_EXIT_ERROR;
	}
	if (command->count == 0 && command->word) {
		fprintf(stderr,
			"takt: no run of that graph or id: %s; takt status lists what there is\n",
			command->word);
		return TAKT_EXIT_NO_LOG;
	}
	if (command->count == 0 && command->form == TAKT_FORM_SHORT) {
		fputs("takt: no graph runs: takt run GRAPH.yaml starts one\n", stderr);
	}
	return TAKT_EXIT_OK;
}

int takt_command_status(int argc, char **argv)
{
	static const struct option options[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "threads", no_argument, NULL, 't' },
		{ "run-dir", required_argument, NULL, 'R' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct command command = { .form = TAKT_FORM_SHORT };
	int option;

	optind = 0;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "o:h", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
			return TAKT_EXIT_OK;
		}
		if (option == 'o' && takt_form_parse(optarg, &command.form) < 0) {
			return TAKT_EXIT_USAGE;
		}
		if (option == '?') {
			return takt_bad_option("status", options, argv[optind - 1]);
		}
		command.threads |= option == 't';
		command.run_dir = option == 'R' ? optarg : command.run_dir;
	}
	if (argc - optind > 1) {
		fprintf(stderr, "takt: one GRAPH or RUN at a time: '%s' is too much\n",
			argv[optind + 1]);
		return TAKT_EXIT_USAGE;
	}
	command.word = optind < argc ? argv[optind] : NULL;
	signal(SIGPIPE, SIG_IGN);
	return show(&command);
}
