from __future__ import annotations

from ipaddress import ip_address

import pytest

from engine.intelligence.sources.addresses import Reach, is_own_host, reach_of, refusal


@pytest.mark.parametrize("text", ["1.1.1.1", "151.101.1.69", "2606:4700::1111"])
def test_public_addresses(text: str) -> None:
    assert reach_of(ip_address(text)) is Reach.PUBLIC


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "::1",
        "fd00::1",
        "::ffff:192.168.1.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)
def test_addresses_of_ones_own_network_in_every_disguise(text: str) -> None:
    assert reach_of(ip_address(text)) is Reach.OWN


@pytest.mark.parametrize(
    "text",
    [
        "169.254.169.254",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "fe80::1",
        "ff02::1",
        "::",
        "::ffff:169.254.169.254",
        "240.0.0.1",
    ],
)
def test_addresses_nobody_reads_news_from(text: str) -> None:
    assert reach_of(ip_address(text)) is Reach.FORBIDDEN


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "nas", "feeds.lan", "rss.local.", "[::1]"[1:-1]])
def test_hosts_that_plainly_are_ones_own(host: str) -> None:
    assert is_own_host(host)


@pytest.mark.parametrize("host", ["news.example", "1.1.1.1", "localhost.example.com"])
def test_hosts_that_do_not_look_like_ones_own(host: str) -> None:
    assert not is_own_host(host)


def test_a_public_name_that_points_home_is_refused() -> None:
    assert "type the address itself" in (refusal("a.example", [ip_address("10.0.0.1")], "a.example") or "")


def test_one_private_address_among_public_ones_is_enough() -> None:
    mixed = [ip_address("1.1.1.1"), ip_address("10.0.0.1")]
    assert refusal("a.example", mixed, "a.example") is not None


def test_what_was_typed_is_read_and_what_was_not_is_not() -> None:
    home = [ip_address("192.168.1.5")]
    assert refusal("192.168.1.5", home, "192.168.1.5") is None
    assert refusal("nas", home, "nas") is None
    assert "redirects" in (refusal("192.168.1.5", home, "192.168.1.6") or "")
    assert "redirects" in (refusal("nas", home, "news.example") or "")


def test_link_local_is_refused_even_when_typed() -> None:
    assert refusal("169.254.169.254", [ip_address("169.254.169.254")], "169.254.169.254") is not None
