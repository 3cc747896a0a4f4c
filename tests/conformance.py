"""What the walk through botocore's model of AWS KMS (test_conformance.py) is made of: every member of a request with its
constraints, a value just inside and just outside of each, and the check of an answer against the model."""

import base64
import re
from dataclasses import dataclass, field

from harness import MODELS

MODEL = MODELS.load_service_model("kms", "service-2")
SHAPES, OPERATIONS = MODEL["shapes"], MODEL["operations"]
# Errors that any operation may give (AWS KMS API reference, "Common Errors"; recorded wire answers).
COMMON = {"ValidationException", "SerializationException", "AccessDeniedException", "DependencyTimeoutException",
          "KMSInternalException"}
MISSING = object()  # a member that is left out
SUMMARY = []  # lines for the end of pytest's output

# How a text of each pattern grows to a wanted length: what comes before the filling, the filling, what comes after.
# A pattern that is not listed must match a filling of "a".
GROWN = {
    "[0-9]{12}": ("", "1", ""),
    "^[A-Z2-7]+$": ("", "A", ""),
    "cluster-[2-7a-zA-Z]{11,16}": ("cluster-", "a", ""),
    r"^([a-z]+-){2,3}\d+$": ("a-a-", "1", ""),
    "^https://[a-zA-Z0-9.-]+$": ("https://", "a", ""),
    r"^(/[a-zA-Z0-9\/_-]+/kms/xks/v\d{1,2})$|^(/kms/xks/v\d{1,2})$": ("/", "a", "/kms/xks/v1"),
    r"^(com|eu)\.amazonaws\.vpce\.([a-z]+-){2,3}\d+\.vpce-svc-[0-9a-z]+$": ("com.amazonaws.vpce.a-a-1.vpce-svc-", "a", ""),
    r"^([A-Za-z0-9\-]+)\.([A-Za-z0-9\-]+)(\.[A-Za-z0-9\-]+)+$": ("a.a.", "a", ""),
    "^arn:aws[a-z0-9-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.+$": ("arn:aws:s3::123456789012:", "a", ""),
}
WRONG_TYPES = {
    "string": (1, True, ["a"], {"a": "a"}), "blob": (5, "no base64!", ["eA=="]), "integer": ("1", 1.5, True, [1], 2**70),
    "boolean": ("true", 1), "list": ({}, "a"), "map": ([], "a"), "structure": ([], "a"), "timestamp": ({}, True),
}


@dataclass(frozen=True)
class Node:
    """A member of a request: ("Tags", 0, "TagKey") is that of an item of a list; a value of a map has the name "key"."""

    path: tuple
    shape: str
    required: bool

    @property
    def model(self):
        return SHAPES[self.shape]

    @property
    def told(self):
        """The path as AWS writes it: tags.1.member.tagKey."""
        return ".".join(f"{part + 1}.member" if isinstance(part, int) else part[0].lower() + part[1:] for part in self.path)

    def constraints(self):
        """The kinds of constraint, each of which counts."""
        yield "type"
        if self.required:
            yield "required"
        yield from (kind for kind in ("min", "max", "pattern", "enum") if kind in self.model)


def nodes(operation):
    def below(path, shape):
        model = SHAPES[shape]
        if model["type"] == "structure":
            for name, member in model.get("members", {}).items():
                yield Node((*path, name), member["shape"], name in model.get("required", ()))
                yield from below((*path, name), member["shape"])
        elif model["type"] == "list":
            yield Node((*path, 0), model["member"]["shape"], False)
            yield from below((*path, 0), model["member"]["shape"])
        elif model["type"] == "map":
            yield Node((*path, "key"), model["value"]["shape"], False)

    return list(below((), OPERATIONS[operation]["input"]["shape"]))


def valid(shape, size=None):
    """A value of the shape: a text, blob or list of `size` (or the least that there is), a number that is `size`."""
    model = SHAPES[shape]
    kind = model["type"]
    # A description of key material may be of 0 characters, but its pattern wants one.
    least = max(model.get("min", 1), "pattern" in model) if size is None else size
    if "enum" in model:
        return model["enum"][0]
    if kind == "string":
        before, filling, after = GROWN.get(model.get("pattern"), ("", "a", ""))
        fixed = len(before) + len(after)
        text = before + filling * (max(least - fixed, 1) if fixed else least) + after
        fits = size is None or model.get("min", 0) <= size <= model.get("max", size)  # else the pattern may have no room
        assert text == "" or "pattern" not in model or not fits or matches(model["pattern"], text), (shape, text)
        return text
    if kind == "structure":
        return {name: valid(model["members"][name]["shape"]) for name in model.get("required", ())}
    simple = {"integer": lambda: least, "blob": lambda: encoded(least * b"a"), "boolean": lambda: False,
              "list": lambda: [valid(model["member"]["shape"])] * least, "map": lambda: {"key": "value"},
              "timestamp": lambda: 2_000_000_000}
    return simple[kind]()


def encoded(data):
    return base64.b64encode(data).decode()


def matches(pattern, text):
    return re.fullmatch(pattern, text, re.ASCII) is not None


def unmatched(model):
    """A text of a length that is allowed, which the pattern does not match."""
    for character in "!\u0100\u0001":
        text = character * max(model.get("min", 1), 1)
        if not matches(model["pattern"], text):
            return text
    raise AssertionError(f"nothing is outside {model['pattern']}")


