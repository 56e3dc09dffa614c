import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from colorlib.errors import ColorlibError
from colorlib.ops import neighbours_kernels as kernels
from colorlib.ops.checks import AB_LIMIT
from colorlib.ops.encoding import LEAST_SIGMA, MOST_SIGMA, SoftTarget, eager_soft_encode, soft_encode
from colorlib.ops.grid import Grid

FAR = st.floats(-1e6, 1e6, width=32)


def test_defaults_are_the_papers():
    ab = torch.tensor([3.0, 4.0]).reshape(1, 2, 1, 1)
    target = soft_encode(ab, Grid.paper())
    assert target.indices.shape == (1, 5, 1, 1)
    weights = target.weights.flatten().double()
    squared = (Grid.paper().points[target.indices.flatten()].double() - torch.tensor([3.0, 4.0])).square().sum(1)
    torch.testing.assert_close(weights, torch.softmax(-squared / (2 * 5.0**2), 0), atol=1e-6, rtol=0)


@pytest.mark.parametrize("k", [5, 10])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("encode", [soft_encode, eager_soft_encode])
def test_agrees_with_the_reference(golden, k, dtype, encode):
    vectors = golden("soft_encode")
    ab = torch.from_numpy(vectors["ab"]).to(dtype).T[None, :, :, None]
    target = encode(ab, Grid.paper(), k, 5.0)
    clear = ~vectors[f"k{k}_tie_at_kth_neighbour"]
    dense = target.dense(313)[0, :, :, 0].T.numpy()
    assert np.abs(dense - vectors[f"k{k}_dense"])[clear].max() < 1e-5
    weights = target.weights[0, :, :, 0].T.numpy()
    assert np.abs(weights - vectors[f"k{k}_weights"]).max() < 1e-5
    for wrong in [name for name in vectors if name.startswith(f"WRONG_k{k}")]:
        assert np.abs(weights - vectors[wrong]).max() > 1e-2, wrong


@pytest.mark.parametrize("name", ["paper", "full"])
@pytest.mark.parametrize("k", [1, 5, 16])
def test_kernel_finds_what_comparing_all_bins_finds(name, k):
    generator = torch.Generator().manual_seed(k)
    grid = Grid.by_name(name)
    smooth = torch.rand(1, 2, 50, 60, generator=generator) * 280 - 140
    ties = torch.randint(-56, 56, (1, 2, 50, 60), generator=generator) * 2.5
    borders = torch.randint(-33, 33, (1, 2, 50, 60), generator=generator) * 4.0  # of the table's cells
    ab = torch.cat((smooth, ties, borders, torch.nextafter(borders, smooth)))
    fast, slow = soft_encode(ab, grid, k), eager_soft_encode(ab, grid, k, 5.0)
    assert torch.equal(fast.indices, slow.indices)
    torch.testing.assert_close(fast.weights, slow.weights, atol=1e-6, rtol=0)


def test_more_neighbours_than_the_kernel_takes():
    target = soft_encode(torch.zeros(1, 2, 1, 1), Grid.paper(), k=313)
    assert sorted(target.indices.flatten().tolist()) == list(range(313))
    assert float(target.weights.sum()) == pytest.approx(1)


@given(FAR, FAR, st.floats(0.01, 1000), st.sampled_from([1, 5, 17]))
def test_weights_are_a_descending_distribution_however_far(a, b, sigma, k):
    target = soft_encode(torch.tensor([a, b]).reshape(1, 2, 1, 1), Grid.paper(), k, sigma)
    weights = target.weights.flatten()
    assert float(weights.sum()) == pytest.approx(1, abs=1e-5)
    assert bool((weights.diff() <= 0).all())
    assert len(set(target.indices.flatten().tolist())) == k


@given(st.integers(1, 3), st.integers(1, 6), st.integers(1, 6), st.integers(0, 1000))
def test_invariant_to_batch_and_memory_order(n, h, w, seed):
    ab = torch.rand(n, 2, h, w, generator=torch.Generator().manual_seed(seed)) * 200 - 100
    whole = soft_encode(ab, Grid.paper())
    strided = soft_encode(ab.to(memory_format=torch.channels_last), Grid.paper())
    single = soft_encode(ab[-1:], Grid.paper())
    assert torch.equal(whole.indices, strided.indices)
    assert torch.equal(whole.weights, strided.weights)
    assert torch.equal(whole.indices[-1:], single.indices)
    assert torch.equal(whole.weights[-1:], single.weights)


def test_same_result_with_any_number_of_threads():
    ab = torch.randn(1, 2, 200, 200, generator=torch.Generator().manual_seed(0)) * 50
    threads = torch.get_num_threads()
    results = []
    try:
        for count in (1, 3):
            torch.set_num_threads(count)
            results.append(soft_encode(ab, Grid.paper()))
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(results[0].weights, results[1].weights)
    assert torch.equal(results[0].indices, results[1].indices)


