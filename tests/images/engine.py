"""A container engine: Docker as it runs here, or a daemon of our own where there is only the program."""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

START_SECONDS = 60
STOP_SECONDS = 30
BUILD_SECONDS = 1200
LOG_SECONDS = 60

HARDENED = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--memory", "256m")


class EngineError(Exception):
    """There is no engine, or it could not do what it was told; the message says why."""


@dataclass(frozen=True)
class Engine:
    """How to call an engine.

    Attributes:
        name: what the table calls it.
        command: the program and its own options.
        building: options of every build.
        running: options of every container.
        environment: what Compose needs to find it.
        composes: whether Compose can be used with it.
    """

    name: str
    command: tuple[str, ...]
    building: tuple[str, ...] = ()
    running: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    composes: bool = True

    def call(self, *arguments: str, seconds: float = 120) -> str:
        """What the engine prints on standard output.

        Raises:
            EngineError: it failed.
        """
        return called((*self.command, *arguments), self.environment, seconds)

    def build(self, containerfile: Path, tag: str, context: Path, **arguments: str) -> None:
        """Build `containerfile` in `context`, and name the image `tag`."""
        given = [option for name, value in arguments.items() for option in ("--build-arg", f"{name}={value}")]
        self.call(
            *("build", *self.building, *given, "--file", str(containerfile), "--tag", tag, str(context)),
            seconds=BUILD_SECONDS,
        )

    def has_or_fetches(self, image: str) -> bool:
        """Whether `image` is here or comes from its registry."""
        try:
            self.call("image", "inspect", image)
        except EngineError:
            try:
                self.call("pull", "--quiet", image)
            except EngineError:
                return False
        return True

    def inspected(self, thing: str) -> dict[str, Any]:
        """All that the engine knows of an image or a container."""
        found: dict[str, Any] = json.loads(self.call("inspect", thing))[0]
        return found

    def said(self, container: str, *options: str) -> str:
        """What `container` has written, on standard output and standard error."""
        command = (*self.command, "logs", *options, container)
        return called(("sh", "-c", 'exec "$@" 2>&1', "sh", *command), self.environment, LOG_SECONDS)

    @contextmanager
    def container(self, image: str, *options: str) -> Iterator[str]:
        """The id of a container of `image`, hardened and without a network, which is removed in the end."""
        chosen = (*self.running, *HARDENED, "--network", "none", *options)
        container = self.call("run", "--detach", *chosen, image).strip()
        try:
            yield container
        finally:
            self.call("rm", "--force", container)


def called(command: tuple[str, ...], environment: dict[str, str], seconds: float) -> str:
    """What `command` prints on standard output.

    Raises:
        EngineError: it failed, or took too long.
    """
    try:
        ended = subprocess.run(
            command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise EngineError(f"{' '.join(command)} took longer than {seconds:g} s") from None
    if ended.returncode != 0:
        raise EngineError(
            f"{' '.join(command)} ended with {ended.returncode}: {(ended.stderr or ended.stdout)[-1500:]}"
        )
    return ended.stdout


def engine(chosen: str | None = None) -> AbstractContextManager[Engine]:
    """The engine of that name, or the first that can be had on this machine.

    Raises:
        EngineError: there is none; the message says how to get one.
    """
    for name, (usable, start) in ENGINES.items():
        if chosen in (None, name) and usable():
            return start()
    hint = "start Docker, or, as root on Debian, `apt-get install docker.io`"
    if chosen == "podman":
        hint = "as root on Debian, `apt-get install podman runc catatonit`"
    raise EngineError(f"there is no {chosen or 'container engine'}: {hint}")


def _answers(program: str) -> bool:
    if shutil.which(program) is None:
        return False
    return subprocess.run([program, "version"], capture_output=True, timeout=START_SECONDS, check=False).returncode == 0


@contextmanager
def _running_docker() -> Iterator[Engine]:
    yield Engine("docker", ("docker",))


@contextmanager
def _own_docker() -> Iterator[Engine]:
    """A daemon of our own that leaves nothing behind.

    It changes no firewall, so containers reach each other and this machine, but nothing beyond: builds use the
    machine's own network.
    """
    folder = Path(tempfile.mkdtemp(prefix="scibus-images-"))
    address = f"unix://{folder}/docker.sock"
    options = {
        "--data-root": folder / "data",
        "--exec-root": folder / "exec",
        "--pidfile": folder / "docker.pid",
        "--host": address,
        "--exec-opt": "native.cgroupdriver=cgroupfs",
        "--bridge": "none",
        "--storage-driver": "overlay2" if "overlay" in Path("/proc/filesystems").read_text() else "vfs",
    }
    switched_off = ("--iptables=false", "--ip6tables=false", "--ip-forward=false")
    command = ["dockerd", *(str(part) for option in options.items() for part in option), *switched_off]
    own = Engine(
        f"dockerd of our own, {options['--storage-driver']}",
        ("docker", "--host", address),
        building=("--network", "host"),
        environment={"DOCKER_HOST": address},
    )
    log = folder / "docker.log"
    with log.open("wb") as output:
        daemon = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
    try:
        _wait_for(own, daemon, log)
        yield own
    finally:
        daemon.terminate()
        try:
            daemon.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()
        _unmount_below(folder)
        shutil.rmtree(folder)


def _wait_for(own: Engine, daemon: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            own.call("version")
        except EngineError:
            if daemon.poll() is not None or time.monotonic() > end:
                raise EngineError(f"dockerd does not run: {log.read_text(errors='replace')[-1500:]}") from None
            time.sleep(0.2)
        else:
            return


def _unmount_below(folder: Path) -> None:
    mounted = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for place in reversed([place for place in mounted if place.startswith(f"{folder}/")]):
        called(("umount", "--lazy", place), {}, STOP_SECONDS)


@contextmanager
def _podman() -> Iterator[Engine]:
    """Podman, which runs the health checks of a compose file only where there is systemd: it gets single images.

    As root in a container itself, crun may find no cgroup, and limits cannot be raised: runc and given limits work.
    """
    runc = shutil.which("runc") if os.geteuid() == 0 else None
    own = () if runc is None else ("--runtime", runc, "--cgroup-manager", "cgroupfs")
    limits = () if runc is None else ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024")
    building = ("--layers=false", "--format", "docker", "--network", "host", *limits)
    yield Engine("podman", ("podman", *own), building=building, running=limits, composes=False)


ENGINES: dict[str, tuple[Callable[[], bool], Callable[[], AbstractContextManager[Engine]]]] = {
    "docker": (lambda: _answers("docker"), _running_docker),
    "dockerd": (lambda: os.geteuid() == 0 and shutil.which("dockerd") is not None, _own_docker),
    "podman": (lambda: _answers("podman"), _podman),
}
