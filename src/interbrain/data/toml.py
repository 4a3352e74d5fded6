"""TOML files that people write: read with clear errors, and what a schema says of them in plain words."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from interbrain.data.allowed import close_to
from interbrain.data.errors import BadInput, shorten

PLAIN = {
    "missing": "is missing",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be a table of key = value",
    "model_type": "must be a table of key = value",
    "model_attributes_type": "must be a table of key = value",
    "finite_number": "must be a finite number",
}
"""Words for pydantic's kinds of error that its own text, made for programmers, says less well."""


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file; a byte order mark, as some editors write it, is no fault.

    Raises
    ------
    BadInput
        The file cannot be read, is not UTF-8 text, or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BadInput(
            f"{path}: cannot be read ({error.strerror or error}); allowed is a TOML file; check the path."
        ) from error
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{path}: is not UTF-8 text (byte {error.start + 1}); allowed is TOML in UTF-8; save it as UTF-8."
        ) from error
    except ValueError as error:  # also numbers of more digits than Python reads
        raise BadInput(f"{path}: is not TOML ({shorten(error)}); allowed is TOML; correct that line.") from error
    except RecursionError as error:
        raise BadInput(
            f"{path}: nests too deeply; allowed are tables and lists of a few levels; correct it."
        ) from error


def sentences(
    error: ValidationError,
    whole: type[BaseModel],
    parts: Mapping[str, type[BaseModel]],
    content: Mapping[str, Any] | None = None,
) -> str:
    """One line for each thing that is wrong, with its place; ``parts`` are the schemas by their first key.

    ``content`` is what was read: it names the tables of a list, which are counted as people count.
    """
    return "\n".join(_sentence(e, whole, parts, content) for e in error.errors())


def _place(loc: list[Any], content: Any) -> str:
    """``"analysis 1 (eeg-plv), n_surrogates"`` for ``("analysis", 0, "n_surrogates")``."""
    said = ""
    for part in loc:
        try:
            content = content[part]
        except (LookupError, TypeError):
            content = None
        if isinstance(part, int):
            name = content.get("name") if isinstance(content, dict) else None
            said += f" {part + 1}{f' ({name})' if isinstance(name, str) else ''}, "
        else:
            said += f"{part}" if said.endswith(", ") or not said else f".{part}"
    return said.removesuffix(", ")


def _sentence(error: Any, whole: type[BaseModel], parts: Mapping[str, type[BaseModel]], content: Any) -> str:
    loc = [str(p) for p in error["loc"]]
    where = _place(list(error["loc"]), content) or "the file"
    if error["type"] == "extra_forbidden":
        allowed = list((parts.get(loc[0], whole) if len(loc) > 1 else whole).model_fields)
        return f"  {where}: unknown key{close_to(loc[-1], allowed)}; allowed are {', '.join(allowed)}"
    got = error.get("input")
    many = error["type"] in ("list_type", "tuple_type") and isinstance(got, dict)
    told = PLAIN.get(error["type"], error["msg"].removeprefix("Value error, "))
    told += f"; write [[{'.'.join(loc)}]], with two brackets" if many else ""
    shown = "" if error["type"] == "missing" or isinstance(got, (dict, list, BaseModel)) else f" (got {got!r})"
    return f"  {where}: {told}{shown}"
