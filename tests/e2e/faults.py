"""A task that misbehaves: failsafe drives the actuator, the record names the task, the exit code says what."""

import signal
import subprocess
import time

from harness import Tap, World

tap = Tap()


def run(world, *args):
    taktd = world.start_taktd()
    rt = world.start_rt(*args)
    _, stderr = rt.communicate(timeout=30)
    world.wait_recorded()
    taktd.wait(30)
    return rt.returncode, stderr, world.read()


def crash(mode, code, event, text=None):
    with World(mode=mode, at=100) as world:
        returncode, _, log = run(world)
        assert returncode == code, returncode
        counted, commanded, failsafe = world.oracle()
        assert (counted, commanded, failsafe) == (100, 0, 1), world.oracle()
        log.check_whole(100)
        assert world.ending() == ("stuck" if event == "stuck" else "crashed"), world.ending()
        cycle, _, task, _, message = log.event(event)
        assert (cycle, task) == (100, "fault"), (cycle, task)
        if text:
            assert message == text, message


@tap.test
def segfault_ends_with_72_and_failsafe():
    crash("segv", 72, "panic", "process")


@tap.test
def abort_ends_with_72_and_failsafe():
    crash("abort", 72, "panic", "process")


@tap.test
def floating_point_exception_ends_with_72_and_failsafe():
    crash("fpe", 72, "panic", "process")


@tap.test
def exit_in_a_task_ends_with_72_and_failsafe():
    crash("exit", 72, "panic")


@tap.test
def endless_loop_ends_with_71_and_failsafe():
    crash("loop", 71, "stuck", "process")


def hang(where, ending, code, **graph):
    with World(hang=where, **graph) as world:
        returncode, _, log = run(world, "--cycles", "200")
        assert returncode == code, returncode
        assert world.oracle()[1:] == (0, 1), world.oracle()
        assert world.ending() == ending, world.ending()
        return log


@tap.test
def stop_that_hangs_ends_with_71_and_failsafe():
    log = hang("stop", "stuck", 71)
    assert log.event("stuck")[2] == "oracle" and log.event("stuck")[4] == "stop", log.events


@tap.test
def failsafe_that_hangs_does_not_keep_the_run():
    log = hang("failsafe", "stuck", 71)
    assert log.event("stuck")[2] == "oracle" and log.event("stuck")[4] == "failsafe", log.events
    hang("failsafe", "crashed", 72, mode="segv")


@tap.test
def other_signals_end_with_72_and_failsafe():
    for number in (signal.SIGQUIT, signal.SIGUSR2, signal.SIGXCPU):
        with World() as world:
            rt = world.start_rt()
            world.wait_cycles(50)
            rt.send_signal(number)
            rt.communicate(timeout=10)
            assert rt.returncode == 72, (number, rt.returncode)
            assert world.oracle()[2] == 1, world.oracle()


@tap.test
def stopped_process_is_not_stuck_when_it_goes_on():
    with World(mode="sleep", at=0, times=1000000) as world:	# nearly always within a cycle
        rt = world.start_rt()
        world.wait_cycles(5)
        rt.send_signal(signal.SIGSTOP)
        time.sleep(1.5)
        rt.send_signal(signal.SIGCONT)
        world.wait_cycles(world.oracle()[0] + 5)
        rt.send_signal(signal.SIGINT)
        rt.communicate(timeout=10)
        assert rt.returncode == 0, rt.returncode


@tap.test
def error_is_ignored_and_recorded_once():
    with World(mode="error", at=50, times=10) as world:
        code, _, log = run(world, "--cycles", "100")
        assert code == 0, code
        assert log.names().count("task_failed") == 1
        assert log.event("task_failed")[2:4] == ("fault", (-5, 1, 0, 0))
        assert log.event("task_recovered")[3][0] == 10
        log.check_whole(100)


@tap.test
def error_with_shutdown_ends_with_70():
    with World(mode="error", at=50, on_error="shutdown") as world:
        code, _, log = run(world)
        assert code == 70, code
        assert world.oracle() == (51, 0, 1), world.oracle()
        log.check_whole(51)


@tap.test
def error_with_abort_cycle_skips_the_tasks_behind():
    with World(mode="error", at=99, on_error="abort_cycle") as world:
        code, _, log = run(world, "--cycles", "100")
        assert code == 0, code
        assert world.oracle()[0] == 99, world.oracle()	# the oracle did not see cycle 99
        log.check_whole(100)


@tap.test
def overrun_is_counted_and_skips():
    with World(mode="sleep", at=50, runtime=", wait: sleep") as world:
        code, _, log = run(world, "--cycles", "100")
        assert code == 0, code
        # A noisy machine has overruns of its own, before, in the same episode, or behind.
        episodes = [e[3] for e in log.events if e[1] == "overrun"]
        assert any(first <= 50 < first + skipped + overruns and skipped >= 20 and worst > 25_000_000
                   for first, skipped, worst, overruns in episodes), episodes
        log.check_whole(100)


@tap.test
def overrun_with_stop_ends_with_70():
    with World(mode="sleep", at=50, overrun="stop") as world:
        code, _, log = run(world)
        assert code == 70, code
        assert log.event("mission_stopped")[4] == "overrun"


@tap.test
def new_that_fails_starts_nothing():
    with World(mode="new") as world:
        code, stderr, log = run(world)
        assert code == 1, code
        assert "graph.yaml:" in stderr and "fault" in stderr and "new" in stderr, stderr
        assert world.oracle()[0] == 0 and not log.cycles
        assert log.event("task_failed")[2] == "fault"
        assert any("because it was told to" in t[3] for t in log.texts)


@tap.test
def flood_of_text_loses_exactly_what_it_says():
    with World(mode="log", at=50) as world:
        code, _, log = run(world, "--cycles", "200")
        assert code == 0, code
        lost = sum(e[3][1] for e in log.events if e[1] == "events_lost")
        kept = sum("flood" in t[3] for t in log.texts)
        assert lost > 0 and kept + lost == 20000, (kept, lost)
        log.check_whole(200)


@tap.test
def lane_goes_on_without_taktd_and_says_exactly_what_is_lost():
    with World(ballast=60000, logging=", arena: 1MiB") as world:
        rt = world.start_rt("--cycles", "500")
        world.wait_cycles(300)
        taktd = world.start_taktd()
        _, stderr = rt.communicate(timeout=30)
        assert rt.returncode == 0, stderr
        world.wait_recorded()
        taktd.wait(30)
        log = world.read()
        gaps = [e for e in log.events if e[1] == "gap"]
        assert gaps
        lost = sum(e[3][2] for e in gaps)
        assert lost + len(log.cycles) == 500, (lost, len(log.cycles))
        log.check_whole(500)


@tap.test
def second_interrupt_ends_at_once():
    with World(mode="loop", at=30, stuck="100s") as world:
        rt = world.start_rt()
        world.wait_cycles(30)
        time.sleep(0.1)
        rt.send_signal(signal.SIGINT)
        time.sleep(0.2)
        assert rt.poll() is None
        rt.send_signal(signal.SIGINT)
        rt.communicate(timeout=5)
        assert rt.returncode == 130, rt.returncode
        assert world.oracle()[2] == 1
        world.start_taktd()
        world.wait_recorded()
        assert world.ending() == "interrupted", world.ending()
        assert world.read().event("mission_stopped")[2:4] == ("fault", (130, 0, 0, 0))


tap.main()
