"""Every setting a person may write into config.json or a project's file: one record each.

The readers of both files, the editor of a project's file, the JSON schemas and docs/reference/config.md are
made from SETTINGS; a new setting is one line here. The keys of a person's answer rules have the same form
(answer_rules.RULE_KEYS). Settings that one provider may have for itself have `each=True`.

Source: the original plugin's config.json and template for the keys that do not stand under `pf`.
"""

from __future__ import annotations

from pf_tui.rules.request_classes import MEANINGS
from pf_tui.rules.spending import PAID
from pf_tui.state.setting_kinds import (
    BUDGET,
    EACH,
    FLAG,
    LIST,
    MOMENT,
    NAMES,
    NUMBER,
    OBJECT,
    PORT,
    PROVIDERS,
    REQUESTS,
    SECONDS,
    SHARE,
    TEXT,
    Kind,
    Setting,
    choice,
    within,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any  # Any: a value of its setting's own kind

NOTICES = ("warn", "limit", "failover", "reset")
"""What a person may be told of."""


def _budget(key: str, field: str, what: str) -> Setting:
    return Setting(key=key, kind=BUDGET, field=field, sentence=f'{what}; 0 or "unlimited" = no limit.')


SETTINGS: tuple[Setting, ...] = (
    Setting(
        key="version",
        kind=NUMBER,
        default=2,
        sentence="A newer file is read, never written.",
    ),
    Setting(
        kind=FLAG,
        default=True,
        field="enabled",
        project="enabled",
        here="false: no automatic switching here, and agents say nothing of it.",
    ),
    Setting(
        key="defaultModel",
        kind=TEXT,
        field="default_model",
        project="default_model",
        sentence="The model you want, in any spelling.",
        here="The model wanted here.",
    ),
    Setting(
        key="providerPriority",
        kind=PROVIDERS,
        field="priority",
        project="provider_priority",
        old_project="priority_override",
        sentence="Provider ids, the first choice first. Without it: the catalog's order.",
        here="Only these providers serve here, in this order.",
    ),
    Setting(
        key="usageLimits",
        kind=OBJECT,
        sentence="Token budgets by provider id. Input, output and cache writes count.",
    ),
    _budget("usageLimits.ID.dailyTokens", "daily_tokens", "Tokens a day"),
    _budget("usageLimits.ID.monthlyTokens", "monthly_tokens", "Tokens a month"),
    Setting(
        key="autoSwitch",
        kind=FLAG,
        default=True,
        field="auto_switch",
        project="auto_switch",
        sentence="Move on by itself when a provider fails. Off: the first of the list serves.",
        here="As autoSwitch, here.",
    ),
    Setting(
        key="notifyOnSwitch",
        kind=FLAG,
        default=True,
        field="notify_on_switch",
        project="notify_on_switch",
        sentence="Say it in the agent when the provider changed.",
        here="As notifyOnSwitch, here.",
    ),
    Setting(
        kind=REQUESTS,
        field="daily_requests",
        project="daily_limit",
        untrusted=True,
        here="Requests a day of each provider; 0 = your own budget counts.",
    ),
    Setting(
        kind=REQUESTS,
        field="monthly_requests",
        project="monthly_limit",
        untrusted=True,
        here="Requests a month of each provider.",
    ),
    Setting(key="pf", kind=OBJECT, sentence="What the original does not know."),
    Setting(key="pf.usageLimits", kind=OBJECT, sentence="More budgets by provider id."),
    _budget("pf.usageLimits.ID.dailyRequests", "daily_requests", "Requests a day"),
    _budget("pf.usageLimits.ID.monthlyRequests", "monthly_requests", "Requests a month"),
    _budget("pf.usageLimits.ID.dailyUsd", "daily_usd", "US dollars a day"),
    _budget("pf.usageLimits.ID.monthlyUsd", "monthly_usd", "US dollars a month"),
    Setting(
        key="pf.thresholds.warn",
        kind=SHARE,
        default=0.75,
        field="warn_at",
        sentence='Share of a window from which a provider shows "warning".',
    ),
    Setting(
        key="pf.thresholds.switch",
        kind=SHARE,
        default=0.95,
        field="switch_at",
        sentence='Share from which it shows "limited": new sessions of the gateway start elsewhere.',
    ),
    Setting(
        key="pf.return",
        kind=choice("cheap", "now", "never"),
        default="cheap",
        field="return_when",
        sentence="When a session of the gateway goes back to a better provider: `cheap` = from a paid key to "
        "a plan at the next request, else when its prompt cache is cold or the conversation was compacted; "
        "`now` = always at the next request; `never` = new sessions only.",
    ),
    Setting(
        key="pf.paid",
        kind=choice(*PAID),
        default="auto",
        field="paid",
        sentence="When a paid provider follows a plan that is used up: `auto` = by itself; `ask` = once you "
        "allow it (`pf-tui allow paid --today`), until then nothing is spent; `never`.",
    ),
    Setting(
        key="pf.paidUntil",
        kind=MOMENT,
        field="paid_until",
        sentence="Until then paid providers follow a plan. Written by `pf-tui allow`.",
    ),
    Setting(
        key="pf.paidAskAt",
        kind=MOMENT,
        field="paid_ask_at",
        sentence="Until then the dashboard does not ask whether to spend. Written by `esc` on the question.",
    ),
    Setting(
        key="pf.paidAskAheadAt",
        kind=MOMENT,
        field="paid_ask_ahead_at",
        sentence="The same for the question that comes while the plan still serves.",
    ),
    Setting(
        key="pf.resume",
        kind=FLAG,
        default=False,
        field="resumes_sessions",
        sentence="A session of OpenCode with our plugin goes on by itself after a limit: with the next "
        "provider, else at the reset. Written by `pf-tui sessions auto`.",
    ),
    Setting(key="pf.classes", kind=OBJECT, sentence="Where requests of a class go, through the gateway."),
    *(
        Setting(
            key=f"pf.classes.{name}.{what}",
            kind=TEXT,
            sentence=f"The {what} for {meaning}.",
        )
        for name, meaning in MEANINGS.items()
        for what in ("provider", "model")
    ),
    Setting(
        key="pf.keyring",
        kind=NAMES,
        default=(),
        field="keyring",
        sentence="Providers whose key is in the keyring. Written by `pf-tui auth`.",
    ),
    Setting(
        key="pf.notify",
        kind=OBJECT,
        sentence="Notifications, each once per window.",
    ),
    Setting(
        key="pf.notify.desktop",
        kind=FLAG,
        default=False,
        field="notify_desktop",
        sentence="A desktop notification, also without the dashboard.",
    ),
    Setting(
        key="pf.notify.bell",
        kind=FLAG,
        default=False,
        field="notify_bell",
        sentence="Ring the dashboard's bell.",
    ),
    Setting(
        key="pf.notify.osc9",
        kind=FLAG,
        default=False,
        field="notify_osc9",
        sentence="The terminal's own notification (OSC 9), of the dashboard and of agents with our hooks.",
    ),
    Setting(
        key="pf.notify.on",
        kind=Kind(
            type="words",
            expected="a list of warn, limit, failover, reset",
            words=NOTICES,
        ),
        default=NOTICES,
        field="notify_kinds",
        sentence="When: a window is past the warning threshold, a limit is hit, another provider serves, "
        "one is back.",
    ),
    Setting(key="pf.gateway", kind=OBJECT, field="gateway"),
    Setting(
        key="pf.gateway.port",
        kind=PORT,
        field="port",
        sentence="The port it listens on. Without it: a free one.",
    ),
    Setting(
        key="pf.gateway.auto",
        kind=FLAG,
        default=False,
        field="auto",
        sentence="A switch leads an installed agent to the gateway by its settings where it reaches the "
        "provider through the gateway alone; a session's start starts the gateway.",
    ),
    Setting(
        key="pf.gateway.passThrough",
        kind=FLAG,
        default=False,
        field="pass_through",
        sentence="Let an agent's own login pass through to its own vendor. Read faq-terms.md first.",
    ),
    Setting(
        key="pf.gateway.connectS",
        kind=SECONDS,
        default=10,
        field="connect_s",
        each=True,
        sentence="Seconds until a connection stands; then the next provider is asked.",
    ),
    Setting(
        key="pf.gateway.firstByteS",
        kind=SECONDS,
        default=60,
        field="first_byte_s",
        each=True,
        sentence="Seconds until the first event of a stream; then the next provider is asked. "
        "An answer that is no stream may take five times as long.",
    ),
    Setting(
        key="pf.gateway.stallS",
        kind=SECONDS,
        default=300,  # what Claude Code itself allows between two events (measured)
        field="stall_s",
        each=True,
        sentence="Seconds of silence inside a stream. Without it a model that thinks has 900.",
    ),
    Setting(
        key="pf.gateway.answerMB",
        kind=within(1, 48, "megabytes", whole=True),  # all answers under way share 64 MB
        default=32,
        field="answer_mb",
        each=True,
        sentence="The largest answer that is no stream, in MB; more is a failure of its provider.",
    ),
    Setting(
        key="pf.gateway.shortWaitS",
        kind=within(0, 60, "seconds"),
        default=3,
        field="short_wait_s",
        sentence="A limit that ends within so many seconds is waited out where the session's prompt cache is "
        "warm, or where no other provider can be asked. 0 = never.",
    ),
    Setting(
        key="pf.gateway.providers",
        kind=OBJECT,
        sentence="The limits of silence and size by provider id.",
    ),
    Setting(
        key="pf.gateway.rules",
        kind=LIST,
        default=(),
        sentence="Your own reading of a failed answer; the first match goes before pf-tui's table.",
    ),
    Setting(key="pf.dashboard", kind=OBJECT, field="dashboard"),
    Setting(
        key="pf.dashboard.theme",
        kind=Kind(type="text", expected="a text", unchecked=True),
        sentence="A theme's name; `t` shows them all. Without it: pf-dark, or what suits the terminal.",
    ),
    Setting(
        key="pf.dashboard.symbols",
        kind=Kind(
            type="choice",
            expected="one of braille, block, ascii",
            words=("braille", "block", "ascii"),
            unchecked=True,
        ),
        default="braille",
        sentence="What charts are drawn with.",
    ),
    Setting(
        key="pf.dashboard.welcomed",
        kind=Kind(type="flag", expected="true or false", unchecked=True),
        sentence="The first question was answered. Written by the dashboard.",
    ),
    Setting(
        key="pf.dashboard.keys",
        kind=Kind(type="object", expected="an object", unchecked=True),
        sentence="Action id (keys.md) to its keys, parted by blanks or a list.",
    ),
)

GATEWAY = "pf.gateway."
CONFIG = tuple(
    setting
    for setting in SETTINGS
    if setting.key
    and EACH not in setting.key
    and not setting.key.startswith(GATEWAY)
    and not setting.kind.unchecked
)
"""What every reader of config.json checks."""

BUDGETS = tuple(setting for setting in SETTINGS if EACH in setting.key)
PROJECT = tuple(setting for setting in SETTINGS if setting.project)


_BY_KEY = {setting.key: setting for setting in SETTINGS}


def find(key: str) -> Setting:
    """The setting of that place in config.json."""
    return _BY_KEY[key]


def default(key: str) -> Any:
    """What holds when nobody set it."""
    return find(key).default
