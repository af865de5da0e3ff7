from ipaddress import IPv4Network, IPv6Network, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolyard.core.errors import ConfigError
from toolyard.security.address import UNIX, AddressPolicy, network_of
from toolyard.security.refusal import Refusal

PROXIES = ["127.0.0.1", "10.0.0.0/8", "fd00::/8"]


def through(peer: str | None, *values: str, header: str = "x-forwarded-for") -> str:
    """The client address behind `PROXIES` for lines of the configured header."""
    policy = AddressPolicy(trusted_proxies=PROXIES, proxy_header=header)
    lines = [(header.encode(), value.encode("latin-1")) for value in values]
    return policy.client_address(peer, [(b"host", b"x"), *lines])


@pytest.mark.parametrize(
    ("rule", "address"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("10.0.0.0/8", "10.255.255.255"),
        ("10.1.2.3/8", "10.9.9.9"),
        ("0.0.0.0/0", "203.0.113.9"),
        ("1.2.3.4/0", "203.0.113.9"),
        ("::/0", "2001:db8::1"),
        ("2001:db8::/32", "2001:db8:ffff::1"),
        ("2001:DB8::1/128", "2001:db8::1"),
        ("::ffff:10.0.0.0/104", "10.1.2.3"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("::ffff:0:0/96", "203.0.113.9"),
        ("10.0.0.1", "::ffff:10.0.0.1"),
        ("10.0.0.0/31", "10.0.0.1"),
        ("fe80::/10", "fe80::1%eth0"),
    ],
)
def test_a_rule_names_an_address(rule: str, address: str) -> None:
    assert AddressPolicy([rule]).admits(address)
    assert not AddressPolicy(None, [rule]).admits(address)


@pytest.mark.parametrize(
    ("rule", "address"),
    [
        ("10.0.0.1", "10.0.0.2"),
        ("10.0.0.0/8", "11.0.0.0"),
        ("10.0.0.0/31", "10.0.0.2"),
        ("0.0.0.0/0", "2001:db8::1"),
        ("0.0.0.0/0", "::"),
        ("0.0.0.1", "::1"),
        ("::/0", "10.0.0.1"),
        ("::/0", "::ffff:10.0.0.1"),
        ("::a00:1", "10.0.0.1"),
        ("::10.0.0.1", "10.0.0.1"),
        ("64:ff9b::/96", "10.0.0.1"),
        ("2001:db8::/32", "2001:db9::1"),
        ("0.0.0.0/0", UNIX),
        ("::/0", UNIX),
        ("unix", "127.0.0.1"),
    ],
)
def test_a_rule_does_not_name_another_address(rule: str, address: str) -> None:
    assert not AddressPolicy([rule]).admits(address)
    if address != UNIX:
        assert AddressPolicy(None, [rule]).admits(address)


@pytest.mark.parametrize(
    "item",
    [
        *("", " ", "10", "10/8", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/", "/8", "*"),
        *("10.0.0.0/255.0.0.0", "10.0.0.0/0.255.255.255", "10.0.0.1-10.0.0.9", "10.0.0.*", "1.2.3"),
        *("localhost", "example.com", "10.0.0.1,10.0.0.2", " 10.0.0.1", "10.0.0.1\n", "010.0.0.1"),
        *(
            "fe80::1%eth0",
            "[::1]",
            "10.0.0.1:80",
            "10.0.0.0/8/8",
            "0x0a.0.0.1",
            "UNIX",
            "::ffff:/96",
        ),
    ],
)
@pytest.mark.parametrize("place", ["allow", "deny", "trusted_proxies"])
def test_a_rule_that_is_no_address_is_named(item: str, place: str) -> None:
    lists = {"allow": None, "deny": (), "trusted_proxies": (), place: ["127.0.0.1", item]}

    with pytest.raises(ConfigError) as caught:
        AddressPolicy(lists["allow"], lists["deny"] or (), lists["trusted_proxies"] or ())

    assert place in str(caught.value)
    assert repr(item) in str(caught.value)


def test_without_an_allow_list_everyone_who_is_not_denied_is_admitted() -> None:
    policy = AddressPolicy(None, ["10.0.0.0/8"])

    assert policy.admits("203.0.113.9")
    assert policy.admits("::1")
    assert not policy.admits("10.0.0.1")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.0.0.1", UNIX])
def test_an_empty_allow_list_admits_nobody(address: str) -> None:
    assert not AddressPolicy([]).admits(address)


def test_deny_beats_allow() -> None:
    policy = AddressPolicy(["10.0.0.1", "10.0.0.0/24"], ["10.0.0.0/28"])

    assert not policy.admits("10.0.0.1")
    assert policy.admits("10.0.0.99")


@pytest.mark.parametrize(
    "address", ["", "garbage", "10.0.0.1/8", "10.0.0.1, 10.0.0.2", "testclient"]
)
def test_what_is_not_an_address_is_not_admitted(address: str) -> None:
    assert not AddressPolicy().admits(address)


@pytest.mark.parametrize(
    ("allow", "deny", "admitted"),
    [
        (None, [], True),
        (None, ["10.0.0.1"], False),
        (["0.0.0.0/0", "::/0"], [], False),
        (["unix"], [], True),
        (["unix"], ["10.0.0.1"], True),
        (["unix"], ["unix"], False),
        (None, ["unix"], False),
    ],
)
def test_a_unix_socket_is_admitted_by_name_or_without_rules(
    allow: list[str] | None, deny: list[str], admitted: bool
) -> None:
    policy = AddressPolicy(allow, deny)

    assert policy.client_address(None, []) == UNIX
    assert policy.admits(UNIX) is admitted


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:DB8::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("11.0.0.1", "11.0.0.1"),
        (None, UNIX),
    ],
)
@pytest.mark.parametrize("value", ["1.2.3.4", "127.0.0.1", "garbage", "", "1.2.3.4, 10.0.0.1"])
def test_a_stranger_is_its_own_address_whatever_it_sends(
    peer: str | None, address: str, value: str
) -> None:
    assert through(peer, value) == address


