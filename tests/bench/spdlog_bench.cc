// SPDX-License-Identifier: Apache-2.0
// What a call of spdlog's asynchronous logger costs, measured as plugins/bench.c measures a call of takt's text
// log: 16 calls one by one, then 16 between two stamps, once a millisecond, on a real-time thread.
//
//     spdlog_bench CYCLES FILE      a line a cycle: the mean of the 16, then each of the others; ns
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

#include <sched.h>
#include <spdlog/async.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>

static double now_ns()
{
	timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

int main(int argc, char **argv)
{
	const int batch = 16;

	if (argc != 3) {
		std::fprintf(stderr, "usage: spdlog_bench CYCLES FILE\n");
		return 2;
	}
	const int cycles = std::max(1, std::atoi(argv[1]));
	auto log = spdlog::basic_logger_mt<spdlog::async_factory>("bench", argv[2], true);
	std::vector<double> means, singles;

	means.reserve(static_cast<size_t>(cycles));
	singles.reserve(static_cast<size_t>(cycles * batch));
	const sched_param fifo = { 80 };
	(void)sched_setscheduler(0, SCHED_FIFO, &fifo);	// not the logger's thread: it is there already
	for (int n = 0; n < cycles; n++) {
		const timespec pause = { 0, 1000000 };

		clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, nullptr);
		for (int i = 0; i < batch; i++) {
			const double begin = now_ns();

			log->info("position {} of {} is {}", i, batch, 0.25 * i);
			singles.push_back(now_ns() - begin);
		}
		const double begin = now_ns();
		for (int i = 0; i < batch; i++) {
			log->info("position {} of {} is {}", i, batch, 0.25 * i);
		}
		means.push_back((now_ns() - begin) / batch);
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