def test_uncompiled_kernels_do_the_same():
    values = (np.random.default_rng(0).random((2, 30)) * 300 - 150).astype(np.float32)
    key = kernels._key(Grid.paper().points)
    lists = kernels.candidates(key, 5)
    indices, plain_indices = (np.zeros((5, 30), np.int64) for _ in range(2))
    weights, plain_weights = (np.zeros((5, 30), np.float32) for _ in range(2))
    kernels.encode_range(*values, lists, np.float32(0.02), indices, weights, 0, 30)
    kernels.encode_range.py_func(*values, lists, np.float32(0.02), plain_indices, plain_weights, 0, 30)
    assert np.array_equal(indices, plain_indices)
    np.testing.assert_allclose(weights, plain_weights, atol=1e-6)
    found, counts = np.zeros(30, np.int64), np.zeros(313, np.int64)
    one = kernels.candidates(key, 1)
    kernels.nearest_range.py_func(*values, kernels.squares(key), one, found, 0, 30)
    assert np.array_equal(found, indices[0])
    kernels.count_range.py_func(*values, kernels.squares(key), one, counts, 0, 30)
    assert np.array_equal(counts, np.bincount(found, minlength=313))
    assert kernels._cell.py_func(200.0, 0.0) == kernels.CELLS**2
    assert kernels._place.py_func(-115.0) == 1
    assert kernels._search.py_func(500.0, 500.0, one) == int(Grid.paper().nearest(torch.full((1, 2, 1, 1), 500.0)))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("encode", [soft_encode, eager_soft_encode])
def test_the_ends_of_the_ranges_give_a_distribution(encode, dtype):
    values = torch.tensor([-AB_LIMIT, 0, 5, AB_LIMIT], dtype=dtype)
    ab = torch.cartesian_prod(values, values).T.reshape(1, 2, 4, 4)
    weights = encode(ab, Grid.paper(), 5, LEAST_SIGMA).weights
    uniform = encode(ab, Grid.paper(), 5, MOST_SIGMA).weights
    torch.testing.assert_close(uniform, torch.full_like(uniform, 0.2), atol=1e-5, rtol=0)
    torch.testing.assert_close(weights.sum(1), torch.ones(1, 4, 4, dtype=dtype))


def test_whole_numbers_of_numpy_are_whole_numbers():
    assert soft_encode(torch.zeros(1, 2, 1, 1), Grid.paper(), np.int64(3), np.float32(5)).indices.shape[1] == 3


def test_dense_target_and_device_move():
    target = soft_encode(torch.zeros(1, 2, 2, 2), Grid.paper())
    assert target.dense(313).shape == (1, 313, 2, 2)
    assert target.to("cpu") == target or torch.equal(target.to("cpu").weights, target.weights)
    with pytest.raises(ColorlibError, match="313 bins, the logits have 484"):
        target.dense(484)
    with pytest.raises(ColorlibError, match="names bin 400 of only 313"):
        SoftTarget(torch.full((1, 1, 1, 1), 400), torch.ones(1, 1, 1, 1)).dense(313)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"k": 0}, "k is 0, expected 1 to 313"),
        ({"k": 314}, "k is 314"),
        ({"sigma": 0.0}, "sigma is 0.0"),
        ({"sigma": float("nan")}, "sigma is nan"),
        ({"sigma": 1e-30}, "sigma is 1e-30, expected a number from 0.001 to 1e\\+06"),
        ({"sigma": 1e-200}, "from 0.001"),
        ({"sigma": 1e30}, "sigma is 1e\\+30, expected a number from 0.001 to 1e\\+06"),
        ({"sigma": 1e200}, "sigma is 1e\\+200"),
        ({"sigma": float("inf")}, "sigma is inf"),
        ({"sigma": "5"}, "sigma is '5'"),
        ({"k": 5.0}, "k is 5.0, expected 1 to 313"),
        ({"k": "5"}, "k is '5', expected 1 to 313"),
        ({"k": True}, "k is True"),
        ({"ab": np.zeros((1, 2, 2, 2))}, "ab is of type ndarray.*from_numpy"),
        ({"ab": torch.full((1, 2, 2, 2), -1e308, dtype=torch.float64)}, r"-1e\+308 to.*expected −1e\+06"),
        ({"ab": torch.full((1, 2, 2, 2), 1.1e6)}, r"1.1e\+06, expected"),
        ({"ab": torch.zeros(1, 1, 2, 2)}, "expected N×2×H×W"),
        ({"ab": torch.zeros(1, 2, 2, 2, dtype=torch.uint8)}, "floating"),
        ({"ab": torch.full((1, 2, 2, 2), float("inf"))}, "infinity"),
    ],
)
def test_wrong_input_is_named(change, message):
    arguments = {"ab": torch.zeros(1, 2, 2, 2), "grid": Grid.paper()} | change
    with pytest.raises(ColorlibError, match=message):
        soft_encode(**arguments)
