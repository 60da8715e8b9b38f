"""What one line of the tool table says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any  # Any: each tool's own type of arguments

from pydantic import BaseModel

from pf_tui.mcp_server import shapes
from pf_tui.records import record
from pf_tui.state.context import Context

Answer = tuple[BaseModel, str]
"""A result and its short text."""


@record
class Tool:
    """One tool as the protocol lists it."""

    name: str
    title: str
    description: str
    arguments: type[shapes.Arguments]
    result: type[BaseModel]
    call: Callable[[Context, Any], Answer]  # with `arguments` of this tool
    changes: bool = False
    """It writes to this machine, for every agent and until it is taken back."""
    takes_in: bool = False
    """It takes what agents have logged since into the ledger first; nothing of the person's is changed."""
    outside: bool = False
    """It asks somebody outside of this machine."""
