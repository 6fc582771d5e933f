"""The tour in the docs is the one that `make tour` takes."""

from tools.tour.page import DOCS, PICTURES, STOPS, picture, tour


def test_the_page_is_the_one_that_is_taken() -> None:
    assert (DOCS / "tour.md").read_text() == tour()


def test_every_stop_has_its_pictures_and_there_are_no_others() -> None:
    assert set(PICTURES.iterdir()) == {picture(each, screen) for each in STOPS for screen in each.screens}
