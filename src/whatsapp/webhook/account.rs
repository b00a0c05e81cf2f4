//! News of the account, its numbers and templates, and what each means for sending.

use super::scope::{Scope, label};
use crate::domain::inbound::{AccountEffect, AccountEvent, WebhookItem};
use serde_json::Value;
use serde_json::value::RawValue;

/// Longest text of Meta's that is kept for the operator.
const DETAIL_MAX: usize = 400;

/// Fields about the account and not about a person.
pub fn is_account_field(field: &str) -> bool {
    matches!(
        field,
        "account_update"
            | "account_alerts"
            | "account_review_update"
            | "business_capability_update"
            | "business_username_update"
            | "business_username_updates"
            | "flows"
            | "message_template_components_update"
            | "message_template_quality_update"
            | "message_template_status_update"
            | "payment_configuration_update"
            | "partner_solutions"
            | "phone_number_name_update"
            | "phone_number_quality_update"
            | "security"
            | "template_category_update"
    )
}

pub fn event(scope: &Scope<'_>, raw: &RawValue) -> WebhookItem {
    let value: Value = match serde_json::from_str(raw.get()) {
        Ok(value @ Value::Object(_)) => value,
        Ok(_) | Err(_) => return scope.unknown("the value is not an object that we can read", raw.get()),
    };
    let name = text(&value, "/event").unwrap_or_default();
    // Meta's own example of a quality update stands under the field of status updates.
    let field = match scope.field() {
        "message_template_status_update" if name.is_empty() && value.get("new_quality_score").is_some() => {
            "message_template_quality_update"
        }
        field => field,
    };
    WebhookItem::Account(AccountEvent {
        waba_id: scope.waba_id.to_owned(),
        field: field.to_owned(),
        event: label(name).into_owned(),
        effect: effect(field, name, &value),
        subject: subject(&value),
        detail: detail(&value),
        at: scope.time,
        digest: scope.digest(raw.get()),
    })
}

fn effect(field: &str, event: &str, value: &Value) -> AccountEffect {
    match field {
        "account_update" => account_update(event, value),
        "message_template_status_update" => template_status(event, value),
        // Price, opt-out rules and limits change with the category, so it must not go out by itself.
        "template_category_update" => AccountEffect::HoldTemplate,
        _ => AccountEffect::Inform,
    }
}

fn account_update(event: &str, value: &Value) -> AccountEffect {
    match event {
        "ACCOUNT_RESTRICTION" if restricts_sending(value) => AccountEffect::StopAll,
        "ACCOUNT_VIOLATION" | "ACCOUNT_DELETED" | "ACCOUNT_OFFBOARDED" => AccountEffect::StopAll,
        "DISABLED_UPDATE" if text(value, "/ban_info/waba_ban_state") == Some("REINSTATE") => {
            AccountEffect::MayResume
        }
        "DISABLED_UPDATE" => AccountEffect::StopAll,
        "ACCOUNT_RECONNECTED" => AccountEffect::MayResume,
        _ => AccountEffect::Inform,
    }
}

/// False only when every restriction named is a warning or about adding numbers; silence counts as restricting.
fn restricts_sending(value: &Value) -> bool {
    let types = restriction_types(value);
    types.is_empty()
        || types.iter().any(|name| !name.contains("WARN") && *name != "RESTRICTED_ADD_PHONE_NUMBER_ACTION")
}

fn restriction_types(value: &Value) -> Vec<&str> {
    let list = value.get("restriction_info").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|item| text(item, "/restriction_type")).collect()
}

/// Only an approved template may be sent (Meta, template status).
fn template_status(event: &str, value: &Value) -> AccountEffect {
    if text(value, "/other_info/title") == Some("UNPAUSE") {
        return AccountEffect::ResumeTemplate;
    }
    match event {
        "APPROVED" | "REINSTATED" | "UNPAUSED" => AccountEffect::ResumeTemplate,
        "REJECTED" | "PENDING" | "PAUSED" | "DISABLED" | "IN_APPEAL" | "LIMIT_EXCEEDED" | "LOCKED"
        | "ARCHIVED" | "DELETED" | "PENDING_DELETION" => AccountEffect::HoldTemplate,
        // FLAGGED still sends: it is the warning before a pause.
        _ => AccountEffect::Inform,
    }
}

fn subject(value: &Value) -> Option<String> {
    [
        "/message_template_name",
        "/display_phone_number",
        "/phone_number",
        "/entity_id",
        "/username",
        "/flow_id",
    ]
    .iter()
    .find_map(|path| text(value, path))
    .map(cut)
}

/// The first few facts, as `key=value`, in a fixed order.
fn detail(value: &Value) -> Option<String> {
    let mut facts: Vec<String> = Vec::new();
    for item in value.get("restriction_info").and_then(Value::as_array).into_iter().flatten() {
        let until = item.get("expiration").map(|at| format!(" until {}", plain(at))).unwrap_or_default();
        facts.push(format!("{}{until}", text(item, "/restriction_type").unwrap_or("restriction")));
    }
    for path in [
        "/violation_info/violation_type",
        "/ban_info/waba_ban_state",
        "/ban_info/waba_ban_date",
        "/message_template_language",
        "/message_template_category",
        "/reason",
        "/other_info/title",
        "/other_info/description",
        "/rejection_info/reason",
        "/rejection_info/recommendation",
        "/disable_info/disable_date",
        "/previous_quality_score",
        "/new_quality_score",
        "/previous_category",
        "/new_category",
        "/correct_category",
        "/max_daily_conversations_per_business",
        "/alert_info/alert_severity",
        "/alert_info/alert_type",
        "/alert_info/alert_description",
        "/decision",
        "/status",
        "/message",
    ] {
        let fact = value.pointer(path).map(plain).filter(|fact| !fact.is_empty() && fact != "NONE");
        if let (Some(fact), Some(key)) = (fact, path.rsplit('/').next()) {
            facts.push(format!("{key}={fact}"));
        }
    }
    (!facts.is_empty()).then(|| cut(&facts.join(", ")))
}

fn text<'v>(value: &'v Value, path: &str) -> Option<&'v str> {
    value.pointer(path).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
    }
}

fn cut(text: &str) -> String {
    text.chars().take(DETAIL_MAX).collect()
}
