# SPDX-License-Identifier: Apache-2.0
"""Classes for message types, made of the task's description.

A type gets a class with its fields as slots, so that a name that it has not is an AttributeError; and functions
that are written for it, field by field: make(), from_wire(list), to_wire(object). What goes out is checked there:
a value that is out of range, or of a wrong kind, is a ValueError or TypeError that names the field.

    bool, integers, floats   bool, int, float
    enum                     enum.IntEnum of that name; assigned by it, by its number or by its name
    text                     str (bytes that are no UTF-8 come as surrogates, and go back as they were)
    struct                   an object; assigned by one or by a dict
    array of numbers         memoryview (numpy array where the script imports numpy): item by item, or by any
                             sequence of the right length
    list of numbers          the same in inputs; in outputs and state array.array (u8: bytearray), which can grow
    array, list of structs   list
"""

import array
import enum
import keyword
import math
import operator
import struct
import sys

BOOL, I8, I16, I32, I64, U8, U16, U32, U64, F32, F64, CHAR, ENUM, STRUCT = range(1, 15)
ONE, ARRAY, LIST, TEXT = range(4)

FORMATS = {BOOL: "?", I8: "b", I16: "h", I32: "i", I64: "q", U8: "B", U16: "H", U32: "I", U64: "Q", F32: "f", F64: "d"}
NAMES = {BOOL: "bool", I8: "i8", I16: "i16", I32: "i32", I64: "i64", U8: "u8", U16: "u16", U32: "u32", U64: "u64",
         F32: "f32", F64: "f64"}
BITS = {I8: 8, I16: 16, I32: 32, I64: 64, U8: 8, U16: 16, U32: 32, U64: 64}
NUMPY_TYPES = {"?": "bool", "b": "int8", "h": "int16", "i": "int32", "q": "int64", "B": "uint8", "H": "uint16",
               "I": "uint32", "Q": "uint64", "f": "float32", "d": "float64"}
F32_MAX = 3.4028235677973366e38  # what still rounds to the largest f32


def bounds(scalar):
    bits = BITS[scalar]
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if scalar <= I64 else (0, (1 << bits) - 1)


# --- checks, for what is not plainly right -------------------------------------------------------------


def fix_int(value, low, high, where, kind):
    """@value as an int of @kind, or an error that names the field."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{where}: {value!r} is no integer ({kind})") from None
    if not low <= number <= high:
        raise ValueError(f"{where}: {number} is out of the range of {kind} ({low} to {high})")
    return number


def fix_float(value, where, kind):
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{where}: {value!r} is no number ({kind})") from None
    except OverflowError:
        raise ValueError(f"{where}: {value!r} is out of the range of {kind}") from None
    if isinstance(value, (str, bytes)):
        raise TypeError(f"{where}: {value!r} is no number ({kind})")
    if kind == "f32" and abs(number) > F32_MAX and not math.isinf(number):
        raise ValueError(f"{where}: {number!r} is out of the range of f32")
    return number


def fix_bool(value, where):
    if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"):
        return bool(value)
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    raise TypeError(f"{where}: {value!r} is no bool")


def fix_enum(value, kind, where):
    try:
        return int(kind[value]) if isinstance(value, str) else int(kind(operator.index(value)))
    except (KeyError, ValueError, TypeError):
        names = ", ".join(m.name for m in kind)
        raise ValueError(f"{where}: {value!r} is no value of enum {kind.__name__} ({names})") from None


def fix_text(value, most, where):
    if isinstance(value, str):
        value = value.encode("utf-8", "surrogateescape")
    elif not isinstance(value, (bytes, bytearray)):
        raise TypeError(f"{where}: {value!r} is no text")
    if len(value) > most:
        raise ValueError(f"{where}: {len(value)} bytes of text, at most {most} fit")
    if 0 in value:
        raise ValueError(f"{where}: a text cannot hold NUL")
    return bytes(value)


def fix_structs(value, kind, most, exact, where):
    check_count(len(value), most, exact, where)
    result = []
    for i, item in enumerate(value):
        here = f"{where}[{i}]"
        result.append(kind.to_wire(kind.coerce(item, here), here))
    return result


def fix_enums(value, kind, most, exact, where):
    check_count(len(value), most, exact, where)
    return [fix_enum(item, kind, f"{where}[{i}]") for i, item in enumerate(value)]


def check_count(count, most, exact, where):
    if count > most or (exact and count != most):
        raise ValueError(f"{where}: {count} items, {'must be' if exact else 'at most'} {most}")


def _same_items(value, fmt):
    """Whether the buffer @value has items that can be taken as they are."""
    code = value.format.lstrip("@<=")
    same = {"l": "q", "L": "Q"}.get(code, code)
    return same == fmt and value.c_contiguous


def fix_numbers(value, scalar, most, exact, where):
    """The bytes of an array or list of numbers, from any sequence or buffer."""
    fmt = FORMATS[scalar]
    try:
        view = memoryview(value)
    except TypeError:
        view = None
    if view is not None and _same_items(view, fmt):
        check_count(view.nbytes // view.itemsize, most, exact, where)
        data = view.tobytes()
        if scalar == BOOL and data.strip(b"\0\1"):
            raise ValueError(f"{where}: an item is no bool")
        return data
    try:
        items = value.ravel().tolist() if hasattr(value, "ravel") else list(value)
    except TypeError:
        raise TypeError(f"{where}: {value!r} is no sequence of {NAMES[scalar]}") from None
    check_count(len(items), most, exact, where)
    try:
        return struct.pack(f"<{len(items)}{fmt}", *items)
    except (struct.error, OverflowError, TypeError):
        for i, item in enumerate(items):  # the one that is wrong says why
            fix_item(item, scalar, f"{where}[{i}]")
        return struct.pack(f"<{len(items)}{fmt}", *[fix_item(x, scalar, where) for x in items])


def fix_item(value, scalar, where):
    if scalar == BOOL:
        return fix_bool(value, where)
    if scalar in (F32, F64):
        return fix_float(value, where, NAMES[scalar])
    return fix_int(value, *bounds(scalar), where, NAMES[scalar])


# --- arrays of numbers ----------------------------------------------------------------------------------


def view_numbers(data, fmt):
    """Read-only, on the bytes of the frame."""
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        return numpy.frombuffer(data, NUMPY_TYPES[fmt])
    return memoryview(data) if fmt == "B" else memoryview(data).cast(fmt)


def own_numbers(data, fmt):
    """The same, to be changed item by item."""
    return view_numbers(bytearray(data), fmt)


def grow_numbers(data, fmt):
    """The same, to grow."""
    if fmt == "B":
        return bytearray(data)
    return array.array("B" if fmt == "?" else fmt, bytes(data))


def attribute(name):
    """How Python can spell a field's name."""
    return name + "_" if keyword.iskeyword(name) else name


