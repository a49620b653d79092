"""A pair of servers in containers, started for the run and removed with it."""

from __future__ import annotations

import asyncio
import os
import secrets
from typing import TYPE_CHECKING

from grader.services import base
from grader.services.databases import Databases
from grader.services.leased import LeasedPair
from grader.services.redis import RIGHTS
from grader.services.values import Address, ServicesUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from testcontainers.core.container import DockerContainer

    from grader.services.values import Pair, Settings

POSTGRES_PORT = 5432
REDIS_PORT = 6379
OWNER = "backend-katas.owner"
POLL_SECONDS = 0.1


async def open_containers(settings: Settings, *, redis: bool, tell: Callable[[str], None]) -> Pair:
    """Start the containers, both at once; raises ServicesUnavailableError."""
    await asyncio.to_thread(_find_engine)
    images = [settings.postgres_image, *([settings.redis_image] if redis else [])]
    tell(f"Starting containers of {' and '.join(images)} …")
    passwords = [secrets.token_urlsafe(24) for _ in images]
    makers = [_postgres, _redis]
    started = await _start_all(
        [(make, image, password) for make, image, password in zip(makers, images, passwords, strict=False)]
    )

    async def release(*, clean: bool) -> None:
        del clean
        await asyncio.gather(*(asyncio.to_thread(container.stop) for container in started))

    try:
        postgres = await asyncio.to_thread(_reach, started[0], POSTGRES_PORT, "postgres", passwords[0])
        cache = await asyncio.to_thread(_reach, started[1], REDIS_PORT, "default", passwords[1]) if redis else None
        databases = await Databases.open(postgres, schema_seconds=settings.schema_seconds)
        return await LeasedPair.join("containers", databases, cache, release)
    except BaseException as error:
        await release(clean=False)
        if isinstance(error, OSError):
            message = f"The servers in containers cannot be reached: {error}"
            raise ServicesUnavailableError(message) from error
        raise


async def ready(settings: Settings) -> str:
    """Say what containers would be made of, and start none; raises ServicesUnavailableError."""
    await asyncio.to_thread(_find_engine)
    return await asyncio.to_thread(_find_images, [settings.postgres_image, settings.redis_image])


def _find_images(images: list[str]) -> str:
    from testcontainers.core.docker_client import DockerClient  # noqa: PLC0415 - only this kind needs it

    engine = DockerClient().client
    try:
        there = {tag for image in engine.images.list() for tag in image.tags}
        version = engine.version()["Version"]
    finally:
        engine.close()
    missing = [image for image in images if image not in there and f"docker.io/library/{image}" not in there]
    if missing:
        pull = "; ".join(f"docker pull {image}" for image in missing)
        raise ServicesUnavailableError(f"Engine {version} answers, but lacks {' and '.join(missing)}. Run: {pull}")
    return f"engine {version} with {' and '.join(images)}"


async def _start_all(wanted: list[tuple[Callable[[str, str], DockerContainer], str, str]]) -> list[DockerContainer]:
    """Start all or none, also when the run is interrupted meanwhile: a thread cannot be."""
    starting = [asyncio.create_task(asyncio.to_thread(_start, *one)) for one in wanted]
    try:
        return list(await asyncio.shield(asyncio.gather(*starting)))
    except BaseException:
        for result in await asyncio.gather(*starting, return_exceptions=True):
            if not isinstance(result, BaseException):
                await asyncio.to_thread(result.stop)
        raise


def _find_engine() -> None:
    """See that there is an engine, and remove containers of runs that were killed."""
    try:
        import docker  # type: ignore[import-untyped,unused-ignore] # noqa: PLC0415 - slow, and only this kind needs it
    except ImportError as error:
        message = f"testcontainers is not installed ({error}). Run: python -m pip install testcontainers"
        raise ServicesUnavailableError(message) from error
    from testcontainers.core.docker_client import DockerClient  # noqa: PLC0415 - the same

    try:
        engine = DockerClient().client
    except docker.errors.DockerException as error:
        message = (
            f"No container engine answers ({_first_line(error)}). Start Docker (or Podman with its socket), "
            "or point DOCKER_HOST at it; `docker info` shows whether it runs."
        )
        raise ServicesUnavailableError(message) from error
    try:
        for container in engine.containers.list(all=True, filters={"label": OWNER}, ignore_removed=True):
            if not _alive(container.labels[OWNER]):
                container.remove(force=True, v=True)
    except docker.errors.DockerException as error:
        message = f"The container engine does not list its containers: {_first_line(error)}"
        raise ServicesUnavailableError(message) from error
    finally:
        engine.close()


def _postgres(image: str, password: str) -> DockerContainer:
    from testcontainers.community.postgres import PostgresContainer  # noqa: PLC0415 - only this kind needs it

    container = PostgresContainer(
        image, port=POSTGRES_PORT, username="postgres", password=password, dbname="postgres", driver=None
    )
    flags = [part for name, value in base.SETTINGS.items() for part in ("-c", f"{name}={value}")]
    return container.with_command(["postgres", *flags])


def _redis(image: str, password: str) -> DockerContainer:
    from testcontainers.community.redis import RedisContainer  # noqa: PLC0415 - only this kind needs it

    container = RedisContainer(image, port=REDIS_PORT, password=password)
    user = ["--user", "default", "on", f">{password}", *RIGHTS.split()]
    limits = ["--save", "", "--appendonly", "no", "--maxmemory", "256mb", "--maxmemory-policy", "noeviction"]
    return container.with_command(["redis-server", *limits, *user])


def _start(make: Callable[[str, str], DockerContainer], image: str, password: str) -> DockerContainer:
    from testcontainers.core.config import testcontainers_config  # noqa: PLC0415 - only this kind needs it

    # By default testcontainers looks once a second whether a server is ready.
    testcontainers_config.sleep_time = min(testcontainers_config.sleep_time, POLL_SECONDS)
    container = None
    try:
        container = make(image, password).with_kwargs(labels={OWNER: _this_process()})
        return container.start()
    except Exception as error:
        if container is not None:
            container.stop()
        message = (
            f"No container of {image} starts: {_first_line(error)}. Try: docker pull {image}. If it is testcontainers' "
            "own image (ryuk) that is missing, set TESTCONTAINERS_RYUK_DISABLED=true."
        )
        raise ServicesUnavailableError(message) from error


def _reach(container: DockerContainer, port: int, user: str, password: str) -> Address:
    host = container.get_container_host_ip()
    # The name may stand for ::1 first, on which engines do not always listen.
    return Address("127.0.0.1" if host == "localhost" else host, container.get_exposed_port(port), user, password)


def _this_process() -> str:
    import psutil  # type: ignore[import-untyped,unused-ignore] # noqa: PLC0415 - only this kind needs it

    return f"{os.getpid()} {psutil.Process().create_time()}"


def _alive(owner: str) -> bool:
    import psutil  # type: ignore[import-untyped,unused-ignore] # noqa: PLC0415 - only this kind needs it

    pid, created = owner.split()
    try:
        return bool(psutil.Process(int(pid)).create_time() == float(created))
    except psutil.NoSuchProcess:
        return False


def _first_line(error: object) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