def placed(body, path, shape, leaf):
    """`body`, a value of the shape, with `leaf` at the path."""
    if not path:
        return leaf
    name, rest, model = path[0], path[1:], SHAPES[shape]
    if model["type"] == "list":
        return [placed(body[0] if body else valid(model["member"]["shape"]), rest, model["member"]["shape"], leaf)]
    inner = model["members"][name]["shape"] if model["type"] == "structure" else model["value"]["shape"]
    changed = dict(body)
    changed[name] = placed(changed.get(name, valid(inner)), rest, inner, leaf)
    if changed[name] is MISSING:
        del changed[name]
    return changed


def outside(node, kind):
    """(value, AWS's sentence about it): each value that the constraint forbids, right beyond what it allows."""
    model, length = node.model, "length" if node.model["type"] != "integer" else "value"
    if kind == "required":
        yield MISSING, "Member must not be null"
    elif kind == "enum":
        for value in ("", model["enum"][0].lower(), model["enum"][0] + "x"):
            yield value, "Member must satisfy enum value set: ["
    elif kind == "pattern":
        yield unmatched(model), f"Member must satisfy regular expression pattern: {model['pattern']}"
    elif kind == "min" and (model["min"] > 0 or length == "value"):
        yield sized(node, model["min"] - 1), f"Member must have {length} greater than or equal to {model['min']}"
    elif kind == "max":
        yield sized(node, model["max"] + 1), f"Member must have {length} less than or equal to {model['max']}"


def all_wrong(operation):
    """A request in which every member that can be wrong is, and the paths of those members."""
    body, paths, shape = {}, [], OPERATIONS[operation]["input"]["shape"]
    for node in nodes(operation):
        wrong = [value for kind in ("enum", "pattern", "max") if kind in node.model for value, _ in outside(node, kind)]
        if wrong and node.model["type"] != "list":
            body = placed(body, node.path, shape, wrong[0])
            paths.append(node.told)
    return body, paths


def sized(node, size):
    """As valid(), but exactly of that size, even if no pattern has room for it."""
    value = valid(node.shape, size)
    return value[:size] if node.model["type"] == "string" and size < len(value) else value


def inside(node, kind):
    """The values at the very edge of what the constraint allows."""
    if kind == "enum":
        yield from node.model["enum"]
    elif kind in ("min", "max"):
        size = node.model[kind]
        yield valid(node.shape, size or None if "pattern" in node.model else size)
    else:
        yield valid(node.shape)


def mismatches(shape, value, path="answer"):
    """What of the answer the model does not have: sentences."""
    model = SHAPES[shape]
    kind = model["type"]
    types = {"structure": dict, "map": dict, "list": list, "string": str, "blob": str, "boolean": bool, "integer": int,
             "timestamp": (int, float)}
    if not isinstance(value, types[kind]) or (kind in ("integer", "timestamp") and isinstance(value, bool)):
        yield f"{path} is a {type(value).__name__}, not a {kind}"
        return
    if kind == "structure":
        yield from (f"{path} lacks {name}" for name in model.get("required", ()) if name not in value)
        for name, inner in value.items():
            if name in model.get("members", {}):
                yield from mismatches(model["members"][name]["shape"], inner, f"{path}.{name}")
            else:
                yield f"{path} has {name}, which the model has not"
    elif kind in ("list", "map"):
        inner = model["member" if kind == "list" else "value"]["shape"]
        for item in value if kind == "list" else value.values():
            yield from mismatches(inner, item, path + "[]")
    if "enum" in model and value not in model["enum"]:
        yield f"{path} is {value!r}, none of {model['enum']}"
    if "pattern" in model and not matches(model["pattern"], value):
        yield f"{path} is {value!r}, unlike {model['pattern']}"
    size = value if kind == "integer" else len(base64.b64decode(value, validate=True)) if kind == "blob" else None
    size = len(value) if kind in ("string", "list") else size
    if size is not None and not model.get("min", 0) <= size <= model.get("max", 2**63):
        yield f"{path} is of size {size}"


@dataclass
class Walk:
    """What became of one operation's walk."""

    operation: str
    served: bool = True
    answered: bool = False  # a good call, with an answer as the model has it
    impossible: bool = False  # no call can be good on this machine
    covered: set = field(default_factory=set)  # (node, kind of constraint)
    problems: list = field(default_factory=list)

    def all(self):
        return {(node, kind) for node in nodes(self.operation) for kind in node.constraints()}


def summary(walks):
    """The lines that tell what is covered."""
    total, covered = set(), set()
    for walk in walks:
        total |= {(walk.operation, *one) for one in walk.all()}
        covered |= {(walk.operation, *one) for one in walk.covered}
    missed = {(operation, node) for operation, node, _ in total - covered}
    members = {(operation, node) for operation, node, _ in total}
    good = [walk.operation for walk in walks if walk.answered]
    lines = [f"AWS KMS model: covered {len(good)} of {len(walks)} operations, {len(members - missed)} of {len(members)} "
             f"members, {len(covered)} of {len(total)} constraints"]
    for why, rest in (("not served", [walk.operation for walk in walks if not walk.served]),
                      ("no good call, for this OpenSSL has no ML-KEM", [walk.operation for walk in walks if walk.impossible])):
        if rest:
            lines.append(f"AWS KMS model: {why}: {', '.join(sorted(rest))}")
    return lines
