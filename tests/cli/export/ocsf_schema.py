"""The rules of OCSF 1.8.0 for class 1006, Scheduled Job Activity, as far as an event of it can break them.

Taken from the published schema (https://github.com/ocsf/ocsf-schema, tag 1.8.0): `events/base_event.json`,
`events/system/system.json`, `events/system/scheduled_job_activity.json`, the objects that they name, and the
dictionary's types. Each attribute of an object has its type; `!` says that it is required.
"""

from __future__ import annotations

from typing import Any

VERSION = "1.8.0"

_BASE = {
    "activity_id": "int!", "activity_name": "str", "category_name": "str", "category_uid": "int!",
    "class_name": "str", "class_uid": "int!", "count": "int", "duration": "long", "end_time": "time",
    "enrichments": "[any]", "message": "str", "metadata": "metadata!", "observables": "[observable]",
    "raw_data": "str", "raw_data_hash": "fingerprint", "raw_data_size": "long", "severity": "str",
    "severity_id": "int!", "start_time": "time", "status": "str", "status_code": "str", "status_detail": "str",
    "status_id": "int", "time": "time!", "timezone_offset": "int", "type_name": "str", "type_uid": "long!",
    "unmapped": "any",
}  # fmt: skip
OBJECTS: dict[str, dict[str, str]] = {
    "scheduled_job_activity": {**_BASE, "actor": "actor", "device": "device!", "job": "job!"},
    "metadata": {
        "correlation_uid": "str", "event_code": "str", "log_name": "str", "log_provider": "str",
        "log_version": "str", "original_event_uid": "str", "original_time": "str", "product": "product!",
        "sequence": "int", "uid": "str", "version": "str!", "labels": "[any]", "tenant_uid": "str",
    },
    "product": {"name": "str", "uid": "str", "vendor_name": "str", "version": "str", "feature": "any"},
    "actor": {"app_name": "str", "app_uid": "str", "user": "user", "process": "any", "session": "any"},
    "user": {"name": "str", "uid": "str", "type": "str", "type_id": "int", "domain": "str"},
    "device": {
        "hostname": "str", "name": "str", "uid": "str", "type": "str", "type_id": "int!", "os": "os",
        "ip": "str", "region": "str", "vendor_name": "str",
    },
    "os": {"name": "str!", "type": "str", "type_id": "int!", "version": "str"},
    "job": {
        "cmd_line": "str", "created_time": "time", "desc": "str", "file": "any", "last_run_time": "time",
        "name": "str!", "next_run_time": "time", "run_state": "str", "run_state_id": "int", "user": "user",
    },
    "observable": {"name": "str", "type": "str", "type_id": "int!", "value": "str", "reputation": "any"},
}  # fmt: skip
AT_LEAST_ONE = {
    "actor": ("process", "user", "invoked_by", "session", "app_name", "app_uid"),
    "user": ("account", "name", "uid"),
    "device": ("name", "uid"),
    "product": ("name", "uid"),
}
"""Constraints: of these attributes there is one at least."""

ENUMS: dict[tuple[str, str], dict[int, str]] = {
    ("scheduled_job_activity", "activity_id"): {
        0: "Unknown", 1: "Create", 2: "Update", 3: "Delete", 4: "Enable", 5: "Disable", 6: "Start", 99: "Other",
    },
    ("scheduled_job_activity", "category_uid"): {1: "System Activity"},
    ("scheduled_job_activity", "class_uid"): {1006: "Scheduled Job Activity"},
    ("scheduled_job_activity", "severity_id"): {
        0: "Unknown", 1: "Informational", 2: "Low", 3: "Medium", 4: "High", 5: "Critical", 6: "Fatal", 99: "Other",
    },
    ("scheduled_job_activity", "status_id"): {0: "Unknown", 1: "Success", 2: "Failure", 99: "Other"},
    ("job", "run_state_id"): {
        0: "Unknown", 1: "Ready", 2: "Queued", 3: "Running", 4: "Stopped", 99: "Other",
    },
    ("user", "type_id"): {0: "Unknown", 1: "User", 2: "Admin", 3: "System", 4: "Service", 99: "Other"},
    ("device", "type_id"): {
        0: "Unknown", 1: "Server", 2: "Desktop", 3: "Laptop", 4: "Tablet", 5: "Mobile", 6: "Virtual", 7: "IOT",
        99: "Other",
    },
    ("os", "type_id"): {0: "Unknown", 100: "Windows", 200: "Linux", 300: "macOS", 99: "Other"},
    ("observable", "type_id"): {
        0: "Unknown", 1: "Hostname", 2: "IP Address", 4: "User Name", 10: "Resource UID", 99: "Other",
    },
}  # fmt: skip
_SIBLINGS = {
    "activity_id": "activity_name", "category_uid": "category_name", "class_uid": "class_name",
    "severity_id": "severity", "status_id": "status", "run_state_id": "run_state", "type_id": "type",
}  # fmt: skip
"""The attribute that says in words what an enumeration says in numbers; of 99 the source's own words."""


def violations(value: Any, kind: str = "scheduled_job_activity", where: str = "") -> list[str]:
    """What is wrong with an object, each with its place."""
    if not isinstance(value, dict):
        return [f"{where}: no object"]
    wrong = [f"{where}.{name}: not an attribute of {kind}" for name in value.keys() - OBJECTS[kind].keys()]
    for name, rule in OBJECTS[kind].items():
        place = f"{where}.{name}"
        if name not in value:
            wrong += [f"{place}: missing"] if rule.endswith("!") else []
            continue
        wrong += _of_type(value[name], rule.removesuffix("!"), place)
        names = ENUMS.get((kind, name))
        if names is not None:
            if value[name] not in names:
                wrong.append(f"{place}: {value[name]} is no value of the enumeration")
                continue
            said = value.get(_SIBLINGS[name])
            if value[name] == 99 and not said:
                wrong.append(f"{place}: 99 needs the source's own words")
            elif value[name] != 99 and said not in {None, names[value[name]]}:
                wrong.append(f"{place}: {value[name]} is {names[value[name]]}, not {said}")
    if kind in AT_LEAST_ONE and not value.keys() & set(AT_LEAST_ONE[kind]):
        wrong.append(f"{where}: needs one of {AT_LEAST_ONE[kind]}")
    if kind == "scheduled_job_activity" and not wrong:
        if value["type_uid"] != value["class_uid"] * 100 + value["activity_id"]:
            wrong.append("type_uid is not class_uid * 100 + activity_id")
        if value["metadata"]["version"] != VERSION:
            wrong.append("metadata.version is not that of the schema")
    return wrong


def _of_type(value: Any, rule: str, where: str) -> list[str]:
    if rule == "any":
        return []
    if rule.startswith("["):
        if not isinstance(value, list):
            return [f"{where}: no array"]
        return [one for item in value for one in _of_type(item, rule[1:-1], where)]
    if rule in OBJECTS:
        return violations(value, rule, where)
    if rule == "str":
        return [] if isinstance(value, str) and value else [f"{where}: no text: {value!r}"]
    number = isinstance(value, int) and not isinstance(value, bool)
    if rule == "time" and number:  # milliseconds since the epoch, of this century
        return [] if 946_684_800_000 <= value < 4_102_444_800_000 else [f"{where}: no timestamp: {value}"]
    return [] if number else [f"{where}: no number: {value!r}"]
