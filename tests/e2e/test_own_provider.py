"""The real OpenCode with a provider of the person's own: every model it lists can be chosen and answers."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests import clients
from tests.clients import Machine
from tests.upstreams import OpenAIUpstream as Upstream

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

MODELS = ("claude-opus-5-5", "gpt-6.1-sol", "house-model-1")
"""Two of the catalog, and one that nobody else sells."""
RUN = (sys.executable, "-m", "pf_tui", "run", "opencode", "--")


@pytest.fixture
def team(tmp_path: Path, alpha: Upstream) -> Machine:
    """A machine whose one provider is the team's own."""
    clients.program("opencode")
    made = clients.machine(tmp_path, {}, "openai-chat")
    provider = {
        "id": "team",
        "base_url": alpha.url,
        "protocols": ["openai-chat"],
        "env": "TEAM_KEY",
        "models": [*MODELS],
    }
    (made.state / "providers.yaml").write_text(json.dumps({"providers": [provider]}))
    (made.state / "config.json").write_text(json.dumps({"version": 2, "providerPriority": ["team"]}))
    made.extra |= {"TEAM_KEY": "sk-team-0001", "OPENCODE_DISABLE_MODELS_FETCH": "1"}
    return made


def test_every_model_of_an_own_provider_is_in_the_menu_and_answered(team: Machine, alpha: Upstream) -> None:
    try:
        menu = team.run(*RUN, "models", "team")
        answers = {model: team.run(*RUN, "run", "-m", f"team/{model}", "hi") for model in MODELS[1:]}
    finally:
        team.pf("gateway", "stop")

    assert menu.stdout.split() == [f"team/{model}" for model in MODELS], menu.stderr
    for model, done in answers.items():
        assert "Hello from the mock." in done.stdout, (model, done.stderr)
    assert set(alpha.models()) == set(answers)
