from benchmarks import old_claims
from tests.audit.memory.foreign import Adapter

CLAIMED = 2_000_000


def test_the_largest_batch_is_within_the_claim_and_the_next_is_not(monkeypatch):
    monkeypatch.setattr(old_claims, "memory", Adapter)
    monkeypatch.setattr(old_claims, "BUDGET", 2 * CLAIMED)
    monkeypatch.setattr(old_claims, "IMAGES", 4)
    monkeypatch.setattr(old_claims, "SIDES", (48, 32))
    found = old_claims.network("small", CLAIMED)
    assert found["parameters"] == 3 * 32 * 9 + 32 + 32 * 4 * 9 + 4
    for side in ("48", "32"):
        within, budget = found[side]["within the claim"], found[side]["within 6 GB"]
        assert 0 < within["bytes"] <= CLAIMED < within["next"]
        assert within["images"] < budget["images"]
        assert budget["bytes"] <= 2 * CLAIMED < budget["next"]
    assert found["32"]["4 images"] < found["48"]["4 images"]
