"""Codex's config.toml and hooks.json: our lines in, our lines out, every other byte as it was."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pf_tui import actions
from pf_tui.actions import install
from pf_tui.errors import PfError, StateFileUnusable
from pf_tui.integrations import codex, codex_parts, installs, toml_text
from pf_tui.rules import failures
from pf_tui.state.context import Context
from pf_tui.state.files import write_json

Make = Callable[..., Context]

PROVIDERS = """\
providers:
  - {id: alpha, name: A, base_url: https://a.example/v1, protocols: [openai-responses], env: [ALPHA_API_KEY]}
  - {id: chatty, name: C, base_url: https://c.example/v1, protocols: [openai-chat], env: [ALPHA_API_KEY]}
"""

RICH = """\
# mine
model = "gpt-6.1-sol"   # the best
"model_provider" = 'openai'
notify = [
  "say", # loudly
  "a ] # in a string",
]
instructions = \"\"\"
model = "not a key"
[not.a.table]
\"\"\"

[mcp_servers.other]
command = "true"
[tui]
notifications = true"""


@pytest.fixture
def ctx(context: Make) -> Context:
    """alpha speaks Responses, chatty does not."""
    made = context(env={"ALPHA_API_KEY": "sk-alpha-secret", "OPENAI_API_KEY": "sk-openai-secret"})
    made.paths.home.mkdir(parents=True)
    made.paths.providers.write_text(PROVIDERS)
    write_json(made.paths.config, {"version": 2, "providerPriority": ["openai-api", "alpha", "chatty"]})
    return made


@pytest.fixture
def folder(home: Path) -> Path:
    made = home / ".codex"
    made.mkdir()
    return made


def config(folder: Path) -> dict[str, object]:
    return tomllib.loads((folder / "config.toml").read_text())


values = st.one_of(
    st.integers(),
    st.booleans(),
    st.text(alphabet="ab#'\"[]{}=.\\ \n", max_size=12),
    st.lists(st.text(alphabet='a#,]"', max_size=4), max_size=3),
)
KEYS = ("model", "model_provider", "notify", "other", "a-b")


@st.composite
def documents(draw: st.DrawFn) -> str:
    """TOML with any of our keys in any form, comments and tables; any line ends."""
    lines = draw(st.lists(st.sampled_from(["# note", "", "  # model = 1"]), max_size=3))
    for key in draw(st.lists(st.sampled_from(KEYS), unique=True)):
        value = draw(values)
        written = toml_text.literal(value)
        if isinstance(value, list) and draw(st.booleans()):
            written = "[\n" + "".join(f"  {toml_text.literal(one)}, # x ]\n" for one in value) + "]"
        spelled = draw(st.sampled_from([key, f'"{key}"']))
        lines.append(f"{spelled} = {written}{draw(st.sampled_from(['', ' # why']))}")
        lines += draw(st.lists(st.sampled_from(["", "# between"]), max_size=1))
    if draw(st.booleans()):
        lines += ["[table]", 'model = "inner"', "notify = 5"]
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    text = "\n".join(lines) + draw(st.sampled_from(["", "\n"]))
    return text.replace("\n", newline)


OURS = {"notify": ["pf-tui", "x"], "model": 'a "quoted" one', "mcp_servers.pf-tui.command": "pf-tui"}


@given(documents())
def test_our_lines_come_out_again_byte_for_byte(text: str) -> None:
    before = toml_text.parse(text)

    made = toml_text.with_lines(text, OURS)

    content = toml_text.parse(made)
    assert content["notify"] == OURS["notify"]
    assert content["model"] == OURS["model"]
    assert content["mcp_servers"]["pf-tui"]["command"] == "pf-tui"
    assert {k: v for k, v in content.items() if k not in (*OURS, "mcp_servers")} == {
        k: v for k, v in before.items() if k not in OURS
    }
    assert toml_text.without(made) == text
    assert toml_text.with_lines(made, OURS) == made


def test_a_rich_file_keeps_its_owners_lines(ctx: Context, folder: Path) -> None:
    (folder / "config.toml").write_text(RICH)

    install.install(ctx, "codex")

    content = config(folder)
    assert content["model"] == "gpt-6.1-sol"
    assert content["notify"][-2:] == ["say", "a ] # in a string"]
    assert content["notify"][-5:-2] == ["hook", "codex", "notify"]
    assert set(content["mcp_servers"]) == {"other", "pf-tui"}
    assert content["instructions"] == 'model = "not a key"\n[not.a.table]\n'
    install.uninstall(ctx, "codex")
    assert (folder / "config.toml").read_text() == RICH


def test_what_the_owner_changed_since_stays(ctx: Context, folder: Path) -> None:
    (folder / "config.toml").write_text(RICH)
    install.install(ctx, "codex")
    path = folder / "config.toml"
    path.write_text(path.read_text() + '\n[projects."/x"]\ntrust_level = "trusted"\n')

    install.uninstall(ctx, "codex")

    assert path.read_text() == RICH + '\n[projects."/x"]\ntrust_level = "trusted"\n'


def test_a_home_without_any_file_is_without_any_afterwards(ctx: Context, home: Path) -> None:
    install.install(ctx, "codex")
    assert (home / ".codex" / "hooks.json").exists()

    install.uninstall(ctx, "codex")

    assert not (home / ".codex").exists()


def test_a_second_install_changes_nothing(ctx: Context, folder: Path) -> None:
    (folder / "config.toml").write_text(RICH)
    install.install(ctx, "codex")

    assert install.install(ctx, "codex").empty


def test_a_switch_is_kept_by_a_second_install_and_taken_out_by_uninstall(ctx: Context, folder: Path) -> None:
    (folder / "config.toml").write_text(RICH)
    install.install(ctx, "codex")

    done = actions.switch(ctx, "alpha")
    install.install(ctx, "codex")

    assert [(one.agent, one.when, one.applied) for one in done.effects] == [("codex", "next start", True)]
    provider = config(folder)["model_providers"]["alpha"]
    assert config(folder)["model_provider"] == "alpha"
    assert provider["base_url"] == "https://a.example/v1"
    assert provider["wire_api"] == "responses"
    assert provider["auth"]["args"][-3:] == ["auth", "helper", "alpha"]
    install.uninstall(ctx, "codex")
    assert (folder / "config.toml").read_text() == RICH


def test_no_key_is_written_anywhere(ctx: Context, folder: Path) -> None:
    install.install(ctx, "codex")
    actions.switch(ctx, "alpha")

    written = "".join(path.read_text() for path in folder.iterdir())
    written += (ctx.paths.home / "installs.json").read_text()

    assert "secret" not in written


def test_the_record_of_an_install_holds_no_more_of_the_file_than_our_place_in_it(
    ctx: Context, folder: Path
) -> None:
    text = RICH + '\n[model_providers.own]\nexperimental_bearer_token = "sk-own-token"\n'
    (folder / "config.toml").write_text(text)

    install.install(ctx, "codex")

    assert "sk-own-token" not in (ctx.paths.home / "installs.json").read_text()


def test_a_switch_back_puts_the_owners_own_setting_back(ctx: Context, folder: Path) -> None:
    (folder / "config.toml").write_text(RICH)
    install.install(ctx, "codex")
    before = (folder / "config.toml").read_bytes()

    actions.switch(ctx, "alpha")
    done = actions.switch(ctx, "openai-api")

    assert (folder / "config.toml").read_bytes() == before
    assert done.effects[0].text == "on your own setting again, from your next start of Codex"


def test_a_provider_that_codex_cannot_use_is_said_honestly(ctx: Context, folder: Path) -> None:
    install.install(ctx, "codex")
    before = (folder / "config.toml").read_bytes()

    (effect,) = actions.switch(ctx, "chatty").effects

    assert effect.text == (
        "not possible in Codex itself: it reaches C through the gateway alone: `pf-tui run codex`;"
        " after `pf-tui gateway auto on` a switch leads there; there openai-api goes on serving"
    )
    assert (folder / "config.toml").read_bytes() == before


def test_codex_leaves_a_limited_provider_even_for_one_that_is_not_the_active(
    ctx: Context, folder: Path
) -> None:
    install.install(ctx, "codex")
    write_json(ctx.paths.config, {"version": 2, "providerPriority": ["alpha", "chatty", "openai-api"]})
    actions.settle(ctx)
    assert config(folder)["model_provider"] == "alpha"

    actions.report_failure(ctx, "alpha", failures.reported("quota"), agent="codex")

    assert "model_provider" not in config(folder)
    assert ctx.health().agents["codex"].provider == "openai-api"


def test_a_table_of_the_owners_with_that_name_is_used_as_it_is(ctx: Context, folder: Path) -> None:
    own = '[model_providers.alpha]\nname = "own"\nbase_url = "https://own.example/v1"\nenv_key = "MINE"\n'
    (folder / "config.toml").write_text(own)
    install.install(ctx, "codex")

    actions.switch(ctx, "alpha")

    assert config(folder)["model_providers"]["alpha"]["env_key"] == "MINE"
    assert config(folder)["model_provider"] == "alpha"


def test_a_file_that_is_no_toml_is_named_with_its_line_and_left_alone(ctx: Context, folder: Path) -> None:
    (folder / "config.toml").write_text('model = "x"\nmodel = "y"\n')

    with pytest.raises(StateFileUnusable, match=r"^config\.toml line 2 column \d+: "):
        install.install(ctx, "codex")

    assert (folder / "config.toml").read_text() == 'model = "x"\nmodel = "y"\n'
    assert not (folder / "hooks.json").exists()


def test_a_hooks_file_that_is_no_json_is_named_and_nothing_is_written(ctx: Context, folder: Path) -> None:
    (folder / "hooks.json").write_text('{"hooks": ')

    with pytest.raises(StateFileUnusable, match=r"^hooks\.json line 1"):
        install.install(ctx, "codex")

    assert not (folder / "config.toml").exists()


def test_servers_in_one_line_are_told_with_the_cure(ctx: Context, folder: Path) -> None:
    (folder / "config.toml").write_text('mcp_servers = { other = { command = "true" } }\n')

    with pytest.raises(StateFileUnusable, match="our lines do not fit in") as raised:
        install.install(ctx, "codex")

    assert "[mcp_servers.NAME]" in raised.value.hint


def test_the_owners_hooks_stay_and_ours_come_after_them(ctx: Context, folder: Path) -> None:
    own = {"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "mine"}]}]}}
    text = json.dumps(own, indent=4)
    (folder / "hooks.json").write_text(text)

    install.install(ctx, "codex")

    hooks = json.loads((folder / "hooks.json").read_text())["hooks"]
    assert set(hooks) == set(codex_parts.EVENTS)
    assert hooks["Stop"][0] == own["hooks"]["Stop"][0]
    assert codex_parts.is_ours(hooks["Stop"][1]["hooks"][0]["command"], "Stop")
    install.uninstall(ctx, "codex")
    assert (folder / "hooks.json").read_text() == text


def test_hooks_the_owner_added_since_stay(ctx: Context, folder: Path) -> None:
    install.install(ctx, "codex")
    path = folder / "hooks.json"
    content = json.loads(path.read_text())
    content["hooks"]["Stop"].append({"hooks": [{"type": "command", "command": "mine"}]})
    path.write_text(json.dumps(content))

    install.uninstall(ctx, "codex")

    assert json.loads(path.read_text()) == {
        "hooks": {"Stop": [{"hooks": [{"type": "command", "command": "mine"}]}]}
    }


def test_codex_has_no_install_for_a_project(ctx: Context) -> None:
    with pytest.raises(PfError, match="per person, not per project"):
        install.install(ctx, "codex", in_project=True)

    assert installs.keys(ctx.paths) == ()


@pytest.mark.parametrize("own", ["gpt-5.2", "gpt-5", "gpt-5.3-codex", "openai/gpt-5.2"])
def test_a_switch_keeps_the_persons_own_model_where_the_provider_sells_it(
    context: Make, folder: Path, own: str
) -> None:
    ctx = context(env={"OPENROUTER_API_KEY": "k1"})
    (folder / "config.toml").write_text(f'model = "{own}"\n')
    install.install(ctx, "codex")
    openrouter = ctx.catalog().provider("openrouter")

    codex.apply(ctx, openrouter, "claude-sonnet-5-5")
    kept = tomllib.loads((folder / "config.toml").read_text())["model"]
    (folder / "config.toml").write_text('model = "nobody-knows-it"\n')
    codex.apply(ctx, openrouter, "claude-sonnet-5-5")
    chosen = tomllib.loads((folder / "config.toml").read_text())["model"]

    assert kept == ctx.catalog().native_id(own.removeprefix("openai/"), "openrouter")
    assert chosen == ctx.catalog().native_id("claude-sonnet-5-5", "openrouter")
