//! The shape of what an OSCAL POA&M says of each item: observations, risk, finding, item.

use super::document::{Link, Origin, Prop, Subject, Token};
use crate::text::{Markup, Moment};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Observation {
    pub(super) uuid: Uuid,
    pub(super) title: Markup,
    pub(super) description: Markup,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) props: Vec<Prop>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) links: Vec<Link>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) methods: Vec<Token>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) types: Vec<Token>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) origins: Vec<Origin>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) subjects: Vec<Subject>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) relevant_evidence: Vec<RelevantEvidence>,
    pub(super) collected: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expires: Option<Moment>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct RelevantEvidence {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) href: Option<String>,
    pub(super) description: Markup,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) props: Vec<Prop>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Risk {
    pub(super) uuid: Uuid,
    pub(super) title: Markup,
    pub(super) description: Markup,
    pub(super) statement: Markup,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) props: Vec<Prop>,
    pub(super) status: Token,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) origins: Vec<Origin>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) threat_ids: Vec<ThreatId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) characterizations: Vec<Characterization>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) deadline: Option<Moment>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) remediations: Vec<Remediation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) risk_log: Option<RiskLog>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) related_observations: Vec<RelatedObservation>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct ThreatId {
    pub(super) system: Token,
    pub(super) id: String,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Characterization {
    pub(super) origin: Origin,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) facets: Vec<Facet>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Facet {
    pub(super) name: Token,
    pub(super) system: Token,
    pub(super) value: Token,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) props: Vec<Prop>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Remediation {
    pub(super) uuid: Uuid,
    pub(super) lifecycle: Token,
    pub(super) title: Markup,
    pub(super) description: Markup,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) props: Vec<Prop>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) origins: Vec<Origin>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) tasks: Vec<Task>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Task {
    pub(super) uuid: Uuid,
    pub(super) r#type: Token,
    pub(super) title: Markup,
    pub(super) description: Markup,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) props: Vec<Prop>,
    pub(super) timing: Timing,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) dependencies: Vec<Dependency>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) responsible_roles: Vec<ResponsibleRole>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Timing {
    pub(super) within_date_range: DateRange,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct DateRange {
    pub(super) start: Moment,
    pub(super) end: Moment,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Dependency {
    pub(super) task_uuid: Uuid,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct ResponsibleRole {
    pub(super) role_id: Token,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) party_uuids: Vec<Uuid>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct RiskLog {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) entries: Vec<LogEntry>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct LogEntry {
    pub(super) uuid: Uuid,
    pub(super) title: Markup,
    pub(super) description: Markup,
    pub(super) start: Moment,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) props: Vec<Prop>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) logged_by: Vec<LoggedBy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status_change: Option<Token>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) related_responses: Vec<RelatedResponse>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct LoggedBy {
    pub(super) party_uuid: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role_id: Option<Token>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct RelatedResponse {
    pub(super) response_uuid: Uuid,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) related_tasks: Vec<RelatedTask>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct RelatedTask {
    pub(super) task_uuid: Uuid,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Finding {
    pub(super) uuid: Uuid,
    pub(super) title: Markup,
    pub(super) description: Markup,
    pub(super) target: FindingTarget,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) related_observations: Vec<RelatedObservation>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) related_risks: Vec<RelatedRisk>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct FindingTarget {
    pub(super) r#type: Token,
    pub(super) target_id: Token,
    pub(super) status: FindingStatus,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct FindingStatus {
    pub(super) state: Token,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<Token>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Item {
    pub(super) uuid: Uuid,
    pub(super) title: Markup,
    pub(super) description: Markup,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) props: Vec<Prop>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) origins: Vec<Origin>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) related_findings: Vec<RelatedFinding>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) related_observations: Vec<RelatedObservation>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) related_risks: Vec<RelatedRisk>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct RelatedObservation {
    pub(super) observation_uuid: Uuid,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct RelatedRisk {
    pub(super) risk_uuid: Uuid,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct RelatedFinding {
    pub(super) finding_uuid: Uuid,
}
