"""Warm kernels for Jupyter: a provisioner that forks instead of starting Python anew.

The kernel specification ``reporting-warm`` names it, so papermill, nbclient and
JupyterLab start warm kernels unmodified (``kernel_name="reporting-warm"``).
Where processes cannot be forked, an ordinary kernel starts.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.provisioning import LocalProvisioner

from reporting.batch import inputs, parent
from reporting.batch.line import NotAlone
from reporting.batch.warm import ENGINE


class _Forked:
    """A forked kernel, as the local provisioner sees a process."""

    stdin = stdout = stderr = None

    def __init__(self, arguments: list[str], cwd: str, env: dict[str, str]) -> None:
        with contextlib.ExitStack() as held:
            self._line = held.enter_context(parent.parent())
            self.number, self.pid = self._line.fork(serve, arguments, cwd=Path(cwd), env=env)
            self._held = held.pop_all()
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code, None while it runs."""
        return self._ended(0.0)

    def wait(self) -> int | None:
        """The exit code, once it has ended."""
        return self._ended(None)

    def _ended(self, timeout: float | None) -> int | None:
        if self.returncode is None:
            with contextlib.suppress(EOFError):
                if (ended := self._line.ended(timeout)) is None:
                    return None
                self.returncode = os.waitstatus_to_exitcode(ended.status)
            self.returncode = 1 if self.returncode is None else self.returncode
            self._held.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it by force."""
        self.send_signal(signal.SIGKILL)


class WarmProvisioner(LocalProvisioner):
    """Starts kernels as children of a warm parent."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Fork the kernel that a command would start."""
        if not parent.possible():
            return await super().launch_kernel(cmd, **kwargs)
        self.cwd = kwargs.get("cwd") or str(Path.cwd())
        arguments = cmd[cmd.index("ipykernel_launcher") + 1 :]
        try:
            # Aside: the first kernel waits for the parent, a server meanwhile answers others.
            environment = dict(kwargs.get("env") or os.environ)
            forked = await asyncio.to_thread(_Forked, arguments, str(self.cwd), environment)
        except NotAlone:
            return await super().launch_kernel(cmd, **kwargs)
        self.process: Any = forked
        self.pid = self.pgid = forked.pid
        return self.connection_info


def serve(arguments: list[str]) -> None:
    """Be an ordinary kernel, warm."""
    import ipykernel_launcher
    from ipykernel.kernelapp import IPKernelApp

    sys.argv, sys.path[:] = [str(ipykernel_launcher.__file__), *arguments], parent.own_path
    inputs.begin()
    with contextlib.suppress(SystemExit):
        IPKernelApp.launch_instance(arguments)
    parent.leave()


def install() -> str:
    """Put the kernel specification where this environment's Jupyter finds it.

    Returns
    -------
    str
        Its folder.
    """
    folder = Path(__file__).with_name("kernelspec")
    return str(KernelSpecManager().install_kernel_spec(str(folder), ENGINE, prefix=sys.prefix))


if __name__ == "__main__":
    print(install())
