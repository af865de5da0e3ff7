"""Which addresses may be dialled."""

import pytest

from toolyard.core.errors import ConfigError
from toolyard.egress.addresses import AddressRules

REFUSED = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.254 127.0.0.1 127.255.255.254
168.63.129.16 169.254.0.1 169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.255 192.0.0.1
192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1
239.255.255.255 240.0.0.1 255.255.255.255 100.100.100.200 :: ::1 ::127.0.0.1 ::ffff:127.0.0.1
::ffff:a00:1 ::ffff:169.254.169.254 ::ffff:0:127.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe
64:ff9b:1::1 100::1 2001::1 2001:0:7f00:1:: 2001:db8::1 2001:1ff::1 2002:7f00:1:: 2002:a00:1::1
2620:4f:8000::1 3fff::1 4000::1 5f00::1 fc00::1 fd00::1 fd00:ec2::254 fe80::1 fec0::1 ff02::1 1::1
2606:4700::5efe:7f00:1 2606:4700::200:5efe:a00:1 fe80::1%eth0 2606:4700::1111%1 2130706433 0x7f.1
0177.0.0.1 127.1 localhost 1.2.3.4.5 1.2.3.04 [::1]
""".split()  # noqa: SIM905 - so many that a line each hides them
ADMITTED = """
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1
169.253.255.255 172.15.255.255 172.32.0.0 192.167.255.255 198.17.255.255 198.20.0.0
223.255.255.255 ::ffff:8.8.8.8 2001:200::1 2001:4860:4860::8888 2003::1 2606:4700::1111
2a00:1450:4001::1 3ffe::1
""".split()  # noqa: SIM905 - so many that a line each hides them


@pytest.mark.parametrize("address", REFUSED)
def test_what_is_not_public_is_refused(address: str) -> None:
    assert not AddressRules().admit(address)


@pytest.mark.parametrize("address", ADMITTED)
def test_public_addresses_are_admitted(address: str) -> None:
    assert AddressRules().admit(address)


@pytest.mark.parametrize(
    ("allowed", "address"),
    [
        ("10.0.0.0/8", "10.1.2.3"),
        ("10.0.0.0/8", "::ffff:10.1.2.3"),
        ("127.0.0.1", "127.0.0.1"),
        ("fd00::/8", "fd12::1"),
        ("::1", "::1"),
        ("169.254.169.254", "169.254.169.254"),
        ("fd00:ec2::254", "fd00:ec2::254"),
    ],
)
def test_what_is_allowed_is_admitted(allowed: str, address: str) -> None:
    assert AddressRules([allowed]).admit(address)


@pytest.mark.parametrize(
    ("allowed", "address"),
    [
        ("10.0.0.0/8", "192.168.0.1"),
        ("127.0.0.1", "127.0.0.2"),
        ("169.254.0.0/16", "169.254.169.254"),
        ("0.0.0.0/0", "169.254.169.254"),
        ("0.0.0.0/0", "168.63.129.16"),
        ("0.0.0.0/0", "100.100.100.200"),
        ("fd00::/8", "fd00:ec2::254"),
        ("::/0", "64:ff9b::a9fe:a9fe"),
        ("::/0", "2002:a9fe:a9fe::1"),
        ("::/0", "::169.254.169.254"),
        ("::/0", "127.0.0.1"),
        ("0.0.0.0/0", "::1"),
    ],
)
def test_what_is_allowed_opens_nothing_else(allowed: str, address: str) -> None:
    """A metadata service must be named itself: a block around it was hardly meant so."""
    assert not AddressRules([allowed]).admit(address)


@pytest.mark.parametrize("denied", ["8.8.8.0/24", "8.8.8.8"])
def test_what_is_denied_is_refused_whatever_is_allowed(denied: str) -> None:
    rules = AddressRules(["8.8.8.8", "10.0.0.0/8"], [denied])
    assert not rules.admit("8.8.8.8")
    assert not rules.admit("::ffff:8.8.8.8")
    assert rules.admit("10.0.0.1")


@pytest.mark.parametrize(
    "item", ["", "localhost", "10.0.0.0/33", "10.0.0", "::ffff:10.0.0.0/104", "127.0.0.1:80", "*"]
)
def test_an_item_that_is_no_network_is_refused(item: str) -> None:
    with pytest.raises(ConfigError, match="allow_private"):
        AddressRules([item])
