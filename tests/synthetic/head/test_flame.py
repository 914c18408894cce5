"""FLAME-like models of the user load exactly, and nothing in a hostile file runs."""

from __future__ import annotations

import io
import os
import pickle
import sys
import types

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visavis.errors import DataError, ModelUnavailable
from visavis.synthetic.head.decode import array
from visavis.synthetic.head.flame import convert_flame, load_flame
from visavis.synthetic.head.model import Head
from visavis.synthetic.head.pickles import read_pickle

sparse = pytest.importorskip("scipy.sparse")

V, F = 40, 60


def flame(rng=None, vertices=V):
    """The arrays of a small random model, by FLAME's keys."""
    rng = rng or np.random.default_rng(0)
    weights = rng.random((vertices, 5))
    weights[:4] = np.eye(5)[[3, 3, 3, 4]]
    regressor = rng.random((5, vertices)) * (rng.random((5, vertices)) < 0.3)
    faces = rng.integers(0, vertices, (F, 3))
    faces[0] = 0, 1, 2
    return {
        "v_template": rng.normal(size=(vertices, 3)),
        "f": faces.astype(np.uint32),
        "shapedirs": rng.normal(size=(vertices, 3, 400)),
        "posedirs": rng.normal(size=(vertices, 3, 36)),
        "J_regressor": regressor,
        "weights": weights / weights.sum(axis=1, keepdims=True),
        "kintree_table": np.array([[2**32 - 1, 0, 1, 1, 1], range(5)], dtype=np.int64),
    }


