"""Runs an MCP server over stdio and keeps each message that passes, as a JSON line.

python -m evals.tee LOG COMMAND [ARGUMENT ...]
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO


def main(arguments: list[str]) -> int:
    log, *command = arguments
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    if child.stdin is None or child.stdout is None:
        return 70
    lock = threading.Lock()
    with Path(log).open("a") as kept:

        def pump(source: IO[bytes], target: IO[bytes], who: str) -> None:
            for line in source:
                try:
                    message = json.loads(line)
                except ValueError:
                    message = {}
                with lock:
                    kept.write(f"{json.dumps({'time': time.time(), 'from': who, 'message': message})}\n")
                    kept.flush()
                target.write(line)
                target.flush()
            target.close()

        reading = threading.Thread(target=pump, args=(sys.stdin.buffer, child.stdin, "client"), daemon=True)
        reading.start()
        pump(child.stdout, sys.stdout.buffer, "server")
    return child.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
