"""The engine on the paper's parameters: what is right, what is missing, what raises, what is accepted.

Wrong subjects lie in the folder zhang2016, by the part of the paper that they get wrong.
"""

from numpy_subject import PAPER, Reference, check, with_values

from audit.model import Verdict


def test_a_right_implementation_agrees_in_every_row():
    result = check(Reference)
    assert result.verdict is Verdict.PASS, result.message
    assert len(result.rows) == len(PAPER.parameters)


def test_what_the_subject_lacks_is_unknown_and_never_a_pass():
    result = check(lambda _points: object())
    assert {row.verdict for row in result.rows} == {Verdict.UNKNOWN}
    assert result.verdict is Verdict.UNKNOWN


def test_a_part_that_is_not_implemented_is_unknown():
    class Partial(Reference):
        def decode(self, logits):
            raise NotImplementedError

    verdicts = {row.id: row.verdict for row in check(Partial).rows}
    assert verdicts["decoding.temperature"] is Verdict.UNKNOWN
    assert verdicts["encoding.sigma"] is Verdict.PASS


def test_a_subject_that_raises_is_an_error_in_its_rows_and_the_others_go_on():
    class Broken(Reference):
        def class_weights(self, _prior):
            raise RuntimeError("no weights today")

    verdicts = {row.id: row.verdict for row in check(Broken).rows}
    assert {row for row, verdict in verdicts.items() if verdict is Verdict.ERROR} == {"weights.lambda", "weights.mean"}
    assert verdicts["bins.count"] is Verdict.PASS


def test_a_wrong_shape_is_an_error_that_says_both_shapes():
    class Transposed(Reference):
        def decode(self, logits):
            return super().decode(logits).T

    row = next(row for row in check(Transposed).rows if row.id == "decoding.temperature")
    assert row.verdict is Verdict.ERROR
    assert "2×61" in row.message
    assert "any" not in row.message


def test_a_known_deviation_passes_only_where_it_is_accepted():
    kind = with_values(k=10)
    assert check(kind).verdict is Verdict.FAIL
    assert "released-k" in check(kind).message
    accepted = check(kind, accept=["released-k"])
    assert accepted.verdict is Verdict.DEVIATION
    assert "as agreed" in accepted.message


def test_accepting_one_deviation_does_not_cover_another_value():
    assert check(with_values(k=7), accept=["released-k"]).verdict is Verdict.FAIL
