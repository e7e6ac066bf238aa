"""The 30 logic rules: each declared once, for the check, its sentences and its page.

`when` is true of a record that breaks the rule. It reads elements by their column (e900), with the
codes that a file says (9 and 999999.99 too), and three columns more: `as_of`, the last exit of the
person's earlier records, and the entry of the latest. A rule runs where the file has what it
`needs`; what else it reads is NULL where the file does not have it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

_EMP = "('1', '2', '3')"
_QUARTERS = ((1, "1600", "1601", "1703"), (2, "1602", "1603", "1704"), (3, "1604", "1605", "1705"),
             (4, "1606", "1607", "1706"))  # fmt: skip
_SLOTS = (("1302", "1303", "1307", "1308"), ("1309", "1310", "1312", "1313"),
          ("1314", "1315", "1317", "1318"))  # fmt: skip
_SERVICES = ("1001", "1003", "1004", "1102", "1103", "1104", "1105", "1112", "1113", "1116",
             "1200", "1201", "1202", "1203", "1206", "1207", "1210", "1302", "1309", "1314",
             "1402", "1403", "1405", "1407", "1408", "1410", "1411", "1413", "1414",
             "1415")  # fmt: skip
_CREDENTIALS = (("1800", "1801"), ("1802", "1803"), ("1804", "1805"))
# quarters from the quarter of exit to the quarter in which a day lies
_SINCE = (
    "(extract(year FROM {day}) * 4 + extract(quarter FROM {day})"
    " - extract(year FROM e901) * 4 - extract(quarter FROM e901))"
)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule. `tag` says where it comes from (docs/pirl.md); `element` is where it is told.

    `severity` is "error" for what cannot be, "doubtful" for what hardly is.
    """

    code: str
    element: str
    needs: tuple[str, ...]
    tag: str
    when: str
    severity: Literal["error", "doubtful"] = "error"


def _any(parts: Iterable[str]) -> str:
    return " OR ".join(f"({p})" for p in parts)


def _filled(numbers: Iterable[str]) -> str:
    return _any(f"e{n} IS NOT NULL" for n in numbers)


_TRAINED = _any(
    [
        *(f"e{kind} <> '00'" for _, kind, _, _ in _SLOTS),
        *(f"e{on} IS NOT NULL" for on, *_ in _SLOTS),
    ]
)
_PARTICIPANT = (
    "coalesce(e903 IN ('1', '2', '3'), FALSE) OR coalesce(e904 IN ('1', '2', '3'), FALSE)"
    " OR coalesce(e905 IN ('1', '2', '3'), FALSE) OR coalesce(e918 = '1', FALSE)"
    " OR coalesce(e910 = '1', FALSE) OR coalesce(e917 IN ('1', '3'), FALSE)"
    " OR coalesce(e911 = '1', FALSE) OR coalesce(e932 = '1', FALSE)"
)

_STUDIED = (
    f"coalesce({_TRAINED}, FALSE) OR coalesce(e1332 = '1', FALSE) OR coalesce(e1401 = '1', FALSE)"
    " OR e1811 IS NOT NULL OR e1407 IS NOT NULL OR coalesce(e910 = '1', FALSE)"
)
_DETAILS = ("1301", "1305", "1306", "1307", "1308", "1311", "1312", "1313", "1316", "1317", "1318",
            "1319")  # fmt: skip

