"""Which machines news may be read from: the public internet, and one's own network if a person says so.

A feed's address comes from a person, but where a name points to and where a server redirects comes
from others. So an address of one's own network is reached only when the person typed a host that is
plainly one's own (an address, `localhost`, a name without a dot or under a local ending); a public
name or a redirect that leads there is refused. Some addresses are nobody's to read news from: those
of the link (where clouds keep their credentials), multicast and reserved ones.
"""

from __future__ import annotations

import asyncio
import enum
import socket
from collections.abc import Awaitable, Callable, Collection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Resolver = Callable[[str, int], Awaitable[tuple[Address, ...]]]
"""Returns every address of a host; raises `OSError` when it has none."""

_TRANSLATED = IPv6Network("64:ff9b::/96")  # RFC 6052: the last four bytes are an IPv4 address
_SHARED = ip_network("100.64.0.0/10")  # RFC 6598: carriers, and private overlay networks
_LOCAL_ENDINGS = (".localhost", ".local", ".lan", ".home", ".internal", ".intranet", ".home.arpa")


class Reach(enum.StrEnum):
    """Whose an address is."""

    PUBLIC = "public"
    OWN = "own"
    FORBIDDEN = "forbidden"


def reach_of(address: Address) -> Reach:
    """Return whose `address` is; one that carries an IPv4 address inside is as good as that."""
    inner = _embedded(address)
    if inner is not None:
        return reach_of(inner)
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return Reach.FORBIDDEN
    if address.is_loopback:
        return Reach.OWN
    if address.is_reserved:
        return Reach.FORBIDDEN
    if isinstance(address, IPv4Address) and address in _SHARED:
        return Reach.OWN
    if address.is_global:
        return Reach.PUBLIC
    return Reach.OWN if address.is_private else Reach.FORBIDDEN


def is_own_host(host: str, reach: Callable[[Address], Reach] = reach_of) -> bool:
    """Tell whether a host as a person typed it plainly means a machine of their own network."""
    name = host.lower().rstrip(".")
    try:
        return reach(ip_address(name)) is Reach.OWN
    except ValueError:
        return "." not in name or name.endswith(_LOCAL_ENDINGS)


def refusal(
    host: str,
    addresses: Collection[Address],
    typed_host: str,
    reach: Callable[[Address], Reach] = reach_of,
) -> str | None:
    """Return why `host`, which has `addresses`, is not read; None when it may be.

    `typed_host` is the host of the address the person typed. One address out of bounds is enough:
    which of them a connection takes is not ours to say.
    """
    kinds = {reach(address) for address in addresses}
    if Reach.FORBIDDEN in kinds:
        return f"{host} has an address that is not for reading news: link-local, multicast or reserved"
    if Reach.OWN not in kinds:
        return None
    if host != typed_host:
        return f"it redirects to {host}, an address inside a private network, which is never followed"
    if not is_own_host(host, reach):
        return (
            f"{host} points inside a private network; to read a feed of your own network,"
            " type the address itself"
        )
    return None


async def resolve_host(host: str, port: int) -> tuple[Address, ...]:
    """Return the addresses of a host as the system knows them."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(ip_address(str(entry[4][0]).partition("%")[0]) for entry in found))


def _embedded(address: Address) -> IPv4Address | None:
    if not isinstance(address, IPv6Address):
        return None
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
