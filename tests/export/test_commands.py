"""`pf-tui export` for other engines, as a person types it."""

from __future__ import annotations

import yaml

from tests.cli.conftest import Pf, pf, project

__all__ = ["pf", "project"]


def test_the_proxys_configuration_is_on_stdout(pf: Pf) -> None:
    answer = pf("export", "litellm")

    assert (answer.code, answer.err) == (0, "")
    content = yaml.safe_load(answer.out)
    providers = {one["model_info"]["id"].partition(".")[0] for one in content["model_list"]}
    assert providers == {"anthropic-api", "groq", "openrouter"}


def test_a_chain_nobody_can_use_is_a_configuration_that_says_so(pf: Pf) -> None:
    answer = pf("export", "litellm", keys=False)

    assert answer.code == 0
    assert yaml.safe_load(answer.out)["model_list"] == []
    assert "# nobody in the chain can be asked by a proxy" in answer.lines
