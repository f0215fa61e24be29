//! The shape of an OSCAL 1.2.3 POA&M in JSON: the fields that we write, in the order we write them.
//!
//! Arrays that are empty and options that are none are left out, as the schema demands. Text can
//! only be a [`Line`] or a [`Markup`]; fixed words are [`Token`]s.

use super::item_document::{Finding, Item, Observation, Risk};
use crate::text::{Line, Markup, Moment};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use uuid::Uuid;

/// A word that the program knows.
pub(super) type Token = Cow<'static, str>;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Root {
    pub(super) plan_of_action_and_milestones: Poam,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Poam {
    pub(super) uuid: Uuid,
    pub(super) metadata: Metadata,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) import_ssp: Option<ImportSsp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) system_id: Option<SystemId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) local_definitions: Option<LocalDefinitions>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) observations: Vec<Observation>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) risks: Vec<Risk>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) findings: Vec<Finding>,
    pub(super) poam_items: Vec<Item>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) back_matter: Option<BackMatter>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Metadata {
    pub(super) title: Markup,
    pub(super) last_modified: Moment,
    pub(super) version: Line,
    pub(super) oscal_version: Token,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) props: Vec<Prop>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) roles: Vec<Role>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) parties: Vec<Party>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) responsible_parties: Vec<ResponsibleParty>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Role {
    pub(super) id: Token,
    pub(super) title: Markup,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Party {
    pub(super) uuid: Uuid,
    pub(super) r#type: Token,
    pub(super) name: Line,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct ResponsibleParty {
    pub(super) role_id: Token,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) party_uuids: Vec<Uuid>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct ImportSsp {
    pub(super) href: String,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct SystemId {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) identifier_type: Option<Token>,
    pub(super) id: Line,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct LocalDefinitions {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) components: Vec<Component>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) assessment_assets: Option<AssessmentAssets>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct AssessmentAssets {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) components: Vec<Component>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) assessment_platforms: Vec<Platform>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Platform {
    pub(super) uuid: Uuid,
    pub(super) title: Markup,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) uses_components: Vec<UsesComponent>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct UsesComponent {
    pub(super) component_uuid: Uuid,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Component {
    pub(super) uuid: Uuid,
    pub(super) r#type: Token,
    pub(super) title: Markup,
    pub(super) description: Markup,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) props: Vec<Prop>,
    pub(super) status: ComponentStatus,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct ComponentStatus {
    pub(super) state: Token,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Prop {
    pub(super) name: Token,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ns: Option<Token>,
    pub(super) value: Line,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Link {
    pub(super) href: String,
    pub(super) rel: Token,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Origin {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) actors: Vec<OriginActor>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct OriginActor {
    pub(super) r#type: Token,
    pub(super) actor_uuid: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role_id: Option<Token>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Subject {
    pub(super) subject_uuid: Uuid,
    pub(super) r#type: Token,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct BackMatter {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) resources: Vec<Resource>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Resource {
    pub(super) uuid: Uuid,
    pub(super) title: Markup,
    pub(super) description: Markup,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) props: Vec<Prop>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) rlinks: Vec<ResourceLink>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) base64: Option<Base64>,
}

/// Where a resource lies that is not in the document, and what its bytes are known by.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct ResourceLink {
    pub(super) href: String,
    pub(super) hashes: Vec<Hash>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Hash {
    pub(super) algorithm: Token,
    pub(super) value: Line,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Base64 {
    pub(super) filename: Token,
    pub(super) media_type: Token,
    pub(super) value: String,
}
