"""The command `scrubjay`: runs it and turns whatever happens into an exit code.

0: done. 1: the request could not be served. 2: wrong use. 130: stopped with Ctrl-C.
"""

import os
import signal
import sys


def main() -> None:
    """Entry point of the console script; never returns."""
    try:
        code = _run()
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("\nCancelled.", file=sys.stderr)
        code = 130
    except BrokenPipeError:
        # The reader has gone (`scrubjay tools | head`); the interpreter must not try to flush what is left.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is said and done; only the interpreter is cleaning up
    sys.exit(code)


def _run() -> int:
    # Imported here, so that Ctrl-C is handled while the modules load, too.
    import click

    from .commands import scrubjay

    try:
        return int(scrubjay.main(standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        raise KeyboardInterrupt from None
