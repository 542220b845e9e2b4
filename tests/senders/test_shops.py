"""Claims about `shops.yaml`: what is read, and how mistakes are told."""

from pathlib import Path

import pytest

from senders.shops import load_shops
from streams.marked_yaml import BadYaml

GOOD = """\
shops:
  - shop_id: boutique
    name: La Boutique
    from: La Boutique <Bonjour@Boutique.example>
    reply_to: clients@boutique.example
    address: |
      12 rue des Exemples
      75002 Paris
    url: https://boutique.example/
    locale: fr
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shops.yaml"


def told(file: Path, content: str | bytes) -> str:
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(BadYaml) as bad:
        load_shops(file)
    return str(bad.value).replace(str(file), "shops.yaml")


def test_shops_are_found_by_their_id(file: Path) -> None:
    file.write_text(GOOD)
    shop = load_shops(file)["boutique"]
    assert (shop.name, shop.from_name, shop.from_address) == ("La Boutique", "La Boutique", "bonjour@boutique.example")
    assert shop.address == "12 rue des Exemples\n75002 Paris"
    assert shop.cart_url is None


@pytest.mark.parametrize(
    ("written", "name", "address"),
    [
        ("a@shop.example", "La Boutique", "a@shop.example"),
        ("<a@shop.example>", "La Boutique", "a@shop.example"),
        ("Chez Élise <a@shop.example>", "Chez Élise", "a@shop.example"),
        ('"\\"Élise, & Cie\\" <a@shop.example>"', "Élise, & Cie", "a@shop.example"),
    ],
)
def test_a_sender_may_have_a_name_of_its_own(file: Path, written: str, name: str, address: str) -> None:
    file.write_text(GOOD.replace("La Boutique <Bonjour@Boutique.example>", written))
    shop = load_shops(file)["boutique"]
    assert (shop.from_name, shop.from_address) == (name, address)


def test_the_demos_shops_are_sound() -> None:
    assert load_shops(Path(__file__).parents[2] / "streams/demo/shops.yaml")


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("    locale: fr\n", "", "shops.yaml:2: locale is missing; add `locale: …`: the language for"),
        ("locale: fr", "locale: de", "shops.yaml:10: locale: Input should be 'fr' or 'en': the language for"),
        ("    url:", "    link:", "shops.yaml:9: link is not known here; remove it, or write one of shop_id, name, from,"),
        ("clients@boutique.example", "nobody", "shops.yaml:5: reply_to: The e-mail address is not one that"),
        ("clients@boutique.example", "élise@boutique.example", "shops.yaml:5: reply_to: write an address that is ASCII"),
        ("clients@boutique.example", "12", "shops.yaml:5: reply_to: Input should be a valid string: the e-mail"),
        ("<Bonjour@Boutique.example>", "<a@b.example> <c@d.example>", "shops.yaml:4: from: "),
        ("La Boutique <Bonjour@Boutique.example>", '"A\\r\\nBcc: <a@b.example>"', "shops.yaml:4: from: write some words on"),
        ("La Boutique <Bonjour@Boutique.example>", "[]", "shops.yaml:4: from: write an e-mail address"),
        ("name: La Boutique", 'name: "La\\tBoutique"', "shops.yaml:3: name: write some words on one line"),
        ("name: La Boutique", "name: " + "x" * 61, "shops.yaml:3: name: String should have at most 60 characters: the name"),
        ("https://boutique.example/", "javascript:alert(1)", "shops.yaml:9: url: write a full link, such as https://"),
        ("shop_id: boutique", "shop_id: a:b", "shops.yaml:2: shop_id: String should match pattern"),
        ("    locale: fr\n", "    locale: fr\n    name: Other\n", "shops.yaml:11: name is there twice; is a dash missing"),
        (GOOD, "", "shops.yaml is empty"),
        (GOOD, "shops: []", "shops.yaml:1: shops: there is none; write at least one"),
        (GOOD, "shops:\n  boutique: {}", "shops.yaml:2: shops: Input should be a valid list: a list, each entry"),
        (GOOD, "- boutique", "shops.yaml:1: the file: Input should be a valid dictionary"),
        (GOOD, "shops:\n\t- a", "shops.yaml:2: not YAML (found character '\\t' that cannot start any token); mend"),
        (GOOD, "shops: !!python/object:os.system {}", "shops.yaml:1: not YAML (could not determine a constructor"),
        (GOOD, "shops: \x00", "shops.yaml holds something that YAML does not know"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_by_line_with_the_fix(file: Path, right: str, wrong: str, said: str) -> None:
    assert said in told(file, GOOD.replace(right, wrong))


def test_a_shop_that_is_there_twice_is_told(file: Path) -> None:
    twice = GOOD + GOOD.partition("\n")[2]
    assert told(file, twice) == "shops.yaml:2: shops: boutique is there twice; give each shop its own shop_id"


def test_all_mistakes_are_told_at_once_from_top_to_bottom(file: Path) -> None:
    lines = told(file, GOOD.replace(": fr", ": de").replace("https", "ftp")).splitlines()
    assert [line.split(":")[1] for line in lines] == ["9", "10"]


def test_a_file_that_is_not_utf8_or_not_there_is_told(file: Path) -> None:
    assert told(file, "é".encode("latin-1")) == "shops.yaml is not UTF-8; save it as UTF-8"
    with pytest.raises(BadYaml, match="cannot be read"):
        load_shops(file.with_name("elsewhere.yaml"))
