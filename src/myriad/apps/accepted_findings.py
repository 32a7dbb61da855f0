"""What `./myriad db lint` finds in our own schema and is meant; every entry must still be true."""

from __future__ import annotations

_REGISTER = "a file of the public register, loaded whole; a row has no key in it"
_PERSON = "no process deletes the row of a person"
_FACT = "facts of the world are added and corrected, never deleted"
_NARROW = "an index that begins with the tenant leaves few rows to read"

ACCEPTED_FINDINGS: dict[tuple[str, str], str] = {
    ("row_security_missing", "myriad.alembic_version"): "no role but the owner may see it",
    ("tenant_not_leading", "platform.uq_api_key_token_hash"): (
        "a key is looked up before its tenant is known, and is a hash of 256 random bits"
    ),
    ("tenant_not_leading", "platform.uq_invitation_token_hash"): (
        "a link is looked up before its tenant is known, and is a hash of 256 random bits"
    ),
    **{
        ("primary_key_missing", f"upswitch.{table}"): _REGISTER
        for table in (
            "kbo_activity",
            "kbo_address",
            "kbo_branch",
            "kbo_code",
            "kbo_contact",
            "kbo_denomination",
            "kbo_enterprise",
            "kbo_establishment",
        )
    },
    ("foreign_key_unindexed", "fk_api_key_created_by of platform.api_key"): _PERSON,
    ("foreign_key_unindexed", "fk_invitation_created_by of platform.invitation"): _PERSON,
    ("foreign_key_unindexed", "fk_invitation_accepted_by of platform.invitation"): _PERSON,
    ("foreign_key_unindexed", "fk_move_choice_user_id of upswitch.move_choice"): _PERSON,
    ("foreign_key_unindexed", "fk_fact_tenant_id_session_id of upswitch.fact"): (
        "two partial indexes together hold nearly all of its rows"
    ),
    (
        "foreign_key_unindexed",
        "fk_staff_figures_tenant_id_team_member_id of keeper.staff_figures",
    ): _NARROW,
    **{
        ("foreign_key_unindexed", f"fk_{name} of kamioi.{table}"): _FACT
        for name, table in (
            ("applied_action_action", "applied_action"),
            ("decision_request_brand", "decision_request"),
            ("earmark_security", "earmark"),
            ("lot_change_action", "lot_change"),
            ("lot_security", "lot"),
            ("mapping_brand", "mapping"),
            ("member_override_brand", "member_override"),
            ("negative_memory_brand", "negative_memory"),
            ("trade_order_security", "trade_order"),
        )
    },
}