@pytest.fixture
def chumpy(monkeypatch):
    """Modules that pickle as the long-unmaintained chumpy does."""
    for name in ("chumpy", "chumpy.ch", "chumpy.reordering"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    for module, name in (("chumpy.ch", "Ch"), ("chumpy.reordering", "Select")):
        made = type(name, (), {"__module__": module, "__init__": lambda self, **state: self.__dict__.update(state)})
        setattr(sys.modules[module], name, made)
    return sys.modules["chumpy.ch"].Ch, sys.modules["chumpy.reordering"].Select


def published(arrays, chumpy):
    """The arrays as the published files hold them: chumpy objects, a sparse regressor, and other things beside."""
    ch, select = chumpy
    order = np.random.default_rng(1).permutation(arrays["posedirs"].size)
    shuffled = np.empty(arrays["posedirs"].size)
    shuffled[order] = arrays["posedirs"].ravel()
    held = {key: ch(x=arrays[key], _dirty_vars=set(), _itr=None) for key in ("v_template", "shapedirs", "weights")}
    posedirs = select(a=ch(x=shuffled), idxs=order, preferred_shape=arrays["posedirs"].shape)
    return {
        **arrays,
        **held,
        "posedirs": posedirs,
        "J_regressor": sparse.csc_matrix(arrays["J_regressor"]),
        "bs_type": "lrotmin",
        "J": ch(x=np.zeros((5, 3))),
    }


def write(path, content, protocol=2):
    path.write_bytes(pickle.dumps(content, protocol))
    return path


def assert_equal(head, arrays):
    joined = np.concatenate([head.identity, head.expression], axis=2)
    np.testing.assert_array_equal(joined, arrays["shapedirs"])
    for field, key in (
        ("template", "v_template"),
        ("faces", "f"),
        ("pose_correctives", "posedirs"),
        ("joint_regressor", "J_regressor"),
        ("weights", "weights"),
    ):
        np.testing.assert_array_equal(getattr(head, field), arrays[key])
    assert head.parents == (-1, 0, 1, 1, 1)


@pytest.mark.parametrize("protocol", range(6))
def test_a_published_pickle_loads_equal_to_its_npz(tmp_path, chumpy, protocol):
    arrays = flame()
    np.savez(tmp_path / "model.npz", **arrays)
    head = load_flame(write(tmp_path / "model.pkl", published(arrays, chumpy), protocol))
    assert_equal(head, arrays)
    assert_equal(load_flame(tmp_path / "model.npz"), arrays)


def test_module_names_of_old_libraries_are_understood(tmp_path, chumpy):
    path = write(tmp_path / "model.pkl", published(flame(), chumpy))
    old = path.read_bytes().replace(b"cscipy.sparse._csc\n", b"cscipy.sparse.csc\n")
    path.write_bytes(old.replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n"))
    assert_equal(load_flame(path), flame())


def test_text_of_python_2_is_read_as_bytes():
    raw = np.array([[1.5, -2.0, 1e-300]]).tobytes()
    written = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n(I1\nI3\ntcnumpy\ndtype\n"
        b"(S'f8'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntbI00\nU" + bytes([len(raw)]) + raw + b"tb."
    )
    assert array("x", read_pickle("x", written)).tolist() == [[1.5, -2.0, 1e-300]]


def test_neither_scipy_nor_chumpy_is_imported(tmp_path, chumpy, monkeypatch):
    path = write(tmp_path / "model.pkl", published(flame(), chumpy))
    for name in [name for name in sys.modules if name.partition(".")[0] in ("scipy", "chumpy")]:
        monkeypatch.delitem(sys.modules, name)
    load_flame(path)
    assert not {"scipy", "chumpy"} & {name.partition(".")[0] for name in sys.modules}


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "value",
    [
        np.arange(12.0).reshape(3, 4),
        np.asfortranarray(np.arange(12, dtype=np.float32).reshape(3, 4)),
        np.arange(6, dtype=">i4").reshape(2, 3),
        np.array([True, False]),
        np.zeros((0, 3)),
        np.float32(2.5),
        [1, 2, 3],
        7,
    ],
)
def test_arrays_of_every_kind_come_back(value, protocol):
    got = array("x", read_pickle("x", pickle.dumps(value, protocol)))
    np.testing.assert_array_equal(got, np.asarray(value))


@pytest.mark.parametrize("make", ["csc_matrix", "csr_matrix", "csc_array", "csr_array"])
def test_sparse_matrices_come_back_in_full(make):
    matrix = getattr(sparse, make)(np.random.default_rng(0).random((5, 9)) > 0.7, dtype=float)
    np.testing.assert_array_equal(array("x", read_pickle("x", pickle.dumps(matrix))), matrix.toarray())


def test_a_loaded_model_can_be_shaped_and_posed(tmp_path):
    arrays = flame()
    np.savez(tmp_path / "m.npz", **arrays)
    head = load_flame(tmp_path / "m.npz")
    codes = np.random.default_rng(0).normal(size=300)
    np.testing.assert_allclose(head.shape(codes), arrays["v_template"] + arrays["shapedirs"][..., :300] @ codes)
    assert np.isfinite(head.pose(head.shape([]), [1.0], np.full((5, 3), 0.1))).all()


def test_eyeballs_are_known_from_the_skinning_weights(tmp_path):
    np.savez(tmp_path / "m.npz", **flame())
    head = load_flame(tmp_path / "m.npz")
    assert {0, 1, 2} <= set(head.regions["left_eyeball"].tolist())
    assert 3 in head.regions["right_eyeball"]
    assert head.part[0] == 1


def test_a_converted_model_loads_as_the_same_head(tmp_path, chumpy):
    head = convert_flame(write(tmp_path / "m.pkl", published(flame(), chumpy)), tmp_path / "m.npz")
    again = load_flame(tmp_path / "m.npz")
    assert_equal(again, flame())
    np.testing.assert_array_equal(again.uv, head.uv)
    assert again.identity_names == head.identity_names
    assert_equal(Head.load(tmp_path / "m.npz"), flame())


def test_the_path_may_come_from_the_environment(tmp_path, monkeypatch):
    np.savez(tmp_path / "m.npz", **flame())
    monkeypatch.setenv("VISAVIS_FLAME", str(tmp_path / "m.npz"))
    assert_equal(load_flame(), flame())


@pytest.mark.parametrize("path", [None, "nowhere/generic_model.pkl"])
def test_a_missing_model_says_where_models_come_from_and_their_licence(path, monkeypatch):
    monkeypatch.delenv("VISAVIS_FLAME", raising=False)
    with pytest.raises(ModelUnavailable, match=r"non-commercial.*CC-BY-4.0.*generic_model.pkl.*VISAVIS_FLAME"):
        load_flame(path)


# ---- hostile files

GADGETS = [
    "os system", "posix system", "nt system", "subprocess Popen", "builtins eval", "builtins exec", "__builtin__ eval",
    "builtins getattr", "builtins __import__", "builtins open", "builtins type", "builtins dict", "operator attrgetter",
    "functools partial", "importlib import_module", "pickle loads", "marshal loads", "codecs decode", "_codecs decode",
    "copyreg add_extension", "copyreg __newobj__", "collections defaultdict", "types CodeType", "shutil rmtree",
    "numpy load", "numpy fromfile", "numpy save", "numpy memmap", "numpy loadtxt", "numpy lib.npyio.load",
    "numpy.distutils.exec_command exec_command", "numpy.testing._private.utils runstring",
    "numpy.f2py.diagnose run_command", "numpy.core.multiarray fromfile", "numpy._core.multiarray fromfile",
    "numpy._core.numeric fromfunction", "numpy ndarray.tofile", "numpy.ctypeslib load_library",
    "scipy.io loadmat", "scipy.sparse load_npz", "scipy.sparse.csc os", "chumpy.ch os.system", "chumpy.utils eval",
    "torch load", "torch.hub load", "torch._utils _rebuild_tensor_v2.__globals__", "torch.storage torch.load",
    "numpy._core.multiarray _reconstruct.__self__", "copyreg _reconstructor.__globals__",
]  # fmt: skip


def call(module, name, protocol):
    """A pickle that calls module.name("1")."""
    if protocol < 4:
        return f"c{module}\n{name}\n(S'1'\ntR.".encode()
    text = b"".join(b"\x8c" + bytes([len(t)]) + t.encode() for t in (module, name))
    return b"\x80\x04" + text + b"\x93\x8c\x011\x85R."


@pytest.mark.parametrize("protocol", [0, 4])
@pytest.mark.parametrize("gadget", GADGETS)
def test_every_name_that_arrays_do_not_need_is_refused_by_name(tmp_path, gadget, protocol):
    module, name = gadget.split()
    (tmp_path / "m.pkl").write_bytes(call(module, name, protocol))
    with pytest.raises(DataError) as refusal:
        load_flame(tmp_path / "m.pkl")
    assert f"would run {module}.{name}," in str(refusal.value)


class Bomb:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return os.system, (f"touch {self.target}",)


@pytest.mark.parametrize("where", ["model", "landmarks", "masks"])
def test_a_command_hidden_in_a_file_does_not_run(tmp_path, where):
    mark = tmp_path / "was-here"
    np.savez(tmp_path / "m.npz", **flame())
    files = {"path": tmp_path / "m.npz"}
    if where == "model":
        files["path"] = write(tmp_path / "m.pkl", {**flame(), "extra": [Bomb(mark)]})
    elif where == "landmarks":
        np.save(tmp_path / "l.npy", np.array({"static_lmk_faces_idx": Bomb(mark)}, dtype=object), allow_pickle=True)
        files["landmarks"] = tmp_path / "l.npy"
    else:
        files["masks"] = write(tmp_path / "k.pkl", {"face": Bomb(mark)})
    with pytest.raises(DataError, match=r"would run (posix|nt)\.system"):
        load_flame(**files)
    assert not mark.exists()


def test_a_command_in_the_storage_of_a_tensor_does_not_run(tmp_path):
    inner = call("os", "system", 0)
    outer = b"ctorch._utils\n_rebuild_tensor_v2\n(ctorch.storage\n_load_from_bytes\n(C" + bytes([len(inner)]) + inner
    np.savez(tmp_path / "m.npz", **flame())
    (tmp_path / "k.pkl").write_bytes(b"}S'face'\n" + outer + b"tRI0\n(I1\nt(I1\nttRs.")
    with pytest.raises(DataError, match=r"would run os\.system"):
        load_flame(tmp_path / "m.npz", masks=tmp_path / "k.pkl")


@pytest.mark.parametrize(
    "tampering",
    [
        b"cnumpy\nndarray\n(N}S'__setstate__'\ncnumpy\ndtype\nstb.",  # BUILD with a slot state sets attributes
        b"cnumpy\nndarray\n}S'__setstate__'\ncnumpy\ndtype\nsb.",  # BUILD with a dict writes __dict__
        b"ccopyreg\n_reconstructor\n(I1\nI2\nNtR.",
        b"ccopyreg\n_reconstructor\n(tR.",
    ],
)
def test_the_reader_itself_cannot_be_changed_by_a_file(tampering):
    with pytest.raises(DataError):
        read_pickle("x", tampering)
    np.testing.assert_array_equal(array("x", read_pickle("x", pickle.dumps(np.arange(3)))), np.arange(3))


def test_a_few_bytes_cannot_ask_for_gigabytes():
    assert read_pickle("x", b"\x80\x02]r\x00\x00\x00\x7f.") == []  # an object numbered two billion
    for opcode in (b"\x8e", b"\x8d", b"\x95", b"\x96"):  # bytes, text, a frame, a bytearray of a terabyte
        with pytest.raises(DataError):
            read_pickle("x", b"\x80\x05" + opcode + bytes([0, 0, 0, 0, 0, 1, 0, 0]) + b"short.")


def sparse_state(**changes):
    state = {
        "_shape": (2, 2),
        "indptr": np.array([0, 1, 2]),
        "indices": np.array([0, 1]),
        "data": np.array([1.0, 2.0]),
        **changes,
    }
    made = sparse.csc_matrix((1, 1))
    made.__dict__.update(state)
    return made


@pytest.mark.parametrize(
    "wrong",
    [
        sparse_state(_shape=(10**9, 10**9)),
        sparse_state(indices=np.array([0, 5])),
        sparse_state(indices=np.array([0, -1])),
        sparse_state(indptr=np.array([0, 2, 1])),
        sparse_state(indptr=np.array([0, 1])),
        sparse_state(data=np.array([1.0])),
        np.array(["text"]),
        np.array([None, 1]),
        np.array([1 + 2j]),
        [[1], 2],
        {"a": 1},
        "text",
        10**30,
    ],
)
def test_what_is_no_array_of_numbers_is_refused(wrong):
    with pytest.raises(DataError, match="not an array of numbers"):
        array("J_regressor", read_pickle("x", pickle.dumps(wrong)))


def test_objects_that_hold_themselves_are_refused(chumpy):
    knot = chumpy[0]()
    knot.x = knot
    with pytest.raises(DataError):
        array("x", read_pickle("x", pickle.dumps(knot)))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_pickle_is_a_data_error_or_still_data(data):
    whole = pickle.dumps({"v": np.arange(6.0), "k": [1, 2]}, data.draw(st.integers(0, 5)))
    position = data.draw(st.integers(0, len(whole) - 1))
    damaged = whole[:position] + data.draw(st.binary(max_size=4)) + whole[position + data.draw(st.integers(0, 4)) :]
    try:
        content = read_pickle("x", damaged)
        if isinstance(content, dict):
            for value in content.values():
                array("x", value)
    except DataError:
        pass


# ---- wrong files


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda a: a.pop("posedirs"), "lacks posedirs; a FLAME model has v_template, f, shapedirs"),
        (lambda a: a.update(weights=a["weights"][:-1]), r"weights has shape \(39, 5\), expected \(40, 5\) for 40"),
        (lambda a: a.update(v_template=a["v_template"][:-1]), r"shapedirs has shape .* for 39 vertices"),
        (lambda a: a.update(shapedirs=a["shapedirs"][..., :10]), r"expected \(40, 3, 400\)"),
        (lambda a: a.update(f=a["f"] + 1000), "f goes from .* outside the model.s 0..39"),
        (lambda a: a.update(f=a["f"].astype(float)), "f holds float64, expected whole numbers"),
        (lambda a: a["v_template"].__setitem__(0, np.nan), "v_template holds NaN"),
        (lambda a: a["shapedirs"].__setitem__(3, np.inf), "shapedirs holds NaN or infinite"),
        (lambda a: a.update(weights=a["weights"] * 2), "do not sum to 1"),
        (lambda a: a.update(kintree_table=a["kintree_table"][:, ::-1]), "joints hang on"),
        (lambda a: a.update(v_template=np.float64(3)), "v_template has shape"),
    ],
)
@pytest.mark.parametrize("kind", ["npz", "pkl"])
def test_a_model_that_contradicts_itself_is_refused_with_what_was_expected(tmp_path, change, match, kind):
    arrays = flame()
    change(arrays)
    path = tmp_path / f"m.{kind}"
    if kind == "npz":
        np.savez(path, **arrays)
    else:
        write(path, arrays)
    with pytest.raises(DataError, match=match):
        load_flame(path)


