// SPDX-License-Identifier: Apache-2.0
// What a call of spdlog's asynchronous logger costs, measured as plugins/bench.c measures a call of takt's text
// log: 20 calls between two stamps, a millisecond later 20 one by one, on a real-time thread that has the last CPU
// for itself, as a lane with `cpus: auto`; the logger's own thread has the others.
//
//     spdlog_bench CYCLES FILE      a line for each two: the mean of the 20, then each of the others; ns
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

#include <sched.h>
#include <unistd.h>
#include <spdlog/async.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>

static double now_ns()
{
	timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

/* This thread stays on the last CPU, or away from it. */
static void place(bool last)
{
	const int cpus = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
	cpu_set_t set;

	CPU_ZERO(&set);
	for (int i = 0; i < cpus; i++) {
		if (cpus == 1 || (i == cpus - 1) == last) {
			CPU_SET(static_cast<size_t>(i), &set);
		}
	}
	(void)sched_setaffinity(0, sizeof(set), &set);
}

static void pause_1ms()
{
	const timespec pause = { 0, 1000000 };

	clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, nullptr);
}

int main(int argc, char **argv)
{
	const int batch = 20;

	if (argc != 3) {
		std::fprintf(stderr, "usage: spdlog_bench CYCLES FILE\n");
		return 2;
	}
	const int cycles = std::max(1, std::atoi(argv[1]));
	spdlog::init_thread_pool(8192, 1, [] { place(false); });
	auto log = spdlog::basic_logger_mt<spdlog::async_factory>("bench", argv[2], true);
	std::vector<double> means, singles;

	means.reserve(static_cast<size_t>(cycles));
	singles.reserve(static_cast<size_t>(cycles * batch));
	const sched_param fifo = { 80 };
	place(true);
	(void)sched_setscheduler(0, SCHED_FIFO, &fifo);	// not the logger's thread: it is there already
	for (int n = 0; n < cycles; n++) {
		pause_1ms();
		const double begin = now_ns();
		for (int i = 0; i < batch; i++) {
			log->info("position {} of {} is {}", i, batch, 0.25 * i);
		}
		means.push_back((now_ns() - begin) / batch);
		pause_1ms();
		for (int i = 0; i < batch; i++) {
			const double at = now_ns();

			log->info("position {} of {} is {}", i, batch, 0.25 * i);
			singles.push_back(now_ns() - at);
		}
	}
	spdlog::shutdown();
	for (size_t i = 0; i < means.size(); i++) {
		std::printf("%.1f", means[i]);
		for (size_t k = 0; k < batch; k++) {
			std::printf(" %.1f", singles[i * batch + k]);
		}
		std::printf("\n");
	}
	return 0;
}
