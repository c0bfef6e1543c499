"""Which pinned dependencies an advisory list on this machine names; nothing is asked outside.

JUSTRIGHT_ADVISORIES names the list: a JSON file, a folder of such, or a zip file of them, in the
format of OSV (https://ossf.github.io/osv-schema) or as pip-audit writes it.
"""

import json
import os
import re
import zipfile

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

VARIABLE = "JUSTRIGHT_ADVISORIES"
LIST = os.environ.get(VARIABLE)


def pinned(path):
    """Versions by name, of a file of constraints."""
    found = re.findall(r"^([\w.\-]+)==(\S+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {canonicalize_name(name): Version(version) for name, version in found}


def records_in(path):
    """All records of a list."""
    if path.is_dir():
        texts = [one.read_text(encoding="utf-8") for one in sorted(path.rglob("*.json"))]
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            names = [name for name in packed.namelist() if name.endswith(".json")]
            texts = [packed.read(name).decode() for name in names]
    else:
        texts = [path.read_text(encoding="utf-8")]
    return [record for text in texts for record in _records(json.loads(text))]


def _records(whole):
    if isinstance(whole, list):
        return whole
    if "dependencies" in whole:  # As pip-audit writes it.
        return [
            {"id": one["id"], "affected": [_affected(of["name"], of["version"])]}
            for of in whole["dependencies"]
            for one in of.get("vulns", [])
        ]
    return whole.get("vulns", [whole])


def _affected(name, version):
    return {"package": {"ecosystem": "PyPI", "name": name}, "versions": [version]}


def named_by(records, versions):
    """A line for each advisory that names a version that is pinned."""
    found = set()
    for record in records:
        for one in [] if record.get("withdrawn") else record.get("affected", []):
            package = one.get("package", {})
            name = canonicalize_name(package.get("name", ""))
            version = versions.get(name)
            if package.get("ecosystem") == "PyPI" and version and _names(one, version):
                found.add(f"{record['id']}: {name} {version}")
    return sorted(found)


def _names(affected, version):
    if version in map(_version, affected.get("versions", [])):
        return True
    return any(
        _is_within(version, one.get("events", []))
        for one in affected.get("ranges", [])
        if one.get("type") == "ECOSYSTEM"
    )


def _is_within(version, events):
    """OSV: affected from `introduced` to before `fixed`, or up to `last_affected`."""
    within = False
    for event in sorted(events, key=lambda one: _version(*one.values()) or Version("0")):
        ((kind, text),) = event.items()
        at = _version(text)
        if at is None:
            continue
        if kind == "introduced" and version >= at:
            within = True
        elif (kind == "fixed" and version >= at) or (kind == "last_affected" and version > at):
            within = False
    return within


def _version(text):
    try:
        return Version(text)
    except InvalidVersion:
        return None
