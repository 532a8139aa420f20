"""The imu example as a user runs it: against a motion whose attitude is known, with gaps and times out of order,
and, where the recording is there, against a filter of another kind. Prints TAP.

    imu.py [NAME-PART]     imu.py --figures     what differs by how much on the recording

Expected attitudes share nothing with the example: they are analytic, or come from the gradient filter of
S. Madgwick, A. Harrison, R. Vaidyanathan: Estimation of IMU and MARG orientation using a gradient descent
algorithm, ICORR 2011, which uses no magnetometer here.
"""

import csv
import json
import math
import os
import random
import subprocess
import sys

from harness import SOURCE, Skip, Tap, World, program

ONLY = sys.argv[1] if len(sys.argv) > 1 else None
RECORDING = os.path.join(os.path.abspath(SOURCE), "..", "shared", "data", "imu-auav-x21.csv")
RECORDING = os.path.normpath(RECORDING)
EXAMPLE = os.path.join(SOURCE, "rt/examples/imu/imu.yaml")
HEADER = ("t_us,gyro_x_rad_s,gyro_y_rad_s,gyro_z_rad_s,accel_x_m_s2,accel_y_m_s2,accel_z_m_s2,"
          "mag_x_ga,mag_y_ga,mag_z_ga")
GRAVITY = 9.80665
BIAS = (0.01, -0.006, 0.004)
tap = Tap()


class Imu(World):
    def run(self, rows, pace="recording", rate="500Hz", params="", path=None):
        """The example's graph over these rows; (attitudes by time of validity in us, what it printed)."""
        if path is None:
            path = os.path.join(self.dir, "imu.csv")
            with open(path, "w") as f:
                f.write(HEADER + "\n")
                f.writelines(",".join([str(row[0]), *(f"{v:.7g}" for v in row[1:])]) + "\n" for row in rows)
        with open(EXAMPLE) as f:
            text = f.read()
        for old, new in (("csv.so, imu.so", f"{program('plugins/csv.so')}, {program('plugins/imu.so')}"),
                         ("rate: 500Hz", f"rate: {rate}"), ("name: imu", "name: kill"),
                         ("../../../../shared/data/imu-auav-x21.csv", f"{path}\n      pace: {pace}"),
                         ("type: imu_attitude}", f"type: imu_attitude, params: {{{params}}}}}")):
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        with open(self.graph_path, "w") as f:
            f.write(text)
        takt = self.start_takt("--virtual", stdout=subprocess.PIPE)
        out, err = takt.communicate(timeout=120)
        assert takt.returncode == 0, (takt.returncode, out, err)
        done = self.takt_log("copperlists", self.runs()[-1], "-o", "jsonl", "--task", "attitude")
        assert done.returncode == 0, done.stderr
        return dict(attitudes(done.stdout)), out


def attitudes(text):
    for line in text.splitlines():
        for message in json.loads(line)["messages"]:
            if message["task"] == "attitude":
                # Times are shown from the run's start; the first sample of the rows is at 0 or 1 s.
                yield message["tov"]["begin_ns"], message["payload"]


