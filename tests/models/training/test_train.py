"""Training can be stopped at any time and goes on from where it was."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import torch

COMMAND = (sys.executable, "-u", "-m", "scrubjay.models.training", "--folder")


def train_until_logged(folder: Path) -> tuple[int, int, list[float]]:
    """Run until the log has a new line, then stop; steps, requests and learning rates of the checkpoint."""
    log = folder / "log.jsonl"
    lines = log.read_text("utf-8") if log.exists() else ""
    run = subprocess.Popen([*COMMAND, str(folder), "train", "--minutes", "100", "--workers", "1"])
    while run.poll() is None and (log.read_text("utf-8") if log.exists() else "") == lines:
        time.sleep(0.2)
    run.send_signal(signal.SIGTERM)
    assert run.wait(300) == 0
    found = torch.load(folder / "latest.pt", weights_only=True)
    return found["step"], found["requests"], [group["lr"] for group in found["muon"]["param_groups"]]


def test_a_run_that_was_stopped_goes_on_with_its_counts_and_with_a_learning_rate(tmp_path: Path) -> None:
    steps, requests, rates = train_until_logged(tmp_path)
    assert min(rates) > 0

    cooled = torch.load(tmp_path / "latest.pt", weights_only=True)
    for optimizer in (cooled["muon"], cooled["adam"]):
        for group in optimizer["param_groups"]:
            group["lr"] = 0.0  # as after a whole run
    torch.save(cooled, tmp_path / "stable.pt")
    more_steps, more_requests, rates = train_until_logged(tmp_path)
    assert more_steps > steps
    assert more_requests > requests
    assert min(rates) > 0