@pytest.mark.parametrize("kind", ["npz", "pkl"])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_a_truncated_file_is_a_data_error(tmp_path, kind, share):
    if kind == "npz":
        np.savez(tmp_path / "m.npz", **flame())
    else:
        write(tmp_path / "m.pkl", flame())
    path = tmp_path / f"m.{kind}"
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(DataError, match=r"get the file again|write it again|lacks"):
        load_flame(path)


@pytest.mark.parametrize(
    "content", [b"not a pickle", b"\x89PNG\r\n\x1a\n" + bytes(99), b"PK\x03\x04" + bytes(99), bytes(9)]
)
def test_other_kinds_of_files_are_data_errors(tmp_path, content):
    (tmp_path / "m.pkl").write_bytes(content)
    with pytest.raises(DataError):
        load_flame(tmp_path / "m.pkl")


def test_a_folder_and_a_list_are_no_models(tmp_path):
    with pytest.raises(DataError, match="is a folder"):
        load_flame(tmp_path)
    with pytest.raises(DataError, match="holds list instead of named arrays"):
        load_flame(write(tmp_path / "m.pkl", [1, 2]))


def test_an_npz_with_a_pickle_inside_is_refused(tmp_path):
    np.savez(tmp_path / "m.npz", **{**flame(), "v_template": np.array([{}], dtype=object)})
    with pytest.raises(DataError, match="plain arrays"):
        load_flame(tmp_path / "m.npz")


