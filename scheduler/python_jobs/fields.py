"""The fields of a job's class, once it is imported, and the values that parameters give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scheduler.definition import ParameterType
from scheduler.job import Job, Parameter
from scheduler.python_jobs.declarations import OWN_ATTRIBUTES, DeclaredField, DeclaredJob, annotation_of

_MISSING: Any = object()


def declared(job_class: type, target: str) -> DeclaredJob:
    """What a class declares; `target` says where it is."""
    name, description = getattr(job_class, "name", None), getattr(job_class, "description", None)
    return DeclaredJob(
        name=name if isinstance(name, str) else "",
        target=target,
        description=description if isinstance(description, str) else "",
        fields=fields_of(job_class),
        dry_run=getattr(job_class, "supports_dry_run", False) is True,
    )


def is_job(found: object) -> bool:
    """Whether something is a class of a job: it has a name and can be run."""
    if not isinstance(found, type) or found is Job:
        return False
    name = getattr(found, "name", None)
    return isinstance(name, str) and bool(name) and callable(getattr(found, "run", None))


def fields_of(job_class: type) -> dict[str, DeclaredField]:
    """The fields that parameters may fill, those of the classes that it inherits from included, by name."""
    found: dict[str, DeclaredField] = {}
    for each in reversed(job_class.__mro__):
        if each in (object, Job):
            continue
        for name, written in dict(getattr(each, "__annotations__", {})).items():
            annotation = annotation_of(_as_written(written))
            if name.startswith("_") or name in OWN_ATTRIBUTES or annotation is None:
                continue
            found[name] = DeclaredField(
                type=annotation.type,
                required=_is_required(job_class, name),
                choices=list(annotation.choices),
            )
    return found


def _as_written(annotation: object) -> str:
    if isinstance(annotation, str):
        return annotation
    return annotation.__name__ if isinstance(annotation, type) else repr(annotation)


def _is_required(job_class: type, name: str) -> bool:
    if _takes_values(job_class):
        field = getattr(job_class, "__dataclass_fields__", {}).get(name)
        if field is not None:
            # `dataclasses.MISSING` stands for "none", and whoever has such fields has imported that module.
            return "MISSING" in repr(field.default) and "MISSING" in repr(field.default_factory)
    return getattr(job_class, name, _MISSING) is _MISSING


def _takes_values(job_class: type) -> bool:
    """Whether it is made with the values of its fields, as a dataclass or a struct is."""
    return any(
        hasattr(job_class, each) for each in ("__dataclass_fields__", "__struct_fields__", "model_fields")
    )


def field_name(parameter: str) -> str:
    """The field that a parameter fills: a name of Python has no dashes."""
    return parameter.replace("-", "_")


def value_of(text: str, kind: ParameterType) -> Parameter:
    """A value of its type, from the text that is recorded.

    Raises:
        ValueError: the text is none of this type.
    """
    if kind == "integer":
        return int(text)
    if kind == "number":
        return float(text)
    return text == "true" if kind == "boolean" else text


def made(job_class: type, values: Mapping[str, Parameter]) -> Any:
    """An instance of a job's class that has these values as its fields.

    Raises:
        Exception: whatever the class raises.
    """
    if _takes_values(job_class):
        return job_class(**values)
    job = job_class()
    for name, value in values.items():
        setattr(job, name, value)
    return job
