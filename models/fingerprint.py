"""What tells one model file from every other: a digest of all its bytes."""

import hashlib
import json
from pathlib import Path

import platformdirs

from .replacing import replacing


def fingerprint(model: Path) -> str:
    """The SHA-256 of a file in hexadecimal, remembered for as long as its size and time stay what they were.

    Reading gigabytes takes seconds, so the finding is kept in the user's cache folder. Raises OSError when
    the file cannot be read.
    """
    stat = model.stat()
    path = str(model.resolve())
    known = [path, stat.st_size, stat.st_mtime_ns]
    name = hashlib.sha256(path.encode()).hexdigest()[:16]
    finding = platformdirs.user_cache_path("scrubjay") / "fingerprints" / f"{name}.json"
    try:
        remembered = json.loads(finding.read_text())
        if remembered["file"] == known:
            return str(remembered["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    with model.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    try:
        finding.parent.mkdir(parents=True, exist_ok=True)
        with replacing(finding) as file:
            file.write(json.dumps({"file": known, "sha256": digest}).encode())
    except OSError:
        pass  # the next start reads the file again
    return digest
