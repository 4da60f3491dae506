"""An object as text: what a reader gets back is what was written."""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scibus.contracts.modos import ShowQuery
from scibus.contracts.problems import InvalidRequest, NotFound
from scibus.modos.editing.showing import shown
from scibus.modos.editing.turtle import turtle
from tests.modos.editing.triples import Iri, triples

MODOS = "https://w3id.org/sdsc-ordes/modos-schema/"
SCHEMA = "http://schema.org/"
XSD = "http://www.w3.org/2001/XMLSchema#"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
BASE = "https://example.org/ex/"
META = {
    "ex": {"@type": "MODO", "id": "ex", "has_assay": "assay1", "creation_date": "2024-01-17T00:00:00", "name": "Ex"},
    "assay/assay1": {"@type": "Assay", "omics_type": ["GENOMICS", "other"], "has_data": ["data/demo1"]},
    "data/demo1": {
        "@type": "DataEntity",
        "data_path": "my reads.cram",
        "data_format": "CRAM",
        "last_update_date": "2024-10-15",
        "depth": 30,
        "quality": 1.5,
        "checked": True,
        "settings": {"a": [1]},
        "seen on": "https://a.b/c?d=e f",
        "homepage": "https://a.b/c?d=é",
    },
    "sample/sample1": {
        "@type": "Sample",
        "description": 'with "quotes", a \\ and\nå\tline\x01',
        "cell_type": "http://purl.obolibrary.org/obo/CL_0002627",
        "source_material": "UBERON:0002316",
        "taxon_id": "a mouse",
        "source_uri": "/data/genomic/a b.fa",
        "collector": None,
    },
}


def query(**members):
    return ShowQuery(modo="ex", **members)


@pytest.mark.parametrize(
    ("element", "part"),
    [
        (None, META),
        ("sample", {"sample/sample1": META["sample/sample1"]}),
        ("sample/sample1", META["sample/sample1"]),
        ("ex", META["ex"]),
        ("sequence", {}),
    ],
)
def test_yaml_and_json_say_the_same(element, part):
    as_yaml = shown(META, query(element=element), "s3://b/ex")
    as_json = shown(META, query(element=element, format="json"), "s3://b/ex")

    assert yaml.safe_load(as_yaml.text) == json.loads(as_json.text) == part
    assert (as_yaml.media_type, as_json.media_type) == ("application/yaml", "application/json")
    assert list(yaml.safe_load(as_yaml.text)) == list(part)


def test_what_is_not_there_is_told_with_what_there_is():
    with pytest.raises(NotFound, match="sample/sample1"):
        shown(META, query(element="sample/other"), "s3://b/ex")


def test_numbers_that_are_none_are_null_in_json():
    text = shown({"ex": {"id": "ex", "n": [float("nan"), float("inf")]}}, query(format="json"), "s3://b/ex").text

    assert json.loads(text)["ex"]["n"] == [None, None]


def test_turtle_has_links_paths_and_terms_as_iris_and_values_with_their_types():
    found = triples(shown(META, query(format="turtle", base_uri=BASE), "s3://b/ex").text)

    def of(subject, predicate):
        return {value for about, name, value in found if (about, name) == (Iri(BASE + subject), Iri(predicate))}

    assert of("ex", TYPE) == {Iri(MODOS + "MODO")}
    assert of("ex", SCHEMA + "identifier") == {Iri(BASE + "ex")}
    assert of("ex", SCHEMA + "name") == {("Ex", None)}
    assert of("ex", MODOS + "has_assay") == {Iri(BASE + "assay/assay1")}
    assert of("ex", MODOS + "creation_date") == {("2024-01-17T00:00:00", XSD + "dateTime")}
    assert of("assay/assay1", MODOS + "omics_type") == {
        Iri("http://purl.obolibrary.org/obo/NCIT_C84343"),
        ("other", None),
    }
    assert of("data/demo1", MODOS + "last_update_date") == {("2024-10-15", XSD + "date")}
    assert of("data/demo1", MODOS + "data_path") == {Iri(BASE + "my%20reads.cram")}
    assert of("data/demo1", MODOS + "depth") == {("30", XSD + "integer")}
    assert of("data/demo1", MODOS + "quality") == {("1.5", XSD + "double")}
    assert of("data/demo1", MODOS + "checked") == {("true", XSD + "boolean")}
    assert of("data/demo1", MODOS + "settings") == {('{"a": [1]}', "http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON")}
    assert of("data/demo1", MODOS + "seen%20on") == {("https://a.b/c?d=e f", None)}
    assert of("data/demo1", MODOS + "homepage") == {Iri("https://a.b/c?d=é")}
    assert of("sample/sample1", SCHEMA + "description") == {(META["sample/sample1"]["description"], None)}
    assert of("sample/sample1", MODOS + "cell_type") == {Iri("http://purl.obolibrary.org/obo/CL_0002627")}
    assert of("sample/sample1", MODOS + "source_material") == {Iri("http://purl.obolibrary.org/obo/UBERON_0002316")}
    assert of("sample/sample1", MODOS + "taxon_id") == {("a mouse", None)}
    assert of("sample/sample1", MODOS + "source_uri") == {Iri("file:///data/genomic/a%20b.fa")}
    assert of("sample/sample1", MODOS + "collector") == set()


def test_without_a_base_turtle_is_about_the_path_of_the_object():
    text = shown(META, query(format="turtle", element="ex"), "s3://b/proj/ex").text

    assert (Iri("s3://b/proj/ex/ex"), Iri(TYPE), Iri(MODOS + "MODO")) in triples(text)


@pytest.mark.parametrize("base", ["ex/", "", "https://a b/", "https://a/<b>", "https://a/\n"])
def test_a_base_that_is_no_uri_is_refused(base):
    with pytest.raises(InvalidRequest, match="base_uri"):
        turtle(META, base)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(
    st.dictionaries(TEXTS | st.sampled_from(["has_data", "data_path", "cell_type", "@type"]), TEXTS | st.lists(TEXTS))
)
def test_no_text_breaks_turtle_or_leaves_its_place(attributes):
    found = triples(turtle({"data/x": attributes}, BASE))

    assert {about for about, _, _ in found} == {Iri(BASE + "data/x")}