# --- types ----------------------------------------------------------------------------------------------


class Type:
    """A message type: its class, and how to make, read and write an object of it."""

    def __init__(self, name, doc, fields, enums, types):
        self.name = name
        self.fields = fields
        self.field_names = [attribute(f["name"]) for f in fields]
        self.view = make_class(name, doc, self.field_names)
        source = Source(self, enums, types)
        exec(compile(source.text(), f"<takt type {name}>", "exec"), source.names)
        self.make = source.names["make"]
        self.from_wire = source.names["from_wire"]  # what came in: to be read
        self.own_from_wire = source.names["own_from_wire"]  # state: to be changed
        self.to_wire = source.names["to_wire"]
        self.view.__init__ = source.names["init"]

    def coerce(self, value, where):
        """@value as an object of this type: one already, or a dict of its fields."""
        if type(value) is self.view:
            return value
        if isinstance(value, dict):
            made = self.make()
            for name, item in value.items():
                if name not in self.field_names:
                    raise AttributeError(f"{where}: {self.name} has no field {name!r}")
                setattr(made, name, item)
            return made
        raise TypeError(f"{where}: expected {self.name} or a dict, not {type(value).__name__}")


def make_class(name, doc, field_names):
    def show(self):
        return f"{name}({', '.join(f'{n}={getattr(self, n)!r}' for n in field_names)})"

    def same(self, other):
        if type(self) is not type(other):
            return NotImplemented
        return all(_plain(getattr(self, n)) == _plain(getattr(other, n)) for n in field_names)

    return type(name, (), {"__slots__": tuple(field_names), "__doc__": doc, "__repr__": show, "__eq__": same,
                           "__hash__": None, "__module__": "takt.types"})


def _plain(value):
    return list(value) if hasattr(value, "__len__") and not isinstance(value, str) else value


