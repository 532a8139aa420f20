"""takt log recover: a region that a dead takt-rt left, without any taktd. Prints TAP."""

import json
import os
import random
import subprocess
import time

from harness import Skip, Tap, World, program

tap = Tap()
rng = random.Random(11)


def recover(world, *args, status=0):
    done = subprocess.run([program("takt"), "log", "recover", "--run-dir", world.run_dir, *args],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == status, (args, done)
    return done


def ask(world):
    """What it says, whatever it finds."""
    return subprocess.run([program("takt"), "log", "recover", "--run-dir", world.run_dir, "kill"],
                          capture_output=True, text=True, timeout=60).stderr


def killed_run(world, cycles=100):
    rt = world.start_rt()
    world.wait_cycles(world.oracle()[0] + cycles)
    rt.kill()
    rt.wait()
    rt.stderr.close()


@tap.test
def what_a_killed_run_left_is_recorded_and_the_region_removed():
    with World() as world:
        killed_run(world)
        region, = world.regions()
        row, = json.loads(recover(world, "-o", "json").stdout)
        assert row["result"] == "recovered" and row["graph"] == "kill" and 0 < row["bytes"] < 1 << 30, row
        assert row["run"] == os.path.basename(region) and row["directory"] == world.runs()[-1]
        assert not world.regions()
        log = world.read()
        log.check_whole(world.oracle()[0] - 1)
        assert not log.damage and world.ending() == "killed", (log.damage, world.ending())
        gone, = [e for e in log.events if e[1] == "rt_gone"]
        assert gone[3][0] == log.cycles[-1], (gone, log.cycles[-1])
        assert 0 < gone[3][1] < 60e9, gone
        rows = json.loads(world.takt_log("lifecycle", world.runs()[-1], "-o", "json").stdout)
        died, = [r["t_ns"] for r in rows if r["event"] == "rt_gone"]
        last, = json.loads(world.takt_log("copperlists", world.runs()[-1], "-n", "1", "-o", "json").stdout)
        assert died >= last["t_ns"] and died - last["t_ns"] < 50e6, (died, last["t_ns"])
        assert "killed: #" in world.takt_log("info", world.runs()[-1]).stdout
        assert "nothing to recover" in recover(world).stderr


@tap.test
def what_another_user_left_is_not_recorded_with_our_rights():
    if os.geteuid() != 0:
        raise Skip("only root can make files of another user")
    with World() as world:
        killed_run(world)
        region, = world.regions()
        for path in (world.run_dir, os.path.dirname(region), region, *(os.path.join(region, name)
                                                                      for name in os.listdir(region))):
            os.chown(path, 65534, 65534)
        done = recover(world, status=1)
        assert "another user" in done.stderr and not world.runs() and world.regions(), done
        # The directory that is looked at without --run-dir, in a mount namespace of its own.
        left = os.path.join(world.dir, "left")
        subprocess.run(["cp", "-a", world.run_dir, left], check=True)
        place = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs -o mode=1777 none /dev/shm && '
                 'cp -a "$1" /dev/shm/takt-0 && shift && "$@"', "sh", left]
        if subprocess.run([*place, "true"], capture_output=True).returncode != 0:
            raise Skip("a mount namespace needs the right to make one")
        for command in (["log", "recover"], ["status"]):
            done = subprocess.run([*place, program("takt"), *command], capture_output=True, text=True)
            assert os.path.basename(region) not in done.stdout + done.stderr, done
        assert not world.runs()


@tap.test
def a_run_whose_taktd_died_too_is_completed():
    for _ in range(3):
        with World(ballast=rng.choice([64, 3000])) as world:
            taktd = world.start_taktd()
            rt = world.start_rt()
            world.wait_cycles(rng.randrange(50, 600))
            taktd.kill()
            world.wait_cycles(world.oracle()[0] + rng.randrange(1, 100))
            rt.kill()
            rt.wait()
            rt.stderr.close()
            taktd.wait()
            assert "recovered into" in recover(world).stdout
            assert not world.regions() and len(world.runs()) == 1
            log = world.read()
            log.check_whole(world.oracle()[0] - 1)
            assert log.names().count("rt_gone") == 1, log.names()


