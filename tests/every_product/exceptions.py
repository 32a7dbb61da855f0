"""What differs from the rule, and why; every entry must still be true."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import msgspec
from psycopg.types.json import Jsonb

from myriad.products import upswitch
from myriad.products.upswitch.engine.document import read_inputs
from myriad.products.upswitch.engine.summary import summarize
from myriad.products.upswitch.engine.valuation import value
from myriad.products.upswitch.parameters.defaults import DEFAULTS
from myriad.products.upswitch.valuations.vintages import checksum, vintage_id

TABLES_WITHOUT_TENANT: dict[str, str] = {
    "myriad.alembic_version": "which migrations have run; no role but the owner may see it",
    "platform.tenant": "the tenants themselves; a tenant sees its own row only",
    "platform.user_account": "a person may belong to several tenants; members see members",
    "platform.login_session": "belongs to a person, read before a tenant is known",
    "platform.sign_in_throttle": "counts failed sign-ins of addresses that nobody may have",
    "platform.job_worker": "one row a worker process, which serves every tenant",
    "platform.job_task": "names and limits of the tasks in the code, the same for every tenant",
    "platform.job_limit": "how many jobs may run at once; the operator sets it for the installation",
    "platform.job_backlog": "one row a class: how many jobs wait and may, counted over all tenants",
    "platform.partitioned_table": "which tables stand by month, the same for every tenant",
    "platform.partition_archive": "months of whole tables that were archived; operators see them",
    "platform.migration": "moves of whole databases; the operator's, over all tenants",
    "platform.migration_chunk": "how far such a move is; the operator's",
    "platform.migration_row": "rows of another database that could not be moved; operators see them",
    "platform.migration_back": "rows that such a move carries back; the operator's",
    "platform.dual_write_log": "writes carried over from another database; the operator's",
    "keeper.network_week": "when the network's figures were published; nobody's own number",
    "keeper.benchmark": "rounded quantiles of at least ten accounts, the same for every tenant",
    "keeper.known_visit": "a view of the session's own visits; row security of the table decides",
    "keeper.known_sale": "a view of the session's own sales of a day; row security decides",
    "keeper.prior": "pooled parameters of at least ten accounts, the same for every tenant",
    "upswitch.kbo_extract": "which extracts of the public register were loaded",
    "upswitch.kbo_refusal": "rows of an extract that were refused; operators see them, tenants do not",
    "upswitch.kbo_enterprise": "a file of the public register, the same for every tenant",
    "upswitch.kbo_establishment": "a file of the public register, the same for every tenant",
    "upswitch.kbo_branch": "a file of the public register, the same for every tenant",
    "upswitch.kbo_denomination": "a file of the public register, the same for every tenant",
    "upswitch.kbo_address": "a file of the public register, the same for every tenant",
    "upswitch.kbo_activity": "a file of the public register, the same for every tenant",
    "upswitch.kbo_contact": "a file of the public register, the same for every tenant",
    "upswitch.kbo_code": "a file of the public register, the same for every tenant",
    "upswitch.filing": "accounts that a company has filed with the National Bank for all to read",
    "upswitch.filing_check": "when a company's filed accounts were last asked for",
    "upswitch.company": "a company of the public register, the same for every tenant",
    "upswitch.company_term": "words that find a company of the public register",
    "upswitch.kbo_load": "how far the loads of the public register are",
    "upswitch.kbo_file": "which extracts of the public register lie in the operator's folder",
    "upswitch.vat_answer": "what VIES said of a company's VAT number, the same for every tenant",
    "upswitch.parameter_set": "dated market parameters, published for every tenant alike",
    "kamioi.mcc": "what kind of shop a merchant category code names; the card networks' list",
    "kamioi.brand": "brands of the world, the same for every tenant",
    "kamioi.brand_alias": "names that brands go by, the same for every tenant",
    "kamioi.company": "companies that file with the SEC, the same for every tenant",
    "kamioi.security": "shares and funds, the same for every tenant",
    "kamioi.listing": "under which ticker a share stood and when, the same for every tenant",
    "kamioi.ownership": "who owned a brand and when, the same for every tenant",
    "kamioi.price": "closing prices, the same for every tenant",
    "kamioi.corporate_action": "what companies did to their shares, the same for every tenant",
    "kamioi.fact_refusal": "rows of imported files that were refused; operators see them, tenants do not",
}

# Row security is forced on the owner too; its functions read what they must know by these.
POLICIES_OF_THE_OWNER: dict[str, str] = {
    "platform.partitioned_table": "the functions that make months touch declared tables only",
    "platform.partition_archive": "the functions that detach and drop a month keep its record",
    "platform.migration_back": "the trigger that notes what a move must carry back adds rows only",
}

INDEXES_WITHOUT_LEADING_TENANT: dict[str, str] = {
    "kamioi.ix_bank_item_told": "a webhook names the linked bank, and that leads to the tenant",
    "keeper.ix_connection_merchant": "a webhook names the seller, and that leads to the tenant",
    "platform.ix_membership_user_id": "sign-in asks for the tenants of a person",
    "platform.uq_api_key_token_hash": "a key is looked up before its tenant is known",
    "platform.uq_invitation_token_hash": "an invitation is looked up before its tenant is known",
    "platform.ix_job_waiting": "the ticker wakes due jobs of all tenants",
    "platform.ix_job_held": "what a worker holds belongs to any tenants",
    "platform.ix_job_slice_worker_id": "what a worker was sent, of whatever tenant, when it is gone",
    "platform.ix_job_deadline": "the ticker buries jobs of all tenants whose deadline has passed",
    "platform.ix_job_dead": "old dead letters of all tenants are removed by age",
    "platform.ix_job_finished_finished_at": "throughput is counted over all tenants by time",
    "platform.ix_job_step_created_at": "old results of all tenants are removed by age",
    "platform.ix_job_edge_created_at": "old graphs of all tenants are removed by age",
    "platform.ix_ai_call_called_at": "health is read and old calls are removed over all tenants",
    "platform.ix_ai_purse_used_at": "purses long unused are removed over all tenants",
    "platform.ix_ai_spend_day": "operators read what a day cost over all tenants",
    "platform.ix_ai_batch_open": "the age of the oldest open batch is measured over all tenants",
    "platform.ix_schedule_next_fire_at": "the ticker finds due schedules of all tenants",
}

_CHANGE = {"now": 0, "before": None}
_REPORT = {
    "currency": "USD",
    "account": "Sample",
    "headline": "Nothing happened.",
    "days": [],
    "services": [],
    "states": {},
    "tasks": {"made": 0, "done": 0, "won_back": 0, "won_back_revenue": 0},
    "anomalies": [],
    "insights": [],
    "slipping": [],
    "days_checked": 0,
    "cents_off": 0,
    "partial": [],
    **dict.fromkeys(
        ("revenue", "visits", "average_ticket", "new_customers", "returning_share"), _CHANGE
    ),
}

_EXAMPLE = read_inputs((Path(upswitch.__file__).parent / "example.json").read_bytes())
_VALUED = msgspec.to_builtins(summarize(value(_EXAMPLE, DEFAULTS)))

# A value for a column that no rule of types and checks can guess.
SAMPLES: dict[str, object] = {
    # A day whose month there is: a row without one keeps other tests from making it.
    "kamioi.ledger_entry.booked_on": dt.date.today().isoformat(),  # noqa: DTZ011
    "kamioi.purchase.booked_on": dt.date.today().isoformat(),  # noqa: DTZ011
    "kamioi.round_up.booked_on": dt.date.today().isoformat(),  # noqa: DTZ011
    "kamioi.ledger_entry.amount_minor": 0,
    "kamioi.mcc.code": "5812",
    "kamioi.mapping_state.state": "auto",
    "kamioi.quality_hour.facts": Jsonb({"measured_at": "2026-11-20T12:00:00Z"}),
    "upswitch.session.company_number": 200065765,
    "upswitch.fact.key": "input_sheet.revenues",
    "upswitch.fact.value": Jsonb(2_450_000.0),
    "upswitch.fact.period": "2025-12-31",
    "upswitch.fact.confirmed_at": "2026-05-01T12:00:00Z",
    "keeper.report.numbers": Jsonb(_REPORT),
    "keeper.report.kind": "daily",
    "upswitch.valuation.inputs": Jsonb(msgspec.to_builtins(_EXAMPLE)),
    "upswitch.valuation.parameter_set_id": vintage_id(checksum(DEFAULTS)),
    "upswitch.valuation.currency": "EUR",
    "upswitch.valuation.outputs": Jsonb(_VALUED),
    "platform.watch_plan.swept_until": "2026-05-01T12:00:00Z",
    # Ended, so that the stream of its events ends as well.
    "platform.job.state": "dead",
    "platform.job.task_id": 32_000,
    "platform.job_slice.payloads": Jsonb([{}]),
}

# Which table a path parameter names, beside what products declare in their manifests.
PLATFORM_RESOURCES: dict[str, str] = {
    "api_key_id": "platform.api_key",
    "invitation_id": "platform.invitation",
    "job_id": "platform.job",
    "user_id": "platform.membership.user_id",
}

# Path parameters that name no row of a tenant, and a value for each.
PARAMETERS_WITHOUT_TABLE: dict[str, str] = {
    "booked_on": "2026-05-01",
    "name": "analysis",
    "number": "0200.065.765",
    "kind": "takings_trend",
    "object": "payments",
    "part": "goals",
    "format_": "pdf",
    "key": "input_sheet.revenues",
    "seq": "7",
    "token": "nobody-was-invited-with-this",
    "month": "2026-05",
    "phase": "dual_write",
}