class Source:
    """The functions of a type as text: one line a field. All names in it are ours but the fields', which are
    identifiers."""

    def __init__(self, of, enums, types):
        self.names = {"View": of.view, "fix_int": fix_int, "fix_float": fix_float, "fix_bool": fix_bool,
                      "fix_enum": fix_enum, "fix_text": fix_text, "fix_numbers": fix_numbers,
                      "fix_structs": fix_structs, "fix_enums": fix_enums, "view_numbers": view_numbers, "own_numbers": own_numbers,
                      "grow_numbers": grow_numbers, "F32_MAX": F32_MAX, "inf": math.inf}
        self.of = of
        self.default, self.read, self.own, self.write = [], [], [], []
        for index, field in enumerate(of.fields):
            self.add(index, field, enums, types)

    def add(self, i, field, enums, types):
        scalar, shape, length = field["scalar"], field["shape"], field["length"]
        if scalar == STRUCT:
            self.names[f"T{i}"] = types[field["type"]]
            self.add_structs(i, shape, length)
        elif scalar == ENUM:
            self.names[f"E{i}"] = enums[field["enum"]]
            self.add_enums(i, shape, length)
        elif shape == TEXT:
            self.both(f"w[{i}].decode('utf-8', 'surrogateescape')")
            self.default.append("''")
            self.write.append(f"fix_text(v, {length - 1}, {{w}})")
        elif shape == ONE:
            self.add_number(i, scalar)
        else:
            self.add_numbers(i, scalar, shape, length)

    def both(self, expression):
        self.read.append(expression)
        self.own.append(expression)

    def add_number(self, i, scalar):
        self.both(f"w[{i}]")
        kind = NAMES[scalar]
        if scalar == BOOL:
            self.default.append("False")
            self.write.append("v if v is True or v is False else fix_bool(v, {w})")
        elif scalar in (F32, F64):
            self.default.append("0.0")
            plain = "v.__class__ is float" + (" and -F32_MAX <= v <= F32_MAX" if scalar == F32 else "")
            self.write.append(f"v if {plain} else fix_float(v, {{w}}, {kind!r})")
        else:
            low, high = bounds(scalar)
            self.default.append("0")
            self.write.append(f"v if v.__class__ is int and {low} <= v <= {high} "
                              f"else fix_int(v, {low}, {high}, {{w}}, {kind!r})")

    def add_numbers(self, i, scalar, shape, length):
        fmt, exact = FORMATS[scalar], shape == ARRAY
        bytes_ = length * struct.calcsize("<" + fmt)
        self.read.append(f"view_numbers(w[{i}], {fmt!r})")
        self.own.append(f"{'own' if exact else 'grow'}_numbers(w[{i}], {fmt!r})")
        self.default.append(f"own_numbers(bytes({bytes_}), {fmt!r})" if exact else f"grow_numbers(b'', {fmt!r})")
        self.write.append(f"fix_numbers(v, {scalar}, {length}, {exact}, {{w}})")

    def add_structs(self, i, shape, length):
        if shape == ONE:
            self.read.append(f"T{i}.from_wire(w[{i}])")
            self.own.append(f"T{i}.own_from_wire(w[{i}])")
            self.default.append(f"T{i}.make()")
            self.write.append(f"T{i}.to_wire(T{i}.coerce(v, {{w}}), {{w}})")
            return
        self.read.append(f"[T{i}.from_wire(x) for x in w[{i}]]")
        self.own.append(f"[T{i}.own_from_wire(x) for x in w[{i}]]")
        self.default.append(f"[T{i}.make() for _ in range({length if shape == ARRAY else 0})]")
        self.write.append(f"fix_structs(v, T{i}, {length}, {shape == ARRAY}, {{w}})")

    def add_enums(self, i, shape, length):
        kind = self.names[f"E{i}"]
        self.names[f"M{i}"] = kind._value2member_map_
        self.names[f"D{i}"] = kind._value2member_map_.get(0, 0)  # what zeroed memory says
        if shape == ONE:
            self.both(f"M{i}.get(w[{i}], w[{i}])")
            self.default.append(f"D{i}")
            self.write.append(f"int(v) if v.__class__ is E{i} else fix_enum(v, E{i}, {{w}})")
            return
        self.both(f"[M{i}.get(x, x) for x in w[{i}]]")
        self.default.append(f"[D{i}] * {length if shape == ARRAY else 0}")
        self.write.append(f"fix_enums(v, E{i}, {length}, {shape == ARRAY}, {{w}})")

    def text(self):
        names = self.of.field_names
        lines = []
        for function, argument, values in (("make", "", self.default), ("from_wire", "w", self.read),
                                           ("own_from_wire", "w", self.own)):
            lines += [f"def {function}({argument}):", " o = new(View)"]
            lines += [f" o.{name} = {value}" for name, value in zip(names, values)]
            lines += [" return o"]
        lines += ["def init(o, **fields):"]
        lines += [f" o.{name} = {value}" for name, value in zip(names, self.default)]
        lines += [" for name, value in fields.items():", "  setattr(o, name, value)"]
        lines += ["def to_wire(o, where):", " r = []"]
        for name, value in zip(names, self.write):
            full = f"where + '.{name}'"
            lines += [f" v = o.{name}", f" r.append({value.format(w=full)})"]
        lines += [" return r"]
        self.names["new"] = object.__new__
        return "\n".join(lines) + "\n"


def make_enum(entry):
    """enum.IntEnum of an enum of the description; names that are no identifiers are kept as they are shown."""
    members = {v["name"]: v["value"] for v in entry["values"]}
    return enum.IntEnum(entry["name"], members, module="takt.types")


def make_types(description):
    """The types of the description, in its order: what a type nests stands before it."""
    enums = [make_enum(e) for e in description.get("enums", [])]
    types = []
    for entry in description.get("types", []):
        types.append(Type(entry["name"], entry.get("doc", ""), entry["fields"], enums, types))
    return types, enums
