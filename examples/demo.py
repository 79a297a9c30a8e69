"""The main job, as `make demo` runs it: one request on the built-in tools, with data in a temporary folder."""

import subprocess
import sys
import tempfile
from pathlib import Path

from scrubjay.tools.demo import fill_with_examples

REQUEST = "text Sid and Lutfi that I'm running late and note it in my journal"


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="scrubjay-demo-") as folder:
        fill_with_examples(Path(folder))
        print(f"$ scrubjay ask --yes {REQUEST!r}\n", flush=True)
        command = Path(sys.executable).with_name("scrubjay")
        return subprocess.run([command, "ask", "--yes", "--data-folder", folder, REQUEST]).returncode


if __name__ == "__main__":
    sys.exit(main())