# ---- the files beside the model


def embedding(rng=None):
    rng = rng or np.random.default_rng(5)
    tables = {}
    for name, shape in (("static_lmk", (51,)), ("dynamic_lmk", (79, 17)), ("full_lmk", (1, 68))):
        weights = rng.random((*shape, 3))
        tables[f"{name}_faces_idx"] = rng.integers(0, F, shape)
        tables[f"{name}_bary_coords"] = weights / weights.sum(axis=-1, keepdims=True)
    return tables


def save_embedding(path, tables):
    np.save(path, np.array(tables, dtype=object), allow_pickle=True)
    return path


@pytest.fixture
def model(tmp_path):
    np.savez(tmp_path / "m.npz", **flame())
    return tmp_path / "m.npz"


def test_landmarks_come_from_the_embedding(tmp_path, model):
    tables = embedding()
    head = load_flame(model, save_embedding(tmp_path / "l.npy", tables))
    points = head.landmarks.points(head.template, head.faces, yaw=-12.0)
    corners = head.template[head.faces[tables["dynamic_lmk_faces_idx"][51]]]
    np.testing.assert_allclose(points[:17], (tables["dynamic_lmk_bary_coords"][51][..., None] * corners).sum(axis=1))
    corners = head.template[head.faces[tables["static_lmk_faces_idx"]]]
    np.testing.assert_allclose(points[17:], (tables["static_lmk_bary_coords"][..., None] * corners).sum(axis=1))
    held = head.landmarks.visible_points(head.template, head.faces, yaw=80.0)
    np.testing.assert_array_equal(held, head.landmarks.points(head.template, head.faces, yaw=39.0))


