"""However a run is cut, spread or repeated, the folder ends with the same bytes, and nothing foreign gets in."""

from __future__ import annotations

import json
import shutil

import filelock
import pytest
from tests.synthetic.export.plans import Numbers

from visavis.errors import DataError, InvalidInput, MissingExtra, StorageError, VisavisError
from visavis.storage import write_atomic
from visavis.synthetic.export import MANIFEST, TABLE, export

parquet = pytest.importorskip("pyarrow.parquet", reason="the table of labels needs pyarrow")


def contents(folder):
    """Every file below a folder, hidden ones too."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What a run that nothing disturbs leaves."""
    folder = tmp_path_factory.mktemp("whole") / "out"
    export(Numbers(), folder)
    return contents(folder)


def test_a_run_leaves_the_files_a_table_and_a_description_and_nothing_else(whole, tmp_path):
    plan = Numbers()
    assert set(whole) == {name for item in range(7) for name in plan.files(item)} | {TABLE, MANIFEST}
    about = json.loads(whole[MANIFEST])
    assert about["parameters"] == {"count": 7, "per_item": 3, "seed": 0}
    assert about["complete"] is True
    assert "no real person" in about["terms"]
    (tmp_path / TABLE).write_bytes(whole[TABLE])
    rows = parquet.read_table(tmp_path / TABLE).to_pylist()
    assert len(rows) == about["rows"] == 21
    assert [row["file"] for row in rows] == [name for item in range(7) for name in plan.files(item)]
    assert rows[4]["points"] == [[0.5, 1.25], [1.0, 2.0]]
    assert json.loads(rows[0]["about"]) == {"a": 1}


@pytest.mark.parametrize("processes", [2, 3])
def test_the_number_of_processes_changes_no_byte(whole, tmp_path, processes):
    done = export(Numbers(), tmp_path / "out", processes)
    assert (done.made, done.count, done.rows) == (7, 7, 21)
    assert contents(tmp_path / "out") == whole


@pytest.mark.parametrize("processes", [1, 2])
def test_a_full_disk_keeps_what_was_written_and_a_repeated_run_goes_on(whole, tmp_path, processes):
    trigger = tmp_path / "full"
    trigger.touch()
    plan, out = Numbers(breaks=4, trigger=str(trigger)), tmp_path / "out"
    with pytest.raises(StorageError, match=r"No space left.*what was written is kept: repeat the same command"):
        export(plan, out, processes)
    assert not (out / TABLE).exists()
    before = {name: path.stat().st_mtime_ns for name in plan.files(0) if (path := out / name)}
    trigger.unlink()
    done = export(plan, out, processes)
    assert done.made <= 3 if processes == 1 else done.made < 7
    assert {name: (out / name).stat().st_mtime_ns for name in before} == before
    assert contents(out) == whole


def test_a_disk_that_fills_up_at_any_write_is_survived(whole, tmp_path, monkeypatch):
    out, left = tmp_path / "out", [0]

    def until_full(path, data):
        left[0] -= 1
        if left[0] < 0:
            raise StorageError(f"{path}: cannot be written (No space left on device); free some space")
        write_atomic(path, data)

    monkeypatch.setattr("visavis.synthetic.export.folder.write_atomic", until_full)
    for space in range(1, 12):
        left[0] = space
        try:
            export(Numbers(), out)
            break
        except StorageError:
            assert not (out / TABLE).exists() or not json.loads((out / MANIFEST).read_bytes())["complete"]
    assert contents(out) == whole


def test_an_interrupted_run_goes_on_and_its_leavings_are_swept(whole, tmp_path):
    def stop(done, _):
        if done == 3:
            raise KeyboardInterrupt

    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        export(Numbers(), out, progress=stop)
    (out / "item-0004").mkdir()
    (out / "item-0004" / ".visavis-0123456789abcdef.part").write_bytes(b"half")
    told = []
    assert export(Numbers(), out, progress=lambda *numbers: told.append(numbers)).made == 4
    assert told == [(3, 7), (4, 7), (5, 7), (6, 7), (7, 7)]
    assert contents(out) == whole


def test_a_worker_that_dies_is_told_and_its_work_made_up_for(whole, tmp_path):
    trigger, out = tmp_path / "kill", tmp_path / "out"
    trigger.touch()
    with pytest.raises(VisavisError, match="worker process ended early"):
        export(Numbers(breaks=2, how="killed", trigger=str(trigger)), out, 2)
    trigger.unlink()
    export(Numbers(), out)
    assert contents(out) == whole


def test_processes_that_write_into_one_folder_leave_each_others_files_alone(tmp_path):
    plan = Numbers(count=60, flat=True)
    export(plan, tmp_path / "one")
    (tmp_path / "many").mkdir()
    (tmp_path / "many" / ".visavis-0123456789abcdef.part").write_bytes(b"half of what a killed run wrote")
    export(plan, tmp_path / "many", 4)
    assert contents(tmp_path / "many") == contents(tmp_path / "one")


