"""The machine's own addresses, as its network cards have them: a host name may lead nowhere."""

from __future__ import annotations

import socket

import psutil


def addresses_of_this_machine() -> set[str]:
    """Every IPv4 address but the loopback's."""
    cards = psutil.net_if_addrs().values()
    addresses = {entry.address for card in cards for entry in card if entry.family == socket.AF_INET}
    return {address for address in addresses if not address.startswith("127.")}
