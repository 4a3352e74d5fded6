"""What is wrong with a plan is told once, when it is read: what was got, what is allowed, what may be meant."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from interbrain import measures
from interbrain.app.cli import main
from interbrain.data.allowed import holds, told
from interbrain.data.errors import BadInput
from interbrain.data.plan import plan_from
from interbrain.data.records import resolve_settings

BANDS = {"alpha": [8.0, 12.0]}
FREE = {("eventsync", "threshold")}
"""Settings that may be any number."""


def refused(**more) -> str:
    """What a plan with one sound analysis and a second one is told."""
    first = {"name": "sound", "modality": "eda", "measure": "corr"}
    with pytest.raises(BadInput) as error:
        plan_from({"analysis": [first, {"name": "second", "modality": "eda", "measure": "corr", **more}]})
    return str(error.value)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"measure": "cor"}, "there is no 'cor'; there are: accorr, ccorr,"),
        ({"measure": "cor"}, "(did you mean 'corr'?)"),
        ({"measure": "wct"}, "(did you mean 'wtc'?)"),
        ({"measure": "CORR"}, "(did you mean 'corr'?)"),
        ({"measure": "zzz"}, "there is no 'zzz'; there are: accorr,"),
        ({"modality": "hart"}, "there is no modality 'hart' (did you mean 'heart'?); there are: fnirs,"),
        ({"surrogates": ["circular_shft"]}, "segment_shuffle (did you mean 'circular_shift'?)"),
        ({"settings": {"min_vald": 0.5}}, "corr: there is no setting 'min_vald' (did you mean 'min_valid'?)"),
        ({"settings": {"kind": "robst"}}, "corr: kind is 'robst' (did you mean 'robust'?); allowed are 'robust', "),
        ({"settings": {"min_valid": 1.5}}, "corr: min_valid is 1.5; allowed are numbers above 0 and at most 1"),
        ({"settings": {"prewhiten": 1}}, "setting 'prewhiten' is 1; true or false is needed"),
        ({"settings": {"convention": "persn"}}, "no convention 'persn' (did you mean 'pearson'?)"),
        ({"measure": "plv", "bands": {"dc": [0.0, 4.0]}}, "band 'dc' is 0 to 4 Hz; plv needs a low edge above 0"),
        (
            {"measure": "wtc", "bands": {"b": [0.1, 0.2]}, "settings": {"padding": "pycwt"}},
            "wtc: path = 'reduced' goes only with padding = 'no_wrap', analytic = true",
        ),
        (
            {"modality": "fnirs", "measure": "wtc", "bands": {"pulse": [0.8, 1.5]}},
            "band 'pulse' is 0.8 to 1.5 Hz, and the filter of fNIRS leaves 0.01 to 0.2 Hz",
        ),
        ({"n_surrogates": 20}, "(n + 1)/20 must be whole"),
    ],
)
def test_what_is_wrong_with_a_measure_is_told_by_its_place_as_people_count(more, says):
    text = refused(**more)
    assert says in text and "analysis 2 (second)" in text.replace("analysis second:", "analysis 2 (second)")
    assert "analysis.1" not in text and len(text.splitlines()) == 2


def test_a_name_that_no_file_can_bear_is_refused_in_words():
    text = refused(name="θ-plv")
    assert "letters A to Z and a to z, digits" in text and "'θ-plv'" in text
    assert not re.search(r"[\^\$\[\]]", text.partition("\n")[2])


@pytest.mark.parametrize("record", measures.records().values(), ids=lambda r: r.name)
def test_every_setting_says_what_it_may_be(record):
    assert set(record.settings_allowed) <= set(record.settings)
    limited = {k for k, v in record.settings.items() if not isinstance(v, bool) and (record.name, k) not in FREE}
    assert set(record.settings_allowed) == limited
    for key, limit in record.settings_allowed.items():
        default = record.settings[key]
        assert holds(limit, default) and isinstance(limit, tuple) == isinstance(default, str)
        wrong = "nonsense" if isinstance(limit, tuple) else type(default)(-1)
        with pytest.raises(BadInput, match=f"^{record.name}: {key} is .*; allowed are "):
            resolve_settings(record, {key: wrong})


def test_ends_of_intervals():
    assert holds("[0, 1]", 0.0) and holds("[0, 1]", 1) and not holds("(0, 1)", 0.0) and not holds("(0, 1)", 1.0)
    assert holds("[4, inf)", 1e9) and not holds("[4, inf)", 3)
    assert told("(0, 1]") == "numbers above 0 and at most 1" and told("[4, inf)") == "numbers at least 4"


def test_a_run_with_an_impossible_setting_is_refused_before_anything_is_read(tmp_path):
    plan = tmp_path / "plan.toml"
    plan.write_text(
        '[[analysis]]\nname = "a"\nmodality = "eda"\nmeasure = "mi"\nsettings = { max_lag_s = -1.0 }\n',
        encoding="utf-8",
    )
    study = tmp_path / "study"
    study.mkdir()
    for role in ("p", "t"):
        rows = "\n".join(str(i * 7919 % 101) for i in range(600))
        (study / f"01_1_{role}.csv").write_text(f"eda\n{rows}\n", encoding="utf-8")
    (study / "study.toml").write_text(
        '[study]\nname = "s"\nroles = ["p", "t"]\n[[recordings]]\npattern = "{group}_{session}_{role}.csv"\n'
        'format = "table"\nmodality = "eda"\noptions = { rate = 4.0 }\n',
        encoding="utf-8",
    )
    told_ = CliRunner().invoke(main, ["run", str(study), str(tmp_path / "out"), "--plan", str(plan)])
    assert told_.exit_code == 2 and "mi: max_lag_s is -1.0; allowed are numbers at least 0" in told_.output
    assert not (tmp_path / "out" / "problems.tsv").exists()