def test_tables_that_are_torch_tensors_are_read_without_torch_code(tmp_path, model):
    torch = pytest.importorskip("torch")
    tables = embedding()
    mixed = {**tables, "dynamic_lmk_faces_idx": torch.tensor(tables["dynamic_lmk_faces_idx"]).T.contiguous().T}
    mixed["dynamic_lmk_bary_coords"] = torch.tensor(tables["dynamic_lmk_bary_coords"])
    plain = load_flame(model, save_embedding(tmp_path / "a.npy", tables)).landmarks
    head = load_flame(model, save_embedding(tmp_path / "b.npy", mixed))
    np.testing.assert_array_equal(head.landmarks.contour_faces, plain.contour_faces)
    np.testing.assert_array_equal(head.landmarks.contour_barycentric, plain.contour_barycentric)


def test_regions_come_from_the_masks(tmp_path, model):
    masks = {"face": np.array([1, 2, 3]), "nose": [4, 5]}
    head = load_flame(model, masks=write(tmp_path / "k.pkl", masks))
    assert {name: head.regions[name].tolist() for name in masks} == {"face": [1, 2, 3], "nose": [4, 5]}
    assert "left_eyeball" in head.regions


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda t: t.pop("static_lmk_faces_idx"), "lacks static_lmk_faces_idx"),
        (lambda t: t.update(dynamic_lmk_faces_idx=t["dynamic_lmk_faces_idx"][:40]), r"expected finite .* \(79, 17\)"),
        (lambda t: t.update(static_lmk_faces_idx=t["static_lmk_faces_idx"] + 1000), "outside the model.s 0..59"),
        (lambda t: t["static_lmk_bary_coords"].__setitem__(0, np.nan), "expected finite"),
    ],
)
def test_a_wrong_embedding_is_refused(tmp_path, model, change, match):
    tables = embedding()
    change(tables)
    with pytest.raises(DataError, match=match):
        load_flame(model, save_embedding(tmp_path / "l.npy", tables))