def test_an_interrupted_run_does_not_wait_for_its_workers(whole, tmp_path):
    trigger, out = tmp_path / "endless", tmp_path / "out"
    trigger.touch()

    def stop(done, _):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(Numbers(breaks=1, how="endless", trigger=str(trigger)), out, 2, stop)  # else this line never ends
    trigger.unlink()
    export(Numbers(), out, 2)
    assert contents(out) == whole


def test_a_huge_run_starts_at_once(tmp_path):
    def stop(done, _):
        if done > 1:
            raise KeyboardInterrupt

    for processes in (1, 2):
        with pytest.raises(KeyboardInterrupt):
            export(Numbers(count=10**15), tmp_path / f"{processes}", processes, stop)  # no memory holds such a list


def test_a_defect_in_a_worker_is_not_hidden(tmp_path):
    with pytest.raises(ZeroDivisionError):
        export(Numbers(breaks=0, how="defect", trigger=str(tmp_path)), tmp_path / "out", 2)


def test_a_complete_folder_is_left_alone_and_lost_files_come_back(whole, tmp_path):
    out = tmp_path / "out"
    export(Numbers(), out)
    kept = (out / TABLE).stat().st_mtime_ns
    assert export(Numbers(), out).made == 0
    shutil.rmtree(out / "item-0005")
    assert export(Numbers(), out).made == 1
    assert (out / TABLE).stat().st_mtime_ns == kept
    assert contents(out) == whole


def test_a_damaged_part_is_told_and_made_again(whole, tmp_path):
    trigger, out = tmp_path / "full", tmp_path / "out"
    trigger.touch()
    plan = Numbers(breaks=6, trigger=str(trigger))
    with pytest.raises(StorageError):
        export(plan, out)
    trigger.unlink()
    (out / ".parts" / "000001").write_bytes(b"damaged")
    with pytest.raises(DataError, match="000001: was damaged and is removed; run the same command again"):
        export(plan, out)
    assert export(plan, out).made == 1
    assert contents(out) == whole


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (Numbers(count=8), "count was 7, now 8"),
        (Numbers(seed=1, per_item=2), "per_item was 3, now 2; seed was 0, now 1"),
    ],
)
def test_other_parameters_are_refused_and_told_apart(whole, tmp_path, plan, said):
    out = tmp_path / "out"
    export(Numbers(), out)
    with pytest.raises(InvalidInput, match=f"other parameters .{said}.; repeat those, or choose another folder"):
        export(plan, out)
    assert contents(out) == whole


def test_another_version_of_the_world_is_refused(tmp_path, monkeypatch):
    export(Numbers(), tmp_path / "out")
    monkeypatch.setattr("visavis.synthetic.export.folder.VERSION", "next")
    with pytest.raises(InvalidInput, match=r"version was .*, now 'next'"):
        export(Numbers(), tmp_path / "out")


def test_a_folder_with_other_things_in_it_is_refused_but_hidden_files_are_not_minded(tmp_path):
    (tmp_path / ".hidden").touch()
    export(Numbers(count=1), tmp_path)
    (tmp_path / MANIFEST).unlink()
    with pytest.raises(InvalidInput, match=r"holds other files.*choose a new or empty folder"):
        export(Numbers(count=1), tmp_path)
    for text in ("[]", "{}", '{"kind": 1, "version": 1, "parameters": [], "complete": false}', "\0", (
        '{"kind": 1, "version": 1, "parameters": {}, "complete": true}'
    )):  # fmt: skip
        (tmp_path / MANIFEST).write_text(text)
        with pytest.raises(DataError, match="does not describe a dataset"):
            export(Numbers(count=1), tmp_path)


def test_data_of_another_kind_is_told_without_its_parameters(tmp_path, monkeypatch):
    export(Numbers(), tmp_path)
    monkeypatch.setattr(Numbers, "kind", "letters")
    with pytest.raises(InvalidInput, match=r"other parameters \(kind was 'numbers', now 'letters'\)"):
        export(Numbers(seed=1), tmp_path)


@pytest.mark.parametrize("name", ["x" * 300, "nu\0ll"])
def test_a_name_that_no_folder_can_have_is_told(tmp_path, name):
    with pytest.raises(StorageError, match="cannot be"):
        export(Numbers(), tmp_path / name)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInput, match="is a file; name a folder"):
        export(Numbers(), tmp_path / "file")
    with pytest.raises(StorageError, match="cannot be made a folder"):
        export(Numbers(), tmp_path / "file" / "below")


def test_two_runs_at_once_do_not_get_in_each_others_way(tmp_path):
    (tmp_path / ".parts").mkdir()
    with filelock.FileLock(tmp_path / ".parts" / "lock"), pytest.raises(StorageError, match="another run is filling"):
        export(Numbers(), tmp_path)


@pytest.mark.parametrize("processes", [0, 257, 1.5, True])
def test_the_number_of_processes_has_a_range(tmp_path, processes):
    with pytest.raises(InvalidInput, match=r"processes .*: needs a whole number from 1 to 256"):
        export(Numbers(), tmp_path / "out", processes)
    assert not (tmp_path / "out").exists()


def test_a_missing_pyarrow_is_told_before_any_work(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match=r'pip install "visavis\[parquet\]"'):
        export(Numbers(), tmp_path / "out")
    assert not (tmp_path / "out").exists()
