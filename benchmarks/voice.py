"""Forty spoken requests through a virtual sound card: how many get the right plan, and how soon.

    python benchmarks/voice.py [FIRST LAST]

Recognition and planning errors are told apart: it is a recognition error when the words as they were meant
give the right plan. Needs flite, pulseaudio and libportaudio2 with libasound2-plugins. Takes three minutes.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from scrubjay.tests.apps.voice import sound_card
from scrubjay.tests.apps.voice.judging import verdict, word_errors
from scrubjay.tests.apps.voice.virtual_sound import virtual_sound


def main() -> None:
    """Speak, and print a table."""
    with tempfile.TemporaryDirectory() as name, virtual_sound(Path(name)) as environment:
        out = Path(name) / "out.jsonl"
        script = [sys.executable, sound_card.__file__, str(out), *sys.argv[1:]]
        subprocess.run(script, env=environment, check=True)
        rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    verdicts = [verdict(row) for row in rows]
    for row, said in zip(rows, verdicts, strict=True):
        if said != "right":
            print(f"{said}: {row['say']} | {row['heard']} | {row['plan']} | typed: {row['plan_from_text']}")
    print(f"\n{len(rows)} requests: " + ", ".join(f"{verdicts.count(v)} {v}" for v in sorted({*verdicts})))
    for voice in ("rms", "slt"):
        errors = [word_errors(row) for row in rows if row["voice"] == voice]
        print(f"{voice}: word error rate {sum(e for e, _ in errors) / sum(n for _, n in errors):.3f}")
    timed = [row for row in rows if "first_step_s" in row]
    total = statistics.median(row["first_step_s"] for row in timed)
    recognised = statistics.median(row["recognition_s"] for row in timed)
    beyond = statistics.median(row["first_step_s"] - row["recognition_s"] for row in timed)
    print(f"medians from the end of speech: words {recognised:.2f} s, first tool {total:.2f} s")
    print(f"first tool beyond recognition: {beyond:.2f} s at the median")


if __name__ == "__main__":
    main()
