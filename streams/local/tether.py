"""How does a server die with the program that started it, even if that one is killed?

Run as a program: `python tether.py PARENT COMMAND…` asks Linux for a SIGKILL at the parent's death, then becomes the
command. Elsewhere it only becomes the command.
"""

import ctypes
import os
import signal
import sys

#: From <linux/prctl.h>.
PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie this process to its parent and turn it into the command."""
    parent, *command = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != int(parent):  # it died before we asked
            raise SystemExit(1)
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