def by_row(rows, found):
    """Attitudes with the times of the rows. The log counts from the run's start: the first ones are the same."""
    first = min(found) - rows[0][0] * 1000
    return {(ns - first) // 1000: a for ns, a in found.items()}


# --- a motion that is known -----------------------------------------------------------------------


def truth(t):
    """roll, pitch, yaw at @t seconds: still for a second, then swinging."""
    s = min(max(t - 1, 0), 1) ** 2
    return (0.05 + s * 0.5 * math.sin(1.7 * t), -0.1 + s * 0.35 * math.sin(1.1 * t + 1), 0.4 + s * 0.8 * math.sin(0.6 * t))


def measured(t, rng):
    """What an ideal sensor with BIAS and a little noise sees."""
    h = 1e-5
    roll, pitch, yaw = truth(t)
    d = [(b - a) / (2 * h) for a, b in zip(truth(t - h), truth(t + h))]
    sr, cr, sp, cp = math.sin(roll), math.cos(roll), math.sin(pitch), math.cos(pitch)
    gyro = (d[0] - d[2] * sp, d[1] * cr + d[2] * cp * sr, -d[1] * sr + d[2] * cp * cr)
    accel = (GRAVITY * sp, -GRAVITY * sr * cp, -GRAVITY * cr * cp)
    north, down = 0.2, 0.45
    sy, cy = math.sin(yaw), math.cos(yaw)
    mag = (north * cp * cy - down * sp, north * (sr * sp * cy - cr * sy) + down * sr * cp,
           north * (cr * sp * cy + sr * sy) + down * cr * cp)
    return ([g + b + rng.gauss(0, 0.001) for g, b in zip(gyro, BIAS)] + [a + rng.gauss(0, 0.02) for a in accel] +
            [m + rng.gauss(0, 0.002) for m in mag])


def motion(seconds, step_us=4000, seed=3):
    rng = random.Random(seed)
    return [[t, *measured(t * 1e-6, rng)] for t in range(0, int(seconds * 1e6), step_us)]


def rms_deg(pairs):
    pairs = list(pairs)
    assert pairs
    return math.degrees(math.sqrt(sum(math.remainder(a - b, 2 * math.pi) ** 2 for a, b in pairs) / len(pairs)))


def errors(found, since_us=5000000, until_us=1 << 60):
    """RMS of roll, pitch, yaw against the truth, in degrees."""
    return [rms_deg((a[name], truth(t * 1e-6)[i]) for t, a in found.items() if since_us <= t < until_us)
            for i, name in enumerate(("roll", "pitch", "yaw"))]


@tap.test
def a_known_motion_is_followed_and_the_bias_is_found():
    rows = motion(30)
    with Imu() as world:
        found, _ = world.run(rows)
        found = by_row(rows, found)
        last = found[max(found)]
        assert len(found) == len(rows) == last["samples"]
        assert max(errors(found)[:2]) < 0.2, errors(found)
        assert errors(found)[2] < 0.6, errors(found)	# a tilt off by 0.1 degrees turns this field by 0.2
        assert all(abs(a - b) < 0.002 for a, b in zip(last["bias"], BIAS)), last
        assert last["gaps"] == 0 and last["skipped"] == 0
        assert last["state"] == "running" and found[0]["state"] == "aligning"


@tap.test
def without_magnetometer_roll_and_pitch_are_the_same():
    rows = [row[:7] + [0, 0, 0] for row in motion(20)]
    with Imu() as world:
        found, _ = world.run(rows)
        assert max(errors(by_row(rows, found))[:2]) < 0.3, errors(by_row(rows, found))


@tap.test
def short_gaps_are_bridged_and_behind_long_ones_tilt_begins_anew():
    rows = [row for row in motion(25) if not 8000000 < row[0] < 8065000 and not 12000000 < row[0] < 12300000 and
            not 17000000 < row[0] < 19000000]
    with Imu() as world:
        found, text = world.run(rows)
        found = by_row(rows, found)
        assert max(errors(found, 5000000, 17000000)[:2]) < 0.3, errors(found, 5000000, 17000000)
        assert max(errors(found, 20000000)[:2]) < 0.7, errors(found, 20000000)
        states = [a["state"] for a in found.values()]
        assert states.count("bridged") == 2 and states.count("realigned") == 1
        assert found[max(found)]["gaps"] == 3
        assert "no sample for 2.004 s: tilt begins anew" in text or "no sample for 2.000 s" in text, text


@tap.test
def times_that_repeat_or_go_back_are_skipped_and_counted():
    rows = motion(12)
    with Imu() as world:
        clean, _ = world.run(rows)
    bent = []
    for i, row in enumerate(rows):
        bent.append(row)
        if i > 100 and i % 50 == 0:
            bent.append([row[0], *rows[i - 90][1:]])
        if i > 100 and i % 70 == 0:
            bent.append(rows[i - 3])
    with Imu() as world:
        found, text = world.run(bent, pace="full")
    last, wanted = found[max(found)], clean[max(clean)]
    assert last["skipped"] == len(bent) - len(rows) and "skipped" in text
    assert last["samples"] == len(rows)
    assert all(last[name] == wanted[name] for name in ("roll", "pitch", "yaw", "q", "bias"))


@tap.test
def a_clock_that_is_set_back_begins_anew_after_a_tenth_of_a_second():
    rows = motion(10)
    rows = [[row[0] + 100000000, *row[1:]] for row in rows[:1000]] + rows[1000:]
    with Imu() as world:
        found, text = world.run(rows, pace="full")
    last = max(found.values(), key=lambda a: a["samples"])
    assert last["skipped"] == 24 and "set back" in text
    assert abs(math.degrees(last["roll"] - truth(9.996)[0])) < 1, last


# --- the recording --------------------------------------------------------------------------------


def recording():
    if not os.path.exists(RECORDING):
        raise Skip("there is no ../shared/data/imu-auav-x21.csv beside the source tree")
    with open(RECORDING) as f:
        return [[int(row[0]), *map(float, row[1:])] for row in list(csv.reader(f))[1:]]


def times(q, p):
    return (q[0] * p[0] - q[1] * p[1] - q[2] * p[2] - q[3] * p[3], q[0] * p[1] + q[1] * p[0] + q[2] * p[3] - q[3] * p[2],
            q[0] * p[2] - q[1] * p[3] + q[2] * p[0] + q[3] * p[1], q[0] * p[3] + q[1] * p[2] - q[2] * p[1] + q[3] * p[0])


def unit(v):
    length = math.sqrt(sum(x * x for x in v))
    return tuple(x / length for x in v)


def gradient_filter(rows, beta):
    """{time in us: (roll, pitch)} by Madgwick's filter."""
    a = rows[0][4:7]
    roll, pitch = math.atan2(-a[1], -a[2]), math.atan2(a[0], math.hypot(a[1], a[2]))
    q = times((math.cos(pitch / 2), 0, math.sin(pitch / 2), 0), (math.cos(roll / 2), math.sin(roll / 2), 0, 0))
    found, before = {}, rows[0][0]
    for row in rows:
        dt, before = (row[0] - before) * 1e-6, row[0]
        w, x, y, z = q
        ax, ay, az = unit([-v for v in row[4:7]])
        f = (2 * (x * z - w * y) - ax, 2 * (w * x + y * z) - ay, 1 - 2 * (x * x + y * y) - az)
        slope = (-2 * y * f[0] + 2 * x * f[1], 2 * z * f[0] + 2 * w * f[1] - 4 * x * f[2],
                 -2 * w * f[0] + 2 * z * f[1] - 4 * y * f[2], 2 * x * f[0] + 2 * y * f[1])
        slope = unit(slope) if any(slope) else slope
        rate = times(q, (0, *row[1:4]))
        q = unit([q[i] + (0.5 * rate[i] - beta * slope[i]) * dt for i in range(4)])
        w, x, y, z = q
        found[row[0]] = (math.atan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y)), math.asin(2 * (w * y - z * x)))
    return found