@tap.test
def the_log_ends_with_its_run_not_with_its_recovery():
    with World() as world:
        killed_run(world, 300)
        time.sleep(1.5)
        recover(world)
        info = json.loads(world.takt_log("info", world.runs()[0], "-o", "json").stdout)
        row, = json.loads(world.takt_log("list", "--log-dir", world.log_dir, "-o", "json").stdout)
        events = json.loads(world.takt_log("lifecycle", world.runs()[0], "-o", "json").stdout)
        last = json.loads(world.takt_log("copperlists", world.runs()[0], "-n", "1", "-o", "json").stdout)
        assert events[-1]["mono_ns"] > last[0]["mono_ns"] + 1_000_000_000, events[-1]
        assert info["end"] == row["end"] == last[0]["time"], (info["end"], row["end"], last[0]["time"])
        assert info["length_ns"] == row["length_ns"] and info["start"] == row["start"]
        lists = world.takt_log("copperlists", world.runs()[0], "--since", "-100ms", "-o", "json").stdout
        assert 90 <= len(json.loads(lists)) <= 101, len(json.loads(lists))
        kept = world.takt_log("keep", world.runs()[0], "--around", "-50ms", "--window", "1ms")
        assert kept.returncode == 0, kept


@tap.test
def a_region_is_named_by_path_id_or_graph():
    with World() as world:
        for name in (lambda r: r, lambda r: os.path.basename(r)[:7], lambda r: "kill"):
            killed_run(world, 20)
            region, = world.regions()
            assert "recovered into" in recover(world, name(region)).stdout
            assert not world.regions()
        assert "no run" in recover(world, "killer", status=4).stderr
        assert "no run" in recover(world, "/nowhere", status=4).stderr


@tap.test
def a_run_that_goes_on_is_left_alone():
    with World() as world:
        rt = world.start_rt()
        world.wait_cycles(20)
        region, = world.regions()
        assert "goes on" in recover(world).stderr
        assert "goes on" in recover(world, region, status=1).stderr
        assert world.regions() == [region] and not world.runs()
        rt.kill()
        rt.wait()
        rt.stderr.close()


@tap.test
def a_log_that_cannot_be_written_keeps_the_region():
    with World() as world:
        with open(world.log_dir, "w"):
            pass  # a file where the directory should be
        killed_run(world)
        region, = world.regions()
        done = recover(world, "-o", "json", status=1)
        assert json.loads(done.stdout)[0]["result"] == "failed" and region in done.stderr, done
        assert world.regions() == [region]
        os.unlink(world.log_dir)
        recover(world)
        world.read().check_whole(world.oracle()[0] - 1)


@tap.test
def a_run_with_a_wrong_log_directory_is_recorded_elsewhere():
    with World() as world:
        with open(world.log_dir, "w"):
            pass
        killed_run(world)
        region, = world.regions()
        done = recover(world, status=1)
        assert "Not a directory" in done.stderr or "File exists" in done.stderr, done
        assert "Input/output" not in done.stderr and "--log-dir" in done.stderr, done
        # taktd tries for a while, says where the run waits, and does not stay for it.
        began = time.monotonic()
        taktd = world.spawn([program("taktd"), "--run-dir", world.run_dir, "--exit-when-idle"],
                            stderr=subprocess.PIPE)
        world.wait(lambda: "taktd has it, and cannot record it" in ask(world), 10, "taktd")
        _, said = taktd.communicate(timeout=30)
        assert taktd.returncode == 0 and f"takt log recover --log-dir DIR {region}" in said, said
        assert said.count("waits in") == 1 and time.monotonic() - began < 20, said
        elsewhere = os.path.join(world.dir, "elsewhere", "logs")
        done = recover(world, "--log-dir", elsewhere, region)
        assert f"recovered into {elsewhere}/0001-kill-" in done.stdout, done
        assert not world.regions()
        path, = (os.path.join(elsewhere, n) for n in os.listdir(elsewhere))
        log = world.read(path)
        log.check_whole(world.oracle()[0] - 1)
        assert log.names().count("disk_failed") == 1 and log.names().count("rt_gone") == 1, log.names()


@tap.test
def a_region_is_discarded_only_by_name():
    with World() as world:
        rt = world.start_rt()
        world.wait_cycles(20)
        region, = world.regions()
        assert "goes on" in recover(world, "--discard", region, status=1).stderr
        rt.kill()
        rt.wait()
        rt.stderr.close()
        row, = json.loads(recover(world, "--discard", "kill", "-o", "json").stdout)
        assert row["result"] == "discarded" and row["bytes"] > 0 and row["directory"] == "", row
        assert not world.regions() and not world.runs()


@tap.test
def wrong_usage_is_said():
    with World() as world:
        done = recover(world, "--help").stdout
        assert "REGION" in done and "--log-dir" in done and "--discard" in done, done
        assert "which one" in recover(world, "--discard", status=2).stderr
        assert "not both" in recover(world, "--discard", "--log-dir", "/tmp", "kill", status=2).stderr


tap.main()
