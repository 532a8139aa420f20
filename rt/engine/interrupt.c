/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/engine/interrupt.h"

#include <signal.h>
#include <stdatomic.h>

#include "rt/engine/fatal.h"
#include "rt/engine/watch.h"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
#define SIGNAL_COUNT (sizeof(signals) / sizeof(signals[0]))

/* A signal handler has no argument of ours. Relaxed: the thread that it interrupts is
 * the one that asks. */
static _Atomic bool came;

static void on_interrupt(int number)
{
	if (atomic_exchange_explicit(&came, true, memory_order_relaxed)) {
		takt_fatal_impatient();
		raise(number == SIGHUP ? SIGTERM : number);
	}
}

void takt_interrupt_begin(void)
{
	struct sigaction action = { .sa_handler = on_interrupt,
				    .sa_flags = SA_RESTART | SA_ONSTACK };
	sigset_t set;

	atomic_store_explicit(&came, false, memory_order_relaxed);
	sigemptyset(&action.sa_mask);
	sigemptyset(&set);
	for (uint32_t i = 0; i < SIGNAL_COUNT; i++) {
		sigaction(signals[i], &action, NULL);
		sigaddset(&set, signals[i]);
	}
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

bool takt_interrupt_came(void)
{
	return atomic_load_explicit(&came, memory_order_relaxed);
}

void takt_interrupt_end(void)
{
	takt_watch_block_signals();
	for (uint32_t i = 0; i < SIGNAL_COUNT; i++) {
		signal(signals[i], SIG_DFL);
	}
}