def differences(found, other, since_us=5000000):
    """RMS of roll and pitch, in degrees."""
    return [rms_deg((a[name], other[t][i]) for t, a in found.items() if t >= since_us)
            for i, name in enumerate(("roll", "pitch"))]


@tap.test
def the_recording_agrees_with_a_filter_of_another_kind():
    rows = recording()
    with Imu() as world:
        found, text = world.run(rows, path=RECORDING)
        found = by_row(rows, found)
        last = found[max(found)]
        assert len(found) == len(rows) == last["samples"] and last["skipped"] == 0
        assert last["gaps"] == sum(b[0] - a[0] > 10000 for a, b in zip(rows, rows[1:]))
        for beta in 0.02, 0.05:
            assert max(differences(found, gradient_filter(rows, beta))) < 0.2
        # at rest the accelerometer says it, too
        rest = [row for row in rows if row[0] > 20000000]
        assert rms_deg((found[r[0]]["pitch"], math.atan2(r[4], math.hypot(r[5], r[6]))) for r in rest) < 0.1


@tap.test
def neither_the_graphs_rate_nor_the_pace_changes_an_attitude():
    rows = recording()[:4000]
    with Imu() as world:
        one, _ = world.run(rows)
        two, _ = world.run(rows, pace="full", rate="100Hz")
        both = by_row(rows, one)
        two = {ns - max(two) + max(one): a for ns, a in two.items()}
        assert 50 < len(two) < len(one) == len(both)
        for ns, a in two.items():
            assert one[ns]["q"] == a["q"], ns


def figures():
    rows = recording()
    other = gradient_filter(rows, 0.02)
    base = None
    for accel in 0.5, 1, 2:
        for bias in 0.02, 0.1, 0.2:
            with Imu() as world:
                found, _ = world.run(rows, path=RECORDING, params=f"accel_gain: {accel}Hz, bias_gain: {bias}Hz")
            found = by_row(rows, found)
            if base is None:
                with Imu() as world:
                    base, _ = world.run(rows, path=RECORDING)
                base = {t: (a["roll"], a["pitch"]) for t, a in by_row(rows, base).items()}
            print(f"accel_gain {accel} bias_gain {bias}: roll, pitch against the default",
                  *(f"{d:.3f}" for d in differences(found, base)), "against Madgwick",
                  *(f"{d:.3f}" for d in differences(found, other)), "deg RMS", flush=True)


if ONLY == "--figures":
    figures()
else:
    tap.main(ONLY)