RULES: tuple[Rule, ...] = (
    Rule(
        code="REC-pirl-01", element="100", needs=("100",), tag="T, O",
        when="e100 IS NULL OR ssn_shaped",
    ),
    Rule(
        code="REC-pirl-02", element="900", needs=("100", "900", "901"), tag="H, A",
        when="earlier_exit IS NOT NULL AND e900 <= CAST(earlier_exit + INTERVAL 90 DAY AS DATE)",
    ),
    Rule(
        code="REC-pirl-03", element="901", needs=("100", "900", "901"), tag="H",
        when="e901 IS NULL AND e900 < latest_entry",
    ),
    Rule(
        code="REC-pirl-04", element="901", needs=("900", "901"), tag="A, O",
        when="e901 < e900 OR e900 > as_of OR e901 > as_of",
    ),
    Rule(
        code="REC-pirl-05", element="200", needs=("200", "900"), tag="H, O", severity="doubtful",
        when="age < 14 OR age > 100",
    ),
    Rule(
        code="REC-pirl-06", element="900", needs=("900",), tag="A",
        when="(e903 = '4' OR e904 = '4' OR e905 = '4' OR e918 = '2' OR e911 = '2' OR e932 = '2')"
        f" AND NOT ({_PARTICIPANT}) AND ({_filled(('900', '901', '1001', '1003'))})",
    ),
    Rule(
        code="REC-pirl-07", element="923", needs=("923", "901"), tag="O, A",
        when="e923 <> '00' AND e901 IS NULL",
    ),
    Rule(
        code="REC-pirl-08", element="923", needs=("923",), tag="A, T",
        when="(e923 = '05' AND NOT coalesce(e905 IN ('1', '2', '3'), FALSE))"
        " OR (e923 = '06' AND NOT coalesce(e917 IN ('1', '3'), FALSE))"
        " OR (e923 = '07' AND NOT coalesce(e910 = '1', FALSE))",
    ),
    Rule(
        code="REC-pirl-09", element="900", needs=("900",), tag="O, T",
        when=_any(
            [*(f"e{n} < e900 OR e{n} > e901" for n in _SERVICES),
             *(f"e{n} < coalesce(e901, e900)" for n in ("1412", "1503"))]
        ),
    ),
    Rule(
        code="REC-pirl-10", element="1001", needs=("1001", "1003"), tag="O",
        when=_any(
            f"e{last} < e{first} OR (e{first} IS NULL) <> (e{last} IS NULL)"
            for first, last in (("1000", "1002"), ("1001", "1003"), ("1200", "1201"))
        ),
    ),
    Rule(
        code="REC-pirl-11", element="1300", needs=("1300",), tag="A, C",
        when=f"coalesce(e1300, '0') <> '1' AND ({_TRAINED} OR {_filled(_DETAILS)})",
    ),
    Rule(
        code="REC-pirl-12", element="1303", needs=("1302", "1303"), tag="C, D",
        when=_any(
            [*(f"(e{on} IS NULL) <> (coalesce(e{kind}, '00') = '00')" for on, kind, *_ in _SLOTS),
             "e1309 IS NOT NULL AND e1302 IS NULL", "e1314 IS NOT NULL AND e1309 IS NULL"]
        ),
    ),
    Rule(
        code="REC-pirl-13", element="1308", needs=("1302", "1308"), tag="C, D",
        when=_any(
            f"e{end} < e{on} OR (e{on} IS NOT NULL AND e901 IS NOT NULL AND e{end} IS NULL)"
            for on, _, _, end in _SLOTS
        ),
    ),
    Rule(
        code="REC-pirl-14", element="1307", needs=("1307", "1308"), tag="A",
        when=_any(f"(e{done} IS NULL) <> (e{end} IS NULL)" for _, _, done, end in _SLOTS),
    ),
    Rule(
        code="REC-pirl-15", element="1319", needs=("1300",), tag="A",
        when=f"coalesce(e1300, '0') <> '1' AND ({_filled(('1319', '1320', '1328'))})",
    ),
    Rule(
        code="REC-pirl-16", element="1603", needs=("1602", "1603"), tag="O",
        when=_any(
            f"(e{match} IN ('1', '2', '3', '4') AND coalesce(e{job}, '') NOT IN {_EMP})"
            f" OR (e{match} = '0' AND coalesce(e{job}, '') <> '0')"
            f" OR (e{match} = '5' AND coalesce(e{job}, '') <> '9')"
            for _, job, match, _ in _QUARTERS
        ),
    ),
    Rule(
        code="REC-pirl-17", element="1704", needs=("1602", "1704"), tag="A, O",
        when=_any(
            f"e{wages} > 0 AND e{wages} <> 999999.99 AND (coalesce(e{job}, '') NOT IN {_EMP}"
            f" OR coalesce(e{match}, '1') NOT IN ('1', '2', '3', '4'))"
            for _, job, match, wages in _QUARTERS
        ),
    ),
    Rule(
        code="REC-pirl-18", element="1704", needs=("1602", "1704"), tag="A, O",
        when=_any(
            f"e{wages} = 999999.99 AND (coalesce(e{job}, '') <> '9'"
            f" OR coalesce(e{match}, '5') <> '5')"
            for _, job, match, wages in _QUARTERS
        ),
    ),
    Rule(
        code="REC-pirl-19", element="1602", needs=("901",), tag="O, T",
        when=_any(
            f"(e{job} = '9' OR e{wages} = 999999.99) AND {_SINCE.format(day='day_after')} > {n + 2}"
            for n, job, _, wages in _QUARTERS
        ),
    ),
    Rule(
        code="REC-pirl-20", element="1602", needs=("901",), tag="A",
        when=_any(
            f"(e{job} IN ('0', '1', '2', '3') OR e{wages} <> 999999.99)"
            f" AND {_SINCE.format(day='day_after')} <= {n}"
            for n, job, _, wages in _QUARTERS
        ),
    ),
    Rule(
        code="REC-pirl-21", element="1704", needs=(), tag="A, O", severity="doubtful",
        when=_any(
            [*(f"e{w} < 0 OR (e{w} > 50000 AND e{w} <> 999999.99)" for *_, w in _QUARTERS),
             *(f"e{w} < 0 OR (e{w} > 100000 AND e{w} <> 999999.99)"
               for w in ("1700", "1701", "1702"))]
        ),
    ),
    Rule(
        code="REC-pirl-22", element="1615", needs=(), tag="A",
        when=_any(
            [*(f"e{industry} IS NOT NULL AND coalesce(e{job}, '') NOT IN {_EMP}"
               for industry, job in (("1614", "1600"), ("1615", "1602"), ("1616", "1604"),
                                     ("1617", "1606"), ("1612", "1602"), ("1613", "1606"))),
             *(f"regexp_matches(e{n}, '^(0+|9+)$')"
               for n in ("403", "404", "405", "406", "1306", "1311", "1316", "1610", "1612",
                         "1613", "1614", "1615", "1616", "1617"))]
        ),
    ),
    Rule(
        code="REC-pirl-23", element="1618", needs=("1618", "1602", "1606"), tag="T",
        when=f"e1618 = '1' AND NOT (coalesce(e1602 IN {_EMP}, FALSE)"
        f" AND coalesce(e1606 IN {_EMP}, FALSE))",
    ),
    Rule(
        code="REC-pirl-24", element="1608", needs=("1608", "1602"), tag="A",
        when=f"e1608 IS NOT NULL AND NOT (coalesce({_TRAINED}, FALSE)"
        f" AND coalesce(e1602 IN {_EMP}, FALSE))",
    ),
    Rule(
        code="REC-pirl-25", element="1801", needs=("1800", "1801"), tag="O, A",
        when=_any(
            [*(f"(coalesce(e{kind}, '0') <> '0') <> (e{on} IS NOT NULL)"
               for kind, on in _CREDENTIALS),
             f"e1801 IS NOT NULL AND NOT ({_STUDIED})"]
        ),
    ),
    Rule(
        code="REC-pirl-26", element="1801", needs=("1801", "900"), tag="T, O",
        when=_any(
            f"e{on} < e900 OR e{on} > CAST(e901 + INTERVAL 365 DAY AS DATE)"
            for _, on in _CREDENTIALS
        ),
    ),
    Rule(
        code="REC-pirl-27", element="802", needs=("802",), tag="A",
        when="(e600 = '1' OR e602 IN ('1', '3', '4', '6') OR e603 = '1' OR e604 = '1')"
        " AND coalesce(e802, '') <> '1'",
    ),
    Rule(
        code="REC-pirl-28", element="408", needs=("408", "409"), tag="A",
        when="(e409 IN ('1', '2', '4', '6') AND e408 NOT IN ('0', '3'))"
        " OR (e409 IN ('3', '5') AND e408 = '0')"
        " OR (e408 NOT IN ('0') AND e407 IS NOT NULL AND e407 <> '12')",
    ),
    Rule(
        code="REC-pirl-29", element="203", needs=(), tag="A",
        when="(e202 = '0' AND e203 <> '0')"
        " OR (e301 IN ('1', '2') AND coalesce(e300, '') <> '1')"
        " OR (e301 = '3' AND coalesce(e300, '') <> '0')",
    ),
    Rule(
        code="REC-pirl-30", element="1811", needs=(), tag="T, D",
        when=_any(
            ["e1813 < e1811",
             *(f"e{n} < e900" for n in ("1806", "1807", "1808", "1809", "1810"))]
        ),
    ),
)  # fmt: skip