@pytest.mark.parametrize("peer", ["", "testclient", "10.0.0.1:80", "localhost", "10.0.0.256"])
def test_a_peer_without_an_address_is_refused(peer: str) -> None:
    with pytest.raises(Refusal) as caught:
        AddressPolicy().client_address(peer, [])

    assert (caught.value.status, caught.value.reason) == (403, "address")


@pytest.mark.parametrize(
    ("values", "client"),
    [
        ([], "127.0.0.1"),
        (["1.2.3.4"], "1.2.3.4"),
        (["6.6.6.6, 1.2.3.4"], "1.2.3.4"),
        (["127.0.0.1, 1.2.3.4"], "1.2.3.4"),
        (["1.2.3.4, 10.0.0.7"], "1.2.3.4"),
        (["6.6.6.6, 1.2.3.4, 10.0.0.7, 10.0.0.8"], "1.2.3.4"),
        (["6.6.6.6, 10.0.0.7, 1.2.3.4, 10.0.0.8"], "1.2.3.4"),
        (["10.0.0.9, 10.0.0.8"], "10.0.0.9"),
        (["10.0.0.9"], "10.0.0.9"),
        (["6.6.6.6", "1.2.3.4"], "1.2.3.4"),
        (["6.6.6.6", "1.2.3.4, 10.0.0.7", "10.0.0.8"], "1.2.3.4"),
        (["1.2.3.4:5, [fd00::1]:443"], "1.2.3.4"),
        (["1.2.3.4, ::ffff:10.0.0.7"], "1.2.3.4"),
        (["::ffff:1.2.3.4"], "1.2.3.4"),
        (["2001:db8::5, fd00::1"], "2001:db8::5"),
        (["unknown, 1.2.3.4"], "1.2.3.4"),
        (["_hidden, 1.2.3.4, 10.0.0.7"], "1.2.3.4"),
    ],
)
def test_a_proxy_is_believed_up_to_the_first_stranger(values: list[str], client: str) -> None:
    assert through("127.0.0.1", *values) == client


@pytest.mark.parametrize(
    "values",
    [
        *([""], [" "], ["garbage"], ["1.2.3.4,"], [",1.2.3.4"], ["1.2.3.4", ""], ["", "1.2.3.4"]),
        *(["1.2.3.4, unknown"], ["1.2.3.4, _hidden"], ["unknown"], ["1.2.3.4, unknown, 10.0.0.7"]),
        *(["garbage, 1.2.3.4"], ["1.2.3.4, garbage, 10.0.0.7"], ["1.2.3.4:99999"], ["\xff"]),
        *(["1.2.3.4, fe80::1%eth0"], ["for=1.2.3.4"], ["1.2.3.4 " * 600], [" " * 5000 + "1.2.3.4"]),
        *([",".join(["1.2.3.4"] * 33)], ["1.2.3.4"] * 33, ["unix"], ["unix, 10.0.0.7"]),
    ],
)
def test_a_proxy_that_says_nothing_usable_is_refused(values: list[str]) -> None:
    with pytest.raises(Refusal) as caught:
        through("127.0.0.1", *values)

    assert (caught.value.status, caught.value.reason) == (403, "address")
    assert "1.2.3.4" not in caught.value.message


@pytest.mark.parametrize(
    ("value", "client"),
    [
        ("for=1.2.3.4", "1.2.3.4"),
        ('for=6.6.6.6, for="[2001:db8::5]:80";proto=https, for=10.0.0.7', "2001:db8::5"),
        ("for=unknown, for=1.2.3.4", "1.2.3.4"),
        ('for=1.2.3.4;host="x, for=6.6.6.6"', "1.2.3.4"),
    ],
)
def test_forwarded_is_believed_when_it_is_configured(value: str, client: str) -> None:
    assert through("127.0.0.1", value, header="forwarded") == client