def test_an_embedding_of_another_kind_is_refused(tmp_path, model):
    np.save(tmp_path / "plain.npy", np.zeros(3))
    (tmp_path / "text.npy").write_text("hello")
    buffer = io.BytesIO()
    np.save(buffer, np.array({}, dtype=object), allow_pickle=True)
    (tmp_path / "short.npy").write_bytes(buffer.getvalue()[:-5])
    for name, match in (
        ("plain", "instead of named tables"),
        ("text", "not an .npy file"),
        ("short", "complete pickle"),
    ):
        with pytest.raises(DataError, match=match):
            load_flame(model, tmp_path / f"{name}.npy")


@pytest.mark.parametrize("masks", [{"face": [99]}, {"face": [[1]]}, {"face": [0.5]}, {"face": "all"}, [1]])
def test_wrong_masks_are_refused(tmp_path, model, masks):
    with pytest.raises(DataError, match=r"k\.pkl"):
        load_flame(model, masks=write(tmp_path / "k.pkl", masks))


_NESTED_TUPLE = b"K\x01\x85" + b"2\x86" * 60
_NESTED_LIST = b"]q\x00" + b"".join(b"]q%c(h%ch%ce" % (n, n - 1, n - 1) for n in range(1, 40))
_INT32 = b"cnumpy\ndtype\n(U\x02i4K\x00K\x01tR(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"


def _array(kind=_INT32, shape=b"K\x01\x85", data=b"U\x04" + bytes(4)):
    return b"cnumpy.core.multiarray\n_reconstruct\n)R(K\x01" + shape + kind + b"\x89" + data + b"tb"


def _selections(count):
    select = b"0cchumpy.reordering\nSelect\n)R}(U\x01ah\x10U\x04idxsh\x10U\x0fpreferred_shapeK\x01\x85ubq\x10"
    return _array() + b"q\x10" + select * count


@pytest.mark.parametrize(
    "item",
    [
        b"U\x01a}" + _NESTED_TUPLE + b"K\x01s",
        b"U\x0av_template" + _array(kind=b"cnumpy\ndtype\n(" + _NESTED_TUPLE + b"tR"),
        b"U\x0av_template" + _array(kind=_NESTED_LIST),
        b"U\x0av_template" + _array(shape=b"(J\x00\x00\x00\x7fU\x01at"),
        b"U\x0av_template" + _array(shape=b"(\x8a\x05\x00\x00\x00\x00\x01t", data=b"\x8a\x05\x00\x00\x00\x00\x01"),
        b"U\x0av_template" + _selections(40),
    ],
    ids=["key", "type code", "type", "shape", "bytes", "selections"],
)
def test_a_few_bytes_cannot_ask_for_years_or_gigabytes(item, tmp_path):
    path = tmp_path / "bomb.pkl"
    path.write_bytes(b"\x80\x02}" + item + b"s.")
    with pytest.raises(DataError):
        load_flame(path)
