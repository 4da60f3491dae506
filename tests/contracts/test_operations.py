"""One declaration gives subject, models and a typed call."""

import pytest

from scibus.contracts import Contract, Service, Table, request
from scibus.contracts.drms import Drms, RecordCount, RecordSetSummaryQuery
from scibus.contracts.operations import CallOptions
from scibus.contracts.tables import TableBody


class Recorder:
    """Instead of a bus: keeps what it was asked."""

    async def request(self, operation, query, options=None):
        return operation, query, options


def test_an_operation_knows_its_subject():
    assert Drms.rs_list.subject == "scibus.v1.req.drms.rs_list"


def test_an_operation_knows_its_schemas():
    assert Drms.rs_summary.model is RecordSetSummaryQuery
    assert Drms.rs_summary.answer_model is RecordCount
    assert Drms.rs_summary.answer_schema == "urn:scibus:schema:v1:RecordCount"


def test_a_table_travels_as_its_json_body():
    assert Drms.query.answer is Table
    assert Drms.query.answer_model is TableBody


def test_a_service_lists_its_operations_in_order():
    assert [op.name for op in Drms.operations()][:3] == ["check_address", "exp_request", "exp_status"]


async def test_a_connected_service_asks_with_the_fields_of_the_model():
    operation, query, options = await Drms(Recorder()).rs_summary.options(timeout=5)(ds="hmi.v_45s[$]")

    assert operation is Drms.rs_summary
    assert query == RecordSetSummaryQuery(ds="hmi.v_45s[$]")
    assert options == CallOptions(timeout=5)


async def test_options_of_a_service_hold_for_all_its_operations():
    _, _, options = await Drms(Recorder()).options(authorization="Bearer x").rs_summary(ds="a")

    assert options.authorization == "Bearer x"


def test_an_operation_cannot_have_a_name_that_no_subject_takes():
    with pytest.raises((ValueError, RuntimeError), match=r"Bad|cannot name"):

        class Shop(Service):
            Bad = request(Contract, Contract, summary="Capital letters make no token")


def test_a_service_cannot_have_a_name_that_no_subject_takes():
    with pytest.raises(ValueError, match="cannot name"):

        class _Hidden(Service):
            """Begins with no letter."""
