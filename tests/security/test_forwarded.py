import pytest

from toolyard.security.forwarded import MAX_HOPS, Malformed, hop_reader

X_FORWARDED_FOR = "x-forwarded-for"
FORWARDED = "forwarded"


@pytest.mark.parametrize(
    ("value", "hops"),
    [
        ("1.2.3.4", ["1.2.3.4"]),
        (" 1.2.3.4\t", ["1.2.3.4"]),
        ("1.2.3.4,5.6.7.8", ["1.2.3.4", "5.6.7.8"]),
        ("1.2.3.4 , \t5.6.7.8", ["1.2.3.4", "5.6.7.8"]),
        ("1.2.3.4:5", ["1.2.3.4"]),
        ("1.2.3.4:65535", ["1.2.3.4"]),
        ("::1", ["::1"]),
        ("2001:DB8::1", ["2001:db8::1"]),
        ("[2001:db8::1]", ["2001:db8::1"]),
        ("[2001:db8::1]:443", ["2001:db8::1"]),
        ("::ffff:1.2.3.4", ["1.2.3.4"]),
        ("[::ffff:1.2.3.4]:80", ["1.2.3.4"]),
        ("unknown", [None]),
        ("UNKNOWN, 1.2.3.4", [None, "1.2.3.4"]),
        ("_hidden", [None]),
        ("_a.b-c_D9:80, 1.2.3.4", [None, "1.2.3.4"]),
    ],
)
def test_x_forwarded_for_is_read(value: str, hops: list[str | None]) -> None:
    assert list(hop_reader(X_FORWARDED_FOR)(value)) == hops


@pytest.mark.parametrize(
    "value",
    [
        *("", " ", ",", ",,", "1.2.3.4,", ",1.2.3.4", "1.2.3.4,,5.6.7.8", "1.2.3.4, ,5.6.7.8"),
        *("1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4/32", "0x1.2.3.4", "16909060"),
        *("1.2.3.4:", "1.2.3.4:x", "1.2.3.4:65536", "1.2.3.4:123456", "1.2.3.4:-1", "1.2.3.4:5:6"),
        *("[::1", "::1]", "[::1]x", "[::1]:", "[::1]:99999", "[1.2.3.4]", "[]", "[[::1]]", ":::"),
        *("fe80::1%eth0", "[fe80::1%eth0]", "[fe80::1%25eth0]:80", "localhost", "example.com", "_"),
        *(
            '"1.2.3.4"',
            "for=1.2.3.4",
            "1.2.3.4;5.6.7.8",
            "1.2.3.4 5.6.7.8",
            "1.2.3.4\n",
            "\x001.2.3.4",
        ),
        *("1.2.3.4\x0b", "1.2.3.4\xa0", "unknown1", "un known", "null", "-", "*", "1.2.3.4, evil"),
        *("evil, 1.2.3.4", "\u0661.2.3.4", "1.2.3.4, 5.6.7.8, ", "0", "1.2.3.4:+5", "1.2.3.4: 5"),
    ],
)
def test_a_malformed_x_forwarded_for_is_refused(value: str) -> None:
    with pytest.raises(Malformed):
        hop_reader(X_FORWARDED_FOR)(value)


@pytest.mark.parametrize(
    ("value", "hops"),
    [
        ("for=1.2.3.4", ["1.2.3.4"]),
        ("For=1.2.3.4", ["1.2.3.4"]),
        ('for="1.2.3.4"', ["1.2.3.4"]),
        ('for="1.2.3.4:47011"', ["1.2.3.4"]),
        ('for="[2001:db8:cafe::17]:4711"', ["2001:db8:cafe::17"]),
        ('for="[2001:DB8::1]"', ["2001:db8::1"]),
        ('for="1.2.3.4:_port"', ["1.2.3.4"]),
        ('for="1\\.2.3.4"', ["1.2.3.4"]),
        ("for=1.2.3.4;proto=https;by=10.0.0.1;host=example.com", ["1.2.3.4"]),
        ("proto=https; for=1.2.3.4 ; by=_x", ["1.2.3.4"]),
        ('for=1.2.3.4, for="[::1]"', ["1.2.3.4", "::1"]),
        ('host="a,b;c=d";for=1.2.3.4,for=5.6.7.8', ["1.2.3.4", "5.6.7.8"]),
        ('host="for=6.6.6.6, for=7.7.7.7";for=1.2.3.4', ["1.2.3.4"]),
        ("for=unknown, for=_SEVKISEK, for=1.2.3.4", [None, None, "1.2.3.4"]),
    ],
)
def test_forwarded_is_read(value: str, hops: list[str | None]) -> None:
    assert list(hop_reader(FORWARDED)(value)) == hops


@pytest.mark.parametrize(
    "value",
    [
        *("", ",", ";", "for", "for=", "=1.2.3.4", "1.2.3.4", "for=1.2.3.4,", ",for=1.2.3.4"),
        *("for=1.2.3.4,,for=5.6.7.8", "for=1.2.3.4;", ";for=1.2.3.4", "for=1.2.3.4;;by=1.2.3.4"),
        *("for =1.2.3.4", "for= 1.2.3.4", "for=1.2.3.4 by=1.2.3.4", "for=1.2.3.4;for=5.6.7.8"),
        *("For=1.2.3.4;for=1.2.3.4", "for=1.2.3.4:80", "for=[::1]", "for=::1", 'for="::1"'),
        *('for="', 'for="1.2.3.4', 'for=1.2.3.4"', 'for="1.2.3.4\\"', 'for="1.2.3.4"x', 'for=""'),
        *("proto=https", "by=1.2.3.4", "for=1.2.3.4, proto=https", "for=example.com", "for=evil"),
        *('for="1.2.3.4, for=5.6.7.8', 'for="evil, for=1.2.3.4', "for='1.2.3.4'", 'for="\x00"'),
        *("for=1.2.3.4\n", "for=1.2.3.4\r\n", "fo r=1.2.3.4", 'for="[::1]:99999"', "for=1.2.3.4/8"),
        *(
            "for=1.2.3.\xe9",
            'for="1.2.3.4 "',
            'for="fe80::1%eth0"',
            'for="[fe80::1%eth0]"',
            "for=_",
        ),
    ],
)
def test_a_malformed_forwarded_is_refused(value: str) -> None:
    with pytest.raises(Malformed):
        hop_reader(FORWARDED)(value)


@pytest.mark.parametrize("value", ["1.2.3.4", "[::1]:80", " 2001:db8::1 "])
def test_any_other_header_holds_one_address(value: str) -> None:
    assert len(hop_reader("x-real-ip")(value)) == 1


@pytest.mark.parametrize("value", ["", "1.2.3.4, 5.6.7.8", "1.2.3.4,1.2.3.4", "for=1.2.3.4", "x"])
def test_any_other_header_with_something_else_is_refused(value: str) -> None:
    with pytest.raises(Malformed):
        hop_reader("x-real-ip")(value)


@pytest.mark.parametrize(
    ("header", "item"), [(X_FORWARDED_FOR, "1.2.3.4"), (FORWARDED, "for=1.2.3.4")]
)
def test_more_hops_than_anyone_has_are_refused(header: str, item: str) -> None:
    read = hop_reader(header)

    assert len(read(",".join([item] * MAX_HOPS))) == MAX_HOPS
    with pytest.raises(Malformed):
        read(",".join([item] * (MAX_HOPS + 1)))
