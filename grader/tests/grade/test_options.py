"""What a run was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from grader.grade import named_services
from grader.settings import SettingError

if TYPE_CHECKING:
    from pathlib import Path


def test_the_environment_names_the_servers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Who takes no options, such as a bench, uses those that the environment names; what makes no sense is told."""
    monkeypatch.setenv("BACKEND_KATAS_SERVICES", "embedded")
    monkeypatch.setenv("BACKEND_KATAS_SERVICES_HOME", str(tmp_path))
    services = named_services()
    assert (services.choice, services.home) == ("embedded", tmp_path)
    monkeypatch.setenv("BACKEND_KATAS_SERVICES", "elsewhere")
    with pytest.raises(SettingError, match="elsewhere"):
        named_services()
