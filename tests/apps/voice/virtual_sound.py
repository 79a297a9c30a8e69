"""A sound server of one's own, with a microphone that hears what is played to the sink `person`."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def virtual_sound(folder: Path) -> Iterator[dict[str, str]]:
    """Start PulseAudio with two null sinks in `folder`; gives the environment for programs that use it.

    What is said goes to the sink `person`, whose monitor is the microphone; answers go to `answers`.
    """
    environment = dict(os.environ, PULSE_SOURCE="person.monitor", PULSE_SINK="answers")
    for name in ("XDG_RUNTIME_DIR", "PULSE_RUNTIME_PATH", "PULSE_STATE_PATH", "XDG_CONFIG_HOME"):
        (folder / name).mkdir(mode=0o700)
        environment[name] = str(folder / name)
    environment.pop("PULSE_SERVER", None)
    command = "pulseaudio -n --daemonize=no --exit-idle-time=-1 --use-pid-file=no --log-target=stderr"
    modules = []
    for module in ("null-sink sink_name=person", "null-sink sink_name=answers", "native-protocol-unix"):
        modules += ["-L", f"module-{module}"]
    with subprocess.Popen([*command.split(), *modules], env=environment, stderr=subprocess.DEVNULL) as server:
        until = time.monotonic() + 30
        while subprocess.run(["pactl", "info"], env=environment, capture_output=True).returncode:
            if time.monotonic() > until:
                server.terminate()
                raise RuntimeError("PulseAudio did not start")
            time.sleep(0.1)
        try:
            yield environment
        finally:
            server.terminate()