@pytest.mark.parametrize(
    "value", ["1.2.3.4", "for=1.2.3.4, for=unknown", 'for="evil, for=1.2.3.4', "proto=https"]
)
def test_an_unusable_forwarded_is_refused(value: str) -> None:
    with pytest.raises(Refusal):
        through("127.0.0.1", value, header="forwarded")


def test_a_header_with_one_address_is_believed_once() -> None:
    assert through("127.0.0.1", "1.2.3.4", header="X-Real-IP") == "1.2.3.4"
    with pytest.raises(Refusal):
        through("127.0.0.1", "1.2.3.4", "1.2.3.4", header="x-real-ip")


def test_only_the_configured_header_is_read() -> None:
    policy = AddressPolicy(trusted_proxies=PROXIES, proxy_header="X-Forwarded-For")
    others = [(b"forwarded", b"for=6.6.6.6"), (b"x-real-ip", b"6.6.6.6"), (b"via", b"6.6.6.6")]

    assert policy.client_address("127.0.0.1", others) == "127.0.0.1"
    assert policy.client_address("127.0.0.1", [*others, (b"X-Forwarded-FOR", b"1.2.3.4")]) == (
        "1.2.3.4"
    )


def test_a_unix_socket_is_a_proxy_when_it_is_named() -> None:
    policy = AddressPolicy(trusted_proxies=["unix"])

    assert policy.client_address(None, [(b"x-forwarded-for", b"1.2.3.4")]) == "1.2.3.4"
    assert policy.client_address("127.0.0.1", [(b"x-forwarded-for", b"1.2.3.4")]) == "127.0.0.1"


@pytest.mark.parametrize("name", ["", "x forwarded", "x:y", "x\n", "é"])
def test_a_header_that_cannot_be_one_is_refused(name: str) -> None:
    with pytest.raises(ConfigError):
        AddressPolicy(proxy_header=name)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (UNIX, UNIX),
        ("::1", "::/64"),
        ("a:b", "a:b"),
    ],
)
def test_an_ipv6_address_counts_with_its_subscriber(address: str, network: str) -> None:
    assert network_of(address) == network


ADDRESSES = st.one_of(
    st.ip_addresses(),
    st.ip_addresses(network="10.0.0.0/8"),
    st.ip_addresses(network="fd00::/8"),
)


def is_proxy(address: str) -> bool:
    parsed = ip_address(address)
    mapped = getattr(parsed, "ipv4_mapped", None) or parsed
    text = str(mapped)
    is_own = mapped.version == 6 and mapped.packed[:1] == b"\xfd"
    return is_own or text == "127.0.0.1" or text.startswith("10.")


@given(st.lists(ADDRESSES.map(str), min_size=1, max_size=32))
def test_nothing_left_of_a_stranger_is_ever_believed(hops: list[str]) -> None:
    client = through("127.0.0.1", ", ".join(hops))

    strangers = [hop for hop in hops if not is_proxy(hop)]
    expected = ip_address(strangers[-1] if strangers else hops[0])
    assert ip_address(client) == (getattr(expected, "ipv4_mapped", None) or expected)


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=4), st.sampled_from(["1.2.3.4"]))
def test_whatever_a_client_sends_its_proxy_decides(junk: list[bytes], client: str) -> None:
    policy = AddressPolicy(trusted_proxies=PROXIES)
    lines = [(b"x-forwarded-for", value) for value in (*junk, client.encode())]

    try:
        found = policy.client_address("127.0.0.1", lines)
    except Refusal:
        return
    assert found == client


V4 = st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32)).map(lambda of: (4, *of))
V6 = st.tuples(st.integers(2**64, 2**128 - 1), st.integers(0, 128)).map(lambda of: (6, *of))


@given(st.lists(V4 | V6, min_size=1, max_size=12), st.integers(-1, 1))
def test_rules_that_overlap_and_touch_name_what_each_of_them_does(
    rules: list[tuple[int, int, int]], beside: int
) -> None:
    families = {4: IPv4Network, 6: IPv6Network}
    networks = [families[of]((start, prefix), strict=False) for of, start, prefix in rules]
    policy = AddressPolicy([str(network) for network in networks])
    for network in networks:
        for edge in (network[0], network[-1]):
            at = min(max(int(edge) + beside, 0), 2**edge.max_prefixlen - 1)
            address = type(edge)(at)
            expected = any(address in each for each in networks)
            if address.version == 4 or at >= 2**64:  # below are those that stand for IPv4
                assert policy.admits(str(address)) == expected
