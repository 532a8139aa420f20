# SPDX-License-Identifier: Apache-2.0
"""Messages, as process() gets them: payload, tov and metadata."""


class Metadata:
    """stamp_ns: when its producer's call began. status: a short text of the producer, at most 63 bytes."""

    __slots__ = ("stamp_ns", "status")

    def __init__(self, stamp_ns=0, status=""):
        self.stamp_ns = stamp_ns
        self.status = status

    def __repr__(self):
        return f"Metadata(stamp_ns={self.stamp_ns}, status={self.status!r})"


def read_tov(kind, begin_ns, end_ns):
    """None, nanoseconds, or a pair of nanoseconds."""
    return None if kind == 0 else begin_ns if kind == 1 else (begin_ns, end_ns)


def write_tov(tov, where):
    if tov is None:
        return 0, 0, 0
    try:
        if isinstance(tov, (tuple, list)):
            begin, end = tov
            kind = 2
        else:
            kind, begin, end = 1, tov, tov
        for number in (begin, end):
            if not isinstance(number, int) or not 0 <= number < 1 << 64:
                raise ValueError
    except (TypeError, ValueError):
        raise ValueError(f"{where}.tov: {tov!r} is neither nanoseconds nor a pair of them") from None
    return kind, begin, end


class Input:
    """A message that came in. payload is None where there is none this cycle."""

    __slots__ = ("payload", "tov", "metadata")

    def __init__(self, kind, wire):
        if wire is None:
            self.payload = None
            self.tov = None
            self.metadata = Metadata()
            return
        payload, stamp_ns, tov_kind, begin_ns, end_ns, status = wire
        self.payload = kind.from_wire(payload)
        self.tov = read_tov(tov_kind, begin_ns, end_ns) if tov_kind else None
        self.metadata = Metadata(stamp_ns, status.decode("utf-8", "surrogateescape") if status else "")


class Output:
    """A message to be sent. Touching payload creates it; untouched, or None, there is none this cycle."""

    __slots__ = ("_type", "_name", "_payload", "tov", "metadata")

    def __init__(self, kind, name):
        self._type = kind
        self._name = name
        self._payload = None
        self.tov = None
        self.metadata = Metadata()

    @property
    def payload(self):
        if self._payload is None:
            self._payload = self._type.make()
        return self._payload

    @payload.setter
    def payload(self, value):
        self._payload = None if value is None else self._type.coerce(value, self._name)

    def to_wire(self):
        if self._payload is None:
            return None
        status = self.metadata.status
        if status:
            status = status.encode("utf-8", "surrogateescape")
            if len(status) > 63 or 0 in status:
                raise ValueError(f"{self._name}.metadata.status: at most 63 bytes, none of them NUL")
        return [self._type.to_wire(self._payload, self._name),
                *(write_tov(self.tov, self._name) if self.tov is not None else (0, 0, 0)), status or b""]
